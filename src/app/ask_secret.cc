#include "app/ask_secret.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <optional>

namespace madoguchi::app {
namespace {

class Quiet {
 public:
  explicit Quiet(Echo echo) {
    if (echo == Echo::kYes || tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios without = before_;
    without.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    without.c_lflag |= ECHONL;
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &without) == 0;
  }
  ~Quiet() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

std::optional<std::string> line() {
  std::string text;
  if (!std::getline(std::cin, text)) return std::nullopt;
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

Result<Personal<std::string>> ask_secret(const std::string& what, Echo echo) {
  const bool at_terminal = isatty(STDIN_FILENO) == 1;
  const Quiet quiet(at_terminal ? echo : Echo::kYes);
  if (at_terminal) fmt::print(stderr, "{}: ", what);
  const auto first = line();
  if (!first || first->empty())
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: nothing was given; type it, or send it by standard input", what));
  if (at_terminal && echo == Echo::kNo) {
    fmt::print(stderr, "{}, once more: ", what);
    if (line() != first) return fail(ErrorCode::kInvalid, fmt::format("{}: the two differ", what));
  }
  return Personal<std::string>(*first);
}

}  // namespace madoguchi::app
