#include "app/recordings.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "recording/reader.h"

namespace madoguchi::app {
namespace {

constexpr std::size_t kHeaderAtMost = 1024;

}  // namespace

Result<std::vector<FoundRecording>> list_recordings(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<FoundRecording> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".mdgrec") continue;
    Bytes start(kHeaderAtMost);
    std::ifstream in(entry.path(), std::ios::binary);
    in.read(reinterpret_cast<char*>(start.data()), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(in.gcount()));
    const auto header = recording::read_header(start);
    if (!header) continue;
    found.push_back({entry.path(), header->organisation, header->call, header->started,
                     entry.file_size(error)});
  }
  if (error)
    return fail(ErrorCode::kNotFound, fmt::format("{}: {}", folder.string(), error.message()));
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.started < b.started; });
  return found;
}

}  // namespace madoguchi::app
