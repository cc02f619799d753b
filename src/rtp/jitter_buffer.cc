#include "rtp/jitter_buffer.h"

#include <algorithm>
#include <cstdlib>

namespace madoguchi::rtp {
namespace {

constexpr std::int32_t kFrame = static_cast<std::int32_t>(kFrameSamples);
constexpr std::int64_t kMicrosPerSample = 125;
constexpr int kPatience = 25;           // frames of too much delay before some is cut
constexpr int kForce = 150;             // … before it is cut even out of speech
constexpr int kFramesUntilIdle = 50;    // without sound, after which the next packet begins anew
constexpr std::int32_t kQuiet = 256;    // mean level, about -42 dB
constexpr std::size_t kOutliers = 2;    // of the window: packets that may come too late
constexpr std::int32_t kSlowDecay = 8;  // samples by which the target shrinks at a time

std::int32_t to_samples(Micros time) {
  return static_cast<std::int32_t>(time.count() / kMicrosPerSample);
}
Micros to_time(std::int32_t samples) {
  return Micros(samples * kMicrosPerSample);
}

}  // namespace

JitterBuffer::JitterBuffer(Settings settings) : settings_(settings) {
  using std::chrono::milliseconds;
  settings_.longest = std::clamp<Micros>(settings_.longest, milliseconds(20), milliseconds(400));
  settings_.shortest = std::clamp<Micros>(settings_.shortest, Micros(0), settings_.longest);
  target_ = to_samples(settings_.shortest);
}

void JitterBuffer::reset() {
  started_ = false;
  filled_.reset();
  transit_count_ = 0;
  frames_too_long_ = 0;
  frames_empty_ = 0;
  target_ = to_samples(settings_.shortest);
}

// Sound begins to play when as much as the target has gathered: what is before it is silence.
void JitterBuffer::begin(std::uint32_t timestamp) {
  filled_.reset();
  started_ = true;
  play_ = timestamp - static_cast<std::uint32_t>(target_);
  newest_ = timestamp;
  played_ = play_;
  frames_too_long_ = 0;
  frames_empty_ = 0;
}

void JitterBuffer::learn_delay(std::uint32_t timestamp, MonoTime now) {
  const auto arrival =
      static_cast<std::uint32_t>(now.time_since_epoch().count() / kMicrosPerSample);
  transits_[transit_count_ % kTransits] = static_cast<std::int32_t>(arrival - timestamp);
  ++transit_count_;
  if (transit_count_ % 8 == 0 || transit_count_ < 8) set_target();
}

// As much as all but a few of the last packets needed beyond the quickest. Grows at once, shrinks
// slowly: cutting speech is heard, a little more delay is not.
void JitterBuffer::set_target() {
  const std::size_t count = std::min(transit_count_, kTransits);
  std::array<std::int32_t, kTransits> late{};
  // Timestamps wrap; distances to one of them do not.
  for (std::size_t i = 0; i < count; ++i)
    late[i] = distance(static_cast<std::uint32_t>(transits_[0]),
                       static_cast<std::uint32_t>(transits_[i]));
  const auto end = late.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(late.begin(), end);
  const std::size_t outliers = count > 16 ? kOutliers : 0;
  // Senders without sense are up to 2^32 apart.
  const std::int64_t needed =
      std::int64_t{late[count - 1 - outliers]} - late[0] + to_samples(settings_.shortest);
  const auto wanted =
      static_cast<std::int32_t>(std::min<std::int64_t>(needed, to_samples(settings_.longest)));
  target_ = wanted > target_ ? wanted : std::max(wanted, target_ - kSlowDecay);
}

// What was learnt of the old timestamps says nothing about the new ones.
void JitterBuffer::begin_anew(std::uint32_t timestamp) {
  transit_count_ = 0;
  target_ = to_samples(settings_.shortest);
  begin(timestamp);
}

// Decides where a packet lies; false if it comes too late for any use.
bool JitterBuffer::make_room(std::uint32_t timestamp, std::size_t samples) {
  const std::uint32_t end = timestamp + static_cast<std::uint32_t>(samples);
  const std::int32_t ahead = distance(play_, timestamp);
  if (ahead < 0 && distance(played_, timestamp) >= 0) {
    // Its place was passed with made-up sound only, so nothing stands against playing it, and what
    // follows, later.
    if (-ahead > to_samples(settings_.longest)) {
      begin_anew(timestamp);
      return true;
    }
    play_ = timestamp;
    ++totals_.stretched;
  } else if (distance(play_, end) <= 0) {
    if (ahead < -static_cast<std::int32_t>(kG711Rate)) {
      begin_anew(timestamp);  // no straggler: the source's clock went back
      return true;
    }
    ++totals_.late_packets;
    return false;
  }
  if (distance(play_, end) > static_cast<std::int32_t>(kRing)) {
    ++totals_.overflows;
    begin_anew(timestamp);
  }
  return true;
}

void JitterBuffer::store(std::uint32_t timestamp, ByteView payload, Law law) {
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const std::uint32_t at = timestamp + static_cast<std::uint32_t>(i);
    if (distance(play_, at) < 0) continue;
    samples_[at % kRing] = law == Law::kMu ? mu_to_linear(payload[i]) : a_to_linear(payload[i]);
    filled_.set(at % kRing);
  }
  const std::uint32_t end = timestamp + static_cast<std::uint32_t>(payload.size());
  if (distance(newest_, end) > 0) newest_ = end;
}

void JitterBuffer::insert(const RtpHeader& header, ByteView payload, Law law, MonoTime now) {
  if (payload.empty() || payload.size() > kLongestPacket) return;
  if (!started_ || header.ssrc != ssrc_) reset();
  ssrc_ = header.ssrc;
  learn_delay(header.timestamp, now);
  if (!started_) {
    begin(header.timestamp);
  } else if (!make_room(header.timestamp, payload.size())) {
    return;
  }
  store(header.timestamp, payload, law);
}

// Copies what arrived and conceals what did not, run by run. How many samples were there.
std::size_t JitterBuffer::take(Frame& frame) {
  std::size_t found = 0;
  std::size_t at = 0;
  while (at < kFrameSamples) {
    const bool here = filled_.test((play_ + at) % kRing);
    std::size_t end = at;
    while (end < kFrameSamples && filled_.test((play_ + end) % kRing) == here) {
      const std::size_t index = (play_ + end) % kRing;
      frame[end] = samples_[index];
      filled_.reset(index);
      ++end;
    }
    const std::span<std::int16_t> run(frame.data() + at, end - at);
    if (here) {
      concealer_.good(run);
      found += end - at;
      played_ = play_ + static_cast<std::uint32_t>(end);
    } else {
      concealer_.conceal(run);
    }
    at = end;
  }
  play_ += kFrameSamples;
  return found;
}

bool JitterBuffer::next_is_quiet() const {
  std::int32_t sum = 0;
  for (std::uint32_t i = 0; i < kFrameSamples; ++i) {
    const std::size_t index = (play_ + i) % kRing;
    if (filled_.test(index)) sum += std::abs(std::int32_t{samples_[index]});
  }
  return sum < kQuiet * kFrame;
}

// Leaves out a frame when more has been waiting than needed for a while, in a pause of speech if
// there is one.
void JitterBuffer::shorten() {
  // One frame is the one to be played now, another the grain of the packets.
  frames_too_long_ = waiting() > target_ + 2 * kFrame ? frames_too_long_ + 1 : 0;
  if (frames_too_long_ < kPatience) return;
  if (frames_too_long_ < kForce && !next_is_quiet()) return;
  for (std::uint32_t i = 0; i < kFrameSamples; ++i) filled_.reset((play_ + i) % kRing);
  play_ += kFrameSamples;
  concealer_.break_here();
  ++totals_.skipped;
  frames_too_long_ = 0;
}

JitterBuffer::Pulled JitterBuffer::pull(Frame& frame) {
  ++totals_.frames;
  if (!started_) {
    concealer_.conceal(frame);
    return Pulled::kSilence;
  }
  shorten();
  const std::size_t found = take(frame);
  frames_empty_ = found == 0 ? frames_empty_ + 1 : 0;
  if (frames_empty_ >= kFramesUntilIdle) {
    started_ = false;
    filled_.reset();
  }
  if (found == kFrameSamples) return Pulled::kSound;
  if (found == 0 && concealer_.silent()) return Pulled::kSilence;
  ++totals_.concealed;
  return Pulled::kConcealed;
}

JitterBuffer::Totals JitterBuffer::totals() const {
  Totals totals = totals_;
  totals.target = to_time(target_);
  totals.waiting = to_time(started_ ? std::max(0, waiting()) : 0);
  return totals;
}

}  // namespace madoguchi::rtp
