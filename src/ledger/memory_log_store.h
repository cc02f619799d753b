// A LogStore in memory, for tests: appends, forgets, and can be made to fail in both ways. One
// thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/log_store.h"

namespace madoguchi::ledger {

class MemoryLogStore final : public LogStore {
 public:
  enum class Fault { kNone, kFailed, kFailedButKept };

  void append(const std::string& log, std::string entry) {
    const Hash leaf = leaf_hash(as_bytes(entry));
    logs[log].push_back({std::move(entry), leaf});
  }

  Result<std::vector<LogSize>> sizes() override {
    std::vector<LogSize> all;
    for (const auto& [log, entries] : logs) all.push_back({log, entries.size()});
    return all;
  }
  Result<std::vector<StoredEntry>> entries(std::string_view log, std::uint64_t from,
                                           std::size_t most) override {
    const auto& all = logs[std::string(log)];
    std::vector<StoredEntry> some;
    for (std::size_t i = from; i < all.size() && some.size() < most; ++i) some.push_back(all[i]);
    return some;
  }
  Result<std::vector<SignedHead>> signed_heads() override {
    std::vector<SignedHead> all;
    for (const auto& [log, head] : heads) all.push_back(head);
    return all;
  }
  Result<void> keep_signed(std::span<const SignedHead> kept) override {
    const Fault fault = std::exchange(next_fault, Fault::kNone);
    if (fault != Fault::kFailed)
      for (const SignedHead& head : kept) {
        const auto before = heads.find(head.log);
        if (before != heads.end() &&
            (before->second.size > head.size ||
             (before->second.size == head.size && before->second.root != head.root)))
          return fail(ErrorCode::kConflict, head.log + ": was signed before with another tree");
        heads[head.log] = head;
      }
    if (fault != Fault::kNone) return fail(ErrorCode::kUnavailable, "the store is away");
    return {};
  }

  std::map<std::string, std::vector<StoredEntry>> logs;
  std::map<std::string, SignedHead> heads;
  Fault next_fault = Fault::kNone;  // of keep_signed
};

}  // namespace madoguchi::ledger
