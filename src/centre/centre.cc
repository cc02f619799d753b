#include "centre/centre.h"

#include <fmt/format.h>

#include <thread>

#include "base/confine.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/process.h"
#include "base/sealing.h"
#include "centre/console_folders.h"
#include "centre/core.h"
#include "web/settings.h"
#include "wire/role_files.h"

namespace madoguchi::centre {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

Confinement rights_for(const Settings& settings) {
  Confinement rights;
  rights.write = {settings.data};
  if (settings.database.find("://") == std::string::npos) {
    std::string_view path = settings.database;
    if (path.starts_with(kSqlite)) path.remove_prefix(kSqlite.size());
    rights.write.push_back(folder_of(path));
  }
  if (const auto folder = socket_folder_of(settings.rpc_listen); !folder.empty())
    rights.write.push_back(folder);
  rights.read = {settings.rpc_authority, settings.rpc_certificate, settings.rpc_key,
                 settings.consoles};
  for (const auto& file : web::files_of(settings.web)) rights.read.push_back(file);
  if (settings.speech.enabled) rights.programs = Programs::kSystem;
  return rights;
}

// What only this machine can say, and is not to be found out in the middle of a call.
Result<void> check_machine(const Settings& settings) {
  if (auto ours = wire::check_role_files(
          {settings.rpc_authority, settings.rpc_certificate, settings.rpc_key}, "centre");
      !ours)
    return ours;
  if (!settings.consoles.empty() && consoles_in(settings.consoles).empty())
    return fail(ErrorCode::kInvalid,
                fmt::format("web.consoles: {} has no folder with an index.html; build the consoles "
                            "(tools/build) or name the folder where they are",
                            settings.consoles.string()));
  return {};
}

}  // namespace

Result<void> run(const std::filesystem::path& config_file, const OpenStore& open_store,
                 const OnReady& on_ready) {
  start_log("centre", LogLevel::kInfo);
  auto settings = Settings::from_file(config_file);
  if (!settings) return tl::unexpected<Error>(settings.error());
  const auto wrong = [&](const Error& error) {
    return tl::unexpected<Error>(named_after(config_file, error));
  };
  if (auto good = check_machine(*settings); !good) return wrong(good.error());
  if (auto made = make_data_folder(config_file, settings->data); !made) return made;
  log_info("{}", confine(rights_for(*settings)).summary());

  const StopSignals signals;
  auto store = open_store(settings->database);
  if (!store) return wrong(store.error());
  const SystemClock clock;
  SystemEntropy entropy;
  const std::string scheme = settings->web.certificate ? "https" : "http";
  const std::string host =
      settings->web.hosts.empty() ? settings->web.address : settings->web.hosts.front();
  auto core = Core::make(std::move(*settings), **store, clock, entropy);
  if (!core) return wrong(core.error());

  std::thread waiter([&core, &signals] {
    signals.wait();
    log_info("stopping");
    notify_stopping();
    (*core)->stop();
  });
  const std::string status = fmt::format("{}://{}:{}/", scheme, host, (*core)->web_port());
  log_info("serving {}", status);
  if (on_ready) (*core)->when_serving([&on_ready, &status] { on_ready(status); });
  (*core)->run();
  waiter.join();
  return {};
}

}  // namespace madoguchi::centre
