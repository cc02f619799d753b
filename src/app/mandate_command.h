// The words of `madoguchi mandate` and `madoguchi staff place`: who may open what, as the
// administrator prepares it for the owners to sign, and what became of the data at its end.
#pragma once

#include "app/administration.h"

namespace madoguchi::app {

// After add_administration(), whose family "staff" it joins.
void add_mandates(CLI::App& app, Chosen& chosen);

}  // namespace madoguchi::app
