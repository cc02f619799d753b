#include "vault/core/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace madoguchi::vault {
namespace {

Result<void> check_rights(const std::filesystem::path& file, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    return refuse_file(file, ErrorCode::kInvalid, "is no regular file");
  if ((info.st_mode & 0777) != 0600)
    return refuse_file(
        file, ErrorCode::kInvalid,
        fmt::format("has mode {:04o}, others might read it; make it 0600 (chmod 600) and, "
                    "if anybody else had access, treat what is in it as known",
                    static_cast<unsigned>(info.st_mode & 07777)));
  if (info.st_uid != ::geteuid())
    return refuse_file(file, ErrorCode::kInvalid,
                       "belongs to another user; it must be the vault's own");
  return {};
}

Result<Secret> read_from(const std::filesystem::path& file, int fd, std::size_t most) {
  if (auto right = check_rights(file, fd); !right) return tl::unexpected<Error>(right.error());
  std::vector<std::uint8_t> bytes(most + 1);
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < bytes.size();) {
    got = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  Secret whole = Secret::copy_of(ByteView(bytes).first(std::min(size, most)));
  wipe(std::span(bytes));
  if (size == 0) return refuse_file(file, ErrorCode::kInvalid, "is empty");
  if (size > most)
    return refuse_file(file, ErrorCode::kInvalid, "is too long to be what it is for");
  return whole;
}

}  // namespace

tl::unexpected<Error> refuse_file(const std::filesystem::path& file, ErrorCode code,
                                  std::string_view cause) {
  return fail(code, fmt::format("{}: {}", file.string(), cause));
}

Result<Secret> read_private_file(const std::filesystem::path& file, std::size_t most) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return errno == ENOENT ? refuse_file(file, ErrorCode::kNotFound, "is missing")
                           : refuse_file(file, ErrorCode::kInvalid,
                                         "cannot be opened (it must be a file, no link)");
  auto read = read_from(file, fd, most);
  ::close(fd);
  return read;
}

}  // namespace madoguchi::vault
