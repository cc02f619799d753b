#include "routing/deadlines.h"

#include <algorithm>

namespace madoguchi::routing {

bool Deadlines::later(const Entry& a, const Entry& b) {
  return a.at > b.at;
}

Deadlines::Current& Deadlines::current(Of of, std::uint32_t index) {
  auto& table = current_[static_cast<std::size_t>(of)];
  if (index >= table.size()) table.resize(index + 1);
  return table[index];
}

bool Deadlines::stands(const Entry& entry) const {
  const Current& now = current_[static_cast<std::size_t>(entry.of)][entry.index];
  return now.set && now.stamp == entry.stamp;
}

void Deadlines::set(Of of, std::uint32_t index, Time at) {
  Current& mine = current(of, index);
  if (!mine.set) ++live_;
  mine.set = true;
  ++mine.stamp;
  heap_.push_back({at, index, mine.stamp, of});
  std::push_heap(heap_.begin(), heap_.end(), later);
  drop_cleared();
}

void Deadlines::clear(Of of, std::uint32_t index) {
  Current& mine = current(of, index);
  if (!mine.set) return;
  mine.set = false;
  ++mine.stamp;
  --live_;
  drop_cleared();
}

void Deadlines::shift(Of of, Micros by) {
  for (Entry& entry : heap_)
    if (entry.of == of) entry.at += by;
  std::make_heap(heap_.begin(), heap_.end(), later);
  drop_cleared();
}

std::optional<Time> Deadlines::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

std::optional<Deadlines::Due> Deadlines::pop(Time now) {
  if (heap_.empty() || heap_.front().at > now) return std::nullopt;
  const Entry due = heap_.front();
  clear(due.of, due.index);
  return Due{due.of, due.index, due.at};
}

void Deadlines::drop_cleared() {
  while (!heap_.empty() && !stands(heap_.front())) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
  }
  // Cleared entries behind the first must not pile up behind one far deadline.
  if (heap_.size() <= 2 * live_ + 256) return;
  std::erase_if(heap_, [this](const Entry& entry) { return !stands(entry); });
  std::make_heap(heap_.begin(), heap_.end(), later);
}

}  // namespace madoguchi::routing
