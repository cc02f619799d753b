#include "vault/core/master_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "base/bytes.h"
#include "vault/core/crypto.h"
#include "vault/core/private_file.h"

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

// Written beside and then linked into place: a crash leaves a whole file or none, and a file that
// appeared meanwhile is never replaced.
Result<void> make_file(const std::filesystem::path& file) {
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
      return refuse_file(file, ErrorCode::kUnavailable,
                         "cannot be made; check the folder's rights and space");
    }
  }
  const bool linked = ::link(beside.c_str(), file.c_str()) == 0;
  ::unlink(beside.c_str());
  if (!linked) return refuse_file(file, ErrorCode::kUnavailable, "cannot be put in its place");
  const auto parent = file.parent_path();
  const Descriptor folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0)
    return refuse_file(file, ErrorCode::kUnavailable, "its folder cannot be written to disk");
  return {};
}

}  // namespace

Result<Secret> read_master_key(const std::filesystem::path& file, IfMissing if_missing) {
  auto text = read_private_file(file, kFileBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    if (if_missing == IfMissing::kRefuse)
      return refuse_file(file, ErrorCode::kNotFound,
                         "is missing, but the database was made with a master key; restore the "
                         "file from its backup");
    if (auto made = make_file(file); !made) return tl::unexpected<Error>(made.error());
    text = read_private_file(file, kFileBytes);
  }
  if (!text) return tl::unexpected<Error>(text.error());
  const std::string_view seen = as_text(text->reveal());
  std::optional<Bytes> key;
  if (seen.size() == kFileBytes && seen.starts_with(kFirstLine) && seen.back() == '\n')
    key = from_hex(seen.substr(kFirstLine.size(), 2 * kKeyBytes));
  if (!key)
    return refuse_file(file, ErrorCode::kInvalid,
                       "is no master key of ours; restore it from its backup");
  Secret secret = Secret::copy_of(*key);
  wipe(std::span(*key));
  return secret;
}

Result<void> write_fresh_master_key(const std::filesystem::path& file) {
  return make_file(file);
}

}  // namespace madoguchi::vault
