// The words of `madoguchi import`.
#pragma once

#include "app/administration.h"

namespace madoguchi::app {

void add_import(CLI::App& app, Chosen& chosen);

}  // namespace madoguchi::app
