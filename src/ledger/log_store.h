// What the log needs kept, and by whom. One log per client organisation, named by a short id (that
// of the organisation); its origin, as checkpoints say it, is "<prefix>/<id>".
//
// How a vault transaction appends. Entries are rows of the vault's own database, written by the
// very transaction that they tell of, so that there is neither an opening without its entry nor an
// entry without its act:
//
//   1. The vault fills a ledger::Entry, has its text(), and puts Draft{log, text} into the act that
//      it commits (vault::Act::entries).
//   2. src/store writes the drafts with the act's other rows (store::append_entries): each gets the
//      next index of its log. Acts committed at the same time share one transaction and one fsync
//      (store::GroupCommit), each in a savepoint of its own.
//   3. When commit() has returned without an error the entry is durable, and only then may the
//   value
//      leave. After an error it may have been kept (a connection lost in the very moment): the log
//      may then tell of an opening that showed nothing, never the other way round.
//
// Tiles and checkpoints are derived from these rows later, by ledger::Logs (ledger/logs.h), which
// reads them through LogStore below and catches up after a crash. Rows are never changed or taken
// out: the tables refuse it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/hash.h"

namespace madoguchi::ledger {

// One entry on its way into a log. The text is canonical JSON of at most kLongestEntry bytes.
struct Draft {
  std::string log;  // 1 to 64 characters, as ids are (base/id.h)
  std::string entry;
};

struct LogSize {
  std::string log;
  std::uint64_t size = 0;  // entries committed
};

// What was signed last: kept before the checkpoint is shown to anyone, so that no two roots are
// ever signed for one size, whatever happens to the files.
struct SignedHead {
  std::string log;
  std::uint64_t size = 0;
  Hash root{};

  friend bool operator==(const SignedHead&, const SignedHead&) = default;
};

struct StoredEntry {
  std::string entry;
  Hash leaf{};  // as it was when the entry was written
};

// Reading side and signed heads. Any thread; kUnavailable: away or locked, try again.
class LogStore {
 public:
  virtual ~LogStore() = default;

  // Of all logs that have an entry.
  virtual Result<std::vector<LogSize>> sizes() = 0;
  // From index `from` on, in order, without gaps, at most so many; fewer at the end.
  virtual Result<std::vector<StoredEntry>> entries(std::string_view log, std::uint64_t from,
                                                   std::size_t most) = 0;
  virtual Result<std::vector<SignedHead>> signed_heads() = 0;
  // All of them in one transaction, durable on return. kConflict when one would go back in size or
  // give the same size another root; then none is kept.
  virtual Result<void> keep_signed(std::span<const SignedHead> heads) = 0;
};

// kInvalid: no id for a log, no canonical JSON, or too long. Whoever stores drafts asks this first.
Result<void> check_draft(const Draft& draft);

}  // namespace madoguchi::ledger
