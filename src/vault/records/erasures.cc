#include "vault/records/erasures.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "base/keyed.h"
#include "base/process.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kFirstLine = "madoguchi-erasures-1\n";
constexpr std::size_t kDigestHex = 32;
constexpr std::string_view kNewestCopy = "put the newest copy of this vault's list there";

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

Result<std::unique_ptr<Erasures>> Erasures::open(const std::filesystem::path& file, Secret key,
                                                 IfMissing missing) {
  std::unique_ptr<Erasures> erasures(new Erasures(file, std::move(key)));
  if (auto read = erasures->read(missing); !read) return tl::unexpected<Error>(read.error());
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

// A list of nobody, and its name in the folder: a machine that stops must not lose the file.
Result<void> Erasures::begin(std::string_view text) {
  const auto written = [&] {
    return ::ftruncate(fd_, 0) == 0 &&
           ::write(fd_, kFirstLine.data(), kFirstLine.size()) ==
               static_cast<ssize_t>(kFirstLine.size()) &&
           ::fsync(fd_) == 0;
  };
  if (!kFirstLine.starts_with(text))
    return fail(ErrorCode::kCorrupt,
                fmt::format("{}: is no list of erasures; {}", file_.string(), kNewestCopy));
  if (!written())
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: cannot be written ({}); is the disk full?", file_.string(),
                            std::strerror(errno)));
  const int folder = ::open(folder_of(file_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool named = folder >= 0 && ::fsync(folder) == 0;
  if (folder >= 0) ::close(folder);
  if (named) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}: its folder cannot be written; check its rights", file_.string()));
}

Result<void> Erasures::read(IfMissing missing) {
  const auto refuse = [&](ErrorCode code, std::string_view cause) {
    return fail(code, fmt::format("{}: {}", file_.string(), cause));
  };
  const int make = missing == IfMissing::kMake ? O_CREAT : 0;
  fd_ = ::open(file_.c_str(), O_RDWR | make | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0 && errno == ENOENT)
    return refuse(ErrorCode::kNotFound,
                  fmt::format("is missing; {}. Where no copy is left, make an empty file there and "
                              "erase again whom the clients' logs name (kind erasure)",
                              kNewestCopy));
  if (fd_ < 0)
    return refuse(
        ErrorCode::kUnavailable,
        fmt::format("cannot be opened for writing ({}); it must be a file of its own that "
                    "the vault's user may write",
                    std::strerror(errno)));
  std::stringstream bytes;
  bytes << std::ifstream(file_, std::ios::binary).rdbuf();
  const std::string text = bytes.str();
  if (text.size() < kFirstLine.size()) return begin(text);
  if (!text.starts_with(kFirstLine))
    return refuse(ErrorCode::kCorrupt, fmt::format("is no list of erasures; {}", kNewestCopy));
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
      return refuse(
          ErrorCode::kCorrupt,
          fmt::format("line {} was changed, or is of another vault's list; {}{}", number,
                      kNewestCopy, number == 2 ? " (a new vault: move this one away)" : ""));
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

std::size_t Erasures::lines() const {
  const std::lock_guard lock(mutex_);
  return rows_.size();
}

std::size_t Erasures::people() const {
  std::vector<Mark> marks;
  {
    const std::lock_guard lock(mutex_);
    marks.reserve(rows_.size());
    for (const ErasureRow& row : rows_) marks.push_back(row.mark);
  }
  std::sort(marks.begin(), marks.end());
  return static_cast<std::size_t>(std::unique(marks.begin(), marks.end()) - marks.begin());
}

bool Erasures::is_in_place() const {
  struct stat ours {
  }, there{};
  return ::fstat(fd_, &ours) == 0 && ::lstat(file_.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

Result<void> Erasures::take_in(const std::filesystem::path& other, Secret key) {
  const auto theirs = open(other, std::move(key));
  if (!theirs) return tl::unexpected<Error>(theirs.error());
  std::set<Mark> known;
  for (const ErasureRow& row : all()) known.insert(row.mark);
  std::vector<ErasureRow> fresh;
  for (const ErasureRow& row : (*theirs)->all())
    if (known.insert(row.mark).second) fresh.push_back(row);
  if (auto kept = append(fresh); !kept) return kept;
  std::error_code error;
  std::filesystem::remove(other, error);
  if (error)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: its lines are in {} now, but it cannot be removed; remove it by "
                            "hand",
                            other.string(), file_.string()));
  return {};
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
      ::fdatasync(fd_) != 0 || !is_in_place()) {
    // Half a line in the middle would spoil the file for good.
    const bool mended = ::ftruncate(fd_, before.st_size) == 0;
    return fail(mended ? ErrorCode::kExhausted : ErrorCode::kUnavailable,
                fmt::format("{}: cannot be written, or is another file than at the start; see to "
                            "its disk, or start the vault again",
                            file_.string()));
  }
  last_digest_ = digest;
  rows_.insert(rows_.end(), erasures.begin(), erasures.end());
  return {};
}

}  // namespace madoguchi::vault
