// The fixture of call control's tests: one desk, its callers and operators, in words. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "exchange/control_testing.h"

namespace madoguchi::exchange {

inline constexpr std::string_view kBrowserOffer =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 0 8 126\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:abcd\r\n"
    "a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n"
    "a=rtcp-mux\r\na=sendrecv\r\na=rtpmap:126 telephone-event/8000\r\n";

inline wire::DeskPlan full_plan() {
  wire::DeskPlan plan;
  plan.set_desk_id("sakura");
  plan.set_organisation_id("org");
  plan.add_numbers_called("+81312345678");
  plan.set_open(true);
  plan.set_greeting_prompt("greeting");
  plan.set_notice_prompt("notice");
  plan.set_waiting_prompt("music");
  plan.set_hold_prompt("hold-music");
  plan.set_closed_prompt("closed");
  plan.set_callback_offer_prompt("offer");
  plan.set_callback_thanks_prompt("thanks");
  plan.set_callback_digits_prompt("digits");
  plan.set_unrecorded_prompt("unrecorded");
  plan.set_own_phone_prompt("own-phone");
  plan.set_callback_offer_every_us(30'000'000);
  plan.set_recorded(true);
  plan.set_shown_number("+81120000001");
  return plan;
}

// One desk "sakura" and a second, "ume"; callers, keys and operators in words.
class Line : public testing::Test {
 protected:
  void SetUp() override {
    settings.public_address = "192.0.2.1";
    settings.allow_demo_calls = true;
    settings.out.permitted = {"+81"};
    keys = fresh_seal_key_pair();
    set_directory(false);
    set_plan(full_plan());
    control.at(now);
  }
  void set_directory(bool leased) {
    wire::Directory directory;
    directory.set_sealing_key(keys.public_key.data(), keys.public_key.size());
    auto* org = directory.add_organisations();
    org->set_organisation_id("org");
    org->add_numbers_called("+81312345678");
    org->add_numbers_called("+81399999999");
    org->set_recording_key_id("k1");
    org->set_recording_key(keys.public_key.data(), keys.public_key.size());
    org->set_leased(leased);
    ASSERT_TRUE(tables.set_directory(directory));
  }
  void set_plan(const wire::DeskPlan& plan) {
    wire::SetDesks desks;
    *desks.add_desks() = plan;
    wire::DeskPlan other = full_plan();
    other.set_desk_id("ume");
    other.clear_numbers_called();
    other.add_numbers_called("+81311110000");
    *desks.add_desks() = other;
    tables.set_desks(desks);
  }
  void pass(std::chrono::microseconds by) {
    now.wall += by;
    now.mono += by;
    control.at(now);
    control.advance();
  }
  // A call that is on disk at once. Its line is 1 and on.
  void call_in(std::optional<std::string> from = "09011112222",
               const std::string& called = "0312345678", std::string sdp = std::string(kOffer)) {
    IncomingLine incoming;
    incoming.line = caller = LineId{next_line++};
    incoming.called = called;
    incoming.sdp = std::move(sdp);
    if (from) {
      incoming.caller.kind = sip::CallerIdentity::Kind::kNumber;
      incoming.caller.number = Personal<std::string>(*from);
    } else {
      incoming.caller.kind = sip::CallerIdentity::Kind::kWithheld;
    }
    control.incoming(incoming);
    if (store_at_once) stored(true);
  }
  void stored(bool ok) {
    const auto calls = std::exchange(report.to_store, {});
    for (const CallId& call : calls) control.stored(call, ok);
  }
  void prompt_ends() {
    control.media(PromptFinished{CallId(report.last_call), leg(), sound.plays});
  }
  void reach_waiting() {
    call_in();
    prompt_ends();  // greeting
    prompt_ends();  // notice
    clear();
  }
  LegId leg() const { return LegId(report.last_call + ".1"); }
  void key(char digit) { control.media(DigitPressed{CallId(report.last_call), leg(), digit}); }
  void keys_in(std::string_view digits) {
    for (const char digit : digits) key(digit);
  }
  void ring_phone(const std::string& who, const std::string& attempt = "a1") {
    lines.phones.insert(who);
    wire::Command command;
    auto& ring = *command.mutable_ring_operator();
    ring.set_call_id(report.last_call);
    ring.set_attempt_id(attempt);
    ring.set_operator_id(who);
    ring.set_by_phone(true);
    ring.set_timeout_us(20'000'000);
    control.command(command);
  }
  void consult_phone(const std::string& who) {
    lines.phones.insert(who);
    wire::Command command;
    auto& consult = *command.mutable_consult();
    consult.set_call_id(report.last_call);
    consult.set_attempt_id("c1");
    consult.set_operator_id(who);
    consult.set_by_phone(true);
    control.command(command);
  }
  LineId talk(const std::string& who = "hana") {
    reach_waiting();
    ring_phone(who);
    const LineId phone = lines.last;
    control.line_answered(phone, std::string(kOffer));
    clear();
    return phone;
  }
  void open_seat(const std::string& who) {
    wire::Command command;
    command.mutable_open_seat()->set_operator_id(who);
    command.mutable_open_seat()->set_leg_id("leg");
    command.mutable_open_seat()->set_sdp_offer(std::string(kBrowserOffer));
    control.command(command);
    control.media(SeatChanged{LegId("seat." + who), SeatChange::kConnected, "", "sha-256 " + who});
  }
  void set_phone(const std::string& who, const std::string& user) {
    wire::SetPhones phones;
    phones.add_phones()->set_operator_id(who);
    phones.mutable_phones(0)->set_user(user);
    tables.set_phones(phones);
  }
  template <typename F>
  void send(F&& fill) {
    wire::Command command;
    fill(command);
    control.command(command);
  }
  void clear() {
    report.said.clear();
    sound.said.clear();
    lines.said.clear();
  }

  Settings settings;
  Tables tables{"+81"};
  SealKeyPair keys;
  FakeLines lines;
  FakeSound sound;
  FakeReport report;
  FakeVault vault;
  SystemEntropy entropy;
  Moment now{Time(Micros(1'700'000'000'000'000)), MonoTime(Micros(1'000'000))};
  CallControl control{settings, tables, {lines, sound, report, vault}, entropy};
  LineId caller{};
  std::uint64_t next_line = 1;
  bool store_at_once = true;
};

}  // namespace madoguchi::exchange
