// `madoguchi master-key`: where the vault's master key is. Works on the vault's settings and, for
// moving it, on its database, so the vault must be stopped then. The calling thread.
#pragma once

#include "app/administration.h"

namespace madoguchi::app {

void add_master_key(CLI::App& app, Chosen& chosen);

}  // namespace madoguchi::app
