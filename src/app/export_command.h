// `madoguchi export keygen|open`: the recipient's side of an export, which needs no server
// of ours. The calling thread.
#pragma once

#include "app/administration.h"

namespace madoguchi::app {

void add_export(CLI::App& app, Chosen& chosen);

}  // namespace madoguchi::app
