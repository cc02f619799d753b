#include "sip/guess_guard.h"

#include <algorithm>

namespace madoguchi::sip {

std::optional<std::chrono::seconds> GuessGuard::wait(std::string_view account,
                                                     const IpAddress& from, MonoTime now) const {
  const auto found = tries_.find(key_of(account, from));
  if (found == tries_.end() || found->second.until <= now) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(found->second.until - now);
}

void GuessGuard::wrong(std::string_view account, const IpAddress& from, MonoTime now) {
  ++wrong_;
  Key key = key_of(account, from);
  Tries& tries = tries_[key];
  by_age_.erase({tries.last, key});
  tries.last = now;
  by_age_.emplace(std::pair(now, std::move(key)), std::uint8_t{0});
  if (++tries.count > kFree) {
    const auto doublings = std::min(tries.count - kFree - 1, 16U);
    const auto wait = std::min<std::chrono::seconds>(kFirstWait * (1 << doublings), kLongestWait);
    tries.until = now + wait;
  }
  forget(now);
}

void GuessGuard::right(std::string_view account, const IpAddress& from) {
  const auto found = tries_.find(key_of(account, from));
  if (found == tries_.end()) return;
  by_age_.erase({found->second.last, found->first});
  tries_.erase(found);
}

void GuessGuard::forget(MonoTime now) {
  while (!by_age_.empty() &&
         (tries_.size() > kMost || now - by_age_.begin()->first.first > kForgotten)) {
    tries_.erase(by_age_.begin()->first.second);
    by_age_.erase(by_age_.begin());
  }
}

}  // namespace madoguchi::sip
