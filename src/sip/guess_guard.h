// Who guesses passwords is slowed down: wrong ones are counted for each account and address
// together, so that nobody locks the honest telephone of that account, which is elsewhere. After a
// few, each further one doubles the time in which nothing from there is compared with the password
// at all. An engine without clock; owned by the registrar, bounded in memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "sip/flow.h"

namespace madoguchi::sip {

class GuessGuard {
 public:
  static constexpr std::uint32_t kFree = 5;  // mistyped, or a telephone with an old password
  static constexpr std::chrono::seconds kFirstWait{2};
  static constexpr std::chrono::seconds kLongestWait{600};
  static constexpr std::chrono::hours kForgotten{1};  // after the last wrong one
  static constexpr std::size_t kMost = 10'000;        // beyond: the one longest ago is forgotten

  // How long nothing will be compared; nullopt: go on.
  [[nodiscard]] std::optional<std::chrono::seconds> wait(std::string_view account,
                                                         const IpAddress& from, MonoTime now) const;
  void wrong(std::string_view account, const IpAddress& from, MonoTime now);
  void right(std::string_view account, const IpAddress& from);

  [[nodiscard]] std::uint64_t wrong_count() const { return wrong_; }    // since start
  [[nodiscard]] std::uint64_t slowed_count() const { return slowed_; }  // answered unread
  void count_slowed() { ++slowed_; }
  [[nodiscard]] std::size_t remembered() const { return tries_.size(); }

 private:
  using Key = std::pair<std::string, IpAddress>;
  static Key key_of(std::string_view account, const IpAddress& from) {
    return {std::string(account.substr(0, 64)), from};  // whatever long names are tried
  }
  struct Tries {
    std::uint32_t count = 0;
    MonoTime last{};
    MonoTime until{};
  };
  void forget(MonoTime now);

  std::map<Key, Tries> tries_;
  std::map<std::pair<MonoTime, Key>, std::uint8_t> by_age_;  // the keys of tries_, oldest first
  std::uint64_t wrong_ = 0;
  std::uint64_t slowed_ = 0;
};

}  // namespace madoguchi::sip
