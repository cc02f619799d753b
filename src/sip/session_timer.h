// The session timer of one call (RFC 4028): what to write into our messages, what was agreed, and
// when to refresh or give up. Pure; owned by its Session. Where the peer does not support the
// extension there is no timer: a call is never ended for the want of a refresh that nobody
// promised.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "sip/message.h"

namespace madoguchi::sip {

inline constexpr std::chrono::seconds kLeastSessionInterval{90};  // RFC 4028, 4

class SessionTimer {
 public:
  SessionTimer(std::chrono::seconds wanted, std::chrono::seconds least);

  // Writes Supported, Session-Expires and Min-SE into an INVITE or UPDATE of ours. Within a call
  // the present refresher is kept.
  void write_request(Message& request) const;

  // For a received INVITE or UPDATE: the Min-SE to refuse it with (422), if its interval is too
  // short.
  [[nodiscard]] std::optional<std::uint32_t> too_short(const Message& request) const;
  // Agrees on a received INVITE or UPDATE and writes Session-Expires into our 2xx to it.
  void write_response(const Message& request, Message& response, MonoTime now);
  // Agrees by the 2xx to our INVITE or UPDATE.
  void take_response(const Message& response, MonoTime now);
  // A 422: takes its Min-SE. False when trying again makes no sense.
  [[nodiscard]] bool take_refusal(const Message& response);

  [[nodiscard]] std::chrono::seconds interval() const { return agreed_; }  // 0: none
  [[nodiscard]] bool we_refresh() const { return we_refresh_; }

  // When to send a refresh (half the interval), and when to end the call without one (a third of
  // the interval, at most 32 s, before it runs out: RFC 4028, 10). MonoTime::max(): never.
  [[nodiscard]] MonoTime refresh_at() const { return refresh_at_; }
  [[nodiscard]] MonoTime expires_at() const { return expires_at_; }
  // A refresh is on its way or failed for now: the next try.
  void put_off_refresh(MonoTime until) { refresh_at_ = until; }

 private:
  void agree(std::chrono::seconds interval, bool we_refresh, MonoTime now);
  void stop();

  std::chrono::seconds wanted_;
  std::chrono::seconds least_;
  std::chrono::seconds agreed_{0};
  bool we_refresh_ = false;
  MonoTime refresh_at_ = MonoTime::max();
  MonoTime expires_at_ = MonoTime::max();
};

}  // namespace madoguchi::sip
