// `madoguchi recording list|export`: which sealed recordings there are, and having the vault
// decrypt those of a call. The calling thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <vector>

#include "app/administration.h"
#include "app/recordings.h"

namespace madoguchi::app {

// Adds the command to `app`; when it is given it sets `chosen`, which must outlive the parsing.
void add_recording(CLI::App& app, Chosen& chosen);

// Where each recording's WAV goes, given --out: into a folder under the sealed file's name; else
// `out` itself, and out-1.wav, out-2.wav, … where there are several.
std::vector<std::filesystem::path> wav_files(const std::vector<FoundRecording>& recordings,
                                             const std::filesystem::path& out);

// How a recording that was exported ends.
enum class Ending {
  kWhole,
  kGoesOn,  // the call is up, and this is what there was of it
  kCutOff,  // by a fault
  kUnknown  // one of these two: the centre, which would know, does not answer
};
// `whole`: it ends as the exchange ends a recording. `call_is_up`: when the file was not read yet.
Ending ending_of(bool whole, std::optional<bool> call_is_up);

}  // namespace madoguchi::app
