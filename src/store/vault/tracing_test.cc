#include "vault/tracing.h"

#include "store/vault/openings_fixture.h"
#include "vault/exports.h"

namespace madoguchi::store {
namespace {

using vault::FieldValue;
using vault::Traced;

class TracingOn : public OpeningsOn {
 protected:
  void SetUp() override {
    OpeningsOn::SetUp();
    if (IsSkipped()) return;
    auto exports = vault::Exports::open({*store_, clock_, entropy_, *authority_, *registry_,
                                         people_->records(), folder_ / "exports"});
    ASSERT_TRUE(exports) << exports.error().message;
    exports_ = std::move(*exports);
    restart();
  }
  void TearDown() override {
    tracing_.reset();
    exports_.reset();
    OpeningsOn::TearDown();
  }
  void restart(std::uint32_t lines_per_day = 10) {
    tracing_ = std::make_unique<vault::Tracing>(
        vault::Tracing::Parts{*store_, clock_, *registry_, people_->records(), *exports_,
                              vault::NumberingPlan::japanese(), lines_per_day});
  }
  void add(const std::string& owner, const std::string& number, const std::string& name,
           const std::string& mail) {
    vault::Subject subject;
    for (const auto& [field, text] :
         {std::pair{"letter_number", number}, {"name_kanji", name}, {"mail", mail}}) {
      FieldValue& value = subject.values.emplace_back();
      value.field = field;
      value.text = Personal<std::string>(text);
    }
    const auto added = people_->records().add(OrganisationId(owner), subject);
    ASSERT_TRUE(added) << added.error().message;
  }
  Traced trace(const std::string& text) {
    auto traced = tracing_->trace(as_bytes(text), "admin");
    EXPECT_TRUE(traced) << traced.error().message;
    return traced ? *std::move(traced) : Traced{};
  }
  static std::vector<std::string> owners(const vault::TracedLine& line) {
    std::vector<std::string> names;
    for (const vault::TracedOwner& one : line.owners) names.push_back(one.owner.text());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::vector<ledger::Entry> traces(const std::string& log) {
    std::vector<ledger::Entry> found;
    for (ledger::Entry& entry : entries(log))
      if (entry.kind == "trace") found.push_back(std::move(entry));
    return found;
  }
  static std::int64_t count(const ledger::Entry& entry, const char* name) {
    return std::get<std::int64_t>(entry.details.at(name));
  }

  std::unique_ptr<vault::Exports> exports_;
  std::unique_ptr<vault::Tracing> tracing_;
};

// Which of them is asked first must not decide whose leak it is.
TEST_P(TracingOn, ALineThatTwoClientsHaveIsBothOfThem) {
  add("sakura", "T-1", "名無 一郎", "ichiro@example.jp");
  add("wakaba", "T-9", "名無 一郎", "ichiro@example.jp");
  add("sakura", "T-2", "名無 二郎", "jiro@example.jp");
  add("wakaba", "T-8", "名無 三郎", "saburo@example.jp");
  for (const std::string first :
       {"T-2,名無 二郎,jiro@example.jp\n", "T-8,名無 三郎,saburo@example.jp\n"}) {
    const Traced traced = trace(first + "名無 一郎,ichiro@example.jp\n");
    ASSERT_EQ(traced.lines.size(), 2U);
    EXPECT_EQ(owners(traced.lines[0]).size(), 1U);
    EXPECT_EQ(owners(traced.lines[1]), (std::vector<std::string>{"sakura", "wakaba"}));
    EXPECT_EQ(traced.sums.at(OrganisationId("sakura")).shared, 1U);
    EXPECT_EQ(traced.sums.at(OrganisationId("wakaba")).shared, 1U);
  }
  // More cells decide, whoever was asked first.
  const Traced traced = trace("T-2,名無 二郎,jiro@example.jp\nT-9,名無 一郎,ichiro@example.jp\n");
  EXPECT_EQ(owners(traced.lines[1]), std::vector<std::string>{"wakaba"});
  EXPECT_EQ(traced.sums.at(OrganisationId("sakura")).lines, 1U);
}

TEST_P(TracingOn, EveryClientWhoseRecordsWereComparedIsTold) {
  add("sakura", "T-1", "名無 一郎", "ichiro@example.jp");
  trace("T-1,名無 一郎\nT-7,誰某\n");
  ASSERT_EQ(traces("sakura").size(), 1U);
  ASSERT_EQ(traces("wakaba").size(), 1U);
  EXPECT_EQ(count(traces("sakura")[0], "compared"), 2);
  EXPECT_EQ(count(traces("sakura")[0], "lines"), 1);
  EXPECT_EQ(count(traces("wakaba")[0], "compared"), 2);
  EXPECT_EQ(count(traces("wakaba")[0], "lines"), 0);
}

TEST_P(TracingOn, OnlySoManyLinesAreComparedInADayRestartsIncluded) {
  trace("a,1\nb,2\nc,3\nd,4\ne,5\nf,6\n");
  restart();
  const auto refused = tracing_->trace(as_bytes("a,1\nb,2\nc,3\nd,4\ne,5\n"), "admin");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("lines_per_day"), std::string::npos);
  EXPECT_EQ(trace("a,1\nb,2\nc,3\nd,4\n").lines_read, 4U);
  EXPECT_FALSE(tracing_->trace(as_bytes("a,1\n"), "admin"));
  EXPECT_EQ(traces("sakura").size(), 2U);  // a refused one compared nothing
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(trace("a,1\n").lines_read, 1U);
}

TEST_P(TracingOn, EveryLineIsRead) {
  restart(5'000);
  add("sakura", "T-1", "名無 一郎", "ichiro@example.jp");
  std::string text;
  for (int i = 0; i < 1'100; ++i) text += "T-" + std::to_string(i + 5'000) + "\n";
  const Traced traced = trace(text + "T-1,名無 一郎\n");
  EXPECT_EQ(traced.lines_read, 1'101U);
  ASSERT_EQ(traced.lines.size(), 1U);
  EXPECT_EQ(traced.lines[0].line, 1'101U);
}

TEST_P(TracingOn, WhatCannotBeLoggedIsNotTold) {
  add("sakura", "T-1", "名無 一郎", "ichiro@example.jp");
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    EXPECT_FALSE(tracing_->trace(as_bytes("T-1,名無 一郎\n"), "admin"));
  }
  EXPECT_TRUE(tracing_->trace(as_bytes("T-1,名無 一郎\n"), "admin"));
}

INSTANTIATE_TEST_SUITE_P(Stores, TracingOn, testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
