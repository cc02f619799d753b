// The vault's name for key bytes in guarded memory; see base/secret.h.
#pragma once

#include "base/secret.h"

namespace madoguchi::vault {

using madoguchi::Secret;
using madoguchi::wipe;

}  // namespace madoguchi::vault
