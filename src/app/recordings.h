// Finds sealed recordings in the exchange's folder by the call they are of. Reads only their open
// header.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"

namespace madoguchi::app {

struct FoundRecording {
  std::filesystem::path file;
  OrganisationId organisation;
  CallId call;
  Time started;
  std::uintmax_t bytes = 0;
};

// kNotFound: it can't be read; kCorrupt: it is no recording.
Result<FoundRecording> read_recording(const std::filesystem::path& file);

// Oldest first; files that are no recordings are passed over. kNotFound: no such folder.
Result<std::vector<FoundRecording>> list_recordings(const std::filesystem::path& folder);

}  // namespace madoguchi::app
