#include "app/recordings.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "recording/reader.h"

namespace madoguchi::app {
namespace {

constexpr std::size_t kHeaderAtMost = 1024;

}  // namespace

Result<FoundRecording> read_recording(const std::filesystem::path& file) {
  Bytes start(kHeaderAtMost);
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::kNotFound, fmt::format("{}: cannot be opened", file.string()));
  in.read(reinterpret_cast<char*>(start.data()), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(in.gcount()));
  const auto header = recording::read_header(start);
  if (!header)
    return fail(ErrorCode::kCorrupt, fmt::format("{}: {}", file.string(), header.error().message));
  std::error_code error;  // then its size is not known
  const std::uintmax_t bytes = std::filesystem::file_size(file, error);
  return FoundRecording{file, header->organisation, header->call, header->started,
                        error ? 0 : bytes};
}

Result<std::vector<FoundRecording>> list_recordings(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<FoundRecording> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".mdgrec") continue;
    if (auto one = read_recording(entry.path())) found.push_back(*std::move(one));
  }
  if (error)
    return fail(ErrorCode::kNotFound, fmt::format("{}: {}", folder.string(), error.message()));
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.started < b.started; });
  return found;
}

}  // namespace madoguchi::app
