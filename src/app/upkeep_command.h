// `madoguchi keys` and `madoguchi schema`: what an administrator does to the records of a client
// as a whole, in the running vault.
#pragma once

#include "app/administration.h"

namespace madoguchi::app {

void add_upkeep(CLI::App& app, Chosen& chosen);

}  // namespace madoguchi::app
