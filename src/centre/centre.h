// The centre as a process. Used by src/app for `madoguchi centre --config FILE`; call it once in a
// process, before other threads are started, since it blocks the signals it waits for.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "centre/centre_store.h"

namespace madoguchi::centre {

// Opens the store at the settings' `database` URL: the app gives store::open_centre_store.
using OpenStore = std::function<Result<std::unique_ptr<CentreStore>>(const std::string& url)>;

// Called once, when the port is bound and sign-in is possible; with one line for people.
using OnReady = std::function<void(const std::string& status)>;

// Runs until SIGTERM or SIGINT, taking away its own rights first. An error before it serves:
// kInvalid for wrong settings (one line naming file, key and cause), else what could not be had
// (port, store, certificate); nothing is left half-started.
Result<void> run(const std::filesystem::path& config_file, const OpenStore& open_store,
                 const OnReady& on_ready);

}  // namespace madoguchi::centre
