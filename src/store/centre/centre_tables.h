// The tables of the centre's store, as numbered migrations. Constant data.
#pragma once

#include <vector>

#include "store/database.h"

namespace madoguchi::store {

const std::vector<Migration>& centre_tables();

}  // namespace madoguchi::store
