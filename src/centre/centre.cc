#include "centre/centre.h"

#include <fmt/format.h>
#include <pthread.h>

#include <csignal>
#include <thread>

#include "base/log.h"
#include "base/sealing.h"
#include "centre/core.h"

namespace madoguchi::centre {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

Result<void> check(const std::filesystem::path& config_file) {
  const auto settings = Settings::from_file(config_file);
  if (!settings) return tl::unexpected<Error>(settings.error());
  return {};
}

Result<void> run(const std::filesystem::path& config_file, const OpenStore& open_store,
                 const OnReady& on_ready) {
  auto settings = Settings::from_file(config_file);
  if (!settings) return tl::unexpected<Error>(settings.error());
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
    (*core)->stop();
  });
  const std::string status = fmt::format("{}://{}:{}/", scheme, host, (*core)->web_port());
  log_info("serving {}", status);
  if (on_ready) on_ready(status);
  (*core)->run();
  waiter.join();
  return {};
}

}  // namespace madoguchi::centre
