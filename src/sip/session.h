// One call leg: the INVITE, its dialogs, its offers and answers, its session timer and its end.
// Owned by UserAgent's core, which brings it every message, failure and due time that concerns it;
// it sends through AgentContext. Internal to this module. It outlives its SessionEnded for as long
// as the wire still needs it (a 2xx that crosses a CANCEL, a BYE that must wait for an ACK) and
// then says finished().
//
// Code by theme: session.cc (common, requests within the dialog), session_calling.cc (our INVITE),
// session_called.cc (the peer's INVITE), session_offers.cc (re-INVITE, UPDATE, refresh),
// session_refer.cc (REFER and NOTIFY, INFO, OPTIONS).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sip/agent_context.h"
#include "sip/dialog.h"
#include "sip/digest.h"
#include "sip/reliable_provisional.h"
#include "sip/session_timer.h"
#include "sip/user_agent.h"

namespace madoguchi::sip {

class Session {
 public:
  // A call of ours; call start_calling() next.
  Session(AgentContext& context, SessionId id, OutgoingCall call);
  // The peer's call; call start_called() next.
  Session(AgentContext& context, SessionId id, ServerId invite, Message request, const Flow& flow,
          std::string local_tag);

  Result<void> start_calling(MonoTime now);
  // False: refused (the response has been sent), the session is to be dropped.
  bool start_called(Admission admission, MonoTime now);

  // --- from the core
  void response(ClientId transaction, const ClientUse& use, const Message& message, MonoTime now);
  enum class Failure : std::uint8_t { kTimedOut, kTransport };
  void client_failed(ClientId transaction, const ClientUse& use, Failure failure, MonoTime now);
  void client_ended(ClientId transaction);
  [[nodiscard]] bool has_dialog_with(std::string_view call_id, std::string_view remote_tag) const;
  void request(ServerId transaction, Message message, const Flow& flow, MonoTime now);
  void ack(const Message& message, MonoTime now);
  void cancelled(ServerId invite, const Message& cancel, MonoTime now);
  void server_failed(ServerId transaction, MonoTime now);
  void connection_closed(ConnectionId connection);
  void advance(MonoTime now);
  [[nodiscard]] MonoTime deadline() const;
  [[nodiscard]] bool finished() const;

  // --- commands, as UserAgent's
  Result<void> provisional(int status, std::string sdp, ReliableProvisionals reliable,
                           MonoTime now);
  Result<void> accept(std::string sdp, std::vector<HeaderLine> headers, MonoTime now);
  Result<void> reject(int status, std::string_view phrase, const std::vector<HeaderLine>& headers,
                      MonoTime now);
  Result<void> cancel(std::string_view reason, MonoTime now);
  Result<void> bye(std::string_view reason, MonoTime now);
  Result<void> hang_up(const HangUp& how, MonoTime now);
  Result<void> offer(std::string sdp, OfferBy by, MonoTime now);
  Result<void> answer_offer(std::string sdp, MonoTime now);
  Result<void> refuse_offer(int status, MonoTime now);
  Result<void> info(std::string_view type, std::string_view body, MonoTime now);
  Result<void> probe(std::chrono::seconds heard_within, MonoTime now);
  Result<void> accept_refer(MonoTime now);
  Result<void> refer_progress(int status, MonoTime now);
  Result<void> reject_refer(int status, MonoTime now);

  [[nodiscard]] SessionId id() const { return id_; }
  [[nodiscard]] const std::string& local_tag() const { return local_tag_; }
  [[nodiscard]] ServerId received_invite() const { return invite_server_; }
  [[nodiscard]] bool over() const { return phase_ == Phase::kOver; }
  [[nodiscard]] SessionSummary summary() const;

 private:
  enum class Phase : std::uint8_t {
    kCalling,    // our INVITE has no final response
    kCalled,     // the peer's INVITE has none
    kAnswered,   // 2xx sent (ACK awaited), or received (our ACK waits for the owner's answer)
    kConfirmed,  // acknowledged
    kOver,       // SessionEnded is out
  };
  enum class OfferState : std::uint8_t { kNone, kOurs, kTheirs };

  // One branch of our INVITE that has sent a To tag.
  struct EarlyDialog {
    Dialog dialog;
    std::uint32_t last_rseq = 0;
    bool settled = false;      // the INVITE's offer has its answer here, reliably
    std::string sdp;           // the last description from this branch
    std::string waiting_rack;  // a PRACK that waits for our answer
  };
  struct SentAck {
    ClientId invite;
    std::string remote_tag;
    Message message;
    Flow flow;
  };
  // Our re-INVITE or UPDATE.
  struct Modify {
    bool active = false;
    bool refresh = false;  // ours alone: the owner does not know of it
    OfferBy by = OfferBy::kReInvite;
    ClientId transaction;  // invalid while it waits to be repeated
    std::string sdp;
    int tries = 0;
    MonoTime retry_at = MonoTime::max();
    MonoTime give_up_at = MonoTime::max();
  };
  // The peer's re-INVITE, UPDATE or PRACK that waits for the owner's answer.
  struct Asked {
    bool active = false;
    ServerId transaction;
    Message message;
    OfferCarrier carrier = OfferCarrier::kReInvite;
    bool wants_offer = false;
    MonoTime give_up_at = MonoTime::max();
  };
  struct Refer {
    ServerId transaction;  // valid until accepted or rejected
    Message message;
    MonoTime give_up_at = MonoTime::max();
    bool subscribed = false;  // NOTIFYs are wanted
    std::string event;        // "refer;id=2"
  };

  // --- common (session.cc)
  void end(EndCause cause, int status = 0, std::string reason = {},
           std::optional<std::chrono::seconds> retry_after = {});
  void end_with_bye(EndCause cause, MonoTime now, int status = 0);
  void send_bye(Dialog& dialog, std::string_view reason, MonoTime now);
  ClientId send(Purpose purpose, Message message, const Flow& flow, MonoTime now);
  [[nodiscard]] Flow flow_for(const Dialog& dialog) const;
  void respond(ServerId transaction, const Message& request, int status, MonoTime now,
               std::string_view phrase = {});
  void respond_later(ServerId transaction, const Message& request, MonoTime now);
  bool retry_with_login(const ClientUse& use, const Message& challenge, MonoTime now);
  void note_abilities(const Message& message);
  Dialog* dialog_for(std::string_view remote_tag);
  void bye_received(ServerId transaction, const Message& message, MonoTime now);

  // --- our INVITE (session_calling.cc)
  void send_invite(MonoTime now);
  void invite_response(const Message& message, MonoTime now);
  void invite_provisional(const Message& message, MonoTime now);
  void invite_answered(const Message& message, MonoTime now);
  void invite_refused(const ClientUse& use, const Message& message, MonoTime now);
  void extra_branch(const Message& message, MonoTime now);
  void settle_answer(const EarlyDialog* early, std::string sdp, MonoTime now);
  EarlyDialog* early_dialog(const Message& message);
  void take_reliable(EarlyDialog& early, const Message& message, CallProgress& progress,
                     MonoTime now);
  void send_prack(EarlyDialog& early, std::string_view rack, std::string_view sdp, MonoTime now);
  void send_ack(Dialog& dialog, ClientId invite, std::uint32_t cseq, std::string_view sdp);
  bool repeat_ack(ClientId invite, std::string_view remote_tag);
  bool answer_early_offer(const std::string& sdp, MonoTime now);

  // --- the peer's INVITE (session_called.cc)
  [[nodiscard]] Message invite_reply(int status, std::string_view phrase = {}) const;
  void send_provisional(int status, std::string sdp, SdpRole role, bool reliable, MonoTime now);
  void send_answer(std::string sdp, const std::vector<HeaderLine>& headers, MonoTime now);
  void after_prack(MonoTime now);
  void prack_received(ServerId transaction, Message message, MonoTime now);
  void advance_called(MonoTime now);
  void await_ack(ServerId invite, std::uint32_t cseq, bool answer_expected, MonoTime now);
  void advance_ack(MonoTime now);

  // --- offers within the call (session_offers.cc)
  void send_modify(MonoTime now);
  void modify_response(const ClientUse& use, const Message& message, MonoTime now);
  void modify_accepted(const Message& message, MonoTime now);
  void modify_refused(const Message& message, MonoTime now);
  void modify_over(int status);
  void glare(MonoTime now);
  void advance_modify(MonoTime now);
  void refresh(MonoTime now);
  void reinvite_received(ServerId transaction, Message message, MonoTime now);
  void update_received(ServerId transaction, Message message, MonoTime now);
  bool refuse_glare(ServerId transaction, const Message& message, MonoTime now);
  bool refuse_short_interval(ServerId transaction, const Message& message, MonoTime now);
  void ask_owner(ServerId transaction, Message message, OfferCarrier carrier, std::string sdp,
                 MonoTime now);
  void answer_asked(std::string sdp, MonoTime now);
  void refuse_asked(int status, MonoTime now);

  // --- REFER, INFO, OPTIONS (session_refer.cc)
  void probed(int status);
  void refer_received(ServerId transaction, Message message, MonoTime now);
  void info_received(ServerId transaction, const Message& message, MonoTime now);
  void send_notify(int status, bool last, MonoTime now);

  AgentContext& context_;
  const SessionId id_;
  const bool incoming_;
  Phase phase_;
  Flow flow_;
  std::string local_tag_;
  std::optional<Dialog> dialog_;
  std::optional<DigestClient> login_;
  OfferState offers_ = OfferState::kNone;
  std::string last_local_, last_remote_;  // descriptions
  SessionTimer timer_;
  bool peer_updates_ = false;  // its Allow lists UPDATE
  std::size_t open_clients_ = 0;
  MonoTime peer_heard_{};  // the last message of the peer's within the call
  bool probing_ = false;
  bool was_answered_ = false;

  // our INVITE
  Message invite_;  // as last sent, without Via; of an incoming call: the peer's
  ClientId invite_client_;
  std::uint32_t invite_cseq_ = 0;
  std::vector<EarlyDialog> early_;
  std::vector<SentAck> acks_;  // while a 2xx may come again
  bool late_offer_ = false;
  bool cancel_sent_ = false;
  int login_tries_ = 0;
  MonoTime give_up_at_ = MonoTime::max();
  std::chrono::seconds give_up_after_{0};
  MonoTime no_sign_at_ = MonoTime::max();  // until the first response
  std::chrono::seconds first_response_within_{0};

  // the peer's INVITE
  ServerId invite_server_;
  ReliableProvisional reliable_;
  bool peer_takes_reliable_ = false;
  bool peer_wants_reliable_ = false;
  bool has_offer_ = false;
  bool settled_ = false;  // its offer, or ours, has its answer
  std::string early_answer_;
  int last_provisional_ = 0;
  MonoTime repeat_at_ = MonoTime::max();
  std::optional<std::pair<std::string, std::vector<HeaderLine>>> waiting_accept_;
  AwaitedAck awaited_ack_;
  std::optional<std::string> bye_after_ack_;  // its reason

  Modify modify_;
  Asked asked_;
  Refer refer_;
};

}  // namespace madoguchi::sip
