// Personal data as a type: it cannot be printed, compared for order or formatted by accident.
// Whoever needs the value says reveal(), and every reveal() is a line to look at in a review.
#pragma once

#include <fmt/format.h>

#include <ostream>
#include <utility>

namespace madoguchi {

template <typename T>
class Personal {
 public:
  Personal() = default;
  explicit Personal(T value) : value_(std::move(value)) {}

  [[nodiscard]] const T& reveal() const { return value_; }

  friend bool operator==(const Personal&, const Personal&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Personal&) {
    return out << "[redacted]";
  }

 private:
  T value_{};
};

}  // namespace madoguchi

template <typename T>
struct fmt::formatter<madoguchi::Personal<T>> : fmt::formatter<std::string_view> {
  auto format(const madoguchi::Personal<T>&, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format("[redacted]", context);
  }
};
