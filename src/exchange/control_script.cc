// What the caller hears while no operator is there, and what the keys do.
#include <algorithm>
#include <array>

#include "exchange/call_control.h"
#include "exchange/events.h"

namespace madoguchi::exchange {
namespace {

constexpr std::chrono::seconds kKeyTimeout{15};     // for the next key of a number
constexpr std::chrono::seconds kLastKeyTimeout{5};  // for the # after a number that is complete
constexpr std::chrono::seconds kChoiceTimeout{8};   // after an offer outside hours
constexpr std::size_t kMaxDigits = 16;
constexpr int kMaxDigitTries = 3;
const std::string kNothing;  // to play

// Subscribers' numbers of the domestic plan: geographic 10 digits, mobile and IP 11. Services
// (freephone, premium, directory) can't be rung back.
bool is_subscriber_number(const std::string& digits) {
  static constexpr std::array kServices = {"0120", "0800", "0570", "0990", "0180", "0170", "020"};
  if (digits.size() != 10 && digits.size() != 11) return false;
  if (digits[0] != '0' || digits[1] == '0') return false;
  if (std::any_of(kServices.begin(), kServices.end(),
                  [&](const char* service) { return digits.starts_with(service); }))
    return false;
  static constexpr std::array kLong = {"050", "060", "070", "080", "090"};
  const bool is_long = std::any_of(kLong.begin(), kLong.end(),
                                   [&](const char* prefix) { return digits.starts_with(prefix); });
  return digits.size() == (is_long ? 11U : 10U);
}

}  // namespace

bool CallControl::play(Call& call, const std::string& prompt, OnOff loop) {
  call.playing.reset();
  return !prompt.empty() && play(call, std::vector{PromptId(prompt)}, loop);
}

bool CallControl::play(Call& call, std::vector<PromptId> prompts, OnOff loop) {
  call.playing.reset();
  const auto play = sound_.play(call.caller.sound, {std::move(prompts), loop});
  if (!play) return false;
  if (loop == OnOff::kOff) call.playing = *play;
  return true;
}

void CallControl::step_done(Call& call) {
  switch (call.step) {
    case Step::kGreeting:
      return begin_notice(call);
    case Step::kNotice:
      call.notice_heard = true;
      return begin_waiting(call);
    case Step::kUnrecorded:
      return begin_waiting(call);
    case Step::kOffer:
      return wait_on(call);
    case Step::kThanks:
      return end_call(call, wire::CALLBACK_CHOSEN);
    case Step::kClosed:
      if (!play(call, closed_offer(call), OnOff::kOff)) return end_call(call, wire::CLOSED_HOURS);
      call.step = Step::kClosedOffer;
      return;
    case Step::kClosedOffer:
      return set_timer(call, TimerKind::kScript, kChoiceTimeout);
    case Step::kDigits:
      return set_timer(call, TimerKind::kScript, kKeyTimeout);
    case Step::kConnecting:
      call.notice_heard = true;
      return join(call);
    case Step::kStoring:
    case Step::kHeldBack:
    case Step::kWaiting:
    case Step::kTalking:
    case Step::kDialOperator:
    case Step::kDialTicket:
    case Step::kDialLine:
      return;
  }
}

void CallControl::begin_script(Call& call) {
  call.step = Step::kGreeting;
  if (!play(call, plan(call).greeting_prompt(), OnOff::kOff)) begin_notice(call);
}

void CallControl::begin_notice(Call& call) {
  if (!plan(call).recorded() || call.refused_recording ||
      !play(call, plan(call).notice_prompt(), OnOff::kOff))
    return begin_waiting(call);
  call.step = Step::kNotice;
  sound_.mark_recording(call.id, RecordingMark::kNotice);
}

void CallControl::begin_waiting(Call& call) {
  const wire::DeskPlan& desk = plan(call);
  call.step = Step::kWaiting;
  call.told_waiting = true;
  wire::CallWaiting waiting;
  waiting.set_call_id(call.id.text());
  waiting.set_desk_id(call.desk_id);
  report_.event(event_of(std::move(waiting)));
  const std::string& words = callback_words(call);
  const bool offered = !words.empty();
  if (offered && desk.callback_offer_every_us() > 0)
    set_timer(call, TimerKind::kOffer, std::chrono::microseconds(desk.callback_offer_every_us()));
  if (offered && desk.callback_offer_every_us() <= 0 && play(call, words, OnOff::kOff))
    call.step = Step::kOffer;
  else
    wait_on(call);
}

void CallControl::wait_on(Call& call) {
  call.step = Step::kWaiting;
  if (!play(call, plan(call).waiting_prompt(), OnOff::kOn)) sound_.stop(call.caller.sound);
}

void CallControl::offer_callback(Call& call) {
  const wire::DeskPlan& desk = plan(call);
  if (desk.callback_offer_every_us() <= 0 || call.asked_callback) return;
  set_timer(call, TimerKind::kOffer, std::chrono::microseconds(desk.callback_offer_every_us()));
  if (call.step == Step::kWaiting && play(call, callback_words(call), OnOff::kOff))
    call.step = Step::kOffer;
}

void CallControl::begin_closed(Call& call) {
  call.step = Step::kClosed;
  if (!play(call, plan(call).closed_prompt(), OnOff::kOff)) step_done(call);
}

// ---- keys

// What tells this caller of being rung back; empty: nothing does. Where that is announced to all,
// whose line cannot be rung hears of the key instead: it asks for another one.
const std::string& CallControl::callback_words(const Call& call) const {
  const wire::DeskPlan& desk = plan(call);
  if (!may_ask_callback(call)) return kNothing;
  const bool announced = desk.callback_policy() == wire::ANNOUNCED && call.line_rings;
  return announced ? desk.callback_announcement_prompt() : desk.callback_offer_prompt();
}

// Outside hours the lost are not rung back unasked: there is the key alone.
const std::string& CallControl::closed_offer(const Call& call) const {
  return may_ask_callback(call) ? plan(call).callback_offer_prompt() : kNothing;
}

bool CallControl::may_ask_callback(const Call& call) const {
  return !call.outbound && !call.asked_callback && plan(call).callback_policy() != wire::NEVER;
}

// Whether a promise to ring this number can be kept: a line that somebody answers, which the
// settings permit, and none of ours. Where they name nothing that is permitted, calls out are made
// by other means, inside the country.
bool CallControl::can_ring(const std::string& text) const {
  const std::string& country = tables_.country();
  const std::string number = normal_number(text, country);
  const bool by_us = !settings_.out.permitted.empty();
  if (by_us && !settings_.out.permits(number, country)) return false;
  if (tables_.organisation_of(number) != nullptr) return false;
  if (!number.starts_with(country)) return by_us;
  return is_subscriber_number("0" + number.substr(country.size()));
}

void CallControl::digit(Call& call, const LegId& leg, char digit) {
  if (leg != call.caller.sound) return own_phone_key(call, leg, digit);
  switch (call.step) {
    case Step::kConnecting:
      if (digit == '9') refuse_recording(call);
      return;
    case Step::kGreeting:
    case Step::kNotice:
    case Step::kUnrecorded:
    case Step::kWaiting:
    case Step::kOffer:
      // People press a moment after the words that tell them to; who calls again knows the keys
      // before them.
      if (digit == '9' && plan(call).recorded()) return refuse_recording(call);
      [[fallthrough]];
    case Step::kClosed:
    case Step::kClosedOffer:
      if (!may_ask_callback(call)) return;
      // Whose line cannot be rung back is asked for a number instead.
      if (digit == '1' && call.line_rings) return choose_callback(call, std::nullopt);
      if (digit == '1' || digit == '2') return begin_digits(call);
      return;
    case Step::kDigits:
      return collect(call, digit);
    case Step::kStoring:
    case Step::kHeldBack:
    case Step::kThanks:
    case Step::kTalking:
    case Step::kDialOperator:
    case Step::kDialTicket:
    case Step::kDialLine:
      return;
  }
}

void CallControl::begin_digits(Call& call) {
  call.step = Step::kDigits;
  call.digits.clear();
  if (!play(call, plan(call).callback_digits_prompt(), OnOff::kOff)) sound_.stop(call.caller.sound);
  set_timer(call, TimerKind::kScript, 2 * kKeyTimeout);
}

void CallControl::collect(Call& call, char digit) {
  set_timer(call, TimerKind::kScript, kKeyTimeout);
  if (call.playing) {  // who keys has understood
    sound_.stop(call.caller.sound);
    call.playing.reset();
  }
  if (digit == '#') return digits_complete(call);
  if (digit == '*') return begin_digits(call);
  if (digit >= '0' && digit <= '9' && call.digits.size() < kMaxDigits) call.digits += digit;
  if (has_keyed_number(call)) set_timer(call, TimerKind::kScript, kLastKeyTimeout);
}

bool CallControl::has_keyed_number(const Call& call) const {
  return is_subscriber_number(call.digits) && can_ring(call.digits);
}

// By its # or, as many leave that out, by time.
void CallControl::digits_complete(Call& call) {
  if (has_keyed_number(call)) {
    const Personal<std::string> keyed(call.digits);
    call.digits.clear();
    return choose_callback(call, keyed);
  }
  if (++call.digit_tries < kMaxDigitTries) return begin_digits(call);
  leave_digits(call);
}

void CallControl::leave_digits(Call& call) {
  call.digits.clear();
  cancel_timer(call, TimerKind::kScript);
  // Keyed before the notice, which is still to be heard.
  if (call.desk_open && !call.told_waiting) return begin_notice(call);
  if (call.desk_open) return wait_on(call);
  end_call(call, wire::CLOSED_HOURS);
}

void CallControl::choose_callback(Call& call,
                                  const std::optional<Personal<std::string>>& other_number) {
  cancel_timer(call, TimerKind::kScript);
  cancel_timer(call, TimerKind::kOffer);
  if (call.ringing) ring_failed(call, wire::CANCELLED, true);
  ask_callback(call, other_number ? tables_.seal(*other_number, now_.mono) : call.sealed_number,
               other_number.has_value(), wire::BASIS_KEY);
  call.step = Step::kThanks;
  if (!play(call, plan(call).callback_thanks_prompt(), OnOff::kOff)) step_done(call);
}

void CallControl::ask_callback(Call& call, const std::string& sealed, bool other_line,
                               wire::CallbackBasis basis) {
  call.asked_callback = true;
  wire::Wish wish;
  wish.set_wish_id(fresh_id_text(now_.wall, entropy_));
  wish.set_call_id(call.id.text());
  wish.set_organisation_id(call.organisation_id);
  wish.set_sealed_number(sealed);
  wish.set_other_line(other_line);
  wish.set_asked_us(to_micros(now_.wall));
  report_.wish(wish);
  wire::CallbackAsked asked;
  asked.set_call_id(call.id.text());
  asked.set_other_line(other_line);
  asked.set_wish_id(wish.wish_id());
  asked.set_basis(basis);
  report_.event(event_of(std::move(asked)));
  report_.store(call.id);  // a promise, like an arrival, is on disk before anything else happens
}

// "Announced": who is lost while waiting is rung back, as the desk's words have said.
bool CallControl::is_lost_as_announced(const Call& call, wire::EndCause cause) const {
  const bool lost = cause == wire::CALLER_HUNG_UP || cause == wire::CALLER_CANCELLED ||
                    cause == wire::CUT_OFF || cause == wire::SHUT_DOWN;
  const bool reached = call.step == Step::kTalking || call.step == Step::kThanks;
  return lost && !reached && call.desk_open && call.line_rings && may_ask_callback(call) &&
         plan(call).callback_policy() == wire::ANNOUNCED;
}

// Said to the operator instead of keyed.
void CallControl::promise_callback(Call& call, const wire::Command& command) {
  if (call.sealed_number.empty() || !call.line_rings)
    return refuse_command(command, "there is no line of this call's to ring");
  if (call.asked_callback) return;  // the vault keeps that wish
  ask_callback(call, call.sealed_number, false, wire::BASIS_OPERATOR);
}

void CallControl::announce_place(Call& call, const wire::AnnouncePlace& place) {
  if (call.step != Step::kWaiting || call.ringing) return;
  std::vector<PromptId> prompts;
  for (const std::string& prompt : place.prompts())
    if (is_valid_id(prompt)) prompts.emplace_back(prompt);
  if (!prompts.empty() && play(call, std::move(prompts), OnOff::kOff))
    call.step = Step::kOffer;  // its end brings the waiting sound back
}

void CallControl::refuse_recording(Call& call) {
  if (call.refused_recording) return;
  call.refused_recording = true;
  if (!call.recording_id.empty()) sound_.stop_recording(call.id, RecordingFate::kErase);
  wire::RecordingRefused refused;
  refused.set_call_id(call.id.text());
  report_.event(event_of(std::move(refused)));
  if (call.step == Step::kGreeting || call.step == Step::kNotice) call.step = Step::kUnrecorded;
  if (call.step == Step::kWaiting)
    call.step = Step::kOffer;  // its end brings the waiting sound back
  if (!play(call, plan(call).unrecorded_prompt(), OnOff::kOff)) step_done(call);
}

}  // namespace madoguchi::exchange
