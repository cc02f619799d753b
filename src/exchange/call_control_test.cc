#include "exchange/call_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "exchange/line_testing.h"

namespace madoguchi::exchange {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using Said = std::vector<std::string>;

TEST_F(Line, IsAnsweredOnlyWhenTheArrivalIsOnDisk) {
  store_at_once = false;
  call_in();
  EXPECT_THAT(report.said, ElementsAre("arrived sakura"));
  EXPECT_TRUE(lines.said.empty());
  stored(true);
  EXPECT_THAT(lines.said, ElementsAre("200"));
  EXPECT_THAT(report.said, ElementsAre("arrived sakura", "answered", "recording started"));
}

TEST_F(Line, ADiskThatRefusesGetsTheCaller503) {
  store_at_once = false;
  call_in();
  stored(false);
  EXPECT_THAT(lines.said, ElementsAre("503"));
  EXPECT_THAT(report.said, ElementsAre("arrived sakura", "ended CUT_OFF"));
  clear();
  report.trouble = true;
  call_in();
  EXPECT_THAT(lines.said, ElementsAre("503"));
  EXPECT_TRUE(report.said.empty());
}

TEST_F(Line, RefusalsHaveTheirStatus) {
  call_in("090", "0399990000");
  call_in("090", "0399999999");  // in the directory, no desk yet
  call_in("090", "0312345678", "v=0\r\n");
  call_in("090", "0312345678",
          "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\n"
          "m=video 4000 RTP/AVP 96\r\n");
  sound.full = true;
  call_in();
  EXPECT_THAT(lines.said, ElementsAre("404", "480", "400", "488", "503"));
  EXPECT_TRUE(report.said.empty());
  EXPECT_EQ(control.call_count(), 0U);
}

TEST_F(Line, WithoutADirectoryNothingCanBeSealedSoCallersComeBackLater) {
  Tables empty{"+81"};
  CallControl young(settings, empty, {lines, sound, report, vault}, entropy);
  IncomingLine incoming;
  incoming.called = "0312345678";
  young.incoming(incoming);
  EXPECT_THAT(lines.said, ElementsAre("503"));
}

TEST_F(Line, NumberLeavesOnlySealed) {
  call_in("09011112222");
  ASSERT_EQ(report.tokens.size(), 1U);
  const auto opened = unseal(as_bytes(report.tokens[0].sealed_number()), keys);
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(*opened), "09011112222");
  for (const auto& event : report.events)
    EXPECT_EQ(event.SerializeAsString().find("9011112222"), std::string::npos);
}

TEST_F(Line, ScriptOfAnOpenDesk) {
  call_in();
  prompt_ends();
  prompt_ends();
  EXPECT_THAT(sound.said,
              ElementsAre("record", "play greeting", "play notice", "play music looped"));
  EXPECT_THAT(report.said,
              ElementsAre("arrived sakura", "answered", "recording started", "waiting sakura"));
}

TEST_F(Line, ScriptsWithPartsLeftOut) {
  const struct {
    std::function<void(wire::DeskPlan&)> change;
    Said plays;
  } rows[] = {
      {[](auto& p) { p.clear_greeting_prompt(); }, {"record", "play notice"}},
      {[](auto& p) { p.set_recorded(false); }, {"play greeting"}},
      {[](auto& p) {
         p.clear_greeting_prompt();
         p.clear_notice_prompt();
       },
       {"record", "play music looped"}},
      {[](auto& p) {
         p.clear_greeting_prompt();
         p.set_recorded(false);
         p.set_callback_offer_every_us(0);
       },
       {"play offer"}},
      {[](auto& p) {
         p.clear_greeting_prompt();
         p.set_recorded(false);
         p.clear_waiting_prompt();
         p.set_callback_policy(wire::NEVER);
       },
       {"stop"}},
      {[](auto& p) { p.set_open(false); }, {"record", "play closed"}},
  };
  for (const auto& row : rows) {
    wire::DeskPlan plan = full_plan();
    row.change(plan);
    set_plan(plan);
    clear();
    call_in();
    EXPECT_EQ(sound.said, row.plays);
  }
}

TEST_F(Line, WhenFreeRingsUntilAnOperatorAnswersThenSaysTheNotice) {
  wire::DeskPlan plan = full_plan();
  plan.set_answer_mode(wire::WHEN_FREE);
  set_plan(plan);
  call_in();
  EXPECT_THAT(lines.said, ElementsAre("180"));
  EXPECT_THAT(report.said, ElementsAre("arrived sakura", "waiting sakura"));
  ring_phone("hana");
  control.line_answered(lines.last, std::string(kOffer));
  EXPECT_THAT(lines.said, ElementsAre("180", "INVITE hana", "200"));
  EXPECT_THAT(sound.said, ElementsAre("record", "play notice"));
  EXPECT_THAT(report.said, Not(Contains("connected hana")));
  prompt_ends();
  EXPECT_THAT(report.said, Contains("connected hana"));
  EXPECT_THAT(sound.said, Contains("connect"));
}

TEST_F(Line, KeyNineDuringTheNoticeRefusesTheRecording) {
  call_in();
  prompt_ends();
  key('9');
  EXPECT_THAT(sound.said, Contains("erase recording"));
  EXPECT_THAT(report.said, Contains("recording refused"));
  EXPECT_EQ(sound.said.back(), "play unrecorded");
  prompt_ends();
  EXPECT_EQ(report.said.back(), "waiting sakura");
  ring_phone("hana");
  clear();
  control.line_answered(lines.last, std::string(kOffer));
  EXPECT_THAT(sound.said, Not(Contains("record")));
  EXPECT_EQ(report.said.back(), "connected hana");
}

TEST_F(Line, KeyNineIsHeardAMomentAfterTheNoticeToo) {
  reach_waiting();
  clear();
  key('9');
  EXPECT_THAT(sound.said, ElementsAre("erase recording", "play unrecorded"));
  EXPECT_THAT(report.said, Contains("recording refused"));
  prompt_ends();
  EXPECT_EQ(sound.said.back(), "play music looped");
  key('9');
  EXPECT_EQ(sound.said.back(), "play music looped");
}

TEST_F(Line, CallbackIsOfferedAgainAndAgainAndKeyOneAgrees) {
  reach_waiting();
  pass(seconds(30));
  EXPECT_THAT(sound.said, ElementsAre("play offer"));
  prompt_ends();
  EXPECT_EQ(sound.said.back(), "play music looped");
  pass(seconds(30));
  EXPECT_EQ(sound.said.back(), "play offer");
  key('1');
  EXPECT_EQ(sound.said.back(), "play thanks");
  EXPECT_THAT(report.said, ElementsAre("callback own line"));
  ASSERT_EQ(report.wishes.size(), 1U);
  EXPECT_EQ(report.to_store.size(), 1U);
  prompt_ends();
  EXPECT_EQ(report.said.back(), "ended CALLBACK_CHOSEN");
  EXPECT_EQ(lines.said.back(), "hang up");
}

TEST_F(Line, KeysCountDuringGreetingAndNoticeAsWhileWaiting) {
  const auto begin = [&](int words) {
    call_in();
    for (int i = 0; i < words; ++i) prompt_ends();
    clear();
  };
  for (const int words : {0, 1}) {  // in the greeting, in the notice
    begin(words);
    key('1');
    EXPECT_THAT(sound.said, ElementsAre("play thanks"));
    EXPECT_THAT(report.said, ElementsAre("callback own line"));
    begin(words);
    control.line_digit(caller, '1');  // by INFO
    EXPECT_THAT(report.said, ElementsAre("callback own line"));
    begin(words);
    key('2');
    keys_in("09022223333#");
    EXPECT_THAT(sound.said, ElementsAre("play digits", "stop", "play thanks"));
    begin(words);
    key('9');
    EXPECT_THAT(sound.said, ElementsAre("erase recording", "play unrecorded"));
    prompt_ends();
    EXPECT_EQ(sound.said.back(), "play music looped") << "without the notice, which is not true";
  }
}

TEST_F(Line, WhoKeysNothingAfterTheGreetingStillHearsTheNoticeAndWaits) {
  call_in();
  key('2');
  clear();
  pass(seconds(31));
  EXPECT_THAT(sound.said, ElementsAre("play notice"));
  prompt_ends();
  EXPECT_EQ(sound.said.back(), "play music looped");
  EXPECT_THAT(report.said, ElementsAre("waiting sakura"));
}

TEST_F(Line, KeysInTheGreetingOfADeskThatNeitherRecordsNorRingsBackDoNothing) {
  wire::DeskPlan plan = full_plan();
  plan.set_recorded(false);
  plan.set_callback_policy(wire::NEVER);
  set_plan(plan);
  call_in();
  clear();
  keys_in("129");
  EXPECT_TRUE(sound.said.empty());
  EXPECT_TRUE(report.said.empty());
}

TEST_F(Line, AnotherNumberIsKeyedCheckedAndSealed) {
  reach_waiting();
  key('2');
  EXPECT_EQ(sound.said.back(), "play digits");
  keys_in("110#");  // an emergency number
  EXPECT_EQ(sound.said.back(), "play digits");
  keys_in("0120123456#");  // a service
  keys_in("*09099*");      // begins again
  keys_in("08033334444#");
  EXPECT_EQ(sound.said.back(), "play thanks");
  EXPECT_THAT(report.said, ElementsAre("callback other line"));
  ASSERT_EQ(report.wishes.size(), 1U);
  EXPECT_EQ(as_text(*unseal(as_bytes(report.wishes[0].sealed_number()), keys)), "08033334444");
  for (const auto& event : report.events)
    EXPECT_EQ(event.SerializeAsString().find("08033334444"), std::string::npos);
}

TEST_F(Line, AKeyThatComesByInfoAndAsAnEventCountsOnceWhicheverIsFirst) {
  const std::string keys_pressed = "208033334444#";
  const auto number = [&] {
    EXPECT_THAT(report.said, ElementsAre("callback other line"));
    const auto wishes = std::exchange(report.wishes, {});
    return wishes.empty()
               ? ""
               : std::string(as_text(*unseal(as_bytes(wishes[0].sealed_number()), keys)));
  };
  reach_waiting();
  for (const char one : keys_pressed) {
    key(one);
    control.line_digit(caller, one);
  }
  EXPECT_EQ(number(), "08033334444");
  reach_waiting();
  for (const char one : keys_pressed) {
    control.line_digit(caller, one);
    key(one);
  }
  EXPECT_EQ(number(), "08033334444");
  reach_waiting();
  for (const char one : keys_pressed) control.line_digit(caller, one);
  EXPECT_EQ(number(), "08033334444") << "by INFO alone, though events were agreed";
}

TEST_F(Line, ThreeWrongNumbersLeadBackToTheQueue) {
  reach_waiting();
  key('2');
  keys_in("1#2#0312345678#");  // our own number is no callback number either
  EXPECT_EQ(sound.said.back(), "play music looped");
  EXPECT_TRUE(report.wishes.empty());
}

TEST_F(Line, WhoKeysNothingGoesBackToTheQueue) {
  reach_waiting();
  key('2');
  pass(seconds(31));
  EXPECT_THAT(sound.said, Contains("play music looped"));
}

TEST_F(Line, AWithheldLineIsAskedForANumber) {
  call_in(std::nullopt);
  EXPECT_TRUE(report.tokens.empty());
  prompt_ends();
  prompt_ends();
  key('1');
  EXPECT_EQ(sound.said.back(), "play digits");
  EXPECT_TRUE(report.wishes.empty());
}

// Nobody answers there, or we may not ring it: abroad, one of our own, services, an emergency, what
// is cut short, an extension.
constexpr std::array kNoLines = {"+12025550123", "+81399999999", "0120123456", "0990123456",
                                 "110",          "0312",         "1001",       "02012345678"};

TEST_F(Line, WhoseLineCannotBeRungBackIsAskedForANumberRatherThanThanked) {
  for (const char* number : kNoLines) {
    SCOPED_TRACE(number);
    call_in(number);
    clear();
    key('1');
    EXPECT_THAT(sound.said, ElementsAre("play digits"));
    keys_in("08033334444#");
    EXPECT_THAT(report.said, ElementsAre("callback other line"));
    EXPECT_EQ(std::exchange(report.wishes, {}).size(), 1U);
  }
  for (const char* number : {"09011112222", "+81612345678", "81612345678", "05011112222"}) {
    SCOPED_TRACE(number);
    call_in(number);
    clear();
    key('1');
    EXPECT_THAT(sound.said, ElementsAre("play thanks"));
  }
}

TEST_F(Line, ALineAbroadIsRungBackWhereTheSettingsPermitIt) {
  const auto says = [&] {
    call_in("+12025550123");
    clear();
    key('1');
    return sound.said.back();
  };
  settings.out.permitted = {"+81", "+1"};
  EXPECT_EQ(says(), "play thanks");
  settings.out.forbidden = {"+1202"};
  EXPECT_EQ(says(), "play digits");
  settings.out = {};
  EXPECT_EQ(says(), "play digits");
}

TEST_F(Line, AnOperatorCannotPromiseALineThatCannotBeRung) {
  call_in("0120123456");
  prompt_ends();
  prompt_ends();
  ring_phone("hana");
  control.line_answered(lines.last, std::string(kOffer));
  clear();
  send([&](auto& c) { c.mutable_promise_callback()->set_call_id(report.last_call); });
  EXPECT_THAT(report.said, ElementsAre("refused: there is no line of this call's to ring"));
  EXPECT_TRUE(report.wishes.empty());
}

class AnnouncingLine : public Line {
 protected:
  void SetUp() override {
    Line::SetUp();
    wire::DeskPlan plan = full_plan();
    plan.set_callback_policy(wire::ANNOUNCED);
    plan.set_callback_announcement_prompt("announcement");
    set_plan(plan);
  }
  void leaves(sip::EndCause how = sip::EndCause::kByPeer) {
    clear();
    control.line_ended(caller, how, 0);
  }
  wire::CallArrived arrival() const {
    const auto& events = report.events;
    const auto last = std::find_if(events.rbegin(), events.rend(),
                                   [](const auto& event) { return event.has_call_arrived(); });
    return last == events.rend() ? wire::CallArrived() : last->call_arrived();
  }
};

TEST_F(AnnouncingLine, SaysSoToWhoWaitsAndOffersTheKeyToWhoWithholds) {
  reach_waiting();
  pass(seconds(30));
  EXPECT_THAT(sound.said, ElementsAre("play announcement"));
  prompt_ends();
  EXPECT_EQ(sound.said.back(), "play music looped");
  call_in(std::nullopt);
  prompt_ends();
  prompt_ends();
  pass(seconds(30));
  EXPECT_THAT(sound.said, Contains("play offer"));
}

TEST_F(AnnouncingLine, HangingUpAtAnyStageBeforeATalkAsksForACallback) {
  const auto asks = [&](const char* ended) {
    EXPECT_THAT(report.said, testing::IsSupersetOf({std::string("callback own line as announced"),
                                                    std::string(ended)}));
    EXPECT_EQ(std::exchange(report.wishes, {}).size(), 1U);
  };
  call_in();
  leaves();  // in the greeting
  asks("ended CALLER_HUNG_UP");
  call_in();
  prompt_ends();
  leaves();  // in the notice
  asks("ended CALLER_HUNG_UP");
  call_in();
  prompt_ends();
  key('9');
  leaves();  // in the words about not recording
  asks("ended CALLER_HUNG_UP");
  reach_waiting();
  leaves(sip::EndCause::kTimedOut);
  asks("ended CUT_OFF");
  reach_waiting();
  key('2');
  keys_in("0903");
  leaves();  // before the number was complete
  asks("ended CALLER_HUNG_UP");
  reach_waiting();
  ring_phone("hana");
  leaves();
  asks("ended CALLER_HUNG_UP");
  reach_waiting();
  clear();
  control.shut_down();
  asks("ended SHUT_DOWN");
}

TEST_F(AnnouncingLine, WhoseLineCannotBeRungHearsOfTheKeyAndIsPromisedNothing) {
  for (const char* number : kNoLines) {
    SCOPED_TRACE(number);
    call_in(number);
    prompt_ends();
    prompt_ends();
    clear();
    pass(seconds(30));
    EXPECT_THAT(sound.said, ElementsAre("play offer"));
    leaves();
    EXPECT_THAT(report.said, ElementsAre("ended CALLER_HUNG_UP"));
    EXPECT_TRUE(arrival().unringable()) << "known after a crash, too";
  }
  EXPECT_TRUE(report.wishes.empty());
  for (const auto& number : {std::optional<std::string>("09011112222"), {}}) {
    call_in(number);
    EXPECT_FALSE(arrival().unringable());
  }
}

TEST_F(AnnouncingLine, AKeyPressIsTheCallersOwnWishAndNotAskedTwice) {
  reach_waiting();
  key('1');
  EXPECT_THAT(report.said, ElementsAre("callback own line"));
  leaves();  // without hearing our thanks
  EXPECT_THAT(report.said, ElementsAre("ended CALLBACK_CHOSEN"));
  EXPECT_EQ(report.wishes.size(), 1U);
}

TEST_F(AnnouncingLine, NobodyIsRungBackWhoWithheldOrTalkedOrCalledOutsideHours) {
  call_in(std::nullopt);
  prompt_ends();
  prompt_ends();
  leaves();
  EXPECT_THAT(report.said, ElementsAre("ended CALLER_HUNG_UP"));
  reach_waiting();
  ring_phone("hana");
  control.line_answered(lines.last, std::string(kOffer));
  leaves();
  EXPECT_THAT(report.said, Not(Contains("callback own line as announced")));
  wire::DeskPlan closed = full_plan();
  closed.set_callback_policy(wire::ANNOUNCED);
  closed.set_open(false);
  set_plan(closed);
  call_in();
  prompt_ends();
  leaves();
  EXPECT_THAT(report.said, ElementsAre("ended CALLER_HUNG_UP"));
  EXPECT_TRUE(report.wishes.empty());
}

TEST_F(Line, WhatTheCallerSaysToTheOperatorIsAskedOfTheVaultOnce) {
  reach_waiting();
  ring_phone("hana");
  control.line_answered(lines.last, std::string(kOffer));
  clear();
  wire::Command said;
  said.mutable_promise_callback()->set_call_id(report.last_call);
  control.command(said);
  control.command(said);
  EXPECT_THAT(report.said, ElementsAre("callback own line said to the operator"));
  ASSERT_EQ(report.wishes.size(), 1U);
  EXPECT_EQ(as_text(*unseal(as_bytes(report.wishes[0].sealed_number()), keys)), "09011112222");
  EXPECT_EQ(report.to_store.size(), 1U);
}

TEST_F(Line, ThePlaceIsToldOnlyToWhoHearsNothingElse) {
  wire::Command place;
  call_in();
  place.mutable_announce_place()->set_call_id(report.last_call);
  place.mutable_announce_place()->add_prompts("place-3");
  clear();
  control.command(place);  // the greeting plays
  EXPECT_TRUE(sound.said.empty());
  prompt_ends();
  prompt_ends();
  clear();
  control.command(place);
  EXPECT_THAT(sound.said, ElementsAre("play place-3"));
  prompt_ends();
  EXPECT_EQ(sound.said.back(), "play music looped");
  control.line_ended(caller, sip::EndCause::kByPeer, 0);
  clear();
  control.command(place);
  EXPECT_TRUE(sound.said.empty());
  EXPECT_TRUE(report.said.empty());
}

TEST_F(Line, PolicyNeverIgnoresTheKeys) {
  wire::DeskPlan plan = full_plan();
  plan.set_callback_policy(wire::NEVER);
  set_plan(plan);
  reach_waiting();
  keys_in("12");
  EXPECT_TRUE(report.said.empty());
  EXPECT_TRUE(sound.said.empty());
}

TEST_F(Line, ClosedDeskOffersACallbackThenEnds) {
  wire::DeskPlan plan = full_plan();
  plan.set_open(false);
  set_plan(plan);
  call_in();
  prompt_ends();
  EXPECT_EQ(sound.said.back(), "play offer");
  prompt_ends();
  pass(seconds(9));
  EXPECT_EQ(report.said.back(), "ended CLOSED_HOURS");
  clear();
  call_in();
  key('1');
  prompt_ends();
  EXPECT_THAT(report.said, Contains("callback own line"));
  EXPECT_EQ(report.said.back(), "ended CALLBACK_CHOSEN");
}

TEST_F(Line, ClosedDeskWithoutWordsRefuses) {
  wire::DeskPlan plan = full_plan();
  plan.set_open(false);
  plan.clear_closed_prompt();
  plan.set_callback_policy(wire::NEVER);
  set_plan(plan);
  call_in();
  EXPECT_THAT(lines.said, ElementsAre("480"));
  EXPECT_EQ(report.said.back(), "ended CLOSED_HOURS");
  plan.set_callback_policy(wire::ASK);
  plan.clear_callback_offer_prompt();
  set_plan(plan);
  clear();
  call_in();
  EXPECT_THAT(lines.said, ElementsAre("480"));
}

TEST_F(Line, ClosedDeskThatHasNoWordsButTheOfferMakesIt) {
  wire::DeskPlan plan = full_plan();
  plan.set_open(false);
  plan.clear_closed_prompt();
  set_plan(plan);
  call_in();
  EXPECT_THAT(lines.said, ElementsAre("200"));
  EXPECT_EQ(sound.said.back(), "play offer");
  key('1');
  prompt_ends();
  EXPECT_THAT(report.said, Contains("callback own line"));
  EXPECT_EQ(report.said.back(), "ended CALLBACK_CHOSEN");
}

TEST_F(Line, CallerMayLeaveAtEveryStage) {
  call_in();
  control.line_ended(caller, sip::EndCause::kByPeer, 0);
  EXPECT_EQ(report.said.back(), "ended CALLER_HUNG_UP");
  store_at_once = false;
  call_in();
  control.line_ended(caller, sip::EndCause::kCancelled, 0);
  EXPECT_EQ(report.said.back(), "ended CALLER_CANCELLED");
  stored(true);  // comes too late, changes nothing
  EXPECT_EQ(report.said.back(), "ended CALLER_CANCELLED");
  store_at_once = true;
  reach_waiting();
  ring_phone("hana");
  control.line_ended(caller, sip::EndCause::kByPeer, 0);
  EXPECT_THAT(report.said,
              ElementsAre("ringing hana", "ring failed hana CANCELLED", "ended CALLER_HUNG_UP"));
  EXPECT_THAT(lines.said, ElementsAre("INVITE hana", "hang up"));
  talk();
  control.line_ended(caller, sip::EndCause::kSessionExpired, 0);
  EXPECT_EQ(report.said.back(), "ended CUT_OFF");
  EXPECT_EQ(control.call_count(), 0U);
}

}  // namespace
}  // namespace madoguchi::exchange
