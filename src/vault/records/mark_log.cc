#include "vault/records/mark_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <queue>

#include "base/whole_io.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kEntryBytes = 24;  // mark | unique flag and number
constexpr std::uint64_t kUniqueFlag = std::uint64_t{1} << 63;
constexpr std::size_t kInMemory = 8'000'000;  // 192 MB
constexpr std::size_t kReadAhead = 32'768;

void encode(const MarkLog::Entry& entry, std::uint8_t* at) {
  std::memcpy(at, entry.row.mark.data(), entry.row.mark.size());
  const std::uint64_t number = entry.row.number | (entry.unique ? kUniqueFlag : 0);
  for (int i = 0; i < 8; ++i) at[16 + i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
}
MarkLog::Entry decode(const std::uint8_t* at) {
  MarkLog::Entry entry;
  std::memcpy(entry.row.mark.data(), at, entry.row.mark.size());
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | at[16 + i];
  entry.unique = (number & kUniqueFlag) != 0;
  entry.row.number = number & ~kUniqueFlag;
  return entry;
}

tl::unexpected<Error> away(const std::filesystem::path& file) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}: cannot be read or written; is the disk full?", file.string()));
}

// One sorted piece of a scratch file, read a little at a time.
struct Piece {
  std::uint64_t at = 0;
  std::uint64_t end = 0;
  std::vector<MarkRow> rows;
  std::size_t next = 0;

  bool refill(int fd) {
    const auto count = std::min<std::uint64_t>(kReadAhead, (end - at) / sizeof(MarkRow));
    rows.resize(count);
    next = 0;
    const bool whole = read_all(
        fd, at, {reinterpret_cast<std::uint8_t*>(rows.data()), rows.size() * sizeof(MarkRow)});
    at += count * sizeof(MarkRow);
    return whole;
  }
};

}  // namespace

std::string mark_log_name(std::string_view import_id) {
  return fmt::format("import-{}.marks", import_id);
}

MarkLog::MarkLog(std::filesystem::path file, int fd, std::uint64_t bytes)
    : file_(std::move(file)), fd_(fd), bytes_(bytes) {}

MarkLog::~MarkLog() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::unique_ptr<MarkLog>> MarkLog::open(const std::filesystem::path& file,
                                               std::uint64_t bytes) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return away(file);
  std::unique_ptr<MarkLog> log(new MarkLog(file, fd, bytes));
  const off_t there = ::lseek(fd, 0, SEEK_END);
  if (there < 0) return away(file);
  if (static_cast<std::uint64_t>(there) < bytes || bytes % kEntryBytes != 0)
    return fail(ErrorCode::kCorrupt,
                fmt::format("{}: holds less than the import had written; take the import back "
                            "(madoguchi import --list, --withdraw ID) and begin again",
                            file.string()));
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0 || ::lseek(fd, 0, SEEK_END) < 0)
    return away(file);
  return log;
}

Result<std::uint64_t> MarkLog::append(std::span<const Entry> entries) {
  Bytes bytes(entries.size() * kEntryBytes);
  for (std::size_t i = 0; i < entries.size(); ++i) encode(entries[i], &bytes[i * kEntryBytes]);
  if (!write_all(fd_, bytes) || ::fdatasync(fd_) != 0) return away(file_);
  bytes_ += bytes.size();
  return bytes_;
}

std::uint64_t MarkLog::entries() const {
  return bytes_ / kEntryBytes;
}

Result<void> MarkLog::every(const std::function<void(const Entry&)>& each) {
  Bytes bytes(kReadAhead * kEntryBytes);
  for (std::uint64_t at = 0; at < bytes_;) {
    const auto size = std::min<std::uint64_t>(bytes.size(), bytes_ - at);
    if (!read_all(fd_, at, std::span(bytes).first(size))) return away(file_);
    for (std::size_t i = 0; i < size; i += kEntryBytes) each(decode(&bytes[i]));
    at += size;
  }
  return {};
}

Result<std::vector<MarkRow>> MarkLog::read(std::uint64_t from, std::size_t count) {
  std::vector<MarkRow> rows;
  rows.reserve(count);
  Bytes bytes(std::min(count, kReadAhead) * kEntryBytes);
  while (count > 0) {
    const std::size_t some = std::min(count, kReadAhead);
    if (!read_all(fd_, from * kEntryBytes, std::span(bytes).first(some * kEntryBytes)))
      return away(file_);
    for (std::size_t i = 0; i < some; ++i) rows.push_back(decode(&bytes[i * kEntryBytes]).row);
    from += some;
    count -= some;
  }
  return rows;
}

Result<void> MarkLog::sorted(std::size_t slice,
                             const std::function<Result<void>(std::span<const MarkRow>)>& take) {
  if (entries() > kInMemory) return merge(slice, take);
  auto rows = read(0, entries());
  if (!rows) return tl::unexpected<Error>(rows.error());
  std::sort(rows->begin(), rows->end());
  const std::span<const MarkRow> all(*rows);
  for (std::size_t at = 0; at < all.size(); at += slice)
    if (auto taken = take(all.subspan(at, std::min(slice, all.size() - at))); !taken) return taken;
  return {};
}

Result<void> MarkLog::merge(std::size_t slice,
                            const std::function<Result<void>(std::span<const MarkRow>)>& take) {
  // No name: it goes with the process, whatever happens.
  const int scratch = ::open(file_.parent_path().c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
  if (scratch < 0) return away(file_);
  const MarkLog owner(file_, scratch, 0);
  std::vector<Piece> pieces;
  std::uint64_t written = 0;
  for (std::uint64_t from = 0; from < entries(); from += kInMemory) {
    auto rows = read(from, std::min<std::uint64_t>(kInMemory, entries() - from));
    if (!rows) return tl::unexpected<Error>(rows.error());
    std::sort(rows->begin(), rows->end());
    const ByteView bytes(reinterpret_cast<const std::uint8_t*>(rows->data()),
                         rows->size() * sizeof(MarkRow));
    if (!write_all(scratch, bytes)) return away(file_);
    pieces.push_back({written, written + bytes.size(), {}, 0});
    written += bytes.size();
  }
  const auto later = [&](std::size_t a, std::size_t b) {
    return pieces[a].rows[pieces[a].next] > pieces[b].rows[pieces[b].next];
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> heads(later);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!pieces[i].refill(scratch)) return away(file_);
    heads.push(i);
  }
  std::vector<MarkRow> out;
  while (!heads.empty()) {
    const std::size_t i = heads.top();
    heads.pop();
    Piece& piece = pieces[i];
    out.push_back(piece.rows[piece.next++]);
    if (piece.next == piece.rows.size() && piece.at < piece.end && !piece.refill(scratch))
      return away(file_);
    if (piece.next < piece.rows.size()) heads.push(i);
    if (out.size() == slice || heads.empty()) {
      if (auto taken = take(out); !taken) return taken;
      out.clear();
    }
  }
  return {};
}

void MarkLog::remove() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

}  // namespace madoguchi::vault
