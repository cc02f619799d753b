#include "ledger/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/whole_io.h"
#include "ledger/fetch.h"

namespace madoguchi::ledger {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> cannot(const char* what, const fs::path& file, int number) {
  const ErrorCode code = number == ENOSPC || number == EDQUOT    ? ErrorCode::kExhausted
                         : number == ENOENT || number == ENOTDIR ? ErrorCode::kNotFound
                                                                 : ErrorCode::kUnavailable;
  return fail(code, fmt::format("{}: cannot be {}: {}", file.string(), what,
                                std::generic_category().message(number)));
}

// Folders that changed are handed to `changed`.
template <typename Changed>
Result<void> make_folders(const fs::path& folder, const Changed& changed) {
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return {};
  if (auto made = make_folders(folder.parent_path(), changed); !made) return made;
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return cannot("made", folder, errno);
  changed(folder.parent_path());
  return {};
}

fs::path beside(const fs::path& file) {
  fs::path temporary = file;
  temporary += ".new";
  return temporary;
}

// An open file that holds the bytes, or none.
Result<int> write_new(const fs::path& temporary, const fs::path& file, ByteView bytes) {
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return cannot("written", file, errno);
  if (write_all(fd, bytes)) return fd;
  const int number = errno;
  ::close(fd);
  ::unlink(temporary.c_str());
  return cannot("written", file, number);
}

}  // namespace

DurableFiles::~DurableFiles() {
  for (const Waiting& one : waiting_) {
    ::close(one.fd);
    ::unlink(one.temporary.c_str());
  }
}

Result<void> DurableFiles::put(const fs::path& file, ByteView bytes) {
  const auto changed = [this](const fs::path& folder) { folders_.insert(folder); };
  if (auto made = make_folders(file.parent_path(), changed); !made) return made;
  Waiting one{-1, beside(file), file};
  const auto fd = write_new(one.temporary, file, bytes);
  if (!fd) return tl::unexpected<Error>(fd.error());
  one.fd = *fd;
  waiting_.push_back(std::move(one));
  return {};
}

Result<void> DurableFiles::commit() {
  // All are on their way before the first is waited for, so that they share a commit of the file
  // system's journal.
  for (const Waiting& one : waiting_) ::sync_file_range(one.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  for (const Waiting& one : waiting_)
    if (::fdatasync(one.fd) != 0) return cannot("made durable", one.file, errno);
  for (const Waiting& one : waiting_) {
    ::close(one.fd);
    if (::rename(one.temporary.c_str(), one.file.c_str()) != 0) {
      const int number = errno;
      waiting_.erase(waiting_.begin(), waiting_.begin() + (&one - waiting_.data()));
      return cannot("renamed into its place", waiting_.front().file, number);
    }
    folders_.insert(one.file.parent_path());
  }
  waiting_.clear();
  for (const fs::path& folder : folders_) {
    const int fd =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = fd >= 0 && ::fsync(fd) == 0;
    const int number = errno;
    if (fd >= 0) ::close(fd);
    if (!done) return cannot("made durable", folder, number);
  }
  folders_.clear();
  return {};
}

Result<void> write_durably(const fs::path& file, ByteView bytes) {
  DurableFiles files;
  if (auto put = files.put(file, bytes); !put) return put;
  return files.commit();
}

Result<void> write_whole(const fs::path& file, ByteView bytes) {
  if (auto made = make_folders(file.parent_path(), [](const fs::path&) {}); !made) return made;
  const fs::path temporary = beside(file);
  const auto fd = write_new(temporary, file, bytes);
  if (!fd) return tl::unexpected<Error>(fd.error());
  ::close(*fd);
  if (::rename(temporary.c_str(), file.c_str()) == 0) return {};
  const int number = errno;
  ::unlink(temporary.c_str());
  return cannot("renamed into its place", file, number);
}

Result<Bytes> read_whole(const fs::path& file, std::size_t most) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot("read", file, errno);
  struct stat status {};
  Bytes bytes;
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
    bytes.resize(std::min(static_cast<std::size_t>(status.st_size), most + 1));
  std::size_t have = 0;
  int number = 0;
  for (;;) {
    if (have == bytes.size()) bytes.resize(have + (have < most + 1 ? 1 : 0));
    if (have == bytes.size()) break;
    const ssize_t got = ::read(fd, bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) number = errno;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  ::close(fd);
  if (number != 0) return cannot("read", file, number);
  if (have > most)
    return fail(ErrorCode::kCorrupt,
                fmt::format("{}: is larger than the {} bytes it may have", file.string(), most));
  bytes.resize(have);
  return bytes;
}

Result<Bytes> FolderFetcher::fetch(std::string_view path, std::size_t most) {
  return read_whole(folder_ / path, most);
}

}  // namespace madoguchi::ledger
