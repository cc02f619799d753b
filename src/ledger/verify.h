// A client's own check of a log: reads every entry and every tile, computes the tree anew, and
// holds it against the signed checkpoint. Trusts the given keys and nothing else. The caller's
// thread; memory does not grow with the log.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/fetch.h"

namespace madoguchi::ledger {

struct VerifyRequest {
  VerifierKey log;
  std::vector<VerifierKey> witnesses;     // each must have cosigned the checkpoint
  std::optional<std::string> remembered;  // the checkpoint (signed note) of the last check
  // Called about every 65,536 entries with how many are checked; may be empty.
  std::function<void(std::uint64_t)> progress;
  // Called with each entry that is read, in order; what it saw counts when there is no finding.
  std::function<void(std::uint64_t, std::string_view)> seen{};
  // Of a log that had at most so many entries at the last check, those are read once more: a file
  // that was changed since is found too. Of a larger one only what is new is read.
  std::uint64_t again = 0;
};

// What is wrong, first of all: what was looked at, and what is not as it must be.
enum class FaultyPart { kCheckpoint, kTile, kEntry, kTree, kHistory };
std::string_view name_of(FaultyPart part);

struct Finding {
  FaultyPart part = FaultyPart::kCheckpoint;
  std::string where;  // "checkpoint", "tile/0/000", "entry 17 (tile/entries/000.p/20)"
  std::string what;
  std::optional<std::uint64_t> entry;  // its index, where one entry is meant
};

struct VerifyReport {
  std::optional<Finding> finding;  // absent: all is well
  std::optional<SignedCheckpoint> checkpoint;
  std::uint64_t from = 0;        // first entry that was read: those before were checked last time
  std::uint64_t checked = 0;     // entries read
  std::uint64_t known = 0;       // size of the log at the checkpoint remembered
  bool tree_is_right = false;    // every tile, entry and signature fits, whatever entries say
  std::uint64_t foreign = 0;     // entries read that are canonical JSON, not of our form
  std::uint64_t unreadable = 0;  // that are none; the first is the finding
};

// An error is one of fetching (the log could not be asked: kUnavailable, kNotFound of the
// checkpoint itself); whatever is wrong with the log is a finding. A resource that the checkpoint
// promises and that is not there is a finding too.
Result<VerifyReport> verify_log(Fetcher& from, const VerifyRequest& request);

}  // namespace madoguchi::ledger
