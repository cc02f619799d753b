// Fakes of call control's ports for its tests: each writes down in words what it was asked, so that
// a test reads as a story. Not thread-safe, tests only.
#pragma once

#include <fmt/format.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/sealing.h"
#include "exchange/call_control.h"

namespace madoguchi::exchange {

inline constexpr std::string_view kOffer =
    "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

inline std::string in_words(const wire::Event& event) {
  switch (event.what_case()) {
    case wire::Event::kCallArrived:
      return fmt::format("arrived {}{}{}", event.call_arrived().desk_id(),
                         event.call_arrived().withheld() ? " withheld" : "",
                         event.call_arrived().open() ? "" : " closed");
    case wire::Event::kCallAnswered:
      return "answered";
    case wire::Event::kCallWaiting:
      return "waiting " + event.call_waiting().desk_id();
    case wire::Event::kOperatorRinging:
      return "ringing " + event.operator_ringing().operator_id();
    case wire::Event::kOperatorAnswered:
      return "operator answered " + event.operator_answered().operator_id();
    case wire::Event::kRingFailed:
      return fmt::format("ring failed {} {}", event.ring_failed().operator_id(),
                         wire::RingFailure_Name(event.ring_failed().why()));
    case wire::Event::kConnected:
      return "connected " + event.connected().operator_id();
    case wire::Event::kOperatorLeft:
      return fmt::format("left {}: {}", event.operator_left().operator_id(),
                         event.operator_left().why());
    case wire::Event::kHoldChanged:
      return event.hold_changed().on() ? "hold" : "resume";
    case wire::Event::kMuteChanged:
      return event.mute_changed().on() ? "mute" : "unmute";
    case wire::Event::kCallbackAsked:
      return fmt::format(
          "callback {} line{}{}", event.callback_asked().other_line() ? "other" : "own",
          event.callback_asked().basis() == wire::BASIS_ANNOUNCED ? " as announced" : "",
          event.callback_asked().basis() == wire::BASIS_OPERATOR ? " said to the operator" : "");
    case wire::Event::kRecordingRefused:
      return "recording refused";
    case wire::Event::kRecordingStarted:
      return "recording started";
    case wire::Event::kRecordingPaused:
      return event.recording_paused().on() ? "recording paused" : "recording resumed";
    case wire::Event::kRecordingInterrupted:
      return event.recording_interrupted().on() ? "recording interrupted" : "recording goes on";
    case wire::Event::kRecordingClosed:
      return "recording closed";
    case wire::Event::kCallEnded:
      return "ended " + wire::EndCause_Name(event.call_ended().cause());
    case wire::Event::kSeatOpened:
      return event.seat_opened().error().empty() ? "seat opened" : event.seat_opened().error();
    case wire::Event::kSeatChanged:
      return event.seat_changed().connected() ? "seat up" : "seat down";
    case wire::Event::kDialProgress:
      return wire::DialOutcome_Name(event.dial_progress().outcome());
    case wire::Event::kCommandRefused:
      return "refused: " + event.command_refused().why();
    case wire::Event::kTrouble:
      return "trouble " + event.trouble().kind();
    default:
      return "?";
  }
}

class FakeLines final : public Lines {
 public:
  std::vector<std::string> said;
  std::set<std::string> phones;  // registered operators
  bool trunk = true;
  std::uint64_t next = 1000;
  LineId last{};

  void ring_back(LineId) override { said.push_back("180"); }
  void answer(LineId, std::string sdp) override {
    said.push_back(sdp.empty() ? "200 without sdp" : "200");
  }
  void refuse(LineId, int status, std::chrono::seconds) override {
    said.push_back(std::to_string(status));
  }
  void hang_up(LineId, std::string_view) override { said.push_back("hang up"); }
  void answer_offer(LineId, std::string) override { said.push_back("200 to offer"); }
  void refuse_offer(LineId, int status) override {
    said.push_back(fmt::format("{} to offer", status));
  }
  void accept_refer(LineId, int) override { said.push_back("202"); }
  void reject_refer(LineId, int status) override {
    said.push_back(fmt::format("{} to refer", status));
  }
  void probe(LineId, std::chrono::seconds) override { said.push_back("probe"); }
  std::optional<LineId> call_phone(const OperatorId& who, const std::string&,
                                   const std::string&) override {
    if (!phones.contains(who.text())) return std::nullopt;
    said.push_back("INVITE " + who.text());
    return last = LineId{next++};
  }
  std::optional<LineId> call_out(const Personal<std::string>& number, const std::string& shown,
                                 const std::string&) override {
    if (!trunk) return std::nullopt;
    said.push_back(fmt::format("INVITE {} showing {}", number.reveal(), shown));
    return last = LineId{next++};
  }
  std::optional<LineId> call_self(const std::string& number, const std::string&,
                                  const std::string&) override {
    said.push_back("INVITE self " + number);
    return last = LineId{next++};
  }
};

class FakeSound final : public Sound {
 public:
  std::vector<std::string> said;
  bool full = false;
  PlayId plays = 0;

  Result<void> create_call(const CallId&) override {
    if (full) return fail(ErrorCode::kExhausted, "full");
    return {};
  }
  void remove_call(const CallId&) override { said.push_back("remove call"); }
  Result<LocalSound> add_sip_leg(const CallId&, const LegId&, Side) override {
    return LocalSound{20000, 20001};
  }
  Result<void> set_remote(const LegId&, const RemoteSound&) override { return {}; }
  void remove_leg(const LegId&) override {}
  Result<BrowserAnswer> add_browser_seat(const LegId&, const BrowserOffer&) override {
    return BrowserAnswer{"u", "p", "sha-256 AA", {{"192.0.2.1", 9}}, SoundCodec::kPcmu, 0};
  }
  Result<BrowserAnswer> renew_browser_seat(const LegId& leg, const BrowserOffer& offer) override {
    said.push_back("renew seat");
    return add_browser_seat(leg, offer);
  }
  void attach_seat(const CallId&, const LegId& seat) override {
    said.push_back("attach " + seat.text());
  }
  void detach_seat(const LegId& seat) override { said.push_back("detach " + seat.text()); }
  void connect(const CallId&, const LegId&, const LegId&) override { said.push_back("connect"); }
  void disconnect(const CallId&, const LegId&, const LegId&) override {
    said.push_back("disconnect");
  }
  void mute(const LegId&, OnOff on) override {
    if (on == OnOff::kOn) said.push_back("mute");
  }
  void hold(const LegId&, OnOff on) override {
    said.push_back(on == OnOff::kOn ? "hold" : "unhold");
  }
  Result<PlayId> play(const LegId&, const Playlist& list) override {
    said.push_back(fmt::format("play {}{}", list.prompts.front().text(),
                               list.loop == OnOff::kOn ? " looped" : ""));
    return ++plays;
  }
  void stop(const LegId&) override { said.push_back("stop"); }
  Result<void> start_recording(const CallId&, const RecordingSpec&) override {
    said.push_back("record");
    return {};
  }
  void pause_recording(const CallId&, OnOff) override { said.push_back("pause"); }
  void mark_recording(const CallId&, RecordingMark) override {}
  void stop_recording(const CallId&, RecordingFate fate) override {
    said.push_back(fate == RecordingFate::kErase ? "erase recording" : "stop recording");
  }
};

class FakeReport final : public Report {
 public:
  std::vector<std::string> said;
  std::vector<wire::Event> events;
  std::vector<wire::Tokenise> tokens;
  std::vector<wire::Wish> wishes;
  std::vector<wire::RecordingDigest> digests;
  std::vector<CallId> to_store;
  std::string last_call;
  bool trouble = false;

  void event(wire::Event event) override {
    said.push_back(in_words(event));
    if (event.has_call_arrived()) last_call = event.call_arrived().call_id();
    events.push_back(std::move(event));
  }
  void live_call(const wire::LiveCall&) override {}
  void tokenise(const wire::Tokenise& ask) override { tokens.push_back(ask); }
  void wish(const wire::Wish& ask) override { wishes.push_back(ask); }
  void recording(const wire::RecordingDigest& digest) override { digests.push_back(digest); }
  void store(const CallId& call) override { to_store.push_back(call); }
  bool in_trouble() const override { return trouble; }
};

class FakeVault final : public VaultAsks {
 public:
  bool away = false;
  std::vector<std::string> said;
  bool redeem(const wire::RedeemTicket& ticket) override {
    if (!away) said.push_back("redeem " + ticket.ticket_id());
    return !away;
  }
  void dial_result(const wire::DialResult& result) override {
    said.push_back("result " + result.outcome());
  }
  void lease(const wire::CallLease& lease) override {
    std::string text = "lease " + lease.desk_id();
    for (const auto& leg : lease.legs())
      text += " " + (leg.phone_user().empty() ? leg.fingerprint() : leg.phone_user());
    said.push_back(std::move(text));
  }
  void lease_over(const CallId&) override { said.emplace_back("lease over"); }
};

}  // namespace madoguchi::exchange
