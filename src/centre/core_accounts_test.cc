// Sessions and accounts as the whole centre treats them; and what it owes the vault.
#include <fmt/format.h>

#include <algorithm>

#include "centre/core_fixture.h"

namespace madoguchi::centre {
namespace {

TEST_F(CoreTest, AChangeOfAnAccountDoesNotForgetWrongTries) {
  const Browser admin = signed_in("admin");
  Browser stranger = browser();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(stranger.sign_in("hana", "not the password").status, 401);
  EXPECT_EQ(admin.ask("PUT", "/accounts/hana", R"({"display_name":"花"})").status, 200);
  EXPECT_EQ(stranger.sign_in("hana", "not the password").status, 401);
  EXPECT_EQ(stranger.sign_in("hana", kPassword).status, 401);  // locked by the fifth
  EXPECT_EQ(admin.ask("PUT", "/accounts/hana", R"({"password":"another long one"})").status, 200);
  EXPECT_EQ(stranger.sign_in("hana", "another long one").status, 200);
}

TEST_F(CoreTest, AChangedPasswordSignsOtherBrowsersOutButNotMine) {
  const Browser mine = signed_in("hana");
  const Browser other = signed_in("hana");
  EXPECT_EQ(mine.ask("POST", "/session/password",
                     R"({"old_password":"a long password","new_password":"another long one"})")
                .status,
            204);
  EXPECT_EQ(mine.ask("GET", "/session").status, 200);
  EXPECT_EQ(other.ask("GET", "/session").status, 401);
}

TEST_F(CoreTest, WhoseAccountIsDisabledIsSignedOutAtOnceAndGetsNoCalls) {
  const Browser admin = signed_in("admin");
  const Browser suzu = signed_in("suzu");
  const Browser hana = signed_in("hana");
  wait_attached(hana);
  ready(hana);
  const auto events = hana.events();
  EXPECT_NE(events->hear_frame().find("snapshot"), std::string::npos);
  EXPECT_EQ(admin.ask("PUT", "/accounts/hana", R"({"disabled":true})").status, 200);
  std::string last;
  for (std::string next = events->hear_frame(); !next.empty(); next = events->hear_frame())
    last = next;
  EXPECT_NE(last.find("signed_out"), std::string::npos);
  const json seen = until(suzu, "/operators/hana",
                          [](const json& one) { return one.value("state", "") == "away"; });
  EXPECT_EQ(seen.at("away_reason"), "signed_off");
  call_arrives("C1");
  until(suzu, "/calls?live=true", [](const json& calls) { return !calls.at("items").empty(); });
  EXPECT_EQ(suzu.ask("GET", "/calls?live=true").parsed().at("items").at(0).at("stage"), "waiting");
}

TEST_F(CoreTest, WhoseAccountIsDisabledIsNotMadeReadyByAnother) {
  const Browser admin = signed_in("admin");
  const Browser suzu = signed_in("suzu");
  wait_attached(suzu);
  EXPECT_EQ(admin.ask("PUT", "/accounts/hana", R"({"disabled":true})").status, 200);
  const auto refused = suzu.ask("PUT", "/operators/hana/state", R"({"state":"ready"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.parsed().at("message"), "this account is disabled: enable it first");
  EXPECT_EQ(suzu.ask("PUT", "/operators/hana/state", R"({"state":"offline"})").status, 200);
  EXPECT_EQ(admin.ask("PUT", "/accounts/hana", R"({"disabled":false})").status, 200);
  EXPECT_EQ(suzu.ask("PUT", "/operators/hana/state", R"({"state":"away"})").status, 200);
}

TEST_F(CoreTest, AClockThatIsSetIsToldAndAnExpiredSessionSignsTheOperatorOff) {
  const Browser suzu = signed_in("suzu");
  const Browser hana = signed_in("hana");
  wait_attached(hana);
  ready(hana);
  call_arrives("C1");
  talk(hana, "C1");
  clock_.set(std::chrono::hours(-2));
  const json status = until(suzu, "/status", [](const json& seen) {
    return !seen.at("troubles").empty() && seen.at("troubles").at(0).at("kind") == "clock";
  });
  EXPECT_FALSE(status.at("troubles").empty());
  EXPECT_EQ(hana.ask("GET", "/operators/me").parsed().at("state"), "talking");
  EXPECT_EQ(hana.ask("POST", "/calls/C1/hold").status, 202);
  clock_.set(std::chrono::hours(15));  // beyond the sessions of today
  Browser late = browser();
  EXPECT_EQ(late.sign_in("admin", kPassword).status, 200);
  const json away = until(late, "/operators/hana", [](const json& one) {
    return one.value("next_state", json()) == "away";
  });
  EXPECT_EQ(away.at("state"), "talking");  // the call in hand goes on
  EXPECT_EQ(hana.ask("GET", "/operators/me").status, 401);
  call_ends("C1");
  until(late, "/operators/hana",
        [](const json& one) { return one.value("state", "") == "wrap_up"; });
}

TEST_F(CoreTest, WhoIsDisabledIsSignedOutAtTheVaultToo) {
  const Browser admin = signed_in("admin");
  wait_attached(admin);
  EXPECT_EQ(admin.ask("PUT", "/accounts/hana", R"({"disabled":true})").status, 200);
  until(admin, "/status", [&](const json&) { return staff_vault_.ended > 0; });
  EXPECT_GT(staff_vault_.ended, 0);
}

TEST_F(CoreTest, ATelephoneIsSetForAnOperatorAndTakenAway) {
  const Browser admin = signed_in("admin");
  const auto put = [&](const std::string& who, const std::string& body) {
    return admin.ask("PUT", "/accounts/" + who, body);
  };
  const auto made = put("suzu", R"({"phone_user":"suzu-desk","phone_password":"a telephone's"})");
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.parsed().at("phone_user"), "suzu-desk");
  EXPECT_EQ(made.body.find("ha1"), std::string::npos);
  EXPECT_EQ(put("suzu", R"({"phone_user":"suzu-desk"})").status, 400);
  EXPECT_EQ(put("suzu", R"({"phone_user":"suzu desk","phone_password":"a telephone's"})").status,
            400);
  EXPECT_EQ(put("suzu", R"({"phone_user":"suzu","phone_password":"short"})").status, 400);
  // hana has it by the settings file.
  EXPECT_EQ(put("suzu", R"({"phone_user":"hana","phone_password":"a telephone's"})").status, 409);
  EXPECT_TRUE(put("suzu", R"({"phone_user":""})").parsed().at("phone_user").is_null());
}

TEST_F(CoreTest, AnOperatorChoosesToBeRungAtAnOwnPhoneAndThatIsKept) {
  const Browser hana = signed_in("hana");
  EXPECT_EQ(hana.ask("GET", "/operators/me").parsed().at("own_phone"), false);
  const auto put = hana.ask("PUT", "/operators/me/own_phone", R"({"own_phone":true})");
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(put.parsed().at("own_phone"), true);
  EXPECT_EQ(hana.ask("PUT", "/operators/me/own_phone", "{}").status, 400);
  EXPECT_EQ(hana.ask("PUT", "/operators/suzu/own_phone", R"({"own_phone":true})").status, 403);
  stop();
  start();
  const Browser again = signed_in("suzu");
  EXPECT_EQ(again.ask("GET", "/operators/hana").parsed().at("own_phone"), true);
  EXPECT_EQ(again.ask("PUT", "/operators/hana/own_phone", R"({"own_phone":false})").status, 200);
}

TEST_F(CoreTest, TheVaultIsToldOfSettledWishesUntilItAcknowledges) {
  const Browser suzu = signed_in("suzu");
  wait_attached(suzu);
  vault_.settles = false;
  call_arrives("C1");
  exchange_.tell([&](wire::Event& event) {
    event.mutable_callback_asked()->set_call_id("C1");
    event.mutable_callback_asked()->set_wish_id("W1");
  });
  exchange_.tell([&](wire::Event& event) {
    event.mutable_call_ended()->set_call_id("C1");
    event.mutable_call_ended()->set_cause(wire::CALLBACK_CHOSEN);
  });
  const json list =
      until(suzu, "/promises", [](const json& seen) { return !seen.at("items").empty(); });
  const std::string promise = list.at("items").at(0).at("id");
  EXPECT_EQ(suzu.ask("POST", "/promises/" + promise + "/outcome", R"({"outcome":"staff"})").status,
            202);
  until(suzu, "/promises", [](const json& seen) { return seen.at("items").empty(); });
  EXPECT_EQ(store_.settled_wishes(), 1U);
  stop();  // also over a restart of the centre
  EXPECT_EQ(vault_.settled, 0);
  vault_.settles = true;
  start();
  Browser again = signed_in("suzu");
  until(again, "/status", [&](const json&) { return store_.settled_wishes() == 0; });
  EXPECT_EQ(store_.settled_wishes(), 0U);
  EXPECT_EQ(vault_.settled, 1);
}

TEST_F(CoreTest, AnExportHoldsEveryCallHoweverManyThereAre) {
  constexpr int kCalls = 12'345;
  std::vector<Record> calls;
  for (int i = 0; i < kCalls; ++i) {
    CallRecord call;
    call.id = CallId(fmt::format("C{:06}", i));
    call.desk = call.number_desk = DeskId("sakura");
    call.organisation = OrganisationId("bank");
    call.arrived = call.ended.emplace(clock_.now());
    calls.emplace_back(call);
  }
  ASSERT_TRUE(store_.commit(calls));
  const Browser suzu = signed_in("suzu");
  const auto csv = suzu.ask("GET", "/calls.csv");
  EXPECT_EQ(csv.status, 200);
  EXPECT_EQ(std::count(csv.body.begin(), csv.body.end(), '\n'), kCalls + 1);
  EXPECT_NE(csv.body.find("\"C000000\",\"call\""), std::string::npos);
  const json whole = suzu.ask("GET", "/calls.json").parsed();
  EXPECT_EQ(whole.at("calls").size(), std::size_t{kCalls});
  EXPECT_EQ(whole.at("truncated"), false);
}

}  // namespace
}  // namespace madoguchi::centre
