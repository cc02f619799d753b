// `madoguchi up`: all processes on one machine, supervised. Blocks until SIGTERM or SIGINT.
#pragma once

#include "app/deployment.h"
#include "base/result.h"

namespace madoguchi::app {

// kInvalid: settings that a process refused; nothing is left running.
Result<void> up(const UpOptions& options);

}  // namespace madoguchi::app
