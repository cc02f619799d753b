// Evens out the arrival of G.711 for the mixer: packets of any length in, 20 ms frames of linear
// sound out, as late as the network's jitter demands and no later, with what is missing concealed.
// Only legs that are mixed need one; a relay passes packets on as they come. About 18 KiB a leg,
// all inside the object; nothing is allocated. One media thread.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/time.h"
#include "rtp/g711.h"
#include "rtp/packet.h"

namespace madoguchi::rtp {

// Fills holes in speech: repeats the last pitch period, fading to silence within 60 ms, and
// cross-fades back into what arrives next (the idea of ITU-T G.711 Appendix I; the design is our
// own).
class Concealer {
 public:
  void good(std::span<std::int16_t>
                frame);  // heard sound; its beginning may be blended with the concealment
  void conceal(std::span<std::int16_t> frame);  // makes up sound
  void reset();

 private:
  static constexpr std::size_t kHistory = 480;   // 60 ms, three times the longest pitch period
  static constexpr std::size_t kMinPitch = 40;   // 200 Hz
  static constexpr std::size_t kMaxPitch = 160;  // 50 Hz
  static constexpr std::size_t kOverlap = 32;    // 4 ms
  static constexpr int kFadeSamples = 480;

  void remember(std::span<const std::int16_t> frame);
  std::size_t find_pitch() const;
  std::int16_t next_made_up();

  std::array<std::int16_t, kHistory> history_{};
  std::array<std::int16_t, kMaxPitch> cycle_{};  // one pitch period, smooth where it joins itself
  std::size_t pitch_ = 0;
  std::size_t at_ = 0;
  int concealed_ = 0;  // samples since the last good one
};

class JitterBuffer {
 public:
  struct Settings {
    Micros shortest = std::chrono::milliseconds(20);  // of sound kept waiting, the least
    Micros longest = std::chrono::milliseconds(200);  // and the most; up to 400 ms
  };

  enum class Pulled {
    kSound,      // all of it arrived
    kConcealed,  // some or all of it was made up
    kSilence,    // nothing was heard yet, or not for long
  };

  struct Totals {
    std::uint64_t frames = 0;
    std::uint64_t concealed = 0;     // frames with made-up sound
    std::uint64_t late_packets = 0;  // arrived after their time
    std::uint64_t overflows = 0;     // too far ahead: the buffer began anew
    std::uint64_t stretched = 0;     // frames played longer because the delay had to grow
    std::uint64_t skipped = 0;       // frames left out because the delay could shrink
    Micros target{0};
    Micros waiting{0};  // sound waiting now
  };

  explicit JitterBuffer(Settings settings);
  JitterBuffer() : JitterBuffer(Settings{}) {}

  // Up to 80 ms of sound; more, and an empty payload, are ignored. A new SSRC begins anew.
  void insert(const RtpHeader& header, ByteView payload, Law law, MonoTime now);

  // One frame, to be called every 20 ms.
  Pulled pull(Frame& frame);

  // Forgets what waits, for a change of source.
  void reset();

  [[nodiscard]] Totals totals() const;

 private:
  static constexpr std::uint32_t kRing = 4096;  // samples, 512 ms
  static constexpr std::size_t kSpreadWindow = 64;

  void begin(const RtpHeader& header, std::size_t samples);
  void learn_delay(std::uint32_t timestamp, MonoTime now);
  void store(std::uint32_t timestamp, ByteView payload, Law law);
  bool take(Frame& frame);
  bool worth_skipping(const Frame& frame);
  [[nodiscard]] std::int32_t waiting() const { return static_cast<std::int32_t>(newest_ - play_); }

  Settings settings_;
  bool started_ = false;
  std::uint32_t ssrc_ = 0;
  std::uint32_t play_ = 0;    // timestamp of the next sample to play
  std::uint32_t newest_ = 0;  // timestamp after the newest sample that arrived
  std::array<std::int16_t, kRing> samples_{};
  std::bitset<kRing> filled_;

  // How unevenly packets come: their transit times relative to the quickest, in samples.
  std::array<std::int32_t, kSpreadWindow> transit_{};
  std::size_t transits_ = 0;
  std::uint32_t target_ = 0;  // samples

  int frames_too_long_ = 0;  // in a row, with more waiting than needed
  int frames_empty_ = 0;     // in a row
  Concealer concealer_;
  Totals totals_;
};

}  // namespace madoguchi::rtp
