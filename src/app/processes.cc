#include "app/processes.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/notify.h"
#include "base/process.h"
#include "centre/centre.h"
#include "exchange/exchange.h"
#include "store/centre/sql_centre_store.h"
#include "store/vault/record_stores.h"
#include "store/vault/sql_vault_store.h"
#include "store/vault/vault_log.h"
#include "vault/vault.h"

namespace madoguchi::app {

namespace {

Result<std::unique_ptr<vault::VaultStore>> open_vault_store(const std::string& url) {
  store::DatabaseOptions options;
  options.url = url;
  options.sole_owner = true;
  return store::open_vault_store(options);
}

Result<vault::OpenedRecordStores> open_records(const vault::Settings& settings) {
  store::RecordStoreOptions options;
  options.records_url = settings.records;
  options.keys_url = settings.subject_keys;
  options.side_folder = settings.data;
  auto opened = store::open_record_stores(options);
  if (!opened) return tl::unexpected<Error>(opened.error());
  store::DatabaseOptions database;
  database.url = settings.database;
  auto log = store::open_vault_log(std::move(database));
  if (!log) return tl::unexpected<Error>(log.error());
  return vault::OpenedRecordStores{std::move(opened->records), std::move(opened->keys),
                                   std::move(*log)};
}

}  // namespace

Result<void> run_process(std::string_view name, const std::filesystem::path& config) {
  start_log(name, LogLevel::kInfo);
  allow_many_files();
  if (name == "exchange") return exchange::run(config);
  if (name == "vault") return vault::run(config, open_vault_store, open_records);
  if (name == "centre") return centre::run(config, store::open_centre_store, notify_ready);
  return fail(ErrorCode::kInvalid, fmt::format("there is no process \"{}\"", name));
}

Result<vault::TokenPlace> token_of(const std::filesystem::path& config) {
  const auto settings = vault::Settings::from_file(config);
  if (!settings) return tl::unexpected<Error>(settings.error());
  if (settings->token) return *settings->token;
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: token: is missing, but the running vault's master key is in one",
                          config.string()));
}

Result<std::size_t> move_master_key(const std::filesystem::path& config) {
  return vault::move_master_key_to_token(config, open_vault_store);
}

}  // namespace madoguchi::app
