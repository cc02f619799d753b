// `madoguchi log key|witnesses`: what the vault says of the clients' logs, for its administrator.
// The calling thread.
#pragma once

#include "app/administration.h"

namespace madoguchi::app {

void add_log(CLI::App& app, Chosen& chosen);

}  // namespace madoguchi::app
