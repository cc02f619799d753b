// Notices when somebody sets the machine's wall clock, by holding it against the one that nobody
// can set. Small corrections pass. A value; it is told the times.
#pragma once

#include <optional>

#include "base/time.h"

namespace madoguchi::centre {

class ClockWatch {
 public:
  static constexpr Micros kCorrection = std::chrono::seconds(1);

  // How far the wall clock was set since the last time this was asked; nothing for a correction.
  std::optional<Micros> moved(Time wall, MonoTime mono) {
    const bool first = mono_ == MonoTime{};
    const Micros by = (wall - wall_) - (mono - mono_);
    wall_ = wall;
    mono_ = mono;
    if (first || (by < kCorrection && by > -kCorrection)) return std::nullopt;
    return by;
  }

 private:
  Time wall_{};
  MonoTime mono_{};
};

}  // namespace madoguchi::centre
