#include "sip/reliable_provisional.h"

namespace madoguchi::sip {

void Repetition::start(MonoTime now, Micros t1, Micros cap) {
  interval_ = t1;
  cap_ = cap;
  next_ = now + t1;
  give_up_ = now + 64 * t1;
}

bool Repetition::take_due(MonoTime now) {
  if (now < next_) return false;
  interval_ = std::min(2 * interval_, cap_);
  next_ = now + interval_;
  return true;
}

bool ReliableProvisional::holds_up_answer() const {
  if (!outstanding()) return false;
  if (role_ != SdpRole::kNone) return true;
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [](const Waiting& next) { return next.role != SdpRole::kNone; });
}

std::optional<ReliableProvisional::Waiting> ReliableProvisional::take_waiting() {
  if (waiting_.empty()) return std::nullopt;
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  return next;
}

void ReliableProvisional::sent(Message response, SdpRole role, MonoTime now, Micros t1) {
  ++number_;
  response_ = std::move(response);
  role_ = role;
  repetition_.start(now, t1, 64 * t1);
}

bool ReliableProvisional::acknowledge(const RAck& rack, std::uint32_t invite_cseq) {
  if (!outstanding() || rack.rseq != number_ || rack.cseq != invite_cseq ||
      rack.method != Method::kInvite)
    return false;
  repetition_.stop();
  response_ = Message();
  return true;
}

void ReliableProvisional::stop() {
  repetition_.stop();
  waiting_.clear();
  response_ = Message();
}

}  // namespace madoguchi::sip
