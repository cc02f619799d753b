// The state of the centre's connections and what somebody should look at, for the console and
// `doctor`. Loop thread; a value.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "base/time.h"

namespace madoguchi::centre {

struct ConnectionState {
  bool connected = false;
  std::optional<Time> since;
  std::string detail;

  // True when something changed.
  bool set(bool now_connected, std::string now_detail, Time now) {
    if (since && connected == now_connected && detail == now_detail) return false;
    if (!since || connected != now_connected) since = now;
    connected = now_connected;
    detail = std::move(now_detail);
    return true;
  }
  [[nodiscard]] std::string json() const;
};

class Status {
 public:
  ConnectionState exchange;
  ConnectionState vault;
  ConnectionState store;

  enum class From { kCentre, kExchange };
  // An empty text takes the trouble back; `about` tells several of one kind apart. True when
  // something changed.
  bool trouble(From from, const std::string& kind, const std::string& text, Time now,
               const std::string& about = {});
  // All of one kind are taken back, to be said anew where they still are.
  bool forget(From from, const std::string& kind);
  [[nodiscard]] std::string troubles_json() const;

 private:
  static constexpr std::size_t kMostTroubles = 100;
  static constexpr std::ptrdiff_t kMostOfAKind = 10;  // the first ones say what is wrong
  struct Trouble {
    std::string text;
    Time since{};
  };
  std::map<std::tuple<From, std::string, std::string>, Trouble> troubles_;  // of what, about what
};

}  // namespace madoguchi::centre
