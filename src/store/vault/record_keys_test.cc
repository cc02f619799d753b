// Organisations' keys while the store goes away and comes back.
#include "vault/record_keys.h"

#include <algorithm>

#include "store/vault/vault_fixture.h"

namespace madoguchi::store {
namespace {

using vault::KeyUse;

// Another store that may be away altogether.
class StoreThatGoesAway final : public vault::VaultStore {
 public:
  explicit StoreThatGoesAway(vault::VaultStore& store) : store_(store) {}
  bool away = false;

  Result<void> commit(Time now, const vault::Act& act) override {
    auto kept = store_.commit(now, act);
    if (away) return gone();
    return kept;
  }
  Result<vault::VaultImage> load() override {
    if (away) return gone();
    return store_.load();
  }
  void on_entries(OnEntries) override {}
  Result<vault::AccessImage> load_access() override { return gone(); }
  Result<vault::ExportImage> load_exports() override { return gone(); }
  Result<vault::RetentionImage> load_retention() override { return gone(); }
  Result<std::string> people_of(const vault::ExportId&) override { return gone(); }
  Result<std::optional<vault::WishRow>> find_wish(const vault::WishId&) override { return gone(); }
  Result<std::optional<vault::TicketRow>> find_ticket(const TicketId&) override { return gone(); }
  Result<std::vector<vault::TicketRow>> open_tickets(const vault::WishId&, const OperatorId&,
                                                     Time) override {
    return gone();
  }
  Result<std::vector<Time>> dialled(std::string_view, Time) override { return gone(); }
  Result<std::optional<vault::RecordingRow>> find_recording(const vault::RecordingId&) override {
    return gone();
  }
  Result<std::map<vault::RecordingId, std::string>> digests_of(
      const std::vector<vault::RecordingId>&) override {
    return gone();
  }
  Result<std::optional<vault::StaffRow>> find_staff(const OperatorId&) override { return gone(); }
  Result<std::optional<vault::SessionRow>> find_session(std::string_view) override {
    return gone();
  }
  Result<std::vector<OperatorId>> signed_in(const std::vector<OperatorId>&, Time) override {
    return gone();
  }
  Result<std::optional<vault::PasskeyRow>> find_passkey(std::string_view) override {
    return gone();
  }
  Result<std::vector<vault::PasskeyRow>> passkeys_of(const OperatorId&) override { return gone(); }
  Result<std::optional<vault::EnrolmentRow>> find_enrolment(std::string_view) override {
    return gone();
  }
  Result<std::vector<vault::JournalLine>> journal(std::uint64_t, std::size_t) override {
    return gone();
  }

 private:
  static tl::unexpected<Error> gone() { return fail(ErrorCode::kUnavailable, "away"); }
  vault::VaultStore& store_;
};

class RecordKeysOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    away_ = std::make_unique<StoreThatGoesAway>(*store_);
    const auto master = open_master();
    ASSERT_TRUE(master);
    auto keys = vault::RecordKeys::open({*away_, clock_, entropy_}, *master);
    ASSERT_TRUE(keys) << keys.error().message;
    keys_ = std::move(*keys);
  }
  const OrganisationId sakura_{"sakura"};
  std::unique_ptr<StoreThatGoesAway> away_;
  std::unique_ptr<vault::RecordKeys> keys_;
};

TEST_P(RecordKeysOn, NoKeyIsForgottenBecauseTheStoreWasAwayWhenAnotherWasMade) {
  const auto first = keys_->newest(sakura_, KeyUse::kData);
  ASSERT_TRUE(first);
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kNone}) {
    const std::uint32_t before = keys_->newest_version(sakura_, KeyUse::kData);
    fault_ = fault;
    away_->away = true;
    EXPECT_FALSE(keys_->make_next(sakura_, KeyUse::kData));
    EXPECT_FALSE(keys_->make_next(sakura_, KeyUse::kData));
    const auto known = keys_->at(sakura_, KeyUse::kData, 1);
    ASSERT_TRUE(known) << known.error().message;
    EXPECT_TRUE(std::ranges::equal(known->key->reveal(), first->key->reveal()));
    EXPECT_EQ(keys_->newest_version(sakura_, KeyUse::kData), before);
    away_->away = false;
    // The one that was kept after all is the next one.
    const auto next = keys_->make_next(sakura_, KeyUse::kData);
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ(next->version, before + 1);
  }
  EXPECT_EQ(keys_->newest_version(sakura_, KeyUse::kData), 3U);
}

INSTANTIATE_TEST_SUITE_P(Both, RecordKeysOn, testing::Values(Backend::kSqlite, Backend::kPostgres),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace madoguchi::store
