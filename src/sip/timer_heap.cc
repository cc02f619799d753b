#include "sip/timer_heap.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

constexpr std::size_t kArity = 4;

}  // namespace

void TimerHeap::put(std::size_t place, Entry entry) {
  heap_[place] = entry;
  place_of_[entry.slot] = static_cast<std::uint32_t>(place);
}

void TimerHeap::sift_up(std::size_t place, Entry entry) {
  while (place > 0) {
    const std::size_t parent = (place - 1) / kArity;
    if (heap_[parent].due <= entry.due) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, entry);
}

void TimerHeap::sift_down(std::size_t place, Entry entry) {
  while (true) {
    const std::size_t first = place * kArity + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + kArity, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child)
      if (heap_[child].due < heap_[least].due) least = child;
    if (heap_[least].due >= entry.due) break;
    put(place, heap_[least]);
    place = least;
  }
  put(place, entry);
}

void TimerHeap::set(SlotIndex slot, MonoTime due) {
  if (slot >= place_of_.size()) place_of_.resize(slot + 1, kNowhere);
  const Entry entry{due, slot};
  const std::uint32_t place = place_of_[slot];
  if (place == kNowhere) {
    heap_.push_back(entry);
    sift_up(heap_.size() - 1, entry);
  } else if (due < heap_[place].due) {
    sift_up(place, entry);
  } else {
    sift_down(place, entry);
  }
}

void TimerHeap::remove_at(std::size_t place) {
  place_of_[heap_[place].slot] = kNowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  if (place > 0 && last.due < heap_[(place - 1) / kArity].due)
    sift_up(place, last);
  else
    sift_down(place, last);
}

void TimerHeap::cancel(SlotIndex slot) {
  if (slot < place_of_.size() && place_of_[slot] != kNowhere) remove_at(place_of_[slot]);
}

std::optional<MonoTime> TimerHeap::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().due;
}

std::optional<TimerHeap::SlotIndex> TimerHeap::pop_due(MonoTime now) {
  if (heap_.empty() || heap_.front().due > now) return std::nullopt;
  const SlotIndex slot = heap_.front().slot;
  remove_at(0);
  return slot;
}

}  // namespace madoguchi::sip
