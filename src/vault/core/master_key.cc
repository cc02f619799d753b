#include "vault/core/master_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "base/bytes.h"
#include "vault/core/crypto.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kFirstLine = "madoguchi-master-key-1\n";
constexpr std::size_t kFileBytes = kFirstLine.size() + 2 * kKeyBytes + 1;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> refuse(const std::filesystem::path& file, ErrorCode code,
                             std::string_view cause) {
  return fail(code, fmt::format("{}: {}", file.string(), cause));
}

// Written beside and then linked into place: a crash leaves a whole file or none, and a file that
// appeared meanwhile is never replaced.
Result<void> make(const std::filesystem::path& file) {
  const Secret key = Secret::random(kKeyBytes);
  std::string text = std::string(kFirstLine) + to_hex(key.reveal()) + "\n";
  const std::string beside = fmt::format("{}.new.{}", file.string(), ::getpid());
  {
    const Descriptor fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const bool written =
        fd.get() >= 0 &&
        ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(fd.get()) == 0;
    wipe(text);
    if (!written) {
      ::unlink(beside.c_str());
      return refuse(file, ErrorCode::kUnavailable,
                    "cannot be made; check the folder's rights and space");
    }
  }
  const bool linked = ::link(beside.c_str(), file.c_str()) == 0;
  ::unlink(beside.c_str());
  if (!linked) return refuse(file, ErrorCode::kUnavailable, "cannot be put in its place");
  const auto parent = file.parent_path();
  const Descriptor folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0)
    return refuse(file, ErrorCode::kUnavailable, "its folder cannot be written to disk");
  return {};
}

Result<void> check_rights(const std::filesystem::path& file, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    return refuse(file, ErrorCode::kInvalid, "is no regular file");
  if ((info.st_mode & 0777) != 0600)
    return refuse(
        file, ErrorCode::kInvalid,
        fmt::format("has mode {:04o}, others might read it; make it 0600 (chmod 600) and, "
                    "if anybody else had access, treat the key as known",
                    static_cast<unsigned>(info.st_mode & 07777)));
  if (info.st_uid != ::geteuid())
    return refuse(file, ErrorCode::kInvalid, "belongs to another user; it must be the vault's own");
  return {};
}

}  // namespace

Result<Secret> read_master_key(const std::filesystem::path& file, IfMissing if_missing) {
  int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (opened < 0 && errno == ENOENT) {
    if (if_missing == IfMissing::kRefuse)
      return refuse(file, ErrorCode::kNotFound,
                    "is missing, but the database was made with a master key; restore the file "
                    "from its backup");
    if (auto made = make(file); !made) return tl::unexpected<Error>(made.error());
    opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  }
  const Descriptor fd(opened);
  if (fd.get() < 0)
    return refuse(file, ErrorCode::kInvalid, "cannot be opened (it must be a file, no link)");
  if (auto right = check_rights(file, fd.get()); !right)
    return tl::unexpected<Error>(right.error());
  std::array<char, kFileBytes + 1> text{};
  const ssize_t got = ::read(fd.get(), text.data(), text.size());
  const std::string_view seen(text.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
  std::optional<Bytes> key;
  if (seen.size() == kFileBytes && seen.starts_with(kFirstLine) && seen.back() == '\n')
    key = from_hex(seen.substr(kFirstLine.size(), 2 * kKeyBytes));
  wipe(std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
  if (!key)
    return refuse(file, ErrorCode::kInvalid,
                  "is no master key of ours; restore it from its backup");
  Secret secret = Secret::copy_of(*key);
  wipe(std::span(*key));
  return secret;
}

}  // namespace madoguchi::vault
