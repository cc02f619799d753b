#include "vault/refusals.h"

#include <gtest/gtest.h>

#include "store/vault/vault_fixture.h"
#include "store/vault/vault_log.h"

namespace madoguchi::store {
namespace {

using vault::Refusals;

class RefusalsOn : public VaultOn {
 protected:
  // All that was noted is written when this returns.
  template <typename Work>
  void refusing(Work&& work) {
    Refusals refusals({*store_, clock_, *registry_});
    work(refusals);
  }
  vault::RefusedAsk ticket(const std::string& call, const std::string& owner = "") const {
    return {"ticket",           "no_call",    "centre",      OrganisationId(owner),
            OperatorId("hana"), CallId(call), DeskId("desk")};
  }
  std::vector<std::string> entries(const std::string& log) {
    DatabaseOptions options;
    options.url = scratch_->url();
    const auto reader = open_vault_log(std::move(options));
    if (!reader) return {reader.error().message};
    std::vector<std::string> texts;
    const auto stored = (*reader)->entries(log, 0, 1000);
    if (!stored) return {stored.error().message};
    for (const auto& one : *stored) texts.push_back(one.entry);
    return texts;
  }
};

TEST_P(RefusalsOn, TheJournalTellsAndTheClientsLogWhereThereIsOne) {
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "A", {}));
  refusing([&](Refusals& refusals) {
    refusals.note(ticket("call-1", "sakura"));
    refusals.note(ticket("call-2", "somebody-made-up"));
  });
  EXPECT_EQ(count_of("refused"), 2);
  const auto told = entries("sakura");
  ASSERT_EQ(told.size(), 2u);  // the first: that there is such an organisation
  EXPECT_NE(told[1].find("\"outcome\":\"refused_no_call\""), std::string::npos) << told[1];
  EXPECT_NE(told[1].find("\"call\":\"call-1\""), std::string::npos) << told[1];
}

TEST_P(RefusalsOn, AFloodIsToldAsItsNumber) {
  refusing([&](Refusals& refusals) {
    for (int i = 0; i < 5000; ++i) refusals.note(ticket("call-" + std::to_string(i % 1000)));
  });
  const auto lines = journal_lines();
  EXPECT_EQ(count_of("refused"), static_cast<long>(Refusals::kMostSingly) + 1);
  EXPECT_NE(lines.back().json.find("\"times\":4900"), std::string::npos) << lines.back().json;
}

TEST_P(RefusalsOn, TheNextMinuteTellsSinglyAgain) {
  refusing([&](Refusals& refusals) {
    refusals.note(ticket("call-1"));
    refusals.note(ticket("call-1"));
    refusals.minute();
    refusals.note(ticket("call-1"));
  });
  EXPECT_EQ(count_of("refused"), 3);
}

TEST_P(RefusalsOn, WhatCouldNotBeWrittenIsTriedAgain) {
  fault_ = CommitFault::kFailed;
  refusing([&](Refusals& refusals) { refusals.note(ticket("call-1")); });
  EXPECT_EQ(count_of("refused"), 1);
}

INSTANTIATE_TEST_SUITE_P(Both, RefusalsOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
