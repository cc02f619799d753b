#include "exchange/spool_disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/whole_io.h"

namespace madoguchi::exchange {
namespace {

constexpr std::string_view kEnding = ".spool";

tl::unexpected<Error> disk_error(const std::filesystem::path& file, const char* doing) {
  const int why = errno;
  const ErrorCode code = why == ENOSPC || why == EDQUOT                  ? ErrorCode::kExhausted
                         : why == EACCES || why == EPERM || why == EROFS ? ErrorCode::kDenied
                                                                         : ErrorCode::kUnavailable;
  return fail(code, fmt::format("{}: {}: {}", file.string(), doing, std::strerror(why)));
}

class SpoolFolder final : public SpoolDisk {
 public:
  SpoolFolder(std::filesystem::path folder, int folder_fd)
      : folder_(std::move(folder)), folder_fd_(folder_fd) {}
  ~SpoolFolder() override {
    if (file_fd_ >= 0) ::close(file_fd_);
    ::close(folder_fd_);
  }

  Result<std::vector<SegmentNumber>> segments() override {
    std::vector<SegmentNumber> found;
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, problem)) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(kEnding)) continue;
      SegmentNumber number = 0;
      const char* end = name.data() + name.size() - kEnding.size();
      const auto [at, wrong] = std::from_chars(name.data(), end, number);
      if (wrong == std::errc() && at == end) found.push_back(number);
    }
    if (problem)
      return fail(ErrorCode::kUnavailable,
                  fmt::format("{}: cannot be listed: {}", folder_.string(), problem.message()));
    std::sort(found.begin(), found.end());
    return found;
  }

  Result<Bytes> read(SegmentNumber segment) override {
    const auto file = path_of(segment);
    std::ifstream in(file, std::ios::binary);
    Bytes bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in.is_open() || in.bad())
      return fail(ErrorCode::kUnavailable, fmt::format("{}: cannot be read", file.string()));
    return bytes;
  }

  Result<void> create(SegmentNumber segment) override {
    if (file_fd_ >= 0) ::close(file_fd_);
    file_ = path_of(segment);
    file_fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (file_fd_ < 0) return disk_error(file_, "cannot be made");
    if (::fsync(folder_fd_) != 0) return disk_error(folder_, "cannot be synced");
    return {};
  }

  Result<void> append(ByteView bytes) override {
    if (!write_all(file_fd_, bytes)) return disk_error(file_, "cannot be written");
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(file_fd_) != 0) return disk_error(file_, "cannot be synced");
    return {};
  }

  Result<void> truncate(SegmentNumber segment, std::uint64_t size) override {
    const auto file = path_of(segment);
    if (::truncate(file.c_str(), static_cast<off_t>(size)) != 0)
      return disk_error(file, "cannot be cut");
    return {};
  }

  Result<void> remove(SegmentNumber segment) override {
    const auto file = path_of(segment);
    if (::unlink(file.c_str()) != 0 && errno != ENOENT)
      return disk_error(file, "cannot be removed");
    return {};
  }

 private:
  std::filesystem::path path_of(SegmentNumber segment) const {
    return folder_ / fmt::format("{:012}{}", segment, kEnding);
  }

  const std::filesystem::path folder_;
  const int folder_fd_;
  std::filesystem::path file_;
  int file_fd_ = -1;
};

}  // namespace

Result<std::unique_ptr<SpoolDisk>> open_spool_folder(const std::filesystem::path& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem)
    return fail(ErrorCode::kDenied,
                fmt::format("{}: cannot be made: {}", folder.string(), problem.message()));
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, problem);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return disk_error(folder, "cannot be opened");
  if (::access(folder.c_str(), W_OK) != 0) {
    auto error = disk_error(folder, "cannot be written");
    ::close(fd);
    return error;
  }
  return std::unique_ptr<SpoolDisk>(std::make_unique<SpoolFolder>(folder, fd));
}

}  // namespace madoguchi::exchange
