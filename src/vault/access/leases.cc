#include "vault/access/leases.h"

#include <algorithm>

namespace madoguchi::vault {
namespace {

bool has(const std::vector<LegProof>& legs, const LegProof& leg) {
  return std::find(legs.begin(), legs.end(), leg) != legs.end();
}

}  // namespace

const CallLeases::Held* CallLeases::find(const CallId& call) const {
  const auto found = calls_.find(call);
  return found == calls_.end() ? nullptr : &found->second;
}

// Time::max() while it is up.
Time CallLeases::end_of(const Held& held, Time now) {
  if (held.ended) return *held.ended;
  return now < held.renewed + kLeaseLife ? Time::max() : held.renewed + kLeaseLife;
}

void CallLeases::put(const CallLease& lease, Time now) {
  Held& held = calls_[lease.call];
  // A lease that lapsed and comes back (the exchange was cut off from us) is up again.
  for (const LegProof& leg : held.lease.legs)
    if (!has(lease.legs, leg)) held.gone.insert_or_assign(leg, std::min(now, end_of(held, now)));
  for (const LegProof& leg : lease.legs) held.gone.erase(leg);
  const std::string number =
      lease.sealed_number.empty() ? std::move(held.lease.sealed_number) : lease.sealed_number;
  held.lease = lease;
  held.lease.sealed_number = number;
  held.renewed = std::max(held.renewed, now);
  held.ended.reset();
}

bool CallLeases::renew(const CallId& call, Time now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || found->second.ended) return false;
  found->second.renewed = std::max(found->second.renewed, now);
  return true;
}

void CallLeases::end(const CallId& call, Time now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || found->second.ended) return;
  found->second.ended = std::min(now, end_of(found->second, now));
}

const CallLease* CallLeases::known(const CallId& call) const {
  const Held* held = find(call);
  return held == nullptr ? nullptr : &held->lease;
}

const CallLease* CallLeases::live(const CallId& call, Time now) const {
  const Held* held = find(call);
  return held == nullptr || end_of(*held, now) != Time::max() ? nullptr : &held->lease;
}

bool CallLeases::is_up(const CallId& call, const LegProof& leg, Time now) const {
  const CallLease* lease = live(call, now);
  return lease != nullptr && has(lease->legs, leg);
}

std::optional<Time> CallLeases::left(const CallId& call, const LegProof& leg, Time now) const {
  const Held* held = find(call);
  if (held == nullptr) return std::nullopt;
  if (const auto gone = held->gone.find(leg); gone != held->gone.end()) return gone->second;
  if (!has(held->lease.legs, leg)) return std::nullopt;
  const Time end = end_of(*held, now);
  if (end == Time::max()) return std::nullopt;
  return end;
}

void CallLeases::forget(Time now, Micros after) {
  std::erase_if(calls_, [&](const auto& entry) {
    const Time end = end_of(entry.second, now);
    return end != Time::max() && end + after < now;
  });
}

}  // namespace madoguchi::vault
