#include "vault/records/erasures.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/keyed.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kFirstLine = "madoguchi-erasures-1\n";
constexpr std::size_t kDigestHex = 32;

template <typename Number>
bool take_number(std::string_view text, Number& into) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), into);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

}  // namespace

Erasures::Erasures(std::filesystem::path file, Secret key)
    : file_(std::move(file)), key_(std::move(key)) {}

Erasures::~Erasures() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::unique_ptr<Erasures>> Erasures::open(const std::filesystem::path& file, Secret key) {
  std::unique_ptr<Erasures> erasures(new Erasures(file, std::move(key)));
  if (auto read = erasures->read(); !read) return tl::unexpected<Error>(read.error());
  return erasures;
}

Mark Erasures::mark_of(const SubjectId& subject) const {
  const Mac mac = hmac_sha256(key_.reveal(), as_bytes("subject " + subject.text()));
  Mark mark;
  std::memcpy(mark.data(), mac.data(), mark.size());
  return mark;
}

std::string Erasures::line_of(const ErasureRow& row, const std::string& previous) const {
  const std::string body = fmt::format("{} {} {}", to_micros(row.at), row.number, to_hex(row.mark));
  const Mac mac = hmac_sha256(key_.reveal(), as_bytes("line " + previous + " " + body));
  return fmt::format("{} {}\n", body, to_hex(ByteView(mac).first(kDigestHex / 2)));
}

Result<void> Erasures::read() {
  const auto refuse = [&](ErrorCode code, std::string_view cause) {
    return fail(code, fmt::format("{}: {}", file_.string(), cause));
  };
  fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0)
    return refuse(ErrorCode::kUnavailable, "cannot be opened or made; check the folder's rights");
  std::stringstream bytes;
  bytes << std::ifstream(file_, std::ios::binary).rdbuf();
  const std::string text = bytes.str();
  if (text.size() < kFirstLine.size()) {
    if (!kFirstLine.starts_with(text)) return refuse(ErrorCode::kCorrupt, "is no list of erasures");
    if (::ftruncate(fd_, 0) != 0 ||
        ::write(fd_, kFirstLine.data(), kFirstLine.size()) !=
            static_cast<ssize_t>(kFirstLine.size()) ||
        ::fsync(fd_) != 0)
      return refuse(ErrorCode::kUnavailable, "cannot be written; is the disk full?");
    return {};
  }
  if (!text.starts_with(kFirstLine)) return refuse(ErrorCode::kCorrupt, "is no list of erasures");
  std::size_t at = kFirstLine.size();
  for (std::size_t number = 2; at < text.size(); ++number) {
    const auto end = text.find('\n', at);
    if (end == std::string::npos) {
      // Not durable when the machine stopped, so nothing was erased on its word yet.
      if (::ftruncate(fd_, static_cast<off_t>(at)) != 0)
        return refuse(ErrorCode::kUnavailable, "cannot be mended");
      return {};
    }
    std::istringstream parts(text.substr(at, end - at));
    std::string time, record, mark, digest;
    parts >> time >> record >> mark >> digest;
    ErasureRow row;
    std::int64_t micros = 0;
    const auto mark_bytes = from_hex(mark);
    const bool read = take_number(time, micros) && take_number(record, row.number) && mark_bytes &&
                      mark_bytes->size() == row.mark.size();
    if (read) {
      row.at = time_from_micros(micros);
      std::copy(mark_bytes->begin(), mark_bytes->end(), row.mark.begin());
    }
    if (!read || line_of(row, last_digest_) != text.substr(at, end + 1 - at))
      return refuse(ErrorCode::kCorrupt,
                    fmt::format("line {} was changed, or belongs to another master key; restore "
                                "the file from its backup",
                                number));
    rows_.push_back(row);
    last_digest_ = digest;
    at = end + 1;
  }
  return {};
}

std::vector<ErasureRow> Erasures::all() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

Result<void> Erasures::append(std::span<const ErasureRow> erasures) {
  if (erasures.empty()) return {};
  const std::lock_guard lock(mutex_);
  std::string lines;
  std::string digest = last_digest_;
  for (const ErasureRow& erasure : erasures) {
    const std::string line = line_of(erasure, digest);
    digest = line.substr(line.size() - 1 - kDigestHex, kDigestHex);
    lines += line;
  }
  struct stat before {};
  if (::fstat(fd_, &before) != 0)
    return fail(ErrorCode::kUnavailable, fmt::format("{}: cannot be reached", file_.string()));
  if (::write(fd_, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size()) ||
      ::fdatasync(fd_) != 0) {
    // Half a line in the middle would spoil the file for good.
    const bool mended = ::ftruncate(fd_, before.st_size) == 0;
    return fail(mended ? ErrorCode::kExhausted : ErrorCode::kUnavailable,
                fmt::format("{}: cannot be written; is the disk full?", file_.string()));
  }
  last_digest_ = digest;
  rows_.insert(rows_.end(), erasures.begin(), erasures.end());
  return {};
}

}  // namespace madoguchi::vault
