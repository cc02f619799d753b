// Who hears whom in one call, 20 ms at a time: caller, operator, a supervisor who listens, one who
// whispers, music. Each participant ("slot") puts in a frame per tick and takes out the sum of
// those it hears. A call of two legs needs none of this: relay_pair() says when packets may simply
// be passed on. One media thread; nothing is allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "rtp/g711.h"
#include "rtp/jitter_buffer.h"

namespace madoguchi::rtp {

class Mixer {
 public:
  static constexpr std::size_t kSlots = 8;

  using Slot = std::uint8_t;   // 0 .. kSlots - 1
  using Gain = std::uint16_t;  // of 256: kUnity leaves the level as it is
  static constexpr Gain kMute = 0;
  static constexpr Gain kUnity = 256;
  static constexpr Gain kLoudest = 1024;  // more is cut to this

  // The next free slot, nothing if all are taken. Hears nobody and is heard by nobody yet.
  std::optional<Slot> join();
  void leave(Slot slot);
  [[nodiscard]] bool joined(Slot slot) const { return slot < kSlots && joined_[slot]; }
  [[nodiscard]] std::size_t participants() const;

  // `listener` hears `source` this loud. Nobody hears himself: that pair is ignored.
  void hear(Slot listener, Slot source, Gain gain);
  [[nodiscard]] Gain gain(Slot listener, Slot source) const { return gains_[listener][source]; }
  void hear_each_other(Slot a, Slot b);

  // Exactly two take part, hear each other, and at unity: no mixing is needed.
  [[nodiscard]] std::optional<std::pair<Slot, Slot>> relay_pair() const;

  // A tick: begin(), then put() of each that has sound, then take() of each that wants it. Who put
  // nothing is silent.
  void begin();
  void put(Slot slot, const Frame& frame);
  void put(Slot slot, Law law, std::span<const std::uint8_t, kFrameSamples> encoded);

  // False if there is only silence to hear (the frame is filled with it all the same). Sums beyond
  // 16 bits are cut off at the limit. A listener who hears one source alone, untouched and in its
  // own law, gets its very bytes.
  bool take(Slot listener, Frame& frame) const;
  bool take(Slot listener, Law law, std::span<std::uint8_t, kFrameSamples> encoded) const;

 private:
  struct Input {
    bool present = false;
    bool has_encoded = false;
    Law law = Law::kMu;
    std::array<std::uint8_t, kFrameSamples> encoded{};
    Frame samples{};
  };

  std::array<bool, kSlots> joined_{};
  std::array<std::array<Gain, kSlots>, kSlots> gains_{};  // [listener][source]
  std::array<Input, kSlots> inputs_{};
};

}  // namespace madoguchi::rtp
