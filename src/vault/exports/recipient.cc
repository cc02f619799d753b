#include "vault/exports/recipient.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/bytes.h"
#include "base/secret.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kFirstLine = "madoguchi-recipient-secret-1";
constexpr std::size_t kFingerprintBytes = 4;

tl::unexpected<Error> no_key(std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("the recipient's key {}", why));
}

}  // namespace

std::string RecipientKey::fingerprint() const {
  Bytes named(name.begin(), name.end());
  named.push_back('\n');
  named.insert(named.end(), key.begin(), key.end());
  const auto digest = sha256(named);
  return to_hex(ByteView(digest).first(kFingerprintBytes));
}

std::string RecipientKey::text() const {
  return fmt::format("{}+{}+{}", name, fingerprint(), to_base64(key));
}

Result<RecipientKey> RecipientKey::parse(std::string_view text) {
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos)
    return no_key("has the form name+hex+base64, as `madoguchi export keygen` prints it");
  RecipientKey read;
  read.name = std::string(text.substr(0, first));
  if (!is_valid_id(read.name)) return no_key("begins with a name of A-Z a-z 0-9 _ . -");
  const auto bytes = from_base64(text.substr(second + 1));
  if (!bytes || bytes->size() != read.key.size()) return no_key("ends in 32 bytes of base64");
  std::copy(bytes->begin(), bytes->end(), read.key.begin());
  if (text.substr(first + 1, second - first - 1) != read.fingerprint())
    return no_key("does not fit its middle part; was a letter lost?");
  return read;
}

Result<RecipientSecret> make_recipient(const std::filesystem::path& file, const std::string& name) {
  if (!is_valid_id(name))
    return fail(ErrorCode::kInvalid, "a recipient's name has 1 to 64 characters of A-Za-z0-9_.-");
  RecipientSecret made{name, fresh_seal_key_pair()};
  std::string text = fmt::format("{}\n{}\n{}\n{}\n", kFirstLine, name,
                                 to_base64(made.keys.public_key), to_base64(made.keys.secret_key));
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(ErrorCode::kConflict,
                fmt::format("{}: cannot be made; is there a file already?", file.string()));
  const ssize_t written = ::write(fd, text.data(), text.size());
  const bool kept = written == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  wipe(text);
  if (!kept)
    return fail(ErrorCode::kExhausted, fmt::format("{}: cannot be written", file.string()));
  return made;
}

Result<RecipientSecret> read_recipient(const std::filesystem::path& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0)
    return fail(ErrorCode::kNotFound, fmt::format("{}: there is no such file", file.string()));
  if ((about.st_mode & 077) != 0)
    return fail(ErrorCode::kDenied,
                fmt::format("{}: others may read it; chmod 600 it", file.string()));
  std::ifstream in(file);
  std::string first, name, public_half, secret;
  std::getline(in, first);
  std::getline(in, name);
  std::getline(in, public_half);
  std::getline(in, secret);
  auto open = from_base64(public_half);
  auto hidden = from_base64(secret);
  wipe(secret);
  RecipientSecret read;
  if (first != kFirstLine || !is_valid_id(name) || !open || !hidden ||
      open->size() != read.keys.public_key.size() || hidden->size() != read.keys.secret_key.size())
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: is no secret of `madoguchi export keygen`", file.string()));
  read.name = name;
  std::copy(open->begin(), open->end(), read.keys.public_key.begin());
  std::copy(hidden->begin(), hidden->end(), read.keys.secret_key.begin());
  wipe(*hidden);
  return read;
}

}  // namespace madoguchi::vault
