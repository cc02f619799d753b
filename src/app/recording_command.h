// `madoguchi recording list|export`: which sealed recordings there are, and having the vault
// decrypt those of a call. The calling thread.
#pragma once

#include <cstddef>
#include <filesystem>
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

}  // namespace madoguchi::app
