#include "routing/balance.h"

#include <numeric>

namespace madoguchi::routing {

std::uint32_t PromiseCounts::closed() const {
  return std::accumulate(without_success.begin(), without_success.end(), std::uint32_t{0});
}

bool DeskBalance::is_exact() const {
  const auto sum = std::accumulate(calls.begin(), calls.end(), std::uint32_t{0});
  if (sum != arrived || withheld > arrived || !promises.is_exact()) return false;
  for (std::size_t i = 0; i < kBuckets; ++i)
    if (settled[i] > calls[i]) return false;
  return talking_now <= in(Bucket::kTalked) && cut_off_talking <= in(Bucket::kCutOff);
}

DeskBalance& DeskBalance::operator+=(const DeskBalance& other) {
  arrived += other.arrived;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    calls[i] += other.calls[i];
    settled[i] += other.settled[i];
  }
  talking_now += other.talking_now;
  cut_off_talking += other.cut_off_talking;
  withheld += other.withheld;
  promises.asked += other.promises.asked;
  promises.merged += other.promises.merged;
  promises.open += other.promises.open;
  promises.kept_by_ringing += other.promises.kept_by_ringing;
  promises.kept_by_caller += other.promises.kept_by_caller;
  for (std::size_t i = 0; i < kCloseReasons; ++i)
    promises.without_success[i] += other.promises.without_success[i];
  return *this;
}

BalanceRow Balance::row(DeskKey desk, Day day) {
  std::size_t index = days_.size();
  while (index > 0 && days_[index - 1].day != day) --index;
  if (index == 0) {
    days_.push_back({day, {}, false});
    index = days_.size();
  }
  return {static_cast<std::uint32_t>(index - 1), desk.index};
}

DeskBalance& Balance::at(BalanceRow row) {
  OneDay& one = days_[row.day];
  if (one.forgotten) return nowhere_ = {};  // a call or promise outlived its day
  if (row.desk >= one.desks.size()) one.desks.resize(row.desk + 1);
  return one.desks[row.desk];
}

void Balance::arrived(BalanceRow row, bool withheld) {
  DeskBalance& balance = at(row);
  ++balance.arrived;
  ++balance.calls[static_cast<std::size_t>(Bucket::kInProgress)];
  if (withheld) ++balance.withheld;
}

void Balance::moved(BalanceRow row, Bucket from, Bucket to) {
  DeskBalance& balance = at(row);
  --balance.calls[static_cast<std::size_t>(from)];
  ++balance.calls[static_cast<std::size_t>(to)];
}

void Balance::settled(BalanceRow row, Bucket bucket) {
  ++at(row).settled[static_cast<std::size_t>(bucket)];
}

DeskBalance Balance::of(DeskKey desk, Day day) const {
  for (const OneDay& one : days_)
    if (one.day == day && desk.index < one.desks.size()) return one.desks[desk.index];
  return {};
}

DeskBalance Balance::total(Day day) const {
  DeskBalance sum;
  for (const OneDay& one : days_)
    if (one.day == day)
      for (const DeskBalance& desk : one.desks) sum += desk;
  return sum;
}

bool Balance::is_exact() const {
  for (const OneDay& one : days_)
    for (const DeskBalance& desk : one.desks)
      if (!desk.is_exact()) return false;
  return true;
}

void Balance::forget_before(Day day) {
  for (OneDay& one : days_) {
    if (one.day >= day) continue;
    one.desks.clear();
    one.forgotten = true;
  }
}

}  // namespace madoguchi::routing
