// Keypad digits as RTP events (RFC 4733): a receiver that reports each press once although its
// packets repeat, arrive out of order or lose their end, and a sender paced by 20 ms ticks. One
// object per leg and direction; no allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "rtp/packet.h"

namespace madoguchi::rtp {

inline constexpr std::size_t kDtmfPayloadSize = 4;

// '0'..'9', '*', '#', 'A'..'D' are events 0..15 (RFC 4733, 3.2).
std::optional<char> dtmf_digit(std::uint8_t event);
std::optional<std::uint8_t> dtmf_event(char digit);

struct DtmfEvent {
  enum class Kind { kPressed, kReleased };
  Kind kind = Kind::kPressed;
  char digit = 0;
  Micros duration{0};  // on release; a lower bound if the end was lost
};

// What a packet or a passing moment meant; a press may release the previous digit whose end was
// lost.
struct DtmfEvents {
  std::array<DtmfEvent, 3> items;
  std::size_t count = 0;
  void add(const DtmfEvent& event) { items[count++] = event; }
};

class DtmfReceiver {
 public:
  // A digit is released when its packets cease for this long.
  static constexpr Micros kSilence = std::chrono::milliseconds(150);

  explicit DtmfReceiver(std::uint32_t clock_rate = 8000) : clock_rate_(clock_rate) {}

  // A packet of the negotiated telephone-event payload type. Other events than digits, and
  // malformed ones, are counted and give nothing.
  DtmfEvents receive(const RtpView& packet, MonoTime now);
  DtmfEvents advance(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;
  [[nodiscard]] std::uint64_t ignored() const { return ignored_; }

 private:
  void release(DtmfEvents& events);
  [[nodiscard]] Micros to_time(std::uint32_t ticks) const;

  std::uint32_t clock_rate_;
  bool heard_any_ = false;
  bool down_ = false;
  std::uint32_t ssrc_ = 0;
  std::uint32_t timestamp_ = 0;      // of the current or last event, or of its current segment
  std::uint32_t earlier_ticks_ = 0;  // of the segments before (RFC 4733, 2.5.1.3)
  std::uint16_t duration_ = 0;
  std::uint8_t event_ = 0;
  MonoTime last_heard_{};
  std::uint64_t ignored_ = 0;
};

// One digit at a time: press(), then tick() every 20 ms until it gives nothing any more. The caller
// stamps each packet with SendState::begin_event() (when `first`) and SendState::event(), and sends
// no sound meanwhile.
class DtmfSender {
 public:
  struct Packet {
    std::array<std::uint8_t, kDtmfPayloadSize> payload{};
    bool first = false;  // marker bit, and the event's timestamp begins here
  };

  // Between 40 ms and 6 s; others are bent to that. False if a digit is being sent still, or it is
  // none.
  bool press(char digit, Micros duration);
  std::optional<Packet> tick();
  [[nodiscard]] bool busy() const { return state_ != State::kIdle; }

 private:
  enum class State { kIdle, kTone, kEnd, kPause };
  static constexpr std::uint32_t kTickSamples = 160;
  static constexpr int kEndPackets = 3;  // RFC 4733, 2.5.1.4: the end is sent three times
  static constexpr int kPauseTicks = 3;  // so that the same digit twice is heard as two

  State state_ = State::kIdle;
  std::uint8_t event_ = 0;
  std::uint32_t sent_ = 0;
  std::uint32_t wanted_ = 0;
  int left_ = 0;
};

}  // namespace madoguchi::rtp
