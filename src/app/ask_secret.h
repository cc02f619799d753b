// Asking the person at the command line for what must not stand in a process list or a shell's
// history. One thread.
#pragma once

#include <string>

#include "base/personal.h"
#include "base/result.h"

namespace madoguchi::app {

enum class Echo { kNo, kYes };

// At a terminal, asks with `what` and, without echo, asks again to be sure; else reads one line
// from standard input. kInvalid: nothing came, or the two differ.
Result<Personal<std::string>> ask_secret(const std::string& what, Echo echo);

}  // namespace madoguchi::app
