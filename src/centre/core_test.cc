#include "centre/core_fixture.h"

namespace madoguchi::centre {
namespace {

TEST_F(CoreTest, TakesACallFromArrivalToDisposition) {
  const Browser hana = signed_in("hana");
  wait_attached(hana);
  ready(hana);
  call_arrives("C1");
  talk(hana, "C1");
  EXPECT_EQ(hana.ask("POST", "/calls/C1/hold").status, 202);
  const auto hold =
      exchange_.take([](const wire::Command& command) { return command.has_hold_caller(); });
  ASSERT_TRUE(hold);
  EXPECT_TRUE(hold->hold_caller().on());
  call_ends("C1");
  until(hana, "/operators/me", [](const json& me) { return me.at("state") == "wrap_up"; });
  EXPECT_EQ(hana.ask("POST", "/calls/C1/wrap_up", R"({"disposition":"nonsense"})").status, 400);
  EXPECT_EQ(
      hana.ask("POST", "/calls/C1/wrap_up", R"({"disposition":"answered","next":"away"})").status,
      202);
  const json call = until(hana, "/calls/C1", [](const json& seen) {
    return seen.contains("disposition") && seen.at("disposition") == "answered";
  });
  EXPECT_EQ(call.at("outcome"), "talked");
  EXPECT_EQ(call.at("legs").size(), 1u);
  EXPECT_EQ(hana.ask("GET", "/operators/me").parsed().at("state"), "away");
  EXPECT_TRUE(exchange_.wait_acknowledged());
}

TEST_F(CoreTest, TheStreamBeginsWithEverythingAndNumbersWhatFollows) {
  const Browser hana = signed_in("hana");
  wait_attached(hana);
  ready(hana);
  const auto events = hana.events();
  const json snapshot = json::parse(events->hear_frame());
  EXPECT_EQ(snapshot.at("type"), "snapshot");
  EXPECT_EQ(snapshot.at("desks").at(0).at("name"), "漏えい窓口");
  EXPECT_EQ(snapshot.at("operators").size(), 2u);
  call_arrives("C1");
  int seq = 0;
  bool rang = false;
  while (!rang) {
    const std::string text = events->hear_frame();
    ASSERT_FALSE(text.empty());
    const json message = json::parse(text);
    if (message.at("type") == "heartbeat") continue;
    ASSERT_EQ(message.at("seq"), ++seq);
    rang = message.at("type") == "call" && message.at("call").at("stage") == "ringing" &&
           message.at("call").at("operator_id") == "hana";
  }
}

TEST_F(CoreTest, ARestartKeepsSessionsStatesAndLiveCalls) {
  Browser hana = signed_in("hana");
  wait_attached(hana);
  ready(hana);
  call_arrives("C1");
  talk(hana, "C1");
  ASSERT_TRUE(exchange_.wait_acknowledged());
  wire::LiveCall live;
  live.set_call_id("C1");
  live.set_desk_id("sakura");
  live.set_organisation_id("bank");
  live.set_stage(wire::TALKING);
  live.set_operator_id("hana");
  exchange_.set_live(live);
  stop();
  start();
  hana.move_to(core_->web_port());
  wait_attached(hana);
  EXPECT_EQ(hana.ask("GET", "/operators/me").parsed().at("state"), "talking");
  const json calls = hana.ask("GET", "/calls?live=true").parsed().at("items");
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls.at(0).at("stage"), "talking");
  EXPECT_EQ(calls.at(0).at("number_called"), "+81312345678");
  EXPECT_EQ(hana.ask("POST", "/calls/C1/hold").status, 202);
}

TEST_F(CoreTest, WithTheStoreAwayNothingIsAcknowledgedAndItRecoversByItself) {
  const Browser suzu = signed_in("suzu");
  wait_attached(suzu);
  call_arrives("C1");
  ASSERT_TRUE(exchange_.wait_acknowledged());
  const auto before = exchange_.acknowledged();
  store_.set_away(true);
  call_arrives("C2");
  const json status = until(suzu, "/status", [](const json& seen) {
    return !seen.at("troubles").empty() && seen.at("store").at("connected") == false;
  });
  EXPECT_EQ(status.at("troubles").at(0).at("kind"), "store");
  EXPECT_EQ(exchange_.acknowledged(), before);
  store_.set_away(false);
  EXPECT_TRUE(exchange_.wait_acknowledged());
  const json calls = until(suzu, "/calls?live=true",
                           [](const json& seen) { return seen.at("items").size() == 2; });
  EXPECT_EQ(calls.at("items").size(), 2u);
  until(suzu, "/status", [](const json& seen) { return seen.at("troubles").empty(); });
}

TEST_F(CoreTest, WhileTheStoreIsAwayNoOperatorMissesARingThatNeverRang) {
  const Browser hana = signed_in("hana");
  wait_attached(hana);
  ready(hana);
  store_.set_away(true);
  call_arrives("C1");
  until(hana, "/status", [](const json& seen) { return !seen.at("troubles").empty(); });
  clock_.pass(std::chrono::minutes(5));
  for (int passes = 0; passes < 3; ++passes) EXPECT_EQ(hana.ask("GET", "/status").status, 200);
  store_.set_away(false);
  EXPECT_TRUE(exchange_.take([](const wire::Command& one) { return one.has_ring_operator(); }));
  EXPECT_EQ(hana.ask("GET", "/operators/me").parsed().at("state"), "ringing");
}

TEST_F(CoreTest, WhatTheExchangeTellsOthersThanTheCallFlowIsAcknowledgedToo) {
  const Browser suzu = signed_in("suzu");
  wait_attached(suzu);
  exchange_.tell([](wire::Event& event) {
    event.mutable_trouble()->set_kind("spool");
    event.mutable_trouble()->set_over(true);
  });
  EXPECT_TRUE(exchange_.wait_acknowledged());
}

TEST_F(CoreTest, EventsBeforeTheSnapshotHideNothingThatBelongsBeforeThem) {
  stop();
  std::vector<wire::Event> kept(2);
  fill_arrival(kept[0], "C1");
  fill_arrival(kept[1], "C2");
  exchange_.keep(kept);
  start();
  const Browser suzu = signed_in("suzu");
  EXPECT_TRUE(exchange_.wait_acknowledged());
  const json calls =
      until(suzu, "/calls", [](const json& seen) { return seen.at("items").size() == 2; });
  EXPECT_EQ(calls.at("items").size(), 2u);
}

TEST_F(CoreTest, FiveWrongPasswordsLockAnAccountAndSayNothingElse) {
  Browser stranger = browser();
  for (int i = 0; i < 5; ++i) {
    const auto answer = stranger.sign_in("hana", "not the password");
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.parsed().at("message"),
              stranger.sign_in("nobody", "not the password").parsed().at("message"));
  }
  const auto locked = stranger.sign_in("hana", kPassword);
  EXPECT_EQ(locked.status, 401);
  EXPECT_EQ(locked.body, stranger.sign_in("nobody", kPassword).body);
  EXPECT_EQ(signed_in("suzu").ask("GET", "/session").status, 200);
}

TEST_F(CoreTest, ChangesNeedTheTokenAndTheRole) {
  Browser hana = signed_in("hana");
  EXPECT_EQ(hana.ask("GET", "/accounts").status, 403);
  EXPECT_EQ(hana.ask("POST", "/session/password", "{}", "text/plain").status, 400);
  hana.forget_csrf();
  EXPECT_EQ(hana.ask("PUT", "/operators/me/state", R"({"state":"ready"})").status, 403);
  EXPECT_EQ(browser().ask("GET", "/calls").status, 401);
}

TEST_F(CoreTest, AClientSeesItsOwnOrganisationAlone) {
  const Browser suzu = signed_in("suzu");
  wait_attached(suzu);
  call_arrives("C1");
  ASSERT_TRUE(exchange_.wait_acknowledged());
  const Browser client = signed_in("shopkeeper");
  EXPECT_EQ(client.ask("GET", "/desks").parsed().at("items").size(), 0u);
  EXPECT_EQ(client.ask("GET", "/calls?live=true").parsed().at("items").size(), 0u);
  EXPECT_EQ(client.ask("GET", "/calls").parsed().at("items").size(), 0u);
  EXPECT_EQ(client.ask("GET", "/calls/C1").status, 403);
  EXPECT_EQ(client.ask("GET", "/operators").status, 403);
  EXPECT_EQ(client.ask("GET", "/balance").parsed().at("total").at("arrived"), 0);
}

TEST_F(CoreTest, APromiseIsRungByTicketOrRefusedWithTheVaultsReason) {
  const Browser hana = signed_in("hana");
  wait_attached(hana);
  ready(hana);
  const auto ask_back = [&](const std::string& call, const std::string& wish) {
    call_arrives(call);
    exchange_.tell([&](wire::Event& event) {
      auto& asked = *event.mutable_callback_asked();
      asked.set_call_id(call);
      asked.set_line_token("T-" + call);
      asked.set_wish_id(wish);
    });
    exchange_.tell([&](wire::Event& event) {
      event.mutable_call_ended()->set_call_id(call);
      event.mutable_call_ended()->set_cause(wire::CALLBACK_CHOSEN);
    });
  };
  ask_back("C1", "W-refused");
  json list = until(hana, "/promises", [](const json& seen) { return !seen.at("items").empty(); });
  const std::string refused = list.at("items").at(0).at("id");
  until(hana, "/operators/me", [](const json& me) { return me.at("state") != "ringing"; });
  hana.ask("PUT", "/operators/me/state", R"({"state":"away","reason":"desk_work"})");
  const auto denied = hana.ask("POST", "/promises/" + refused + "/take");
  EXPECT_EQ(denied.status, 409);
  EXPECT_EQ(denied.parsed().at("code"), "redial_limit");

  ask_back("C2", "W-good");
  list = until(hana, "/promises", [&](const json& seen) {
    return std::any_of(seen.at("items").begin(), seen.at("items").end(),
                       [&](const json& one) { return one.at("id") != refused; });
  });
  std::string good;
  for (const json& one : list.at("items"))
    if (one.at("id") != refused) good = one.at("id");
  until(hana, "/operators/me", [](const json& me) {
    return me.at("state") == "away" || me.at("state") == "wrap_up" || me.at("state") == "ready";
  });
  const auto taken = hana.ask("POST", "/promises/" + good + "/take");
  EXPECT_EQ(taken.status, 202) << taken.body;
  const auto dial = exchange_.take([](const wire::Command& command) { return command.has_dial(); });
  ASSERT_TRUE(dial);
  EXPECT_EQ(dial->dial().ticket_id(), "K1");
  EXPECT_EQ(dial->dial().call_id(), taken.parsed().at("call_id"));
}

TEST_F(CoreTest, ACallbackPromisedAloudIsAskedOfTheExchangeAndShownWithItsTime) {
  const Browser hana = signed_in("hana");
  wait_attached(hana);
  ready(hana);
  call_arrives("C1");
  talk(hana, "C1");
  const std::string path = "/calls/C1/promise";
  EXPECT_EQ(hana.ask("POST", path, R"({"reason":"because"})").status, 400);
  EXPECT_EQ(hana.ask("POST", path, R"({"reason":"caller_asked","note":"ring Ken"})").status, 400);
  const Time at = clock_.now() + std::chrono::hours(3);
  const json body = {{"reason", "caller_asked"}, {"at", format_utc(at)}};
  EXPECT_EQ(hana.ask("POST", path, body.dump()).status, 202);
  const auto asked =
      exchange_.take([](const wire::Command& command) { return command.has_promise_callback(); });
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->promise_callback().call_id(), "C1");
  const json seen =
      until(hana, "/promises", [](const json& list) { return !list.at("items").empty(); });
  EXPECT_EQ(seen.at("items").at(0).at("basis"), "operator");
  EXPECT_EQ(seen.at("items").at(0).at("stated_reason"), "caller_asked");
  EXPECT_EQ(seen.at("items").at(0).at("deadline"), format_utc(at));
}

TEST_F(CoreTest, TelephonesRegisterByDigestsNotPasswords) {
  const auto phones =
      exchange_.take([](const wire::Command& command) { return command.has_set_phones(); });
  ASSERT_TRUE(phones);
  ASSERT_EQ(phones->set_phones().phones_size(), 1);
  EXPECT_EQ(phones->set_phones().phones(0).ha1_md5(), "e11a504232abf0de5ab7eb662372a707");
  EXPECT_EQ(phones->DebugString().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::centre
