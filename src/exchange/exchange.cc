#include "exchange/exchange.h"

#include "base/confine.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/process.h"
#include "exchange/exchange_process.h"
#include "exchange/settings.h"
#include "wire/role_files.h"

namespace madoguchi::exchange {
namespace {

// Its own folder and the folder of the sockets, and the keys it was given; no program at all.
void confine_to(const Settings& settings) {
  std::error_code ignored;  // what is wrong with the folder is said when it is opened
  std::filesystem::create_directories(settings.data, ignored);
  Confinement to;
  to.write = {settings.data};
  for (const std::string& address : {settings.rpc_listen, settings.vault_address})
    if (const auto folder = socket_folder_of(address); !folder.empty()) to.write.push_back(folder);
  to.read = {settings.rpc_authority,   settings.rpc_certificate, settings.rpc_key,
             settings.tls_certificate, settings.tls_key,         settings.tls_authority};
  std::erase_if(to.read, [](const auto& path) { return path.empty(); });
  log_info("{}", confine(to).summary());
}

}  // namespace

Result<void> run(const std::filesystem::path& config_file) {
  auto settings = Settings::from_file(config_file);
  if (!settings) return tl::unexpected(settings.error());
  if (auto ours = wire::check_role_files(
          {settings->rpc_authority, settings->rpc_certificate, settings->rpc_key}, "exchange");
      !ours)
    return tl::unexpected(named_after(config_file, ours.error()));
  confine_to(*settings);
  static const SystemClock clock;  // outlives what its threads may still ask
  auto process = ExchangeProcess::open(*std::move(settings), clock);
  if (!process) return tl::unexpected(named_after(config_file, process.error()));
  notify_ready({});
  (*process)->run();
  notify_stopping();
  return {};
}

}  // namespace madoguchi::exchange
