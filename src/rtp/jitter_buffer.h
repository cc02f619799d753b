// Evens out the arrival of G.711 for the mixer: packets of any length in, 20 ms frames of linear
// sound out, as late as the network's jitter demands and no later, with what is missing concealed.
// Only legs that are mixed need one; a relay passes packets on as they come. About 10 KiB a leg,
// all inside the object; nothing is allocated. One media thread.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/time.h"
#include "rtp/concealer.h"
#include "rtp/g711.h"
#include "rtp/packet.h"

namespace madoguchi::rtp {

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
  static constexpr std::size_t kLongestPacket = 640;
  static constexpr std::size_t kTransits = 64;

  void begin(std::uint32_t timestamp);
  void begin_anew(std::uint32_t timestamp);
  void learn_delay(std::uint32_t timestamp, MonoTime now);
  void set_target();
  bool make_room(std::uint32_t timestamp, std::size_t samples);
  void store(std::uint32_t timestamp, ByteView payload, Law law);
  std::size_t take(Frame& frame);
  void shorten();
  [[nodiscard]] bool next_is_quiet() const;
  [[nodiscard]] std::int32_t waiting() const { return static_cast<std::int32_t>(newest_ - play_); }

  Settings settings_;
  bool started_ = false;
  std::uint32_t ssrc_ = 0;
  std::uint32_t play_ = 0;    // timestamp of the next sample to play
  std::uint32_t newest_ = 0;  // timestamp after the newest sample that arrived
  std::uint32_t played_ = 0;  // timestamp after the newest sample that was really played
  std::array<std::int16_t, kRing> samples_{};
  std::bitset<kRing> filled_;

  // How unevenly packets come: arrival less timestamp, of the last packets, in samples.
  std::array<std::int32_t, kTransits> transits_{};
  std::size_t transit_count_ = 0;
  std::int32_t target_ = 0;  // samples to keep waiting

  int frames_too_long_ = 0;  // in a row, with more waiting than needed
  int frames_empty_ = 0;     // in a row
  Concealer concealer_;
  Totals totals_;
};

}  // namespace madoguchi::rtp
