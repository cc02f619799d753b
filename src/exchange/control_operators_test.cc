#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/call_control.h"
#include "exchange/line_testing.h"

namespace madoguchi::exchange {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

TEST_F(Line, PhoneIsRungConnectedAndHangsUp) {
  reach_waiting();
  ring_phone("hana");
  control.line_answered(lines.last, std::string(kOffer));
  EXPECT_THAT(report.said, ElementsAre("ringing hana", "operator answered hana", "connected hana"));
  EXPECT_THAT(sound.said, ElementsAre("stop", "connect"));
  control.line_ended(lines.last, sip::EndCause::kByPeer, 0);
  EXPECT_EQ(report.said.back(), "ended OPERATOR_HUNG_UP");
  EXPECT_EQ(lines.said.back(), "hang up");
}

TEST_F(Line, RingsThatFailSayWhy) {
  const struct {
    sip::EndCause cause;
    int status;
    std::string why;
  } rows[] = {
      {sip::EndCause::kRefused, 486, "REFUSED"},     {sip::EndCause::kRefused, 603, "REFUSED"},
      {sip::EndCause::kRefused, 480, "NO_ANSWER"},   {sip::EndCause::kTimedOut, 408, "NO_ANSWER"},
      {sip::EndCause::kRefused, 404, "UNREACHABLE"}, {sip::EndCause::kTransport, 0, "UNREACHABLE"},
  };
  reach_waiting();
  for (const auto& row : rows) {
    ring_phone("hana");
    control.line_ended(lines.last, row.cause, row.status);
    EXPECT_EQ(report.said.back(), "ring failed hana " + row.why);
  }
  ring_phone("hana");
  pass(seconds(20));
  EXPECT_EQ(report.said.back(), "ring failed hana NO_ANSWER");
  ring_phone("hana");
  send([](auto& c) { c.mutable_cancel_ring()->set_attempt_id("a1"); });
  EXPECT_EQ(report.said.back(), "ring failed hana CANCELLED");
  send([&](auto& c) {
    c.mutable_ring_operator()->set_call_id(report.last_call);
    c.mutable_ring_operator()->set_operator_id("nobody");
  });
  EXPECT_EQ(report.said.back(), "ring failed nobody UNREACHABLE");
}

TEST_F(Line, SeatIsRungAnsweredAndKeptForTheNextCall) {
  open_seat("mika");
  reach_waiting();
  const auto ring = [&](const char* attempt) {
    send([&](auto& c) {
      c.mutable_ring_operator()->set_call_id(report.last_call);
      c.mutable_ring_operator()->set_operator_id("mika");
      c.mutable_ring_operator()->set_attempt_id(attempt);
    });
    send([&](auto& c) { c.mutable_answer_seat()->set_attempt_id(attempt); });
  };
  ring("a1");
  EXPECT_EQ(report.said.back(), "connected mika");
  EXPECT_THAT(sound.said, ElementsAre("attach seat.mika", "stop", "connect"));
  control.line_ended(caller, sip::EndCause::kByPeer, 0);
  EXPECT_THAT(sound.said, Contains("detach seat.mika"));
  reach_waiting();
  ring("a2");
  EXPECT_EQ(report.said.back(), "connected mika");
}

TEST_F(Line, ReloadedBrowserTakesItsCallAlong) {
  open_seat("mika");
  reach_waiting();
  send([&](auto& c) {
    c.mutable_ring_operator()->set_call_id(report.last_call);
    c.mutable_ring_operator()->set_operator_id("mika");
    c.mutable_ring_operator()->set_attempt_id("a1");
  });
  send([](auto& c) { c.mutable_answer_seat()->set_attempt_id("a1"); });
  clear();
  open_seat("mika");
  EXPECT_THAT(sound.said, ElementsAre("renew seat"));
  EXPECT_THAT(report.said, ElementsAre("seat opened", "seat up"));
}

TEST_F(Line, CallerWhoseOperatorDisappearsWaitsAgain) {
  const LineId phone = talk();
  control.line_ended(phone, sip::EndCause::kTransport, 0);
  EXPECT_THAT(report.said, ElementsAre("left hana: the operator's phone failed", "waiting sakura"));
  open_seat("mika");
  send([&](auto& c) {
    c.mutable_ring_operator()->set_call_id(report.last_call);
    c.mutable_ring_operator()->set_operator_id("mika");
    c.mutable_ring_operator()->set_attempt_id("a2");
  });
  send([](auto& c) { c.mutable_answer_seat()->set_attempt_id("a2"); });
  EXPECT_EQ(report.said.back(), "connected mika");
  control.media(SeatChanged{LegId("seat.mika"), SeatChange::kLost, "no consent"});
  EXPECT_EQ(report.said.back(), "waiting sakura");
}

TEST_F(Line, HoldsAndResumesByCommandAndByPhone) {
  const LineId phone = talk();
  send([&](auto& c) {
    c.mutable_hold_caller()->set_call_id(report.last_call);
    c.mutable_hold_caller()->set_on(true);
  });
  EXPECT_THAT(sound.said, ElementsAre("hold", "play hold-music looped"));
  send([&](auto& c) { c.mutable_hold_caller()->set_call_id(report.last_call); });
  EXPECT_THAT(report.said, ElementsAre("hold", "resume"));
  clear();
  control.line_offer(phone, std::string(kOffer) + "a=sendonly\r\n");
  EXPECT_THAT(report.said, ElementsAre("hold"));
  EXPECT_THAT(lines.said, ElementsAre("200 to offer"));
  control.line_offer(phone, std::string(kOffer));
  EXPECT_THAT(report.said, ElementsAre("hold", "resume"));
}

TEST_F(Line, APhoneHoldsAndResumesAlsoInItsAnswerToOurOffer) {
  const LineId phone = talk();
  const auto phone_answers = [&](const char* direction) {
    control.line_offer_wanted(phone);
    control.line_answer(phone, std::string(kOffer) + direction);
  };
  phone_answers("a=sendonly\r\n");
  EXPECT_THAT(report.said, ElementsAre("hold"));
  phone_answers("a=sendrecv\r\n");
  EXPECT_THAT(report.said, ElementsAre("hold", "resume"));
}

TEST_F(Line, APhoneThatRefreshesItsSessionTakesNobodyOffHold) {
  const LineId phone = talk();
  const auto hold = [this](bool on) {
    send([&](auto& c) {
      c.mutable_hold_caller()->set_call_id(report.last_call);
      c.mutable_hold_caller()->set_on(on);
    });
  };
  hold(true);
  control.line_offer(phone, std::string(kOffer));
  EXPECT_THAT(lines.said, ElementsAre("200 to offer"));
  EXPECT_THAT(report.said, ElementsAre("hold"));
  hold(false);
  clear();
  control.line_offer(phone, std::string(kOffer) + "a=sendonly\r\n");
  hold(false);  // the console takes it back, and the phone still says that it holds
  control.line_offer(phone, std::string(kOffer) + "a=sendonly\r\n");
  EXPECT_THAT(report.said, ElementsAre("hold", "resume"));
}

TEST_F(Line, APhoneTakesBackItsOwnHoldAndNotTheConsoles) {
  const LineId phone = talk();
  const auto phone_says = [&](const char* direction) {
    control.line_offer(phone, std::string(kOffer) + direction);
  };
  const auto hold_by_console = [this] {
    send([&](auto& c) {
      c.mutable_hold_caller()->set_call_id(report.last_call);
      c.mutable_hold_caller()->set_on(true);
    });
  };
  hold_by_console();
  phone_says("a=sendonly\r\n");
  phone_says("a=sendrecv\r\n");
  EXPECT_THAT(report.said, ElementsAre("hold"));
  send([&](auto& c) { c.mutable_hold_caller()->set_call_id(report.last_call); });
  clear();
  phone_says("a=sendonly\r\n");
  hold_by_console();  // from now on the console's as well
  phone_says("a=sendrecv\r\n");
  EXPECT_THAT(report.said, ElementsAre("hold"));
}

TEST_F(Line, MutesPausesAndEndsOnCommand) {
  talk();
  send([&](auto& c) {
    c.mutable_mute_operator()->set_call_id(report.last_call);
    c.mutable_mute_operator()->set_on(true);
  });
  send([&](auto& c) {
    c.mutable_pause_recording()->set_call_id(report.last_call);
    c.mutable_pause_recording()->set_on(true);
  });
  send([&](auto& c) { c.mutable_end_call()->set_call_id(report.last_call); });
  EXPECT_THAT(report.said, ElementsAre("mute", "recording paused", "ended ENDED_BY_CENTRE"));
  send([&](auto& c) { c.mutable_end_call()->set_call_id(report.last_call); });
  EXPECT_THAT(report.said.back(), testing::StartsWith("refused: call"));
}

TEST_F(Line, BlindTransferPutsTheCallerIntoTheOtherDesksQueue) {
  talk();
  send([&](auto& c) {
    c.mutable_requeue()->set_call_id(report.last_call);
    c.mutable_requeue()->set_desk_id("ume");
  });
  EXPECT_THAT(report.said, ElementsAre("left hana: transferred", "waiting ume"));
  EXPECT_THAT(lines.said, ElementsAre("hang up"));
}

TEST_F(Line, AHeldCallerWhoIsTransferredOrWhoseOperatorDisappearsIsHeldNoLonger) {
  const auto hold = [this] {
    send([&](auto& c) {
      c.mutable_hold_caller()->set_call_id(report.last_call);
      c.mutable_hold_caller()->set_on(true);
    });
    clear();
  };
  talk();
  hold();
  send([&](auto& c) {
    c.mutable_requeue()->set_call_id(report.last_call);
    c.mutable_requeue()->set_desk_id("ume");
  });
  EXPECT_THAT(report.said, ElementsAre("left hana: transferred", "resume", "waiting ume"));
  EXPECT_THAT(sound.said, Contains("unhold"));
  const LineId phone = talk();
  hold();
  control.line_ended(phone, sip::EndCause::kTransport, 0);
  EXPECT_THAT(report.said,
              ElementsAre("left hana: the operator's phone failed", "resume", "waiting sakura"));
}

TEST_F(Line, ReferFromAPhoneStaysInsideOurWalls) {
  const LineId phone = talk();
  control.line_refer(phone, "09055556666");
  EXPECT_THAT(lines.said, ElementsAre("603 to refer"));
  control.line_refer(phone, "0311110000");
  EXPECT_EQ(report.said.back(), "waiting ume");
  control.line_refer(caller, "0311110000");
  EXPECT_EQ(lines.said.back(), "603 to refer");
}

TEST_F(Line, AttendedTransferIsCompleted) {
  const LineId first = talk("hana");
  consult_phone("mika");
  EXPECT_THAT(report.said, ElementsAre("hold", "ringing mika"));
  control.line_answered(lines.last, std::string(kOffer));
  clear();
  send([&](auto& c) { c.mutable_complete_transfer()->set_call_id(report.last_call); });
  EXPECT_THAT(report.said, ElementsAre("left hana: transferred", "resume", "connected mika"));
  control.line_ended(first, sip::EndCause::kByUs, 0);
  EXPECT_EQ(report.said.back(), "connected mika");
  control.line_ended(lines.last, sip::EndCause::kByPeer, 0);
  EXPECT_EQ(report.said.back(), "ended OPERATOR_HUNG_UP");
}

TEST_F(Line, AttendedTransferIsCancelledOrFails) {
  talk("hana");
  consult_phone("mika");
  control.line_ended(lines.last, sip::EndCause::kRefused, 486);
  EXPECT_THAT(report.said,
              ElementsAre("hold", "ringing mika", "ring failed mika REFUSED", "resume"));
  consult_phone("mika");
  control.line_answered(lines.last, std::string(kOffer));
  clear();
  send([&](auto& c) { c.mutable_cancel_consult()->set_call_id(report.last_call); });
  EXPECT_THAT(report.said, ElementsAre("left mika: consultation over", "resume"));
}

TEST_F(Line, FirstOperatorWhoHangsUpWhileConsultingHandsOver) {
  const LineId first = talk("hana");
  consult_phone("mika");
  control.line_answered(lines.last, std::string(kOffer));
  clear();
  control.line_ended(first, sip::EndCause::kByPeer, 0);
  EXPECT_EQ(report.said.back(), "connected mika");
}

TEST_F(Line, ASilentCallersTelephoneIsAskedAgainAndAgainAndTheCallGoesOn) {
  talk();
  control.media(LegSilent{CallId(report.last_call), leg(), seconds(15)});
  control.media(LegHeard{CallId(report.last_call), leg()});
  pass(seconds(120));
  EXPECT_TRUE(lines.said.empty());
  control.media(LegSilent{CallId(report.last_call), leg(), seconds(15)});
  pass(seconds(106));
  EXPECT_THAT(lines.said, ElementsAre("probe"));
  pass(seconds(121));
  pass(seconds(121));
  EXPECT_THAT(lines.said, ElementsAre("probe", "probe", "probe"));
  EXPECT_TRUE(report.said.empty()) << "muted, not gone";
}

TEST_F(Line, ASilentCallerWhoseTelephoneIsGoneIsCutOffButNotOneWhoIsHeard) {
  talk();
  control.line_lost(caller);
  EXPECT_TRUE(report.said.empty()) << "sound comes, whatever the signalling says";
  control.media(LegSilent{CallId(report.last_call), leg(), seconds(15)});
  control.line_lost(caller);
  EXPECT_THAT(report.said, ElementsAre("ended CUT_OFF"));
}

TEST_F(Line, WhoNeverSentSoundIsAskedOnlyAfterTenMinutes) {
  reach_waiting();
  control.media(LegSilent{CallId(report.last_call), leg(), seconds(15), OnOff::kOff});
  pass(seconds(580));
  EXPECT_THAT(lines.said, Not(Contains("probe")));
  pass(seconds(6));
  EXPECT_THAT(lines.said, Contains("probe"));
  EXPECT_THAT(report.said, Not(Contains("ended CUT_OFF")));
}

TEST_F(Line, ClosedRecordingIsReportedWithItsDigestAlsoAfterTheCall) {
  talk();
  const std::string call = report.last_call;
  control.line_ended(caller, sip::EndCause::kByPeer, 0);
  RecordingClosed closed;
  closed.call = CallId(call);
  closed.file = call + ".1.mdgrec";
  closed.bytes = 1000;
  control.media(closed);
  ASSERT_EQ(report.digests.size(), 1U);
  EXPECT_EQ(report.digests[0].recording_id(), call + ".1");
  EXPECT_EQ(report.digests[0].organisation_id(), "org");
  EXPECT_EQ(report.said.back(), "recording closed");
}

TEST_F(Line, ARecordingThatFailedIsTroubleUntilAnotherIsWhole) {
  talk();
  const std::string call = report.last_call;
  control.media(RecordingFailed{CallId(call), "no space left on device"});
  EXPECT_EQ(report.said.back(), "trouble recording");
  RecordingClosed cut;
  cut.call = CallId(call);
  cut.file = call + ".1.mdgrec";
  cut.cut = OnOff::kOn;
  control.media(cut);
  EXPECT_EQ(report.said.back(), "recording closed");
  RecordingClosed whole;
  whole.call = CallId("another");
  whole.file = "another.1.mdgrec";
  control.media(whole);
  EXPECT_EQ(report.said.back(), "trouble recording");
  control.media(whole);
  EXPECT_EQ(report.said.back(), "recording closed");  // told once
}

TEST_F(Line, ARecordingThatAFullDiskInterruptsIsToldToGoOn) {
  talk();
  const CallId call(report.last_call);
  control.media(RecordingInterrupted{call, OnOff::kOn, "the disk is full"});
  EXPECT_THAT(report.said, ElementsAre("recording interrupted", "trouble recording"));
  clear();
  control.media(RecordingInterrupted{call, OnOff::kOff, ""});
  EXPECT_THAT(report.said, ElementsAre("recording goes on", "trouble recording"));
  EXPECT_TRUE(report.events.back().trouble().over());
}

TEST_F(Line, LateOfferIsAnsweredInTheAck) {
  call_in("0901", "0312345678", "");
  EXPECT_THAT(lines.said, ElementsAre("200"));
  control.line_answer(caller, std::string(kOffer));
  EXPECT_EQ(control.call_count(), 1U);
}

TEST_F(Line, ShutDownEndsEveryCallPolitely) {
  talk();
  call_in();
  clear();
  control.shut_down();
  EXPECT_THAT(report.said, ElementsAre("ended SHUT_DOWN", "ended SHUT_DOWN"));
  EXPECT_THAT(lines.said, Contains("hang up"));
  EXPECT_EQ(control.call_count(), 0U);
}

// ---- calls out

class CallOut : public Line {
 protected:
  void dial() {
    lines.phones.insert("hana");
    send([](auto& c) {
      auto& dial = *c.mutable_dial();
      dial.set_call_id("out1");
      dial.set_ticket_id("t1");
      dial.set_operator_id("hana");
      dial.set_by_phone(true);
      dial.set_desk_id("sakura");
      dial.set_timeout_us(30'000'000);
    });
  }
  void grant(const std::string& number) {
    wire::DialGranted grant;
    grant.set_call_id("out1");
    grant.set_ticket_id("t1");
    grant.set_organisation_id("org");
    grant.set_number(number);
    control.granted(grant);
  }
  void reach_line() {
    dial();
    phone = lines.last;
    control.line_answered(phone, std::string(kOffer));
    grant("09011112222");
  }
  LineId phone;  // the operator's
};

TEST_F(CallOut, RingsTheOperatorThenTheTicketsNumberShowingTheDesks) {
  reach_line();
  EXPECT_THAT(vault.said, ElementsAre("redeem t1"));
  EXPECT_THAT(lines.said, ElementsAre("INVITE hana", "INVITE +819011112222 showing +81120000001"));
  control.line_progress(lines.last, 180, "");
  control.line_answered(lines.last, std::string(kOffer));
  control.media(PromptFinished{CallId("out1"), {}, sound.plays});  // the notice
  EXPECT_THAT(report.said, ElementsAre("DIAL_RINGING", "answered", "recording started",
                                       "DIAL_TALKED", "connected hana"));
  EXPECT_EQ(vault.said.back(), "result talked");
}

TEST_F(CallOut, WhoIsGoneBeforeTheNoticeEndsWasNotTalkedWith) {
  const struct {
    std::function<void()> goes;
    std::string ended;
    std::string result;
  } rows[] = {
      {[&] { control.line_ended(lines.last, sip::EndCause::kByPeer, 0); }, "CALLER_HUNG_UP",
       "no_talk"},
      {[&] { control.line_ended(lines.last, sip::EndCause::kTransport, 0); }, "CUT_OFF", "cut_off"},
      {[&] { control.line_ended(phone, sip::EndCause::kByPeer, 0); }, "OPERATOR_HUNG_UP",
       "no_talk"},
  };
  for (const auto& row : rows) {
    reach_line();
    control.line_answered(lines.last, std::string(kOffer));
    clear();
    row.goes();
    EXPECT_THAT(report.said, ElementsAre("ended " + row.ended));
    EXPECT_THAT(vault.said, Contains("result " + row.result));
    EXPECT_THAT(vault.said, Not(Contains("result talked")));
    EXPECT_EQ(control.call_count(), 0U);
  }
}

TEST_F(CallOut, OutcomesOfTheLine) {
  const struct {
    sip::EndCause cause;
    int status;
    std::string outcome;
  } rows[] = {
      {sip::EndCause::kRefused, 486, "DIAL_BUSY"},
      {sip::EndCause::kRefused, 480, "DIAL_NO_ANSWER"},
      {sip::EndCause::kTimedOut, 408, "DIAL_NO_ANSWER"},
      {sip::EndCause::kRefused, 603, "DIAL_REFUSED"},
      {sip::EndCause::kRefused, 404, "DIAL_UNREACHABLE"},
      {sip::EndCause::kTransport, 503, "DIAL_UNREACHABLE"},
  };
  for (const auto& row : rows) {
    reach_line();
    clear();
    control.line_ended(lines.last, row.cause, row.status);
    EXPECT_THAT(report.said, ElementsAre(row.outcome, "ended NOT_CONNECTED"));
  }
  reach_line();
  clear();
  pass(seconds(31));
  EXPECT_THAT(report.said, ElementsAre("DIAL_NO_ANSWER", "ended NOT_CONNECTED"));
}

TEST_F(CallOut, NothingRingsOutsideThePermittedDestinations) {
  for (const char* number : {"110", "+15551234567", "119"}) {
    dial();
    control.line_answered(lines.last, std::string(kOffer));
    clear();
    grant(number);
    EXPECT_THAT(report.said, ElementsAre("DIAL_NOT_PERMITTED", "ended NOT_CONNECTED"));
    EXPECT_THAT(lines.said, ElementsAre("hang up"));
  }
}

TEST_F(CallOut, WithoutATicketNothingRings) {
  dial();
  vault.away = true;
  control.line_answered(lines.last, std::string(kOffer));
  EXPECT_THAT(report.said, ElementsAre("DIAL_NOT_PERMITTED", "ended NOT_CONNECTED"));
  vault.away = false;
  clear();
  dial();
  control.line_answered(lines.last, std::string(kOffer));
  wire::DialDenied denied;
  denied.set_call_id("out1");
  denied.set_ticket_id("t1");
  control.denied(denied);
  EXPECT_THAT(report.said, ElementsAre("DIAL_NOT_PERMITTED", "ended NOT_CONNECTED"));
}

TEST_F(CallOut, OperatorWhoDoesNotAnswerEndsIt) {
  dial();
  control.line_ended(lines.last, sip::EndCause::kRefused, 486);
  EXPECT_THAT(report.said, ElementsAre("DIAL_OPERATOR_GONE", "ended NOT_CONNECTED"));
  lines.phones.clear();
  clear();
  send([](auto& c) {
    c.mutable_dial()->set_call_id("out2");
    c.mutable_dial()->set_desk_id("sakura");
    c.mutable_dial()->set_operator_id("hana");
    c.mutable_dial()->set_by_phone(true);
  });
  EXPECT_THAT(report.said, ElementsAre("DIAL_OPERATOR_GONE", "ended NOT_CONNECTED"));
}

TEST_F(CallOut, DemoCallSpeaksOnlyWhereAllowed) {
  send([](auto& c) {
    c.mutable_demo_call()->set_number_called("+81312345678");
    c.mutable_demo_call()->set_prompt("speech");
  });
  EXPECT_THAT(lines.said, ElementsAre("INVITE self +81312345678"));
  control.line_answered(lines.last, std::string(kOffer));
  EXPECT_THAT(sound.said, ElementsAre("play speech looped"));
  control.line_ended(lines.last, sip::EndCause::kByPeer, 0);
  EXPECT_EQ(sound.said.back(), "remove call");
  settings.allow_demo_calls = false;
  send([](auto& c) { c.mutable_demo_call()->set_number_called("+81312345678"); });
  EXPECT_THAT(report.said.back(), testing::StartsWith("refused: demo calls are off"));
}

}  // namespace
}  // namespace madoguchi::exchange
