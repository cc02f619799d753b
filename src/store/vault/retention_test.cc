#include "vault/retention.h"

#include <nlohmann/json.hpp>

#include "ledger/testing.h"
#include "store/vault/openings_fixture.h"
#include "vault/client_logs.h"
#include "vault/exports/sealed_export.h"

namespace madoguchi::store {
namespace {

using namespace std::chrono_literals;
using vault::MandateId;
using vault::Retention;

// wakaba signed one mandate, common-1, together with sakura, which signed others too.
class RetentionOn : public OpeningsOn {
 protected:
  void SetUp() override {
    OpeningsOn::SetUp();
    if (IsSkipped()) return;
    reopen();
  }
  void TearDown() override {
    retention_.reset();
    exports_.reset();
    OpeningsOn::TearDown();
  }
  void reopen() {
    retention_.reset();
    exports_.reset();
    auto exports = vault::Exports::open({*store_, clock_, entropy_, *authority_, *registry_,
                                         people_->records(), folder_ / "exports"});
    ASSERT_TRUE(exports) << exports.error().message;
    exports_ = std::move(*exports);
    auto retention = Retention::open({*store_,
                                      clock_,
                                      entropy_,
                                      *authority_,
                                      *registry_,
                                      people_->records(),
                                      exports_.get(),
                                      nullptr,
                                      nullptr,
                                      {24h * 30, 3}});
    ASSERT_TRUE(retention) << retention.error().message;
    retention_ = std::move(*retention);
  }
  // The vault's process ends and begins again.
  void restart() {
    retention_.reset();
    exports_.reset();
    openings_.reset();
    people_.reset();
    start();
    RecordStoreOptions options;
    options.records_url = "sqlite:" + (folder_ / "records.db").string();
    options.keys_url = "sqlite:" + (folder_ / "keys.db").string();
    options.side_folder = folder_;
    auto stores = open_record_stores(options);
    ASSERT_TRUE(stores) << stores.error().message;
    const auto master = open_master();
    ASSERT_TRUE(master);
    auto people =
        vault::PeopleRecords::open({*store_, clock_, entropy_, vault::NumberingPlan::japanese(),
                                    *master, folder_ / "erasures"},
                                   {std::move(stores->records), std::move(stores->keys)});
    ASSERT_TRUE(people) << people.error().message;
    people_ = std::move(*people);
    reopen();
  }
  vault::DestructionRow row_of(const std::string& owner) {
    for (const auto& one : retention_->destructions())
      if (one.owner == OrganisationId(owner)) return one;
    ADD_FAILURE() << "nothing of " << owner << " was destroyed";
    return {};
  }
  void advance() {
    const auto done = retention_->advance();
    EXPECT_TRUE(done) << done.error().message;
  }
  // As the vault's clock lets it be, the last moment included.
  void days(int count) {
    for (int day = 0; day < count; ++day) {
      clock_.advance(24h);
      advance();
    }
  }
  std::size_t people(const std::string& owner) {
    return people_->records().subjects(OrganisationId(owner), {}, 100)->size();
  }
  std::string state(const std::string& owner, const std::string& mandate) {
    for (const auto& one : retention_->of_owner(OrganisationId(owner)))
      if (one.term.mandate == MandateId(mandate)) return std::string(name_of(one.state));
    return "none";
  }
  std::vector<std::string> told(const std::string& owner) {
    std::vector<std::string> outcomes;
    for (const ledger::Entry& entry : entries(owner))
      if (entry.kind == ledger::kind::kRetention) outcomes.push_back(entry.outcome);
    return outcomes;
  }
  // Signs the next version, as changed.
  void change(const std::string& id, const std::string& owners_person,
              const std::function<void(vault::Mandate&)>& how) {
    vault::Mandate mandate = authority_->with([&](vault::Authority& authority, Time) {
      return *authority.mandates().newest(MandateId(id));
    });
    ++mandate.version;
    how(mandate);
    const auto drafted = authority_->draft(mandate, OperatorId("administrator"));
    ASSERT_TRUE(drafted) << drafted.error().message;
    const auto done = authority_->sign(mandate.id, mandate.version, OperatorId(owners_person));
    ASSERT_TRUE(done) << done.error().message;
  }

  const std::vector<std::string> all_{"warned", "begun", "destroyed"};
  std::unique_ptr<vault::Exports> exports_;
  std::unique_ptr<Retention> retention_;
};

TEST_P(RetentionOn, WarnsAMonthBeforeAndDestroysAtTheDateWithACertificate) {
  advance();
  EXPECT_EQ(state("wakaba", "common-1"), "kept");
  EXPECT_EQ(told("wakaba"), std::vector<std::string>());
  clock_.advance(24h * 90);
  advance();
  advance();
  EXPECT_EQ(state("wakaba", "common-1"), "warned");
  EXPECT_EQ(told("wakaba"), std::vector<std::string>{"warned"});
  clock_.advance(24h * 30 - 1s);
  advance();
  EXPECT_EQ(people("wakaba"), 10U);
  clock_.advance(1s);
  advance();
  EXPECT_EQ(people("wakaba"), 0U);
  EXPECT_EQ(*people_->records().count_keys(OrganisationId("wakaba")), 0U);
  EXPECT_EQ(state("wakaba", "common-1"), "destroyed");
  EXPECT_EQ(told("wakaba"), all_);
  advance();
  EXPECT_EQ(told("wakaba"), all_);
  const auto certificate = nlohmann::json::parse(row_of("wakaba").certificate);
  EXPECT_EQ(certificate["keys"], 10);
  EXPECT_EQ(certificate["done_at"], format_utc(clock_.now()));
  EXPECT_EQ(certificate["mandates"][0]["id"], "common-1");
  EXPECT_EQ(std::get<std::string>(entries("wakaba").back().details.at("certificate_sha256")),
            ledger::certificate_digest(row_of("wakaba").certificate));
}

TEST_P(RetentionOn, DataStaysWhileAnotherMandateOfTheOwnerKeepsIt) {
  change("sakura-1", "oku", [&](vault::Mandate& m) { m.retention += 24h; });
  days(120);
  EXPECT_EQ(people("sakura"), 10U);
  EXPECT_EQ(people("wakaba"), 0U);
  EXPECT_EQ(state("sakura", "common-1"), "held");
  clock_.advance(24h);
  advance();
  EXPECT_EQ(people("sakura"), 0U);
  for (const char* id : {"sakura-1", "common-1", "sakura-print"})
    EXPECT_EQ(state("sakura", id), "destroyed") << id;
}

TEST_P(RetentionOn, AMandateThatWasTakenBackIsKeptUntilItsDateAndThenDestroyed) {
  ASSERT_TRUE(authority_->revoke(MandateId("common-1"), OperatorId("wada")));
  days(119);
  clock_.advance(24h - 1s);
  advance();
  EXPECT_EQ(people("wakaba"), 10U);
  clock_.advance(1s);
  advance();
  EXPECT_EQ(people("wakaba"), 0U);
}

TEST_P(RetentionOn, IsDoneAMonthAfterALongTimeOffAndOnlyOnce) {
  clock_.advance(24h * 1000);
  restart();
  advance();
  EXPECT_EQ(told("wakaba"), std::vector<std::string>{"warned"});
  EXPECT_EQ(state("wakaba", "common-1"), "warned");
  clock_.advance(24h * 30 - 1s);
  restart();
  advance();
  EXPECT_EQ(people("wakaba"), 10U);
  clock_.advance(1s);
  restart();
  advance();
  EXPECT_EQ(people("wakaba"), 0U);
  restart();
  advance();
  EXPECT_EQ(told("wakaba"), all_);
}

TEST_P(RetentionOn, ADateThatWasBroughtNearIsWarnedOfForAMonthBeforeAnyKeyGoes) {
  change("common-1", "wada", [&](vault::Mandate& m) { m.ends = m.retention = clock_.now() + 1s; });
  clock_.advance(1s);
  advance();
  const Time due = clock_.now() + 24h * 30;
  EXPECT_EQ(people("wakaba"), 10U);
  EXPECT_EQ(told("wakaba"), std::vector<std::string>{"warned"});
  EXPECT_EQ(std::get<std::string>(entries("wakaba").back().details.at("not_before")),
            format_utc(due));
  const auto standing = retention_->of_owner(OrganisationId("wakaba"));
  EXPECT_EQ(standing.front().not_before, due);
  EXPECT_EQ(name_of(standing.front().state), "warned");
  days(29);
  EXPECT_EQ(people("wakaba"), 10U);
  days(1);
  EXPECT_EQ(people("wakaba"), 0U);
  EXPECT_EQ(told("wakaba"), all_);
}

TEST_P(RetentionOn, AWarningOfAClockThatWasPutRightSinceIsGivenAgain) {
  clock_.jump(24h * 1000);
  advance();
  clock_.jump(-24h * 1000);
  restart();
  EXPECT_EQ(state("wakaba", "common-1"), "kept");
  days(90);
  EXPECT_EQ(told("wakaba"), (std::vector<std::string>{"warned", "warned"}));
  restart();
  days(29);
  EXPECT_EQ(people("wakaba"), 10U);
  days(1);
  EXPECT_EQ(people("wakaba"), 0U);
}

TEST_P(RetentionOn, GoesOnWhereACrashLeftIt) {
  days(119);
  clock_.advance(24h);
  // As after a crash: it has begun, some keys are gone, nothing says that it is done.
  retention_->stop();
  advance();
  ASSERT_TRUE(people_->records().destroy_all(OrganisationId("wakaba"), 3));
  EXPECT_EQ(state("wakaba", "common-1"), "begun");
  restart();
  EXPECT_EQ(state("wakaba", "common-1"), "begun");
  advance();
  EXPECT_EQ(people("wakaba"), 0U);
  EXPECT_EQ(told("wakaba"), all_);
  EXPECT_EQ(nlohmann::json::parse(row_of("wakaba").certificate)["keys"], 10);
}

TEST_P(RetentionOn, ACommitThatFailsChangesNothingUntilItIsKept) {
  days(89);
  for (const int until_next : {30, 0}) {
    clock_.advance(24h);
    for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
      fault_ = fault;
      EXPECT_FALSE(retention_->advance());
    }
    advance();
    days(std::max(0, until_next - 1));
  }
  EXPECT_EQ(people("wakaba"), 0U);
  EXPECT_EQ(told("wakaba"), all_);
}

TEST_P(RetentionOn, ReturnedDataIsDestroyedOnlyAfterTheOwnerFetchedIt) {
  ASSERT_TRUE(authority_->put_place(
      {OperatorId("mori"), OrganisationId("wakaba"), vault::StaffRole::kOwner, ""}));
  change("common-1", "wada", [](vault::Mandate& m) { m.at_end = vault::AtEnd::kReturned; });
  const auto secret = vault::make_recipient(folder_ / "recipient.key", "wakaba");
  ASSERT_TRUE(secret);
  const MandateId id("common-1");
  const OperatorId wada("wada");
  EXPECT_EQ(retention_->ask_return(id, secret->public_half(), wada).error().code,
            ErrorCode::kConflict);  // not before its end
  days(120);
  EXPECT_EQ(state("wakaba", "common-1"), "waits");
  EXPECT_EQ(people("wakaba"), 10U);
  EXPECT_EQ(retention_->ask_return(id, secret->public_half(), OperatorId("hana")).error().code,
            ErrorCode::kDenied);
  const auto asked = retention_->ask_return(id, secret->public_half(), wada);
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(exports_->approve(asked->id, wada).error().code, ErrorCode::kDenied);
  ASSERT_TRUE(exports_->approve(asked->id, OperatorId("mori")));
  exports_->settle();
  advance();
  EXPECT_GE(people("wakaba"), 10U);
  restart();
  const auto file = exports_->fetch(asked->id, wada);
  ASSERT_TRUE(file) << file.error().message;
  restart();
  advance();
  EXPECT_EQ(people("wakaba"), 0U);
  const auto body = nlohmann::json::parse(row_of("wakaba").certificate);
  EXPECT_EQ(body["mandates"][0]["returned_in"], asked->id.text());
  std::string text;
  const auto opened =
      vault::open_export(as_bytes(*file), *secret, [&](ByteView bytes) -> Result<void> {
        text += as_text(bytes);
        return {};
      });
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_NE(text.find("葉子"), std::string::npos);
}

TEST_P(RetentionOn, TheOwnerMayWaiveTheReturn) {
  change("common-1", "wada", [](vault::Mandate& m) { m.at_end = vault::AtEnd::kReturned; });
  days(120);
  EXPECT_EQ(retention_->waive(MandateId("common-1"), OperatorId("oku")).error().code,
            ErrorCode::kConflict);  // sakura's version says "destroyed"
  ASSERT_TRUE(retention_->waive(MandateId("common-1"), OperatorId("wada")));
  advance();
  EXPECT_EQ(people("wakaba"), 0U);
  EXPECT_EQ(told("wakaba"),
            (std::vector<std::string>{"warned", "waits", "waived", "begun", "destroyed"}));
}

TEST_P(RetentionOn, TheCertificateIsProvenByTheLogAndByNothingElse) {
  days(120);
  auto master = open_master();
  ASSERT_TRUE(master);
  DatabaseOptions options;
  options.url = scratch_->url();
  const auto log = open_vault_log(std::move(options));
  ASSERT_TRUE(log);
  vault::LogSigners signers({*store_, clock_, entropy_, *registry_}, master->shared_wrapping());
  ledger::Logs logs(**log, signers, {folder_ / "log", "vault.localhost/log"});
  const auto found = Retention::open({*store_, clock_, entropy_, *authority_, *registry_,
                                      people_->records(), exports_.get(), log->get(), &logs});
  ASSERT_TRUE(found);
  const auto row = row_of("wakaba");
  EXPECT_EQ((*found)->certificate(row.id).error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(logs.publish(clock_.now()));
  const auto certificate = (*found)->certificate(row.id);
  ASSERT_TRUE(certificate) << certificate.error().message;
  const auto text = certificate->text();
  ASSERT_TRUE(text);
  ASSERT_TRUE(ledger::is_certificate(*text));
  const auto key = *ledger::VerifierKey::parse(certificate->key);
  const auto read = ledger::Certificate::parse(*text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->proofs.size(), 2U);
  EXPECT_TRUE(ledger::verify_certificate(*read, key, {}));
  std::string changed = *text;
  changed.replace(changed.find("\"keys\":10"), 9, "\"keys\":11");
  const auto forged = ledger::Certificate::parse(changed);
  // Said to be of another number of keys, in the body or in the entry that it shows.
  EXPECT_TRUE(!forged || !ledger::verify_certificate(*forged, key, {}));
  const auto sakura = logs.verifier_of("sakura");
  ASSERT_TRUE(sakura);
  EXPECT_FALSE(ledger::verify_certificate(*read, *sakura, {}));
}

INSTANTIATE_TEST_SUITE_P(Stores, RetentionOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
