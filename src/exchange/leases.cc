#include "exchange/leases.h"

#include <utility>

namespace madoguchi::exchange {

void Leases::put(const wire::CallLease& lease) {
  held_[lease.call_id()] = lease;
  fresh_.insert(lease.call_id());
}

void Leases::end(const std::string& call) {
  fresh_.erase(call);
  if (held_.erase(call) > 0) ended_.push_back(call);
}

void Leases::again() {
  ended_.clear();
  for (const auto& [call, lease] : held_) fresh_.insert(call);
}

std::optional<MonoTime> Leases::renewal_due() const {
  if (held_.empty()) return std::nullopt;
  return renewed_ + kRenewEvery;
}

void Leases::fill(wire::ExchangeAsks& asks, MonoTime now) {
  if (!held_.empty() && now >= renewed_ + kRenewEvery) {
    renewed_ = now;
    for (const auto& [call, lease] : held_)
      if (!fresh_.contains(call)) asks.add_renewed_calls(call);
  }
  for (const std::string& call : std::exchange(fresh_, {})) *asks.add_leases() = held_.at(call);
  for (std::string& call : ended_) asks.add_ended_calls(std::move(call));
  ended_.clear();
}

}  // namespace madoguchi::exchange
