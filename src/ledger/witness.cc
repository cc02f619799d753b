#include "ledger/witness.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/sealing.h"
#include "ledger/files.h"

namespace madoguchi::ledger {
namespace {

constexpr std::string_view kOld = "old ";
constexpr std::size_t kMostForkNotes = 64;  // of one origin: a mischievous log fills no disk
constexpr std::chrono::minutes kBetweenLines{10};

// Held by one process at a time.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder) {
    fd_ = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ >= 0 && ::flock(fd_, LOCK_EX) != 0) {
      ::close(fd_);
      fd_ = -1;
    }
  }
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  [[nodiscard]] bool held() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

WitnessAnswer refuse(int status, std::string why) {
  return {status, std::move(why) + "\n", "text/plain; charset=utf-8"};
}

std::string size_body(std::uint64_t size) {
  return fmt::format("{}\n", size);
}

}  // namespace

std::string AddCheckpoint::text() const {
  std::string all = fmt::format("{}{}\n", kOld, old_size);
  for (const Hash& hash : proof) all += to_base64(hash) + '\n';
  return all + '\n' + checkpoint;
}

Result<AddCheckpoint> AddCheckpoint::parse(std::string_view text) {
  int number = 0;
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::kInvalid, fmt::format("line {}: {}", number, why));
  };
  if (text.size() > kMostAddCheckpoint) return bad("the request is too long");
  AddCheckpoint request;
  for (;;) {
    ++number;
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return bad("is missing or not whole");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (number == 1) {
      if (!line.starts_with(kOld)) return bad("must be \"old <size>\"");
      const auto size = parse_size(line.substr(kOld.size()));
      if (!size) return bad("the old size must be " + size.error().message);
      request.old_size = *size;
    } else if (line.empty()) {
      break;
    } else {
      const auto hash = hash_from_base64(line);
      if (!hash) return bad("must be a hash of 32 bytes in base64");
      if (request.proof.size() == kLongestProof) return bad("at most 63 hashes are taken");
      request.proof.push_back(*hash);
    }
  }
  request.checkpoint = text;
  return request;
}

std::filesystem::path FolderMemory::file_of(const std::string& origin) const {
  return folder_ / to_hex(sha256(as_bytes(origin)));
}

std::filesystem::path FolderMemory::forks_of(const std::string& origin) const {
  std::filesystem::path folder = file_of(origin);
  folder += ".forks";
  return folder;
}

Result<std::optional<std::string>> FolderMemory::seen(const std::string& origin) {
  const auto bytes = read_whole(file_of(origin), kMostNoteBytes);
  if (bytes) return std::optional(std::string(as_text(*bytes)));
  if (bytes.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  return tl::unexpected<Error>(bytes.error());
}

Result<bool> FolderMemory::replace(const std::string& origin,
                                   const std::optional<std::string>& before,
                                   const std::string& after) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  const FolderLock lock(folder_);
  if (!lock.held())
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: cannot be locked; check its rights", folder_.string()));
  const auto now = seen(origin);
  if (!now) return tl::unexpected<Error>(now.error());
  if (*now != before) return false;
  if (auto done = write_durably(file_of(origin), as_bytes(after)); !done)
    return tl::unexpected<Error>(done.error());
  return true;
}

Result<WitnessMemory::Kept> FolderMemory::keep_fork(const std::string& origin, const Note& seen,
                                                    const Note& other) {
  const std::filesystem::path folder = forks_of(origin);
  const auto file_for = [&](const Note& note) {
    return folder / to_hex(sha256(as_bytes(note.text)));
  };
  std::error_code error;
  if (std::filesystem::exists(file_for(seen), error) &&
      std::filesystem::exists(file_for(other), error))
    return Kept::kBefore;
  const auto files = std::filesystem::directory_iterator(folder, error);
  if (!error && static_cast<std::size_t>(std::distance(begin(files), end(files))) >= kMostForkNotes)
    return fail(ErrorCode::kExhausted,
                fmt::format("{}: {} files are there already", folder.string(), kMostForkNotes));
  DurableFiles both;
  for (const Note* note : {&seen, &other})
    if (auto put = both.put(file_for(*note), as_bytes(note->bytes())); !put)
      return tl::unexpected<Error>(put.error());
  if (auto done = both.commit(); !done) return tl::unexpected<Error>(done.error());
  return Kept::kNow;
}

struct Witness::Asked {
  const AddCheckpoint& request;
  const Checkpoint& checkpoint;
  const Note& note;
  const std::vector<VerifierKey>& keys;  // of the origin
};

struct Witness::Seen {
  std::optional<std::string> bytes;  // nullopt: nothing yet
  Note note;
  Checkpoint checkpoint;
};

WitnessAnswer Witness::add_checkpoint(std::string_view body, Time now) {
  const std::lock_guard lock(mutex_);
  const auto request = AddCheckpoint::parse(body);
  if (!request) return refuse(400, request.error().message);
  const auto note = Note::parse(request->checkpoint);
  if (!note) return refuse(400, note.error().message);
  const auto checkpoint = Checkpoint::parse(note->text);
  if (!checkpoint) return refuse(400, checkpoint.error().message);

  std::vector<VerifierKey> keys;
  std::copy_if(logs_.begin(), logs_.end(), std::back_inserter(keys),
               [&](const VerifierKey& key) { return key.name == checkpoint->origin; });
  if (keys.empty()) return refuse(404, "this witness does not know that log");
  const auto checked = check_signatures(*note, keys);
  if (!checked) return refuse(403, checked.error().message);
  if (checked->empty()) return refuse(403, "not signed by the log's key that this witness knows");
  if (request->old_size > checkpoint->size)
    return refuse(400, "the old size is larger than the checkpoint's");
  return judge({*request, *checkpoint, *note, keys}, now);
}

Result<Witness::Seen> Witness::remembered(const std::string& origin) {
  auto bytes = memory_.seen(origin);
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  Seen seen{*std::move(bytes), {}, {origin, 0, empty_root()}};
  if (!seen.bytes) return seen;
  const auto damaged = [&](const Error& error) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("{}: what was remembered is damaged: {}", origin, error.message));
  };
  auto note = Note::parse(*seen.bytes);
  if (!note) return damaged(note.error());
  auto checkpoint = Checkpoint::parse(note->text);
  if (!checkpoint) return damaged(checkpoint.error());
  seen.note = *std::move(note);
  seen.checkpoint = *std::move(checkpoint);
  return seen;
}

// Whoever has a log's checkpoints may send them again and again, so not each is worth a line.
void Witness::tell(const std::string& origin, int status, const std::string& what, Time now) {
  const auto [told, first] = told_.try_emplace({origin, status}, Told{now, 0});
  if (!first && now >= told->second.at && now < told->second.at + kBetweenLines) {
    ++told->second.since;
    return;
  }
  const std::uint64_t since = std::exchange(told->second, Told{now, 0}).since;
  report_(fmt::format("{}: {}{}", origin, what,
                      since == 0 ? std::string() : fmt::format(" ({} more before)", since)));
}

WitnessAnswer Witness::forked(const Asked& asked, const Seen& seen, Time now) {
  const Checkpoint& checkpoint = asked.checkpoint;
  // What others signed beside the log is no evidence, and must not take its room.
  const auto by_log = [&](const Note& note) {
    Note kept{note.text, {}};
    for (const NoteSignature& one : note.signatures)
      if (std::any_of(asked.keys.begin(), asked.keys.end(), [&](const VerifierKey& key) {
            return key.name == one.name && key.hash() == one.key;
          }))
        kept.signatures.push_back(one);
    return kept.signatures.empty() ? note : kept;  // its key was taken out of the settings since
  };
  const std::string what =
      fmt::format("a fork: two roots were signed for size {}", checkpoint.size);
  const auto kept = memory_.keep_fork(checkpoint.origin, by_log(seen.note), by_log(asked.note));
  if (!kept)
    tell(checkpoint.origin, 409,
         fmt::format("{}; it could NOT be kept as evidence: {}", what, kept.error().message), now);
  else if (*kept == WitnessMemory::Kept::kNow)
    report_(fmt::format("{}: {}; both checkpoints are kept as evidence", checkpoint.origin, what));
  return {409, size_body(checkpoint.size), std::string(kSizeType)};
}

WitnessAnswer Witness::judge(const Asked& asked, Time now) {
  const Checkpoint& checkpoint = asked.checkpoint;
  const auto before = remembered(checkpoint.origin);
  if (!before) {
    report_(before.error().message);
    return refuse(500, "what this witness remembers cannot be read");
  }
  const Checkpoint& seen = before->checkpoint;
  if (checkpoint.size == seen.size && checkpoint.root != seen.root && seen.size != 0)
    return forked(asked, *before, now);
  if (asked.request.old_size != seen.size)
    return {409, size_body(seen.size), std::string(kSizeType)};
  if (seen.size == 0) {
    if (!asked.request.proof.empty()) return refuse(422, "with old 0 the proof is empty");
    if (checkpoint.size == 0 && checkpoint.root != empty_root())
      return refuse(422, "that is not the root of an empty tree");
  } else if (auto consistent = verify_consistency(seen.size, checkpoint.size, seen.root,
                                                  checkpoint.root, asked.request.proof);
             !consistent) {
    std::string what = fmt::format("not shown to have grown out of size {}: {}", seen.size,
                                   consistent.error().message);
    // The log signed the checkpoint, but not the proof: that says nothing against the log.
    tell(checkpoint.origin, 422,
         fmt::format("{}; somebody sent its checkpoint of size {} so", what, checkpoint.size), now);
    return refuse(422, std::move(what));
  }
  const auto replaced = memory_.replace(checkpoint.origin, before->bytes, asked.request.checkpoint);
  if (!replaced) {
    report_(replaced.error().message);
    return refuse(500, "what was seen could not be made durable");
  }
  if (!*replaced) return refuse(500, "another process answers for this witness; try again");
  return {200, signature_line(signer_.sign(asked.note.text, now)), "text/plain; charset=utf-8"};
}

}  // namespace madoguchi::ledger
