#include "vault/exports.h"

#include "store/vault/openings_fixture.h"
#include "vault/exports/sealed_export.h"

namespace madoguchi::store {
namespace {

using namespace std::chrono_literals;
using vault::Export;
using vault::ExportAsk;
using vault::ExportSelection;
using vault::ExportState;

class ExportsOn : public OpeningsOn {
 protected:
  void SetUp() override {
    OpeningsOn::SetUp();
    if (IsSkipped()) return;
    auto secret = vault::make_recipient(folder_ / "recipient.key", "printer");
    ASSERT_TRUE(secret);
    secret_ = *secret;
    reopen();
  }
  void TearDown() override {
    exports_.reset();
    OpeningsOn::TearDown();
  }
  void reopen() {
    exports_.reset();
    vault::ExportRules rules;
    rules.most_asks_a_day = 10;
    auto exports = vault::Exports::open({*store_, clock_, entropy_, *authority_, *registry_,
                                         people_->records(), folder_ / "exports", rules});
    ASSERT_TRUE(exports) << exports.error().message;
    exports_ = std::move(*exports);
  }
  ExportAsk wanted() const {
    return {OrganisationId("sakura"), "print-letters", {}, {}, "お詫び状", secret_.public_half()};
  }
  Result<Export> ask(const ExportAsk& asked) { return exports_->ask(suzu_, asked); }
  std::size_t everybody() {
    return people_->records().subjects(OrganisationId("sakura"), {}, 100)->size();
  }
  ExportState state_of(const Export& one) {
    for (const Export& other : exports_->of_owner(one.owner))
      if (other.id == one.id) return other.state;
    ADD_FAILURE() << "the export is gone";
    return ExportState::kExpired;
  }
  std::vector<std::string> lines_of(const Export& one) {
    const auto file = exports_->fetch(one.id, suzu_);
    EXPECT_TRUE(file) << file.error().message;
    std::vector<std::string> lines;
    if (!file) return lines;
    std::string text;
    const auto opened =
        vault::open_export(as_bytes(*file), secret_, [&](ByteView bytes) -> Result<void> {
          text += as_text(bytes);
          return {};
        });
    EXPECT_TRUE(opened) << opened.error().message;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  const OperatorId suzu_{"suzu"}, oku_{"oku"};
  vault::RecipientSecret secret_;
  std::unique_ptr<vault::Exports> exports_;
};

TEST_P(ExportsOn, WhatTwoPeopleAgreedOnIsWrittenForTheRecipient) {
  const auto asked = ask(wanted());
  ASSERT_TRUE(asked) << asked.error().message;
  const std::size_t all = everybody();
  EXPECT_EQ(asked->people, all);
  EXPECT_FALSE(exports_->fetch(asked->id, suzu_));
  ASSERT_TRUE(exports_->approve(asked->id, oku_));
  exports_->settle();
  ASSERT_EQ(state_of(*asked), ExportState::kMade);
  const auto lines = lines_of(*asked);
  EXPECT_EQ(lines.size(), 1U + all + 2U);  // a head line, the people, those invented
  // The next export has them not, though their records are the owner's now.
  const auto next = ask(wanted());
  ASSERT_TRUE(next);
  EXPECT_EQ(next->people, all);
  EXPECT_EQ(everybody(), all + 2);
}

TEST_P(ExportsOn, WhoeverAskedNeverApproves) {
  ExportAsk own = wanted();
  own.purpose = "audit";
  const auto asked = exports_->ask(oku_, own);
  ASSERT_TRUE(asked) << asked.error().message;
  const auto approved = exports_->approve(asked->id, oku_);
  ASSERT_FALSE(approved);
  EXPECT_TRUE(approved.error().message.starts_with("same_person"));
  EXPECT_FALSE(exports_->approve(asked->id, suzu_));
  EXPECT_FALSE(exports_->approve(asked->id, OperatorId("wada")));
  EXPECT_FALSE(exports_->fetch(asked->id, OperatorId("wada")));
  EXPECT_EQ(state_of(*asked), ExportState::kAsked);
}

TEST_P(ExportsOn, OnlyWhatTheMandateGivesIsAskedFor) {
  const auto word_of = [&](const OperatorId& who, const ExportAsk& asked) {
    const auto outcome = exports_->ask(who, asked);
    return outcome ? std::string("asked")
                   : outcome.error().message.substr(0, outcome.error().message.find(':'));
  };
  ExportAsk asked = wanted();
  EXPECT_EQ(word_of(OperatorId("hana"), asked), "no_place");
  asked.fields = {"mail"};
  EXPECT_EQ(word_of(suzu_, asked), "no_purpose");
  asked.fields = {"name_kanji", "address"};
  asked.purpose = "answer";  // openings in calls, no exports
  EXPECT_EQ(word_of(suzu_, asked), "no_purpose");
  asked.purpose = "print-letters";
  asked.owner = OrganisationId("wakaba");
  EXPECT_EQ(word_of(suzu_, asked), "no_purpose");
  asked.owner = OrganisationId("sakura");
  asked.selection.by = ExportSelection::By::kValues;
  asked.selection.field = "letter_number";
  asked.selection.values = {Personal<std::string>("s1002"), Personal<std::string>("W-2001")};
  const auto one = ask(asked);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->people, 1U);
  ASSERT_TRUE(authority_->revoke(vault::MandateId("sakura-print"), oku_));
  EXPECT_FALSE(exports_->approve(one->id, oku_));  // what was given was taken back meanwhile
}

TEST_P(ExportsOn, ACommitThatFailsDecidesNothingAndOneThatWasKeptHolds) {
  const auto asked = ask(wanted());
  ASSERT_TRUE(asked);
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(exports_->approve(asked->id, oku_));
  EXPECT_EQ(state_of(*asked), ExportState::kAsked);
  fault_ = CommitFault::kFailedButKept;
  EXPECT_FALSE(exports_->approve(asked->id, oku_));
  const auto again = exports_->approve(asked->id, oku_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  exports_->minute();
  exports_->settle();
  EXPECT_EQ(state_of(*asked), ExportState::kMade);
}

TEST_P(ExportsOn, AFileMadeAgainAfterACrashHasTheSameLines) {
  const auto asked = ask(wanted());
  ASSERT_TRUE(asked);
  ASSERT_TRUE(exports_->approve(asked->id, oku_));
  exports_->settle();
  const auto lines = lines_of(*asked);
  // As if the crash had come before it was known as made.
  vault::Act act;
  Export before = exports_->of_owner(asked->owner).front();
  before.state = ExportState::kApproved;
  act.changes.emplace_back(vault::ExportChange(
      vault::MoveExport{{before.id, before.owner, "approved", vault::to_json(before)}, "made"}));
  ASSERT_TRUE(store_->commit(clock_.now(), act));
  reopen();
  exports_->settle();
  EXPECT_EQ(state_of(*asked), ExportState::kMade);
  EXPECT_EQ(lines_of(*asked), lines);
}

TEST_P(ExportsOn, WhatIsMadeIsHandedOutOnlyWhileItMightBeAskedFor) {
  const auto asked = ask(wanted());
  ASSERT_TRUE(asked);
  ASSERT_TRUE(exports_->approve(asked->id, oku_));
  exports_->settle();
  const auto fetched_by = [&](const OperatorId& who) {
    const auto file = exports_->fetch(asked->id, who);
    return file ? std::string("fetched")
                : file.error().message.substr(0, file.error().message.find(':'));
  };
  EXPECT_EQ(fetched_by(suzu_), "fetched");
  const auto freeze = authority_->freeze(vault::FreezeScope::kAll, "", "an alarm", oku_);
  ASSERT_TRUE(freeze);
  EXPECT_EQ(fetched_by(suzu_), "frozen");
  EXPECT_EQ(fetched_by(oku_), "frozen");
  ASSERT_TRUE(authority_->lift(*freeze, oku_));
  EXPECT_EQ(fetched_by(suzu_), "fetched");
  ASSERT_TRUE(authority_->revoke(vault::MandateId("sakura-print"), oku_));
  EXPECT_EQ(fetched_by(suzu_), "revoked");
  EXPECT_EQ(fetched_by(oku_), "fetched");  // their own people's data
  std::vector<std::string> refusals;
  for (const ledger::Entry& entry : entries())
    if (entry.kind == "refusal") refusals.push_back(entry.outcome);
  EXPECT_EQ(refusals,
            (std::vector<std::string>{"refused_frozen", "refused_frozen", "refused_revoked"}));
}

TEST_P(ExportsOn, WhoeverIsErasedAfterItWasMadeIsInNoFileThatIsHandedOut) {
  const auto asked = ask(wanted());
  ASSERT_TRUE(asked);
  ASSERT_TRUE(exports_->approve(asked->id, oku_));
  exports_->settle();
  const auto before = lines_of(*asked);
  ASSERT_TRUE(people_->records().erase(OrganisationId("sakura"), candidate().subject));
  for (const OperatorId& who : {suzu_, oku_}) {
    fault_ = CommitFault::kFailed;
    EXPECT_FALSE(exports_->fetch(asked->id, who));
  }
  const auto again = exports_->fetch(asked->id, suzu_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  exports_->settle();
  ASSERT_EQ(state_of(*asked), ExportState::kMade);
  const auto after = lines_of(*asked);
  EXPECT_EQ(after.size(), before.size() - 1);
  for (const std::string& line : after)
    EXPECT_NE(std::find(before.begin(), before.end(), line), before.end()) << "a new line";
  // The others were told once.
  std::size_t told = 0;
  for (const ledger::Entry& entry : entries())
    if (entry.kind == "export" && entry.outcome == "exported") ++told;
  EXPECT_EQ(told, asked->people);
}

TEST_P(ExportsOn, WhatNobodyDecidesOnAndWhatNobodyFetchesGoes) {
  const auto asked = ask(wanted());
  const auto other = ask(wanted());
  ASSERT_TRUE(asked && other);
  ASSERT_TRUE(exports_->approve(other->id, oku_));
  exports_->settle();
  clock_.advance(24h * 8);
  EXPECT_FALSE(exports_->approve(asked->id, oku_));
  exports_->minute();
  EXPECT_EQ(state_of(*asked), ExportState::kExpired);
  EXPECT_EQ(state_of(*other), ExportState::kMade);
  clock_.advance(24h * 8);
  exports_->minute();
  EXPECT_EQ(state_of(*other), ExportState::kExpired);
  EXPECT_FALSE(exports_->fetch(other->id, suzu_));
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "exports"));
}

TEST_P(ExportsOn, ThereAreOnlySoManyAsksADay) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ask(wanted()));
  const auto more = ask(wanted());
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kExhausted);
  clock_.advance(25h);
  EXPECT_TRUE(ask(wanted()));
}

TEST_P(ExportsOn, EverybodyInItIsToldOfItOnceAndWhoIsInventedRaisesAnAlarm) {
  const auto asked = ask(wanted());
  ASSERT_TRUE(asked);
  ASSERT_TRUE(exports_->approve(asked->id, oku_));
  exports_->settle();
  DatabaseOptions options;
  options.url = scratch_->url();
  const auto log = open_vault_log(std::move(options));
  ASSERT_TRUE(log);
  const auto entries_with = [&](const std::string& word) {
    const auto entries = (*log)->entries("sakura", 0, 1000);
    EXPECT_TRUE(entries);
    return std::count_if(entries->begin(), entries->end(), [&](const ledger::StoredEntry& one) {
      return one.entry.find("\"outcome\":\"" + word + "\"") != std::string::npos;
    });
  };
  EXPECT_EQ(entries_with("exported"), static_cast<std::ptrdiff_t>(asked->people));
  std::string telephone;
  const auto everyone = people_->records().subjects(OrganisationId("sakura"), {}, 100);
  ASSERT_TRUE(everyone);
  for (const vault::SubjectId& one : *everyone) {
    if (!exports_->invented_for(one)) continue;
    const auto record = people_->records().read(OrganisationId("sakura"), one, {"telephone"});
    ASSERT_TRUE(record && record->values.size() == 1);
    telephone = record->values[0].text.reveal();
  }
  vault::Openings openings({*store_, clock_, entropy_, *authority_, *registry_, people_->records(),
                            vault::NumberingPlan::japanese(), exports_.get()});
  EXPECT_EQ(entries_with("invented_touched"), 0);
  const auto found = openings.search(asker_, {}, {{"telephone", Personal(telephone)}});
  ASSERT_TRUE(found) << word_of(found.error());
  EXPECT_EQ(found->people.size(), 1U);
  EXPECT_EQ(entries_with("invented_touched"), 1);
}

INSTANTIATE_TEST_SUITE_P(Stores, ExportsOn, testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
