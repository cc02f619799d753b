// The inside of a UserAgent: sessions in slots, and the way from every transaction event to the
// session it concerns. Internal to this module; UserAgent owns one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sip/agent_context.h"
#include "sip/session.h"
#include "sip/timer_heap.h"
#include "sip/user_agent.h"

namespace madoguchi::sip {

class UserAgent::Core {
 public:
  Core(UserAgentOptions options, Policy& policy, Entropy& entropy)
      : context(std::move(options), entropy), policy_(policy) {}

  // Takes what the transaction layer has to say, until it has no more; then sets the timers of the
  // sessions that were touched and drops those that are finished.
  void settle(MonoTime now);
  void advance(MonoTime now);
  void connection_closed(ConnectionId connection, MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

  // For a command: the session, to be touched afterwards; nullptr when it is over.
  Session* find(SessionId id) const;
  template <typename Command>
  Result<void> command(SessionId id, MonoTime now, Command run);
  Result<SessionId> invite(OutgoingCall call, MonoTime now);
  Result<RequestId> send_request(OutgoingRequest request, MonoTime now);
  Result<void> respond(RequestId request, int status, MonoTime now,
                       const std::vector<HeaderLine>& headers);
  std::vector<SessionId> live_sessions() const;

  AgentContext context;

 private:
  struct Waiting {  // a request outside of any call, with its owner
    ServerId transaction;
    Message message;
  };

  Session* any(SessionId id) const;
  SessionId next_id();
  void adopt(std::unique_ptr<Session> session);
  void touch(SessionId id) { touched_.push_back(id); }
  void tidy(SessionId id);

  void handle(RequestArrived arrived, MonoTime now);
  void handle(const AckArrived& arrived, MonoTime now);
  void handle(const CancelArrived& arrived, MonoTime now);
  void handle(const ResponseArrived& arrived, MonoTime now);
  void client_failed(ClientId id, Session::Failure failure, MonoTime now);
  void client_ended(ClientId id);
  void handle(const ServerFailed& failed, MonoTime now);

  void within_dialog(RequestArrived arrived, MonoTime now);
  void outside_dialog(RequestArrived arrived, MonoTime now);
  void incoming_call(RequestArrived arrived, Admission admission, MonoTime now);
  void deliver(RequestArrived arrived, Admission admission, MonoTime now);
  void refuse(const RequestArrived& arrived, int status, MonoTime now,
              const std::vector<HeaderLine>& headers = {});
  [[nodiscard]] bool overloaded() const;

  Policy& policy_;
  std::vector<std::unique_ptr<Session>> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t serial_ = 0;
  std::uint64_t request_serial_ = 0;
  TimerHeap timers_;
  std::vector<SessionId> touched_;
  std::map<RequestId, Waiting> waiting_;  // in order of arrival
};

template <typename Command>
Result<void> UserAgent::Core::command(SessionId id, MonoTime now, Command run) {
  Session* session = find(id);
  if (session == nullptr) return fail(ErrorCode::kNotFound, "the session is over");
  touch(id);
  Result<void> result = run(*session);
  settle(now);
  return result;
}

}  // namespace madoguchi::sip
