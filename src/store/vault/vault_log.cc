#include "store/vault/vault_log.h"

#include <utility>

#include "store/ledger/sql_log_store.h"

namespace madoguchi::store {
namespace {

class VaultLog final : public ledger::LogStore {
 public:
  explicit VaultLog(std::unique_ptr<Database> database)
      : database_(std::move(database)), log_(make_log_store(*database_)) {}

  Result<std::vector<ledger::LogSize>> sizes() override { return log_->sizes(); }
  Result<std::vector<ledger::StoredEntry>> entries(std::string_view log, std::uint64_t from,
                                                   std::size_t most) override {
    return log_->entries(log, from, most);
  }
  Result<std::vector<ledger::SignedHead>> signed_heads() override { return log_->signed_heads(); }
  Result<void> keep_signed(std::span<const ledger::SignedHead> heads) override {
    return log_->keep_signed(heads);
  }

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<ledger::LogStore> log_;
};

}  // namespace

Result<std::unique_ptr<ledger::LogStore>> open_vault_log(DatabaseOptions options) {
  options.sole_owner = false;
  auto database = Database::open(std::move(options));
  if (!database) return tl::unexpected<Error>(database.error());
  return std::unique_ptr<ledger::LogStore>(std::make_unique<VaultLog>(std::move(*database)));
}

}  // namespace madoguchi::store
