// The day's balance: what became of every call, exact to the last one. Counts per desk and day (the
// date in the desk's zone on which the call arrived), kept as things happen; `arrived` is counted
// apart from the outcomes, so that is_exact() is a check and not a tautology. Owned by the Engine;
// plain counts, no clock. What each bucket means is decided in docs/decisions/the-balance.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "calendar/holidays.h"
#include "routing/types.h"

namespace madoguchi::routing {

using calendar::Day;

struct PromiseCounts {
  std::uint32_t asked = 0;   // times that callers asked, or were promised
  std::uint32_t merged = 0;  // of those, into a promise that the line already had; counted with it
  std::uint32_t open = 0;    // those being dialled included
  std::uint32_t kept_by_ringing = 0;
  std::uint32_t kept_by_caller = 0;                            // the line got through by itself
  std::array<std::uint32_t, kCloseReasons> without_success{};  // by CloseReason

  [[nodiscard]] std::uint32_t kept() const { return kept_by_ringing + kept_by_caller; }
  [[nodiscard]] std::uint32_t closed() const;
  friend bool operator==(const PromiseCounts& a, const PromiseCounts& b) = default;
  // asked = merged + open + kept + without success
  [[nodiscard]] bool is_exact() const { return asked == merged + open + kept() + closed(); }
};

struct DeskBalance {
  std::uint32_t arrived = 0;
  std::array<std::uint32_t, kBuckets> calls{};    // by Bucket
  std::array<std::uint32_t, kBuckets> settled{};  // of those, whose line talked later the same day
  std::uint32_t talking_now = 0;                  // of kTalked
  std::uint32_t cut_off_talking = 0;              // of kCutOff, those that had been talking
  std::uint32_t withheld = 0;                     // of arrived, those that withheld their number
  PromiseCounts promises;                         // asked that day at this desk

  [[nodiscard]] std::uint32_t in(Bucket bucket) const {
    return calls[static_cast<std::size_t>(bucket)];
  }
  [[nodiscard]] std::uint32_t settled_in(Bucket bucket) const {
    return settled[static_cast<std::size_t>(bucket)];
  }
  // 取りこぼし: abandoned and not settled by a later call of the same line.
  [[nodiscard]] std::uint32_t lost() const {
    return in(Bucket::kAbandoned)-settled_in(Bucket::kAbandoned);
  }
  // arrived = the sum of all buckets, and no part is larger than its whole.
  [[nodiscard]] bool is_exact() const;
  DeskBalance& operator+=(const DeskBalance& other);
  friend bool operator==(const DeskBalance& a, const DeskBalance& b) = default;
};

// Where one call or promise is counted: a desk's row of a day.
struct BalanceRow {
  std::uint32_t day = 0;   // index of a day in the Balance
  std::uint32_t desk = 0;  // DeskKey::index
};

class Balance {
 public:
  // The row of this desk and date, made if new.
  BalanceRow row(DeskKey desk, Day day);

  void arrived(BalanceRow row, bool withheld);  // into kInProgress
  void moved(BalanceRow row, Bucket from, Bucket to);
  void talking(BalanceRow row, int more) {
    at(row).talking_now += static_cast<std::uint32_t>(more);
  }
  void cut_off_talking(BalanceRow row) { ++at(row).cut_off_talking; }
  void settled(BalanceRow row, Bucket bucket);
  PromiseCounts& promises(BalanceRow row) { return at(row).promises; }

  [[nodiscard]] DeskBalance of(DeskKey desk, Day day) const;  // all zero if nothing happened
  [[nodiscard]] DeskBalance total(Day day) const;
  [[nodiscard]] bool is_exact() const;  // of every row
  // Drops rows of days before this one; the store has the calls themselves. What still happens to
  // calls and promises of such a day is not counted any more.
  void forget_before(Day day);

 private:
  struct OneDay {
    Day day;
    std::vector<DeskBalance> desks;  // by DeskKey::index
    bool forgotten = false;
  };
  DeskBalance& at(BalanceRow row);

  // Rows name days by index, so days are dropped by emptying them.
  std::vector<OneDay> days_;
  DeskBalance nowhere_;  // stands for the rows of forgotten days
};

}  // namespace madoguchi::routing
