// Puts frames where they belong on a stereo time line of 8 kHz samples and gives the samples out in
// order. Holds a window of some seconds. Pure; one owner, one thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "recording/format.h"

namespace madoguchi::recording {

class Timeline {
 public:
  // Later than this no frame is taken any more: what lies so far before the newest may be released.
  static constexpr Micros kSettle = std::chrono::seconds(3);

  Timeline();

  // Frames come in the order of their arrival. Several sources of one channel are added up.
  void add(const Frame& frame);

  // Samples before `until` will not change any more: appended to `out`, left and right in turn, a
  // minute at most. False while more remain: take what is there and call again.
  [[nodiscard]] bool release(Micros until, std::vector<std::int16_t>& out);
  // The same for one who wants no samples.
  void discard(Micros until);

  // How far sound reaches.
  [[nodiscard]] Micros end() const;
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  // A run of one RTP stream: sample = base + (timestamp - base_timestamp).
  struct Run {
    std::uint32_t ssrc = 0;
    std::uint32_t base_timestamp = 0;
    std::uint16_t next_sequence = 0;
    std::int64_t base = 0;
    std::int64_t in_step = 0;  // when it last arrived where its own clock puts it
    std::int64_t written = 0;  // where its sound ends
    std::int64_t taken =
        0;  // samples before it stay as they are: an earlier run of the source wrote them
  };

  std::int64_t place(const Frame& frame);

  static constexpr std::int64_t kWindow = 8 * 8000;  // samples
  std::map<int, Run> runs_;                          // by channel and source
  std::array<std::vector<std::int32_t>, 2> window_;  // rings of kWindow
  std::int64_t released_ = 0;
  std::int64_t end_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace madoguchi::recording
