// One direction each of an RTP stream, without sockets: what was received and how well (RFC
// 3550, 6.4 and appendix A), what is sent and under which continuous numbers although its source
// changes (prompt, operator, hold music), and the RTCP reports about both. Each object belongs to
// one leg and one media thread. No allocation, no clock: pass the monotonic time of the datagram.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "rtp/packet.h"
#include "rtp/rtcp.h"
#include "rtp/symmetric_latch.h"

namespace madoguchi::rtp {

enum class Arrival {
  kInOrder,    // the next one, or after a gap
  kLate,       // out of order, not seen before
  kDuplicate,  // seen before: drop it
  kSuspect,    // a wild jump: drop it; if the next packet continues it, it was a restart
  kRestarted,  // another SSRC, or a jump that was confirmed: statistics of this source begin anew
};

// Totals over all sources since the leg began; jitter and highest sequence are those of the current
// source.
struct ReceiveTotals {
  std::uint64_t packets = 0;  // without duplicates
  std::uint64_t bytes = 0;    // payload
  std::int64_t lost = 0;      // expected less received; late ones are not lost
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;
  std::uint64_t suspects = 0;
  std::uint64_t restarts = 0;  // the first source is not counted
  Micros jitter{0};
  std::uint32_t ssrc = 0;
  std::uint32_t highest_sequence = 0;  // extended by cycles
};

class ReceiveStats {
 public:
  explicit ReceiveStats(std::uint32_t clock_rate = 8000) : clock_rate_(clock_rate) {}

  Arrival receive(const RtpHeader& header, std::size_t payload_size, MonoTime now);
  Arrival receive(const RtpView& packet, MonoTime now) {
    return receive(packet.header, packet.payload.size(), now);
  }

  // The far end's SR, so that our next block lets it measure the round trip.
  void on_sender_report(const SenderInfo& info, MonoTime now);

  // The block of our next report, nothing before the first packet. Begins a new interval for
  // fraction_lost.
  std::optional<ReportBlock> report(MonoTime now);

  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] std::optional<MonoTime> last_arrival() const { return last_arrival_; }
  [[nodiscard]] ReceiveTotals totals() const;

 private:
  void start_source(const RtpHeader& header);
  Arrival place(std::uint16_t sequence);
  Arrival place_behind(std::uint32_t behind);
  void measure_jitter(std::uint32_t timestamp, MonoTime now);
  [[nodiscard]] std::uint32_t extended_highest() const { return cycles_ + highest_; }

  std::uint32_t clock_rate_;
  bool started_ = false;

  // The current source.
  std::uint32_t ssrc_ = 0;
  std::uint32_t cycles_ = 0;  // sequence number wraps, times 65536
  std::uint16_t highest_ = 0;
  std::int64_t base_ = 0;  // extended; below zero if the first packets came out of order
  std::uint32_t received_ = 0;
  std::uint64_t seen_ = 0;  // bit n: highest_ - n was received
  std::optional<std::uint16_t> expected_after_jump_;
  std::uint32_t last_timestamp_ = 0;
  std::optional<std::uint32_t> last_transit_;
  std::uint32_t jitter_x16_ = 0;  // RFC 3550, A.8: scaled by 16 to keep the fraction

  // The current report interval.
  std::uint32_t expected_prior_ = 0;
  std::uint32_t received_prior_ = 0;
  std::uint32_t last_sr_ = 0;
  MonoTime last_sr_at_{};

  // Over all sources.
  ReceiveTotals totals_;
  std::optional<MonoTime> last_arrival_;
};

// Gives outgoing packets numbers that never break: one SSRC, sequence numbers without holes of our
// making, timestamps that follow the time that really passed. Whoever feeds the leg calls
// switch_source() when another source takes over; the next packet continues after the last one,
// with the marker bit set.
class SendState {
 public:
  // First numbers are random ones of the caller's (RFC 3550, 5.1).
  SendState(std::uint32_t ssrc, std::uint16_t first_sequence, std::uint32_t first_timestamp,
            std::uint32_t clock_rate = 8000);

  void switch_source() {
    relaying_ = false;
    switched_ = true;
  }

  // A packet relayed from another leg: keeps that stream's own spacing, so loss and reordering on
  // the way in look the same on the way out and a jitter buffer behind us can still mend them. A
  // new SSRC or a jump of the incoming stream counts as a switch. Not for packets that ReceiveStats
  // called kDuplicate or kSuspect. Nothing for a straggler from before the switch: drop it, the
  // number it would get was given away.
  std::optional<RtpHeader> relay(const RtpHeader& incoming, std::uint8_t payload_type,
                                 std::size_t payload_size, MonoTime now);

  // A frame made here (prompt, mix), `samples` long.
  RtpHeader produce(std::uint8_t payload_type, std::uint32_t samples, std::size_t payload_size,
                    MonoTime now);

  // RFC 4733, 2.5.1.2: all packets of an event carry the timestamp of its start. begin_event()
  // fixes it.
  void begin_event(MonoTime now);
  RtpHeader event(std::uint8_t payload_type, bool marker, std::size_t payload_size);

  [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] bool sent_anything() const { return packets_ != 0; }
  [[nodiscard]] std::uint16_t next_sequence() const {
    return static_cast<std::uint16_t>(last_sequence_ + 1);
  }

  // The timestamp that stands for `now`, for the sender report.
  [[nodiscard]] std::uint32_t timestamp_at(MonoTime now) const;

 private:
  [[nodiscard]] std::uint32_t ticks(Micros elapsed) const;
  [[nodiscard]] std::uint32_t continued_timestamp(MonoTime now) const;
  [[nodiscard]] bool fits(const RtpHeader& outgoing, MonoTime now) const;
  void count(std::uint16_t sequence, std::uint32_t timestamp, std::size_t payload_size,
             MonoTime now);

  std::uint32_t clock_rate_;
  std::uint32_t ssrc_;
  std::uint16_t last_sequence_;
  std::uint32_t last_timestamp_;
  std::uint32_t last_samples_ = 0;  // length of the last packet, as far as known
  MonoTime last_at_{};
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  bool switched_ = false;

  // While relaying: outgoing = incoming + offset.
  bool relaying_ = false;
  std::uint32_t source_ssrc_ = 0;
  std::uint16_t sequence_offset_ = 0;
  std::uint32_t timestamp_offset_ = 0;
  std::uint16_t first_relayed_ = 0;  // outgoing sequence number since the switch
  bool beyond_first_ = false;        // 32768 packets later that number means nothing any more

  std::uint32_t event_timestamp_ = 0;
  MonoTime event_began_{};
};

// What the far end says about what we send.
struct RemoteView {
  std::uint64_t reports = 0;
  double fraction_lost = 0;  // of the last interval, 0..1
  std::int32_t lost = 0;
  Micros jitter{0};
  std::optional<Micros> round_trip;
  bool said_goodbye = false;
};

// Makes the reports of one leg and reads those of the other side.
class RtcpReporter {
 public:
  // RFC 3550, 6.2: five seconds; the caller varies it by a random share of -50 % .. +50 % through
  // `spread` (0..1).
  static constexpr Micros kInterval = std::chrono::seconds(5);

  RtcpReporter(std::string cname, MonoTime now, double spread, std::uint32_t clock_rate = 8000);

  [[nodiscard]] MonoTime next_report() const { return next_; }

  // SR if anything was sent, else RR; with the name. Size written, 0 if `out` is too small (200
  // bytes do).
  std::size_t write(MutableBytes out, const SendState& sent, ReceiveStats& received, MonoTime now,
                    Time wall);
  std::size_t write_goodbye(MutableBytes out, const SendState& sent, ReceiveStats& received,
                            MonoTime now, Time wall);

  // Decrypted RTCP of the far end; false if it is malformed.
  bool receive(ByteView rtcp, const SendState& sent, ReceiveStats& received, MonoTime now);

  [[nodiscard]] const RemoteView& remote() const { return remote_; }

 private:
  void write_reports(RtcpWriter& writer, const SendState& sent, ReceiveStats& received,
                     MonoTime now, Time wall);
  [[nodiscard]] std::optional<Micros> round_trip(const ReportBlock& block, MonoTime now) const;

  struct SentReport {
    std::uint32_t ntp_middle = 0;  // 0: never sent
    MonoTime at{};
  };

  std::string cname_;
  std::uint32_t clock_rate_;
  double spread_;
  MonoTime next_;
  RemoteView remote_;
  // The round trip is taken from monotonic time of the report the block answers, so that a jump of
  // the wall clock does not show as one.
  std::array<SentReport, 4> sent_reports_{};
  std::size_t next_sent_report_ = 0;
};

// Seconds since 1900 and fraction, as RTCP wants.
std::uint64_t to_ntp(Time wall);

}  // namespace madoguchi::rtp
