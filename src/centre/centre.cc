#include "centre/centre.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "base/confine.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/sealing.h"
#include "centre/core.h"

namespace madoguchi::centre {
namespace {

constexpr std::string_view kSqlite = "sqlite:";
constexpr std::string_view kUnix = "unix:";

std::filesystem::path folder_of(const std::filesystem::path& file) {
  const auto parent = std::filesystem::absolute(file).parent_path();
  return parent.empty() ? "/" : parent;
}

Confinement rights_for(const Settings& settings) {
  Confinement rights;
  rights.write = {settings.data};
  if (settings.database.find("://") == std::string::npos) {
    std::string_view path = settings.database;
    if (path.starts_with(kSqlite)) path.remove_prefix(kSqlite.size());
    rights.write.push_back(folder_of(path));
  }
  if (settings.rpc_listen.starts_with(kUnix))
    rights.write.push_back(folder_of(settings.rpc_listen.substr(kUnix.size())));
  rights.read = {settings.rpc_authority, settings.rpc_certificate, settings.rpc_key,
                 settings.consoles};
  if (settings.web.certificate) {
    rights.read.push_back(settings.web.certificate->certificate);
    rights.read.push_back(settings.web.certificate->key);
  }
  if (settings.speech.enabled) rights.programs = Programs::kSystem;
  return rights;
}

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

Result<void> run(const std::filesystem::path& config_file, const OpenStore& open_store,
                 const OnReady& on_ready) {
  start_log("centre", LogLevel::kInfo);
  auto settings = Settings::from_file(config_file);
  if (!settings) return tl::unexpected<Error>(settings.error());
  std::error_code error;
  std::filesystem::create_directories(settings->data, error);
  if (error)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: data: {} cannot be made ({})", config_file.string(),
                            settings->data.string(), error.message()));
  ::umask(0077);
  log_info("{}", confine(rights_for(*settings)).summary());

  // Before any thread exists, so that all of them inherit it and only the waiter sees the signals.
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  auto store = open_store(settings->database);
  if (!store) return tl::unexpected<Error>(store.error());
  const SystemClock clock;
  SystemEntropy entropy;
  const std::string scheme = settings->web.certificate ? "https" : "http";
  const std::string host =
      settings->web.hosts.empty() ? settings->web.address : settings->web.hosts.front();
  auto core = Core::make(std::move(*settings), **store, clock, entropy);
  if (!core) return tl::unexpected<Error>(core.error());

  std::thread waiter([&core, &signals] {
    int received = 0;
    sigwait(&signals, &received);
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
