// Responses that are repeated until the peer says it has them: reliable provisionals until PRACK
// (RFC 3262, 3) and a 2xx until ACK (RFC 3261, 13.3.1.4). Pure timers and numbers; owned by a
// Session.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/time.h"
#include "sip/session_events.h"
#include "sip/transaction.h"

namespace madoguchi::sip {

// Repeats something after t, 2t, 4t ... (at most `cap` apart), until 64*t1 have passed.
class Repetition {
 public:
  void start(MonoTime now, Micros t1, Micros cap);
  void stop() { next_ = give_up_ = MonoTime::max(); }
  [[nodiscard]] bool running() const { return give_up_ != MonoTime::max(); }
  [[nodiscard]] bool given_up(MonoTime now) const { return now >= give_up_; }
  // True when it is time to send once more; the next time is then set.
  bool take_due(MonoTime now);
  [[nodiscard]] MonoTime deadline() const { return std::min(next_, give_up_); }

 private:
  Micros interval_{0};
  Micros cap_{0};
  MonoTime next_ = MonoTime::max();
  MonoTime give_up_ = MonoTime::max();
};

// The reliable provisionals of one INVITE received: one is out at a time, others wait.
class ReliableProvisional {
 public:
  struct Waiting {
    int status = 0;
    std::string sdp;
    SdpRole role = SdpRole::kNone;
  };
  static constexpr std::size_t kMaxWaiting = 8;

  [[nodiscard]] bool outstanding() const { return repetition_.running(); }
  // RFC 3262, 5: a 2xx must wait while a description in a provisional is not acknowledged.
  [[nodiscard]] bool holds_up_answer() const;
  [[nodiscard]] bool full() const { return waiting_.size() >= kMaxWaiting; }
  void wait(Waiting next) { waiting_.push_back(std::move(next)); }
  std::optional<Waiting> take_waiting();

  [[nodiscard]] std::uint32_t next_number() const { return number_ + 1; }
  void set_first_number(std::uint32_t number) { number_ = number; }
  // `response` was sent with RSeq next_number().
  void sent(Message response, SdpRole role, MonoTime now, Micros t1);
  [[nodiscard]] const Message& response() const { return response_; }
  [[nodiscard]] SdpRole role() const { return role_; }
  // A PRACK for the one that is out: it is done. False for any other.
  bool acknowledge(const RAck& rack, std::uint32_t invite_cseq);
  void stop();

  Repetition& repetition() { return repetition_; }
  [[nodiscard]] MonoTime deadline() const { return repetition_.deadline(); }

 private:
  std::uint32_t number_ = 0;  // of the last one sent
  Message response_;
  SdpRole role_ = SdpRole::kNone;
  Repetition repetition_;
  std::deque<Waiting> waiting_;
};

// A 2xx of ours to an INVITE or re-INVITE.
struct AwaitedAck {
  ServerId invite;
  std::uint32_t cseq = 0;
  bool answer_expected = false;  // the 2xx carried our offer
  Repetition repetition;

  [[nodiscard]] bool running() const { return repetition.running(); }
};

}  // namespace madoguchi::sip
