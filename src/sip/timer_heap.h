// One timer per slot of a table, ordered by when it is due: set, move and cancel in O(log n),
// nothing stale kept behind. A 4-ary heap of slot numbers that knows each slot's place. For the
// loop thread that owns the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace madoguchi::sip {

class TimerHeap {
 public:
  using SlotIndex = std::uint32_t;

  // Sets or moves the slot's timer.
  void set(SlotIndex slot, MonoTime due);
  void cancel(SlotIndex slot);
  [[nodiscard]] std::optional<MonoTime> next() const;
  // Takes off the earliest timer that is due by `now`; among equals, any.
  std::optional<SlotIndex> pop_due(MonoTime now);
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    MonoTime due;
    SlotIndex slot;
  };
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  void put(std::size_t place, Entry entry);
  void sift_up(std::size_t place, Entry entry);
  void sift_down(std::size_t place, Entry entry);
  void remove_at(std::size_t place);

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> place_of_;  // by slot
};

}  // namespace madoguchi::sip
