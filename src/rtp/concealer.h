// Fills holes in speech: repeats the last pitch period, fading to silence within 60 ms, and
// cross-fades into what arrives next (the idea of ITU-T G.711 Appendix I; the design is our own).
// One per jitter buffer; about 1.3 KiB, nothing is allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace madoguchi::rtp {

class Concealer {
 public:
  // Sound that arrived; its beginning is blended with what was made up before.
  void good(std::span<std::int16_t> sound);
  // Makes up sound to follow the last.
  void conceal(std::span<std::int16_t> sound);
  // The next good sound does not follow the last one (some was left out): blend them.
  void break_here();
  void reset() { *this = Concealer(); }

  // Nothing was heard yet, or the repetition has faded away.
  [[nodiscard]] bool silent() const { return !heard_ || made_up_ >= kFadeEnd; }

 private:
  static constexpr std::size_t kHistory = 480;   // 60 ms
  static constexpr std::size_t kMinPitch = 40;   // 200 Hz
  static constexpr std::size_t kMaxPitch = 160;  // 50 Hz
  static constexpr std::size_t kCompared = 160;
  static constexpr std::size_t kOverlap = 32;  // 4 ms
  static constexpr int kFadeBegin = 80;        // samples made up at full level
  static constexpr int kFadeEnd = 480;

  void remember(std::span<const std::int16_t> sound);
  void prepare();
  [[nodiscard]] std::size_t find_pitch() const;
  std::int16_t next();

  std::array<std::int16_t, kHistory> history_{};
  std::array<std::int16_t, kMaxPitch>
      cycle_{};  // one pitch period whose end leads into its beginning
  std::size_t pitch_ = kMaxPitch;
  std::size_t at_ = 0;
  int made_up_ = 0;  // samples since the last good one
  bool heard_ = false;
};

}  // namespace madoguchi::rtp
