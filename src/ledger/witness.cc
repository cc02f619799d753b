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
constexpr std::size_t kMostEvidence = 16;  // files for one origin: a mischievous log fills no disk

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

std::filesystem::path FolderMemory::evidence_of(const std::string& origin) const {
  std::filesystem::path folder = file_of(origin);
  folder += ".evidence";
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

Result<void> FolderMemory::keep_evidence(const std::string& origin, const std::string& note) {
  const std::filesystem::path folder = evidence_of(origin);
  std::error_code error;
  const auto files = std::filesystem::directory_iterator(folder, error);
  if (!error &&
      std::distance(begin(files), end(files)) >= static_cast<std::ptrdiff_t>(kMostEvidence))
    return {};
  return write_durably(folder / to_hex(sha256(as_bytes(note))), as_bytes(note));
}

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
  return judge(*request, *checkpoint, *note, now);
}

// The log signed it: if it does not fit, that is the log's doing and is kept.
WitnessAnswer Witness::misbehaviour(const Checkpoint& checkpoint, const AddCheckpoint& request,
                                    int status, std::string body, std::string what) {
  if (auto kept = memory_.keep_evidence(checkpoint.origin, request.checkpoint); !kept)
    report_(
        fmt::format("{}: evidence could not be kept: {}", checkpoint.origin, kept.error().message));
  report_(fmt::format("{}: {}; its checkpoint of size {} is kept as evidence", checkpoint.origin,
                      what, checkpoint.size));
  WitnessAnswer answer = refuse(status, std::move(what));
  if (!body.empty()) {
    answer.body = std::move(body);
    answer.content_type = kSizeType;
  }
  return answer;
}

WitnessAnswer Witness::judge(const AddCheckpoint& request, const Checkpoint& checkpoint,
                             const Note& note, Time now) {
  const auto before = memory_.seen(checkpoint.origin);
  if (!before) {
    report_(before.error().message);
    return refuse(500, "what this witness remembers cannot be read");
  }
  Checkpoint seen{checkpoint.origin, 0, empty_root()};
  if (*before) {
    const auto old_note = Note::parse(**before);
    const auto old = old_note ? Checkpoint::parse(old_note->text)
                              : Result<Checkpoint>(tl::unexpected<Error>(old_note.error()));
    if (!old) {
      report_(fmt::format("{}: what was remembered is damaged: {}", checkpoint.origin,
                          old.error().message));
      return refuse(500, "what this witness remembers is damaged");
    }
    seen = *old;
  }
  if (request.old_size != seen.size) return {409, size_body(seen.size), std::string(kSizeType)};
  if (checkpoint.size == seen.size && checkpoint.root != seen.root && seen.size != 0)
    return misbehaviour(checkpoint, request, 409, size_body(seen.size),
                        fmt::format("a fork: two roots were signed for size {}", seen.size));
  if (seen.size == 0) {
    if (!request.proof.empty()) return refuse(422, "with old 0 the proof is empty");
    if (checkpoint.size == 0 && checkpoint.root != empty_root())
      return refuse(422, "that is not the root of an empty tree");
  } else if (auto consistent = verify_consistency(seen.size, checkpoint.size, seen.root,
                                                  checkpoint.root, request.proof);
             !consistent) {
    return misbehaviour(checkpoint, request, 422, "",
                        fmt::format("not shown to have grown out of size {}: {}", seen.size,
                                    consistent.error().message));
  }
  const auto replaced = memory_.replace(checkpoint.origin, *before, request.checkpoint);
  if (!replaced) {
    report_(replaced.error().message);
    return refuse(500, "what was seen could not be made durable");
  }
  if (!*replaced) return refuse(500, "another process answers for this witness; try again");
  return {200, signature_line(signer_.sign(note.text, now)), "text/plain; charset=utf-8"};
}

}  // namespace madoguchi::ledger
