// The exchange as a process: everything of this folder wired to one loop thread. Used by
// src/app for `madoguchi exchange --config FILE`; call it once in a process, before other threads
// are started, since it confines the process.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace madoguchi::exchange {

// Runs until SIGTERM or SIGINT, then ends the calls politely and returns. An error before calls are
// taken: wrong settings (kInvalid), port taken, folder not writable, spool unreadable; nothing is
// left half-started.
Result<void> run(const std::filesystem::path& config_file);

}  // namespace madoguchi::exchange
