#include "store/centre/sql_centre_store.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "centre/floor_settings.h"
#include "store/scratch_database.h"

namespace madoguchi::store {
namespace {

using namespace centre;  // NOLINT

const Time kNow = *parse_utc("2026-11-22T03:00:00Z");

CallRecord a_call(const std::string& id, Time arrived) {
  CallRecord call;
  call.id = CallId(id);
  call.number_called = "+81312345678";
  call.number_desk = DeskId("sakura");
  call.desk = DeskId("sakura");
  call.organisation = OrganisationId("bank");
  call.line = LineToken("T1");
  call.withheld = true;
  call.phase = routing::CallPhase::kTalking;
  call.bucket = routing::Bucket::kTalked;
  call.with = OperatorId("o1");
  call.arrived = arrived;
  call.talked = arrived + std::chrono::seconds(3);
  return call;
}

class CentreStoreOn : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    std::string why;
    scratch_ = ScratchDatabase::make(GetParam(), &why);
    if (!scratch_) GTEST_SKIP() << why;
    reopen();
  }

  void reopen() {
    store_.reset();
    auto opened = open_centre_store(scratch_->url());
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  void keep(std::vector<Record> records) {
    const auto kept = store_->commit(records);
    ASSERT_TRUE(kept) << kept.error().message;
  }

  std::unique_ptr<ScratchDatabase> scratch_;
  std::unique_ptr<CentreStore> store_;
};

TEST_P(CentreStoreOn, GivesBackWhatARestartNeedsAndNothingElse) {
  CallRecord old_open = a_call("A1", kNow - std::chrono::hours(100));
  CallRecord old_ended = a_call("A2", kNow - std::chrono::hours(100));
  old_ended.ended = kNow - std::chrono::hours(99);
  CallRecord recent = a_call("A3", kNow);
  recent.ended = kNow;
  recent.cause = routing::EndCause::kFault;
  LegRecord leg{AttemptId("L1"),
                CallId("A1"),
                LegKind::kConsulted,
                OperatorId("o1"),
                true,
                kNow,
                kNow,
                {},
                {}};
  StateRecord state{StateId("S1"),
                    OperatorId("o1"),
                    routing::OperatorState::kAway,
                    routing::AwayReason::kMeal,
                    {},
                    kNow,
                    {}};
  PromiseRecord promise;
  promise.id = PromiseId("P1");
  promise.line = LineToken("T1");
  promise.wish = WishId("W1");
  promise.asked = kNow;
  promise.deadline = kNow + std::chrono::hours(2);
  AttemptRecord attempt{CallId("A9"), promise.id, OperatorId("o1"), TicketId("K1"), kNow, {},
                        {},           "x"};
  RecordingRecord recording{
      RecordingId("R1"), CallId("A1"), kNow, {{kNow, true}, {kNow, false}}, {}, "abc", 12, false};
  const SettledWishRecord settled{WishId("W0"), "called_back", kNow};
  keep({old_open, old_ended, recent, leg, state, promise, attempt, recording, settled,
        PositionRecord{"epoch", 42}});
  reopen();

  const auto stored = store_->load(kNow - std::chrono::hours(24));
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->position.epoch, "epoch");
  EXPECT_EQ(stored->position.sequence, 42u);
  ASSERT_EQ(stored->calls.size(), 2u);
  EXPECT_EQ(stored->calls[0].id.text(), "A1");
  EXPECT_EQ(stored->calls[0].line, LineToken("T1"));
  EXPECT_TRUE(stored->calls[0].withheld);
  EXPECT_EQ(stored->calls[0].phase, routing::CallPhase::kTalking);
  EXPECT_EQ(stored->calls[0].talked, old_open.talked);
  EXPECT_FALSE(stored->calls[0].ended);
  EXPECT_EQ(stored->calls[1].cause, routing::EndCause::kFault);
  ASSERT_EQ(stored->legs.size(), 1u);
  EXPECT_EQ(stored->legs[0].kind, LegKind::kConsulted);
  EXPECT_FALSE(stored->legs[0].how);
  ASSERT_EQ(stored->states.size(), 1u);
  EXPECT_EQ(stored->states[0].reason, routing::AwayReason::kMeal);
  ASSERT_EQ(stored->promises.size(), 1u);
  EXPECT_EQ(stored->promises[0].wish, WishId("W1"));
  ASSERT_EQ(stored->attempts.size(), 1u);
  EXPECT_EQ(stored->attempts[0].detail, "x");
  ASSERT_EQ(stored->recordings.size(), 1u);
  EXPECT_EQ(stored->recordings[0].pauses, recording.pauses);
  ASSERT_EQ(stored->settled.size(), 1u);
  EXPECT_EQ(stored->settled[0].outcome, "called_back");
  ASSERT_TRUE(store_->drop_settled_wish(WishId("W0")));
  EXPECT_TRUE(store_->load(kNow)->settled.empty());
}

TEST_P(CentreStoreOn, WritingARowAgainReplacesIt) {
  CallRecord call = a_call("A1", kNow);
  keep({call});
  call.ended = kNow;
  call.disposition = "answered";
  keep({call, PositionRecord{"e", 1}});
  keep({PositionRecord{"e", 2}});
  const auto found = store_->call(CallId("A1"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->call.disposition, "answered");
  EXPECT_EQ(store_->load(kNow)->position.sequence, 2u);
}

TEST_P(CentreStoreOn, PagesTheLogNewestFirstByOrganisationAndTime) {
  for (int i = 0; i < 5; ++i) keep({a_call("A" + std::to_string(i), kNow + std::chrono::hours(i))});
  CallRecord other = a_call("B", kNow);
  other.organisation = OrganisationId("shop");
  keep({other});
  CallQuery query;
  query.page.limit = 2;
  query.organisation = OrganisationId("bank");
  auto page = store_->calls(query);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ((*page)[0].id.text(), "A4");
  query.page.after = (*page)[1].id.text();
  page = store_->calls(query);
  EXPECT_EQ((*page)[0].id.text(), "A2");
  query.page.after.clear();
  query.from = kNow + std::chrono::hours(1);
  query.to = kNow + std::chrono::hours(2);
  page = store_->calls(query);
  ASSERT_EQ(page->size(), 1u);
  EXPECT_EQ((*page)[0].id.text(), "A1");
}

TEST_P(CentreStoreOn, TheLogHoldsEachCallsOwnLegsAndStates) {
  keep({a_call("A1", kNow), a_call("A2", kNow),
        LegRecord{AttemptId("L1"),
                  CallId("A1"),
                  LegKind::kOperator,
                  OperatorId("o1"),
                  false,
                  kNow,
                  {},
                  kNow,
                  LegEnd::kMissed},
        LegRecord{AttemptId("L2"), CallId("A2"), LegKind::kOperator, OperatorId("o1"), false, kNow,
                  kNow, kNow, LegEnd::kTalked},
        StateRecord{StateId("S1"), OperatorId("o1"), routing::OperatorState::kTalking,
                    routing::AwayReason::kNone, CallId("A2"), kNow, kNow}});
  const auto log = store_->call_log({});
  ASSERT_TRUE(log);
  ASSERT_EQ(log->size(), 2u);
  EXPECT_EQ((*log)[0].call.id.text(), "A2");
  ASSERT_EQ((*log)[0].legs.size(), 1u);
  EXPECT_EQ((*log)[0].legs[0].how, LegEnd::kTalked);
  EXPECT_EQ((*log)[0].states.size(), 1u);
  EXPECT_EQ((*log)[1].legs[0].how, LegEnd::kMissed);
  EXPECT_TRUE((*log)[1].states.empty());
}

TEST_P(CentreStoreOn, ListsOpenPromisesWithoutThoseAbsorbed) {
  PromiseRecord open, kept, absorbed;
  open.id = PromiseId("P1");
  kept.id = PromiseId("P2");
  kept.ended = kNow;
  kept.how = routing::KeptHow::kCalledBack;
  absorbed.id = PromiseId("P3");
  absorbed.absorbed_by = open.id;
  keep({open, kept, absorbed});
  PromiseQuery query;
  EXPECT_EQ(store_->promises(query)->size(), 1u);
  query.open_only = false;
  EXPECT_EQ(store_->promises(query)->size(), 2u);
  EXPECT_EQ((*store_->promise(kept.id))->how, routing::KeptHow::kCalledBack);
  EXPECT_FALSE(*store_->promise(PromiseId("none")));
}

TEST_P(CentreStoreOn, AnAccountsNameIsItsAlone) {
  AccountRow account;
  account.id = AccountId("a1");
  account.name = "hana";
  account.role = Role::kSupervisor;
  account.groups = {GroupId("g1"), GroupId("g2")};
  ASSERT_TRUE(store_->put_account(account));
  AccountRow other = account;
  other.id = AccountId("a2");
  const auto refused = store_->put_account(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(store_->trouble(), "");
  const auto accounts = store_->accounts();
  ASSERT_EQ(accounts->size(), 1u);
  EXPECT_EQ((*accounts)[0].role, Role::kSupervisor);
  EXPECT_EQ((*accounts)[0].groups, account.groups);
}

TEST_P(CentreStoreOn, SessionsEndOneByOneOrByAge) {
  ASSERT_TRUE(store_->put_session({"d1", AccountId("a"), "c", kNow}));
  ASSERT_TRUE(store_->put_session({"d2", AccountId("a"), "c", kNow + std::chrono::hours(1)}));
  ASSERT_TRUE(store_->put_session({"d3", AccountId("a"), "c", kNow + std::chrono::hours(1)}));
  ASSERT_TRUE(store_->drop_session("d3"));
  ASSERT_TRUE(store_->drop_sessions_before(kNow + std::chrono::minutes(1)));
  const auto left = store_->sessions();
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ((*left)[0].token_digest, "d2");
}

TEST_P(CentreStoreOn, KeepsSoundsByteForByte) {
  Bytes wav(100'000);
  for (std::size_t i = 0; i < wav.size(); ++i) wav[i] = static_cast<std::uint8_t>(i * 7);
  PromptRow prompt{PromptId("p1"),          "挨拶",  "もしもし", PromptSource::kSpoken,
                   std::chrono::seconds(2), 100'000, "d",        kNow};
  ASSERT_TRUE(store_->put_prompt(prompt, wav));
  const auto audio = store_->prompt_audio(prompt.id);
  ASSERT_TRUE(audio && *audio);
  EXPECT_EQ(**audio, wav);
  EXPECT_FALSE(*store_->prompt_audio(PromptId("none")));
  EXPECT_EQ((*store_->prompts())[0].name, "挨拶");
  PromptRow other = prompt;
  other.id = PromptId("p2");
  ASSERT_TRUE(store_->put_prompt(other, wav));
  ASSERT_TRUE(store_->drop_prompt(prompt.id));
  EXPECT_FALSE(*store_->prompt_audio(prompt.id));
  ASSERT_EQ(store_->prompts()->size(), 1u);
  EXPECT_EQ((*store_->prompts())[0].id, other.id);
}

TEST_P(CentreStoreOn, TheFloorComesBackAsItWasSet) {
  DeskPart desk;
  desk.routing.id = DeskId("sakura");
  desk.routing.organisation = OrganisationId("bank");
  desk.routing.group = GroupId("g");
  desk.routing.numbers = {"+81312345678"};
  desk.routing.callback = routing::CallbackPolicy::kAnnounced;
  calendar::OpeningHoursSettings hours;
  hours.week[1] = {*calendar::parse_interval("09:00-18:00")};
  hours.holidays.emplace();
  hours.exceptions[*calendar::parse_day("2026-12-31")] = {};
  desk.routing.hours = *calendar::OpeningHours::make(hours);
  desk.name = "漏えい窓口";
  desk.texts[0] = "はい、窓口です";
  desk.prompts[2] = "p1";
  desk.silenced[1] = true;
  ASSERT_TRUE(store_->put_floor({to_row(OrganisationPart{OrganisationId("bank"), "銀行"}),
                                 to_row(GroupPart{GroupId("g"), "組"}), to_row(desk),
                                 to_prompts_row(desk)}));
  const auto rows = store_->floor();
  ASSERT_TRUE(rows);
  const auto parts = from_rows(*rows);
  ASSERT_TRUE(parts) << parts.error().message;
  const DeskPart& back = parts->desks.at(DeskId("sakura"));
  EXPECT_EQ(back.name, desk.name);
  EXPECT_EQ(back.routing.numbers, desk.routing.numbers);
  EXPECT_EQ(back.routing.callback, routing::CallbackPolicy::kAnnounced);
  EXPECT_EQ(back.routing.hours.settings().week, hours.week);
  EXPECT_EQ(back.routing.hours.settings().exceptions, hours.exceptions);
  EXPECT_TRUE(back.routing.hours.settings().holidays);
  EXPECT_EQ(back.prompt_for(Sound::kWaiting, true), "p1");
  EXPECT_EQ(back.prompt_for(Sound::kNotice, true), "");
  EXPECT_EQ(back.prompt_for(Sound::kGreeting, true), spoken_prompt_id(desk.texts[0]));
  EXPECT_EQ(back.prompt_for(Sound::kGreeting, false), "");
}

TEST_P(CentreStoreOn, OneProcessOwnsIt) {
  const auto second = open_centre_store(scratch_->url());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

INSTANTIATE_TEST_SUITE_P(Databases, CentreStoreOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
