#include "app/processes.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/notify.h"
#include "centre/centre.h"
#include "exchange/exchange.h"
#include "store/centre/sql_centre_store.h"
#include "store/vault/sql_vault_store.h"
#include "vault/vault.h"

namespace madoguchi::app {

Result<void> run_process(std::string_view name, const std::filesystem::path& config) {
  start_log(name, LogLevel::kInfo);
  if (name == "exchange") return exchange::run(config);
  if (name == "vault")
    return vault::run(config, [](const std::string& url) {
      store::DatabaseOptions options;
      options.url = url;
      options.sole_owner = true;
      return store::open_vault_store(options);
    });
  if (name == "centre") return centre::run(config, store::open_centre_store, notify_ready);
  return fail(ErrorCode::kInvalid, fmt::format("there is no process \"{}\"", name));
}

}  // namespace madoguchi::app
