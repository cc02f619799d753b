// For tests of the vault's domain on a real store of either kind: an open vault with a clock that
// stands still, and commits that can be made to fail. Linked into test programs only.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "base/sealing.h"
#include "ledger/entry.h"
#include "ledger/hash.h"
#include "store/scratch_database.h"
#include "store/vault/sql_vault_store.h"
#include "store/vault/vault_log.h"
#include "vault/authority_desk.h"
#include "vault/dial_gate.h"
#include "vault/registry.h"
#include "vault/staff.h"

namespace madoguchi::store {

class VaultOn : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    std::string why;
    scratch_ = ScratchDatabase::make(GetParam(), &why);
    if (!scratch_) GTEST_SKIP() << why;
    std::string pattern = testing::TempDir() + "vaultXXXXXX";
    folder_ = mkdtemp(pattern.data());
    start();
  }
  void TearDown() override {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // Also a restart: what was in memory goes.
  void start() {
    stop();
    DatabaseOptions options;
    options.url = scratch_->url();
    options.busy_timeout = std::chrono::milliseconds(100);
    options.commit_fault = [this] {
      return std::exchange(fault_, std::exchange(fault_after_, CommitFault::kNone));
    };
    auto store = open_vault_store(std::move(options));
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
    auto registry = open_registry();
    ASSERT_TRUE(registry) << registry.error().message;
    registry_ = std::move(*registry);
    auto authority = vault::AuthorityDesk::open({*store_, clock_, entropy_});
    ASSERT_TRUE(authority) << authority.error().message;
    authority_ = std::move(*authority);
    gate_ = std::make_unique<vault::DialGate>(vault::DialGate::Parts{
        *store_, clock_, entropy_, *registry_, *authority_, vault::NumberingPlan::japanese(),
        vault::DialRules::japanese(), needs_session_});
    staff_ = std::make_unique<vault::Staff>(vault::Staff::Parts{
        *store_, clock_, *authority_, true, vault::HashingCost::kLeast, std::chrono::hours(12)});
  }
  void stop() {
    staff_.reset();
    gate_.reset();
    authority_.reset();
    registry_.reset();
    store_.reset();
  }
  Result<vault::Master> open_master() {
    return vault::Master::open(*store_, {folder_ / "master.key"});
  }
  Result<std::unique_ptr<vault::Registry>> open_registry() {
    auto master = open_master();
    if (!master) return tl::unexpected<Error>(master.error());
    return vault::Registry::open({*store_, clock_, entropy_, vault::NumberingPlan::japanese()},
                                 *master);
  }

  Bytes sealed(const std::string& number) const {
    return seal(as_bytes(number), registry_->directory()->sealing_key());
  }
  vault::WishAsked wish(const std::string& id, const std::string& number,
                        const std::string& organisation = "sakura") const {
    return {vault::WishId(id),
            CallId("call-" + id),
            OrganisationId(organisation),
            sealed(number),
            false,
            clock_.now()};
  }
  vault::TicketAsked ticket(const std::string& wish_id, const LineToken& token,
                            const std::string& operator_id = "hana",
                            const std::string& organisation = "sakura") const {
    return {vault::WishId(wish_id),  false,          OrganisationId(organisation),   token,
            OperatorId(operator_id), DeskId("desk"), PromiseId("promise-" + wish_id)};
  }
  std::vector<vault::JournalLine> journal_lines() {
    auto lines = store_->journal(0, 10'000);
    EXPECT_TRUE(lines);
    return std::move(*lines);
  }
  // The kinds of all journal lines, in order, after checking the chain.
  std::vector<std::string> journal_kinds() {
    std::vector<std::string> kinds;
    vault::JournalHead head;
    for (const vault::JournalLine& line : journal_lines()) {
      const auto next = vault::verify_line(head, line);
      EXPECT_TRUE(next) << line.json;
      if (next) head = *next;
      const auto at = line.json.find("\"kind\":\"") + 8;
      kinds.push_back(line.json.substr(at, line.json.find('"', at) - at));
    }
    return kinds;
  }
  // What stands in the owner's log, oldest first.
  std::vector<ledger::Entry> entries(const std::string& log = "sakura") {
    DatabaseOptions options;
    options.url = scratch_->url();
    const auto store = open_vault_log(std::move(options));
    const auto found =
        store ? (*store)->entries(log, 0, 1000)
              : Result<std::vector<ledger::StoredEntry>>(tl::unexpected<Error>(store.error()));
    EXPECT_TRUE(found);
    std::vector<ledger::Entry> all;
    for (const ledger::StoredEntry& one : *found) {
      EXPECT_EQ(one.leaf, ledger::leaf_hash(as_bytes(one.entry)));
      auto entry = ledger::Entry::parse(one.entry);
      EXPECT_TRUE(entry) << one.entry;
      if (entry) all.push_back(*std::move(entry));
    }
    return all;
  }
  long count_of(const std::string& kind) {
    const auto kinds = journal_kinds();
    return std::count(kinds.begin(), kinds.end(), kind);
  }

  std::unique_ptr<ScratchDatabase> scratch_;
  std::filesystem::path folder_;
  ManualClock clock_{*parse_utc("2026-11-22T03:00:00Z")};
  SystemEntropy entropy_;
  bool needs_session_ = false;                    // of the gate, from the next start() on
  CommitFault fault_ = CommitFault::kNone;        // of the next commit
  CommitFault fault_after_ = CommitFault::kNone;  // of the one after it
  std::unique_ptr<vault::VaultStore> store_;
  std::unique_ptr<vault::Registry> registry_;
  std::unique_ptr<vault::AuthorityDesk> authority_;
  std::unique_ptr<vault::DialGate> gate_;
  std::unique_ptr<vault::Staff> staff_;
};

}  // namespace madoguchi::store
