// All that falls due, in one place: each operator and each promise has at most one deadline.
// Setting one replaces it; next() is always the true next one. Owned by the Engine; it is passed
// the time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace madoguchi::routing {

class Deadlines {
 public:
  enum class Of : std::uint8_t { kOperator, kPromise };
  struct Due {
    Of of;
    std::uint32_t index;  // OperatorKey::index, or the promise's slot
    Time at;
  };

  void set(Of of, std::uint32_t index, Time at);
  void clear(Of of, std::uint32_t index);
  // Every deadline of this kind comes that much later.
  void shift(Of of, Micros by);
  [[nodiscard]] std::optional<Time> next() const;
  // Takes out the earliest that is due by `now`.
  std::optional<Due> pop(Time now);

 private:
  struct Entry {
    Time at;
    std::uint32_t index;
    std::uint32_t stamp;
    Of of;
  };
  struct Current {
    std::uint32_t stamp = 0;  // entries with another stamp were replaced or cleared
    bool set = false;
  };
  static bool later(const Entry& a, const Entry& b);
  Current& current(Of of, std::uint32_t index);
  [[nodiscard]] bool stands(const Entry& entry) const;
  void drop_cleared();

  std::vector<Entry> heap_;  // the earliest first; may hold cleared ones, but never as its first
  std::array<std::vector<Current>, 2> current_;
  std::size_t live_ = 0;
};

}  // namespace madoguchi::routing
