// The clients' logs as the vault publishes them, on a real store of either kind.
#include "vault/client_logs.h"

#include "ledger/entry.h"
#include "store/vault/vault_fixture.h"
#include "store/vault/vault_log.h"
#include "vault/core/crypto.h"

namespace madoguchi::store {
namespace {

class ClientLogsOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "さくら", {"+81300000001"}));
  }
  vault::LogSigners::Parts parts() { return {*store_, clock_, entropy_, *registry_}; }
  [[nodiscard]] std::string entry() const {
    ledger::Entry entry;
    entry.time = clock_.now();
    entry.kind = ledger::kind::kOpening;
    entry.operator_id = "hana";
    entry.organisation = "minato";
    entry.call = "call";
    entry.purpose = "answer";
    entry.fields = {"name_kana"};
    entry.outcome = "shown";
    return entry.text().value();
  }
  // The key that a vault just started would sign with; empty when it has none.
  std::string key_of(const std::string& log) {
    const auto master = open_master();
    EXPECT_TRUE(master);
    return key_under(master->wrapping(), log);
  }
  std::string key_under(Secret wrapping, const std::string& log) {
    vault::LogSigners signers(parts(), std::make_shared<vault::KeyWrapping>(std::move(wrapping)));
    const auto signer = signers.signer_of(log, "vault.localhost/log/" + log);
    return signer ? signer->verifier().text() : std::string();
  }
};

TEST_P(ClientLogsOn, ALogKeepsItsKeyThroughRestartsAndUnderItsMasterKeyAlone) {
  const std::string key = key_of("sakura");
  EXPECT_TRUE(key.starts_with("vault.localhost/log/sakura+")) << key;
  start();
  EXPECT_EQ(key_of("sakura"), key);
  EXPECT_EQ(key_under(Secret::random(vault::kKeyBytes), "sakura"), "");
  EXPECT_EQ(key_of("nobody"), "");
}

TEST_P(ClientLogsOn, AKeyThatWasKeptAfterAllIsTheKey) {
  fault_ = CommitFault::kFailedButKept;
  EXPECT_EQ(key_of("sakura"), "");
  EXPECT_NE(key_of("sakura"), "");
  EXPECT_EQ(count_of("log"), 1);  // the kind of key that the journal's line names
}

TEST_P(ClientLogsOn, WhatIsCommittedIsShownAndNothingElse) {
  vault::Act act;
  act.entries.push_back({"sakura", entry()});
  const auto kept = store_->commit(clock_.now(), act);
  ASSERT_TRUE(kept) << kept.error().message;
  DatabaseOptions options;
  options.url = scratch_->url();
  const auto log = open_vault_log(std::move(options));
  ASSERT_TRUE(log) << log.error().message;
  const auto master = open_master();
  ASSERT_TRUE(master);
  const auto start_logs = [&] {
    return std::make_unique<vault::ClientLogs>(
        vault::ClientLogs::Parts{parts(), **log, "vault.localhost", folder_ / "log", *master, {}});
  };
  start_logs();  // its end publishes
  const auto logs = start_logs();
  const auto serve = [&](const char* path) { return logs->logs().serve(path); };
  const auto checkpoint = serve("/log/sakura/checkpoint");
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->content_type, "text/plain; charset=utf-8");
  EXPECT_TRUE(as_text(checkpoint->bytes).starts_with("vault.localhost/log/sakura\n3\n"));
  EXPECT_TRUE(serve("/log/sakura/tile/entries/000.p/3"));  // after its organisation and number
  for (const char* path : {"/log/wakaba/checkpoint", "/log/sakura/../../master.key",
                           "/log/../master.key", "/log/sakura/tile/../checkpoint", "/log/sakura/"})
    EXPECT_FALSE(serve(path)) << path;
}

INSTANTIATE_TEST_SUITE_P(Both, ClientLogsOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
