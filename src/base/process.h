// What the beginnings of our processes have in common: their folder, the signals that stop them,
// errors that name the settings file. Used by one thread, before others are started.
#pragma once

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace madoguchi {

// The folder that a file named in the settings is in; never empty.
std::filesystem::path folder_of(const std::filesystem::path& file);

// The folder of a "unix:…" address; empty for others.
std::filesystem::path socket_folder_of(std::string_view address);

// Makes the folder that the settings call `data`; files made from now on are the owner's alone.
Result<void> make_data_folder(const std::filesystem::path& config_file,
                              const std::filesystem::path& data);

// Wrong settings that only showed in use: the same error, with the settings file's name before it.
Error named_after(const std::filesystem::path& config_file, Error error);

// Lifts this process's soft limit of open files to its hard one, since the usual 1,024 are soon
// used up where each operator has several connections; says what it is then.
std::size_t allow_many_files();
// The same without lifting it.
std::size_t most_open_files();

// SIGTERM and SIGINT, blocked from now on in this thread and all that it starts, so that only
// whoever waits here takes them.
class StopSignals {
 public:
  StopSignals();
  void wait() const;
  // False when `seconds` passed without one.
  [[nodiscard]] bool wait_for(std::time_t seconds) const;

 private:
  sigset_t signals_{};
};

}  // namespace madoguchi
