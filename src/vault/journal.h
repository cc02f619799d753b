// The vault's plain journal: one line for each thing it did, chained by hashes so that a line taken
// out or changed later shows. A line is canonical JSON (keys sorted, no spaces) without personal
// data; its digest is the SHA-256 of exactly that text, and the next line carries it as "previous".
// Pure values; the store writes a line in the transaction of the act it tells of.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"

namespace madoguchi::vault {

// What happened, before it has its place in the chain. Values are ids, words, counts and digests.
struct JournalEntry {
  using Value = std::variant<std::string, std::int64_t, bool>;
  std::string kind;
  std::map<std::string, Value> body;  // sorted, as the canonical form wants it
};

// Where the chain stands; the first line follows a JournalHead as it is made.
struct JournalHead {
  std::uint64_t sequence = 0;
  std::string digest = std::string(64, '0');  // hex
};

struct JournalLine {
  std::uint64_t sequence = 0;
  std::string json;
  std::string digest;  // of json
};

JournalLine next_line(const JournalHead& head, Time time, const JournalEntry& entry);

// kCorrupt, naming the sequence number, when `line` does not follow `head`.
Result<JournalHead> verify_line(const JournalHead& head, const JournalLine& line);

}  // namespace madoguchi::vault
