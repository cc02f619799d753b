// `madoguchi confinement`: what each running process may not do, tried by the process itself at
// this moment. The calling thread.
#pragma once

#include "app/administration.h"

namespace madoguchi::app {

// Adds the command to `app`; when it is given it sets `chosen`, which must outlive the parsing.
void add_confinement(CLI::App& app, Chosen& chosen);

}  // namespace madoguchi::app
