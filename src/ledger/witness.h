// A witness (C2SP tlog-witness): remembers for each log the largest tree it saw and cosigns only
// what grew out of it, so that a log can't show one history to some and another to others. Run by
// the client, or by anyone the client trusts. Any thread; requests are answered one at a time.
//
// Promises: what was seen is durable before a cosignature leaves, by compare-and-swap, also against
// another process on the same folder. Two roots that the log signed for one size are kept as
// evidence, both. A proof that does not verify is none: proofs are the sender's, whoever that is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/checkpoint.h"
#include "ledger/proof.h"

namespace madoguchi::ledger {

// The body of add-checkpoint.
struct AddCheckpoint {
  std::uint64_t old_size = 0;
  Proof proof;
  std::string checkpoint;  // the signed note

  [[nodiscard]] std::string text() const;
  // kInvalid names the line.
  static Result<AddCheckpoint> parse(std::string_view text);
};
inline constexpr std::size_t kMostAddCheckpoint = kMostNoteBytes + 4 * 1024;

// The answer as HTTP.
struct WitnessAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};
inline constexpr std::string_view kSizeType = "text/x.tlog.size";

// What a witness remembers: the newest checkpoint (signed note) of each origin.
class WitnessMemory {
 public:
  virtual ~WitnessMemory() = default;
  // nullopt: nothing was ever seen.
  virtual Result<std::optional<std::string>> seen(const std::string& origin) = 0;
  // Durable on success. False: something else than `before` is remembered by now; nothing changed.
  virtual Result<bool> replace(const std::string& origin, const std::optional<std::string>& before,
                               const std::string& after) = 0;
  enum class Kept { kNow, kBefore };
  // Keeps two notes that contradict each other; durable on success. kExhausted: no room for more.
  virtual Result<Kept> keep_fork(const std::string& origin, const Note& seen,
                                 const Note& other) = 0;
};

// A file for each origin, in a folder that survives restarts.
class FolderMemory final : public WitnessMemory {
 public:
  explicit FolderMemory(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<std::optional<std::string>> seen(const std::string& origin) override;
  Result<bool> replace(const std::string& origin, const std::optional<std::string>& before,
                       const std::string& after) override;
  Result<Kept> keep_fork(const std::string& origin, const Note& seen, const Note& other) override;

  // Where the forks of an origin are: a file for each note, named after its text.
  [[nodiscard]] std::filesystem::path forks_of(const std::string& origin) const;

 private:
  [[nodiscard]] std::filesystem::path file_of(const std::string& origin) const;
  std::filesystem::path folder_;
};

class Witness {
 public:
  // Told of what a person should know: a fork, or a store that can't be written.
  using Report = std::function<void(const std::string& line)>;

  // `logs`: keys of the logs it cosigns; several may share an origin. `signer` is of kCosignature.
  // `memory` outlives it.
  Witness(std::vector<VerifierKey> logs, NoteSigner signer, WitnessMemory& memory, Report report)
      : logs_(std::move(logs)),
        signer_(std::move(signer)),
        memory_(memory),
        report_(std::move(report)) {}

  // 200 cosignature lines; 400 malformed or old > size; 403 no right signature; 404 unknown origin;
  // 409 another size is remembered (its decimal in the body), or another root for this size;
  // 422 the proof does not verify; 500 it could not be made durable.
  WitnessAnswer add_checkpoint(std::string_view body, Time now);

 private:
  struct Asked;
  struct Seen;
  Result<Seen> remembered(const std::string& origin);
  WitnessAnswer judge(const Asked& asked, Time now);
  WitnessAnswer forked(const Asked& asked, const Seen& seen, Time now);
  void tell(const std::string& origin, int status, const std::string& what, Time now);

  const std::vector<VerifierKey> logs_;
  const NoteSigner signer_;
  WitnessMemory& memory_;
  const Report report_;
  std::mutex mutex_;  // one request at a time
  struct Told {
    Time at{};
    std::uint64_t since = 0;  // not told, since then
  };
  std::map<std::pair<std::string, int>, Told> told_;  // by a known origin and the status
};

}  // namespace madoguchi::ledger
