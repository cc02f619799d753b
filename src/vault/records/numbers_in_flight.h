// Which record numbers are given out and not yet settled: from when one is taken until its record
// is committed, or it is sure that no key was kept for it. Keys are committed before their records,
// so after a crash only numbers that were in flight can have a key without a record; the store of
// keys is told from where on (settled()), and a start collects nothing below that. Owned by
// Records; any thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>

#include "vault/records/record_store.h"

namespace madoguchi::vault {

class NumbersInFlight {
 public:
  // Numbers that lie side by side. Let go without a word they are free again (never given out
  // twice), unless keys may have been kept for them: then they stay in flight until the next start
  // looks.
  class Taken {
   public:
    Taken() = default;
    Taken(Taken&& other) noexcept;
    Taken& operator=(Taken&& other) noexcept;
    ~Taken() { let_go(); }

    [[nodiscard]] RecordNumber first() const { return first_; }
    void keys_follow() { keyed_ = true; }        // before keys are put
    void records_are_kept() { keyed_ = false; }  // after their commit; also where there were none

   private:
    friend class NumbersInFlight;
    Taken(NumbersInFlight& of, RecordNumber first) : of_(&of), first_(first) {}
    void let_go();

    NumbersInFlight* of_ = nullptr;
    RecordNumber first_ = 0;
    bool keyed_ = false;
  };

  // `next`: none from there on was ever given out.
  void start(RecordNumber next);
  [[nodiscard]] Taken take(std::size_t count);
  [[nodiscard]] RecordNumber next() const;
  // No number below it waits for its record.
  [[nodiscard]] RecordNumber settled() const;

 private:
  mutable std::mutex mutex_;  // guards the rest
  RecordNumber next_ = 1;
  std::set<RecordNumber> flying_;  // the first of each
};

}  // namespace madoguchi::vault
