#include "vault/case_desk.h"

#include "store/vault/openings_fixture.h"
#include "vault/use_replay.h"

namespace madoguchi::store {
namespace {

using namespace std::chrono_literals;
using vault::CaseDesk;
using vault::CaseTicket;
using vault::CaseTicketId;
using vault::OwnersPerson;

class CaseDeskOn : public OpeningsOn {
 protected:
  void SetUp() override {
    OpeningsOn::SetUp();
    if (IsSkipped()) return;
    begin();
    hanako_ = candidate();
  }
  void TearDown() override {
    cases_.reset();
    OpeningsOn::TearDown();
  }
  void begin() {
    cases_ = std::make_unique<CaseDesk>(CaseDesk::Parts{*store_, clock_, entropy_, *authority_,
                                                        people_->records(), openings_->act_log()});
  }
  // The vault comes back; the records' own stores stay open.
  void restart() {
    auto authority = vault::AuthorityDesk::open({*store_, clock_, entropy_});
    ASSERT_TRUE(authority) << authority.error().message;
    cases_.reset();
    openings_.reset();
    authority_ = std::move(*authority);
    openings_ = std::make_unique<vault::Openings>(
        vault::Openings::Parts{*store_, clock_, entropy_, *authority_, *registry_,
                               people_->records(), vault::NumberingPlan::japanese()});
    begin();
  }
  std::string keep(const std::string& reference = "C-1") {
    auto kept = cases_->keep(asker_, hanako_, reference);
    if (!kept) return word_of(kept.error());
    ticket_ = *std::move(kept);
    return "kept";
  }
  // Opened and kept in the call, which is then over.
  void keep_and_hang_up() {
    ASSERT_EQ(check(hanako_, "name_kana", "カクウ ハナコ"), "match");
    ASSERT_EQ(open(hanako_), "opened");
    ASSERT_EQ(keep(), "kept");
    authority_->end_call(CallId("call"));
    clock_.advance(11min);
  }
  std::string take_up(const std::string& who = "hana", const std::string& session = "s1") {
    const Asker asker{OperatorId(who), SessionKey(session), {}};
    const auto taken = cases_->take_up(asker, clock_.now() + 12h, ticket_.id);
    if (!taken) return word_of(taken.error());
    asker_ = {OperatorId(who), SessionKey(session), taken->id};
    return "taken_up";
  }
  std::string give(const std::string& reason = "follow_up", const std::string& to = "kenji") {
    auto given = cases_->give(
        {OperatorId("oku"), OrganisationId("sakura")},
        {hanako_.subject, OperatorId(to), DeskId("sakura-leak"), "answer", "C-7", reason});
    if (!given) return word_of(given.error());
    ticket_ = *std::move(given);
    return "given";
  }
  std::string end(const std::string& who) {
    const auto ended = cases_->end({OperatorId(who), SessionKey("s9"), {}}, ticket_.id);
    return ended ? "ended" : word_of(ended.error());
  }
  // What the log tells of case tickets, oldest first.
  std::vector<std::string> told() {
    std::vector<std::string> found;
    for (const ledger::Entry& entry : entries())
      if (entry.kind == "case_ticket") found.push_back(entry.outcome + " by " + entry.operator_id);
    return found;
  }
  std::size_t rows() { return store_->load_access()->cases.size(); }
  using Told = std::vector<std::string>;

  PersonId hanako_;
  CaseTicket ticket_;
  std::unique_ptr<CaseDesk> cases_;
};

TEST_P(CaseDeskOn, APersonOfTheCallOpensAfterItFieldByFieldInTheLogAndNobodyElseDoes) {
  EXPECT_EQ(keep(), "not_checked");
  keep_and_hang_up();
  EXPECT_EQ(open(hanako_), "ticket_over");
  ASSERT_EQ(take_up(), "taken_up");
  const std::size_t before = entries().size();
  ASSERT_EQ(open(hanako_), "opened");
  const auto all = entries();
  ASSERT_EQ(all.size(), before + 3);
  const auto key = vault::subject_salt_key(people_->records(), hanako_);
  for (std::size_t i = before; i < all.size(); ++i) {
    EXPECT_EQ(all[i].kind, "opening");
    EXPECT_EQ(all[i].call, "");
    EXPECT_EQ(all[i].case_id, "C-1");
    EXPECT_EQ(all[i].ticket, ticket_.id.text());
    EXPECT_EQ(all[i].mandate->id, "sakura-1");
    EXPECT_TRUE(all[i].subject->is_about(key->reveal(), hanako_.subject.text()));
  }
  const auto others = people_->records().find(OrganisationId("sakura"),
                                              {{"letter_number", Personal<std::string>("S-1002")}});
  EXPECT_EQ(open({OrganisationId("sakura"), others->subjects.at(0)}), "other_person");
  EXPECT_EQ(entries().back().outcome, "refused_other_person");
  EXPECT_EQ(entries().back().case_id, "C-1");
  EXPECT_EQ(check(hanako_, "name_kana", "カクウ ハナコ"), "no_call");
  EXPECT_EQ(word_of(openings_->by_number(asker_).error()), "other_person");
  const auto note =
      openings_->write_document(asker_, hanako_, {}, Personal<std::string>("続き"), false);
  EXPECT_TRUE(note);
}

TEST_P(CaseDeskOn, EveryStepIsAnEntryBeforeItCounts) {
  ASSERT_EQ(check(hanako_, "name_kana", "カクウ ハナコ"), "match");
  ASSERT_EQ(open(hanako_), "opened");
  fault_ = CommitFault::kFailed;
  EXPECT_NE(keep(), "kept");
  EXPECT_TRUE(told().empty());
  EXPECT_TRUE(cases_->held_by(OperatorId("hana"))->empty());
  ASSERT_EQ(keep(), "kept");
  const CaseTicketId first = ticket_.id;
  ASSERT_EQ(keep(), "kept");  // the same once more
  EXPECT_EQ(ticket_.id, first);
  const Asker hana{OperatorId("hana"), SessionKey("s1"), {}};
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(cases_->hand_on(hana, first, OperatorId("kenji")));
  EXPECT_EQ(cases_->held_by(OperatorId("hana"))->size(), 1U);
  ASSERT_TRUE(cases_->hand_on(hana, first, OperatorId("kenji")));
  EXPECT_EQ(take_up(), "no_ticket");
  EXPECT_EQ(entries().back().outcome, "refused_no_ticket");
  ASSERT_EQ(take_up("kenji", "s2"), "taken_up");
  EXPECT_EQ(open(hanako_), "opened");
  EXPECT_EQ(end("kenji"), "ended");
  EXPECT_EQ(told(), (Told{"made by hana", "handed_on by hana", "ended by kenji"}));
  EXPECT_EQ(rows(), 0U);
}

TEST_P(CaseDeskOn, WhatWasKeptThoughNobodyWasToldIsFoundAgain) {
  ASSERT_EQ(check(hanako_, "name_kana", "カクウ ハナコ"), "match");
  ASSERT_EQ(open(hanako_), "opened");
  fault_ = CommitFault::kFailedButKept;
  EXPECT_NE(keep(), "kept");
  ASSERT_EQ(keep(), "kept");
  EXPECT_EQ(told(), (Told{"made by hana"}));
  EXPECT_EQ(rows(), 1U);
  fault_ = CommitFault::kFailedButKept;
  EXPECT_FALSE(
      cases_->hand_on({OperatorId("hana"), SessionKey("s1"), {}}, ticket_.id, OperatorId("kenji")));
  EXPECT_TRUE(cases_->held_by(OperatorId("hana"))->empty());
  EXPECT_EQ(cases_->held_by(OperatorId("kenji"))->size(), 1U);
}

TEST_P(CaseDeskOn, ARestartKeepsThemAndWhatTheyOpen) {
  keep_and_hang_up();
  const CaseTicket before = ticket_;
  restart();
  const auto held = cases_->held_by(OperatorId("hana"));
  ASSERT_TRUE(held);
  ASSERT_EQ(held->size(), 1U);
  EXPECT_EQ(held->at(0).reference, before.reference);
  EXPECT_EQ(held->at(0).subject, before.subject);
  EXPECT_EQ(held->at(0).ends, before.ends);
  EXPECT_EQ(held->at(0).from, "call");
  EXPECT_EQ(open(hanako_), "no_ticket");  // what was taken up is not kept
  ASSERT_EQ(take_up(), "taken_up");
  EXPECT_EQ(open(hanako_), "opened");
}

TEST_P(CaseDeskOn, AnEndHoldsThoughTheStoreIsAwayAndIsToldLater) {
  keep_and_hang_up();
  ASSERT_EQ(take_up(), "taken_up");
  fault_ = CommitFault::kFailed;
  EXPECT_NE(end("oku"), "ended");
  EXPECT_EQ(open(hanako_), "ticket_over");
  EXPECT_EQ(take_up(), "ticket_over");
  EXPECT_EQ(told(), (Told{"made by hana"}));
  cases_->minute();
  EXPECT_EQ(told(), (Told{"made by hana", "ended by oku"}));
  EXPECT_EQ(rows(), 0U);
  restart();
  EXPECT_EQ(take_up(), "no_ticket");
}

TEST_P(CaseDeskOn, NobodyElseEndsItAndTheLogTellsWhoTried) {
  keep_and_hang_up();
  EXPECT_EQ(end("kenji"), "no_ticket");
  EXPECT_EQ(entries().back().outcome, "refused_no_ticket");
  EXPECT_EQ(entries().back().operator_id, "kenji");
  EXPECT_EQ(end("wada"), "no_ticket");
  EXPECT_EQ(end("oku"), "ended");
  EXPECT_EQ(take_up(), "no_ticket");
}

TEST_P(CaseDeskOn, ItsDeadlineIsTold) {
  keep_and_hang_up();
  EXPECT_EQ(ticket_.ends, ticket_.made + 30 * 24h);
  clock_.advance(31 * 24h);
  EXPECT_EQ(take_up(), "ticket_over");
  cases_->minute();
  EXPECT_EQ(told().back(), "ended by ");
  EXPECT_EQ(std::get<std::string>(entries().back().details.at("by")), "deadline");
  EXPECT_EQ(rows(), 0U);
}

TEST_P(CaseDeskOn, TheOwnerGivesOneToWhomItNamesForAReason) {
  EXPECT_EQ(give("curiosity"), "reason: none of the words");
  EXPECT_EQ(give("follow_up", "oku"), "no_mandate");
  ASSERT_EQ(give(), "given");
  const auto entry = entries().back();
  EXPECT_EQ(entry.operator_id, "oku");
  EXPECT_EQ(std::get<std::string>(entry.details.at("holder")), "kenji");
  EXPECT_EQ(std::get<std::string>(entry.details.at("reason")), "follow_up");
  EXPECT_EQ(std::get<std::string>(entry.details.at("origin")), "owner");
  EXPECT_EQ(take_up("hana"), "no_ticket");
  ASSERT_EQ(take_up("kenji", "s2"), "taken_up");
  EXPECT_EQ(open(hanako_), "opened");
  EXPECT_EQ(cases_->of_owner(OrganisationId("sakura")).size(), 1U);
  EXPECT_TRUE(cases_->of_owner(OrganisationId("wakaba")).empty());
  const auto unknown = cases_->give({OperatorId("oku"), OrganisationId("sakura")},
                                    {vault::SubjectId("nobody"), OperatorId("kenji"),
                                     DeskId("sakura-leak"), "answer", "C-8", "follow_up"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(std::get<Error>(unknown.error()).code, ErrorCode::kNotFound);
}

TEST_P(CaseDeskOn, APersonWhoIsErasedLeavesItsCases) {
  keep_and_hang_up();
  ASSERT_TRUE(people_->records().erase(OrganisationId("sakura"), hanako_.subject));
  EXPECT_TRUE(cases_->held_by(OperatorId("hana"))->empty());
  ASSERT_EQ(take_up(), "taken_up");
  EXPECT_NE(open(hanako_), "opened");
  EXPECT_EQ(end("hana"), "ended");
  EXPECT_EQ(rows(), 0U);
}

TEST_P(CaseDeskOn, UsesAreCountedAgainFromTheLogAsThoseOfCallsAre) {
  keep_and_hang_up();
  ASSERT_EQ(take_up(), "taken_up");
  clock_.advance(1h);
  for (int i = 0; i < 6; ++i) ASSERT_EQ(open(hanako_), "opened");
  EXPECT_EQ(open(hanako_), "limit");
  restart();
  DatabaseOptions options;
  options.url = scratch_->url();
  const auto log = open_vault_log(std::move(options));
  ASSERT_TRUE(log);
  ASSERT_TRUE(vault::count_again(**log, *authority_, clock_.now()));
  ASSERT_EQ(take_up(), "taken_up");
  EXPECT_EQ(open(hanako_), "limit");
}

INSTANTIATE_TEST_SUITE_P(Stores, CaseDeskOn, testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
