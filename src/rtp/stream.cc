#include "rtp/stream.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace madoguchi::rtp {
namespace {

// RFC 3550, A.1: a larger step ahead is no loss but another stream. Behind, as far as we can tell
// duplicates.
constexpr std::int32_t kMaxDropout = 3000;
constexpr std::int32_t kMaxMisorder = 63;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

std::uint32_t to_ticks(Micros time, std::uint32_t clock_rate) {
  return static_cast<std::uint32_t>(time.count() * clock_rate / kMicrosPerSecond);
}

Micros to_micros_of_ticks(std::uint32_t ticks, std::uint32_t clock_rate) {
  return Micros(static_cast<std::int64_t>(ticks) * kMicrosPerSecond / clock_rate);
}

}  // namespace

void ReceiveStats::start_source(const RtpHeader& header) {
  if (started_) {
    totals_.lost = totals().lost;
    ++totals_.restarts;
  }
  started_ = true;
  ssrc_ = header.ssrc;
  cycles_ = 0;
  highest_ = header.sequence;
  base_ = header.sequence;
  received_ = 1;
  seen_ = 1;
  expected_after_jump_.reset();
  last_transit_.reset();
  jitter_x16_ = 0;
  expected_prior_ = 0;
  received_prior_ = 0;
  last_sr_ = 0;
}

Arrival ReceiveStats::place_behind(std::uint32_t behind) {
  const std::uint64_t bit = std::uint64_t{1} << behind;
  if ((seen_ & bit) != 0) return Arrival::kDuplicate;
  seen_ |= bit;
  ++received_;
  const std::int64_t extended = std::int64_t{extended_highest()} - behind;
  base_ = std::min(base_, extended);
  return Arrival::kLate;
}

Arrival ReceiveStats::place(std::uint16_t sequence) {
  const std::int32_t ahead = distance(highest_, sequence);
  if (ahead > 0 && ahead < kMaxDropout) {
    if (sequence < highest_) cycles_ += 0x10000;
    highest_ = sequence;
    seen_ = ahead > 63 ? 1 : seen_ << ahead | 1;
    ++received_;
    expected_after_jump_.reset();
    return Arrival::kInOrder;
  }
  if (ahead <= 0 && -ahead <= kMaxMisorder) return place_behind(static_cast<std::uint32_t>(-ahead));
  // RFC 3550, A.1: two in a row make a restart; one alone may be anything.
  const bool confirmed = expected_after_jump_ == sequence;
  expected_after_jump_ = static_cast<std::uint16_t>(sequence + 1);
  return confirmed ? Arrival::kRestarted : Arrival::kSuspect;
}

void ReceiveStats::measure_jitter(std::uint32_t timestamp, MonoTime now) {
  // Packets of one telephone event share a timestamp and say nothing about the network's delay.
  if (last_transit_ && timestamp == last_timestamp_) return;
  const std::uint32_t transit = to_ticks(now.time_since_epoch(), clock_rate_) - timestamp;
  if (last_transit_) {
    const auto change =
        static_cast<std::uint32_t>(std::abs(std::int64_t{distance(*last_transit_, transit)}));
    // A break in the timestamps (a source that started anew behind one SSRC) is no jitter either.
    if (change < clock_rate_) jitter_x16_ += change - ((jitter_x16_ + 8) >> 4);
  }
  last_transit_ = transit;
  last_timestamp_ = timestamp;
}

Arrival ReceiveStats::receive(const RtpHeader& header, std::size_t payload_size, MonoTime now) {
  Arrival arrival = Arrival::kInOrder;
  if (!started_) {
    start_source(header);
  } else if (header.ssrc != ssrc_) {
    start_source(header);
    arrival = Arrival::kRestarted;
  } else {
    arrival = place(header.sequence);
    if (arrival == Arrival::kRestarted) start_source(header);
  }
  switch (arrival) {
    case Arrival::kDuplicate:
      ++totals_.duplicates;
      return arrival;
    case Arrival::kSuspect:
      ++totals_.suspects;
      return arrival;
    case Arrival::kLate:
      ++totals_.late;
      break;
    case Arrival::kInOrder:
    case Arrival::kRestarted:
      break;
  }
  ++totals_.packets;
  totals_.bytes += payload_size;
  last_arrival_ = now;
  measure_jitter(header.timestamp, now);
  return arrival;
}

void ReceiveStats::on_sender_report(const SenderInfo& info, MonoTime now) {
  if (!started_ || info.ssrc != ssrc_) return;
  last_sr_ = static_cast<std::uint32_t>(info.ntp >> 16);
  last_sr_at_ = now;
}

std::optional<ReportBlock> ReceiveStats::report(MonoTime now) {
  if (!started_) return std::nullopt;
  const auto expected = static_cast<std::uint32_t>(std::int64_t{extended_highest()} - base_ + 1);
  const std::uint32_t expected_now = expected - std::exchange(expected_prior_, expected);
  const std::uint32_t received_now = received_ - std::exchange(received_prior_, received_);

  ReportBlock block;
  block.ssrc = ssrc_;
  if (expected_now > received_now)
    block.fraction_lost = static_cast<std::uint8_t>(std::min<std::uint64_t>(
        255, (std::uint64_t{expected_now - received_now} << 8) / expected_now));
  block.lost = std::clamp(static_cast<std::int32_t>(expected - received_), -0x800000, 0x7fffff);
  block.highest_sequence = extended_highest();
  block.jitter = jitter_x16_ >> 4;
  block.last_sr = last_sr_;
  if (last_sr_ != 0) {
    const Micros delay = now - last_sr_at_;
    block.delay_since_last_sr =
        static_cast<std::uint32_t>(delay.count() * 65536 / kMicrosPerSecond);
  }
  return block;
}

ReceiveTotals ReceiveStats::totals() const {
  ReceiveTotals totals = totals_;
  if (!started_) return totals;
  totals.lost += std::int64_t{extended_highest()} - base_ + 1 - received_;
  totals.jitter = to_micros_of_ticks(jitter_x16_ >> 4, clock_rate_);
  totals.ssrc = ssrc_;
  totals.highest_sequence = extended_highest();
  return totals;
}

SendState::SendState(std::uint32_t ssrc, std::uint16_t first_sequence,
                     std::uint32_t first_timestamp, std::uint32_t clock_rate)
    : clock_rate_(clock_rate),
      ssrc_(ssrc),
      last_sequence_(static_cast<std::uint16_t>(first_sequence - 1)),
      last_timestamp_(first_timestamp) {}

std::uint32_t SendState::ticks(Micros elapsed) const {
  return to_ticks(std::max(elapsed, Micros(0)), clock_rate_);
}

std::uint32_t SendState::timestamp_at(MonoTime now) const {
  return packets_ == 0 ? last_timestamp_ : last_timestamp_ + ticks(now - last_at_);
}

std::uint32_t SendState::continued_timestamp(MonoTime now) const {
  if (packets_ == 0) return last_timestamp_;
  return last_timestamp_ + std::max(ticks(now - last_at_), last_samples_);
}

void SendState::count(std::uint16_t sequence, std::uint32_t timestamp, std::size_t payload_size,
                      MonoTime now) {
  ++packets_;
  bytes_ += payload_size;
  if (packets_ > 1 && distance(last_sequence_, sequence) <= 0) return;  // a late one, passed on
  last_sequence_ = sequence;
  last_timestamp_ = timestamp;
  last_at_ = now;
}

bool SendState::fits(const RtpHeader& outgoing, MonoTime now) const {
  if (std::abs(distance(last_sequence_, outgoing.sequence)) >= kMaxDropout) return false;
  // Ten seconds: silence that a phone did not send may look like a jump, a foreign clock looks
  // worse.
  const std::int32_t drift = distance(timestamp_at(now), outgoing.timestamp);
  return std::abs(static_cast<std::int64_t>(drift)) < std::int64_t{10} * clock_rate_;
}

std::optional<RtpHeader> SendState::relay(const RtpHeader& incoming, std::uint8_t payload_type,
                                          std::size_t payload_size, MonoTime now) {
  RtpHeader outgoing{payload_type, incoming.marker,
                     static_cast<std::uint16_t>(incoming.sequence + sequence_offset_),
                     incoming.timestamp + timestamp_offset_, ssrc_};
  if (!relaying_ || incoming.ssrc != source_ssrc_ || !fits(outgoing, now)) {
    outgoing.sequence = next_sequence();
    outgoing.timestamp = continued_timestamp(now);
    outgoing.marker = true;
    source_ssrc_ = incoming.ssrc;
    sequence_offset_ = static_cast<std::uint16_t>(outgoing.sequence - incoming.sequence);
    timestamp_offset_ = outgoing.timestamp - incoming.timestamp;
    first_relayed_ = outgoing.sequence;
    beyond_first_ = false;
    relaying_ = true;
  } else if (!beyond_first_) {
    const std::int32_t since = distance(first_relayed_, outgoing.sequence);
    if (since < 0) return std::nullopt;
    beyond_first_ = since > kMaxDropout;
  }
  switched_ = false;
  last_samples_ = static_cast<std::uint32_t>(payload_size);  // G.711: a byte is a sample
  count(outgoing.sequence, outgoing.timestamp, payload_size, now);
  return outgoing;
}

RtpHeader SendState::produce(std::uint8_t payload_type, std::uint32_t samples,
                             std::size_t payload_size, MonoTime now) {
  RtpHeader header{payload_type, false, next_sequence(), last_timestamp_ + last_samples_, ssrc_};
  // Whoever made no sound for a while (100 ms) begins a new talkspurt at the time it is.
  const bool resumed = packets_ != 0 && ticks(now - last_at_) > last_samples_ + clock_rate_ / 10;
  if (packets_ == 0 || switched_ || relaying_ || resumed) {
    header.timestamp = continued_timestamp(now);
    header.marker = true;
  }
  relaying_ = false;
  switched_ = false;
  last_samples_ = samples;
  count(header.sequence, header.timestamp, payload_size, now);
  return header;
}

void SendState::begin_event(MonoTime now) {
  event_timestamp_ = continued_timestamp(now);
  event_began_ = now;
}

RtpHeader SendState::event(std::uint8_t payload_type, bool marker, std::size_t payload_size) {
  const RtpHeader header{payload_type, marker, next_sequence(), event_timestamp_, ssrc_};
  switch_source();
  last_samples_ = 0;
  count(header.sequence, header.timestamp, payload_size, event_began_);
  return header;
}

std::uint64_t to_ntp(Time wall) {
  constexpr std::int64_t kFrom1900To1970 = 2'208'988'800;
  const std::int64_t micros = to_micros(wall);
  const std::int64_t seconds = micros / kMicrosPerSecond;
  const std::int64_t rest = micros % kMicrosPerSecond;
  return static_cast<std::uint64_t>(seconds + kFrom1900To1970) << 32 |
         static_cast<std::uint64_t>((rest << 32) / kMicrosPerSecond);
}

RtcpReporter::RtcpReporter(std::string cname, MonoTime now, double spread, std::uint32_t clock_rate)
    : cname_(std::move(cname)),
      clock_rate_(clock_rate),
      spread_(std::clamp(spread, 0.0, 1.0)),
      next_(now + std::chrono::duration_cast<Micros>(kInterval * (0.5 + spread_))) {}

void RtcpReporter::write_reports(RtcpWriter& writer, const SendState& sent, ReceiveStats& received,
                                 MonoTime now, Time wall) {
  const std::optional<ReportBlock> block = received.report(now);
  const std::span<const ReportBlock> blocks(block ? &*block : nullptr, block ? 1 : 0);
  if (!sent.sent_anything()) {
    writer.receiver_report(sent.ssrc(), blocks);
  } else {
    const std::uint64_t ntp = to_ntp(wall);
    writer.sender_report(SenderInfo{sent.ssrc(), ntp, sent.timestamp_at(now),
                                    static_cast<std::uint32_t>(sent.packets()),
                                    static_cast<std::uint32_t>(sent.bytes())},
                         blocks);
    sent_reports_[next_sent_report_] = {static_cast<std::uint32_t>(ntp >> 16), now};
    next_sent_report_ = (next_sent_report_ + 1) % sent_reports_.size();
  }
  writer.cname(sent.ssrc(), cname_);
}

std::size_t RtcpReporter::write(MutableBytes out, const SendState& sent, ReceiveStats& received,
                                MonoTime now, Time wall) {
  next_ = now + std::chrono::duration_cast<Micros>(kInterval * (0.5 + spread_));
  RtcpWriter writer(out);
  write_reports(writer, sent, received, now, wall);
  return writer.size();
}

std::size_t RtcpReporter::write_goodbye(MutableBytes out, const SendState& sent,
                                        ReceiveStats& received, MonoTime now, Time wall) {
  RtcpWriter writer(out);
  write_reports(writer, sent, received, now, wall);
  writer.goodbye(sent.ssrc());
  return writer.size();
}

std::optional<Micros> RtcpReporter::round_trip(const ReportBlock& block, MonoTime now) const {
  if (block.last_sr == 0) return std::nullopt;
  for (const SentReport& report : sent_reports_) {
    if (report.ntp_middle != block.last_sr) continue;
    const Micros held(std::int64_t{block.delay_since_last_sr} * kMicrosPerSecond / 65536);
    return std::max(Micros(0), now - report.at - held);
  }
  return std::nullopt;
}

bool RtcpReporter::receive(ByteView rtcp, const SendState& sent, ReceiveStats& received,
                           MonoTime now) {
  const std::optional<RtcpCompound> compound = RtcpCompound::parse(rtcp);
  if (!compound) return false;
  if (compound->sender) received.on_sender_report(*compound->sender, now);
  for (std::size_t i = 0; i < compound->block_count; ++i) {
    const ReportBlock& block = compound->blocks[i];
    if (block.ssrc != sent.ssrc()) continue;
    ++remote_.reports;
    remote_.fraction_lost = block.fraction_lost / 256.0;
    remote_.lost = block.lost;
    remote_.jitter = to_micros_of_ticks(block.jitter, clock_rate_);
    if (const auto measured = round_trip(block, now)) remote_.round_trip = measured;
  }
  const std::uint32_t theirs = received.totals().ssrc;
  for (std::size_t i = 0; i < compound->goodbye_count; ++i)
    if (received.started() && compound->goodbyes[i] == theirs) remote_.said_goodbye = true;
  return true;
}

}  // namespace madoguchi::rtp
