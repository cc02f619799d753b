// The administrator's commands: organisation, number, group, desk, staff. Each asks the running
// centre or vault and prints one line (or JSON) per thing.
#pragma once

#include <functional>

#include "base/result.h"

namespace CLI {
class App;
}

namespace madoguchi::app {

// What the command line chose; empty until it is parsed.
using Chosen = std::function<Result<void>()>;

// Adds the commands to `app`; the one that is given sets `chosen`, which must outlive the parsing.
void add_administration(CLI::App& app, Chosen& chosen);

// Who sits at the command line, for logs and the journal: "hana (uid 1000)".
std::string who_asks();

}  // namespace madoguchi::app
