// The words of `madoguchi trace`: asks the vault from which export a found file came.
#pragma once

#include "app/administration.h"

namespace madoguchi::app {

void add_trace(CLI::App& app, Chosen& chosen);

}  // namespace madoguchi::app
