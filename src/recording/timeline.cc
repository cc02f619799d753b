#include "recording/timeline.h"

#include <algorithm>
#include <cstdlib>

#include "recording/g711_table.h"

namespace madoguchi::recording {
namespace {

// Beyond this a stream's own clock and the arrival's disagree: silence suppression, a new source
// behind the same SSRC, or clocks that drifted apart. The stream is anchored anew at its arrival,
// unless it runs on without a break and may catch up: a network that stalled gives all at once.
constexpr std::int64_t kDisagree = 200 * 8;

std::int64_t sample_at(Micros at) {
  return at.count() * 8 / 1000;
}

}  // namespace

Timeline::Timeline() {
  for (auto& channel : window_) channel.assign(kWindow, 0);
}

std::int64_t Timeline::place(const Frame& frame) {
  const std::int64_t arrived = sample_at(frame.at);
  const int key = static_cast<int>(frame.channel) * 256 + frame.source;
  const auto [found, fresh] = runs_.try_emplace(key);
  Run& run = found->second;
  const auto since = static_cast<std::int32_t>(frame.timestamp - run.base_timestamp);
  std::int64_t at = run.base + since;
  const bool same_stream = !fresh && run.ssrc == frame.ssrc;
  const auto hole = static_cast<std::int16_t>(frame.sequence - run.next_sequence);
  if (same_stream) {
    if (hole > 0 && hole < 3000) lost_ += static_cast<std::uint64_t>(hole);
    if (hole < 0 && hole > -3000 && lost_ > 0) --lost_;  // it was late, not lost
  }
  if (!same_stream || hole >= 0 || hole <= -3000)
    run.next_sequence = static_cast<std::uint16_t>(frame.sequence + 1);
  const bool runs_on =
      same_stream && since == (hole + 1) * static_cast<std::int64_t>(frame.payload.size());
  const bool may_catch_up = runs_on && at < arrived && arrived - run.in_step < sample_at(kSettle);
  if (!same_stream || (std::abs(at - arrived) > kDisagree && !may_catch_up)) {
    at = arrived;
    run.taken = run.written;
    run.ssrc = frame.ssrc;
  }
  if (std::abs(at - arrived) <= kDisagree) run.in_step = arrived;
  // Kept close to the newest frame, so that 32 bits of timestamp never wrap within it.
  run.base = at;
  run.base_timestamp = frame.timestamp;
  return at;
}

void Timeline::add(const Frame& frame) {
  const std::int64_t at = place(frame);
  const auto length = static_cast<std::int64_t>(frame.payload.size());
  Run& run = runs_[static_cast<int>(frame.channel) * 256 + frame.source];
  auto& ring = window_[static_cast<std::size_t>(frame.channel)];
  const auto& expand = frame.codec == Codec::kPcma ? kFromPcma : kFromPcmu;
  for (std::int64_t i = 0; i < length; ++i) {
    const std::int64_t sample = at + i;
    if (sample < released_ || sample < run.taken || sample >= released_ + kWindow) continue;
    ring[static_cast<std::size_t>(sample % kWindow)] +=
        expand[frame.payload[static_cast<std::size_t>(i)]];
    end_ = std::max(end_, sample + 1);
  }
  run.written = std::max(run.written, at + length);
}

bool Timeline::release(Micros until, std::vector<std::int16_t>& out) {
  const std::int64_t wanted = sample_at(until);
  const std::int64_t last = std::min(wanted, released_ + 60 * 8000);
  for (; released_ < last; ++released_) {
    const auto slot = static_cast<std::size_t>(released_ % kWindow);
    for (auto& ring : window_) {
      out.push_back(static_cast<std::int16_t>(std::clamp(ring[slot], -32768, 32767)));
      ring[slot] = 0;
    }
  }
  return released_ >= wanted;
}

void Timeline::discard(Micros until) {
  const std::int64_t last = sample_at(until);
  for (; released_ < std::min(last, end_); ++released_)
    for (auto& ring : window_) ring[static_cast<std::size_t>(released_ % kWindow)] = 0;
  released_ = std::max(released_, last);
}

Micros Timeline::end() const {
  return Micros((end_ * 1000 + 7) / 8);
}

}  // namespace madoguchi::recording
