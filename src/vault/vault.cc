#include "vault/vault.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/sealing.h"
#include "vault/running_vault.h"
#include "vault/settings.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kSqlite = "sqlite:";
constexpr time_t kMinute = 60;

std::filesystem::path folder_of(const std::filesystem::path& file) {
  const auto parent = std::filesystem::absolute(file).parent_path();
  return parent.empty() ? "/" : parent;
}

Confinement rights_for(const Settings& settings) {
  Confinement rights;
  rights.write = {settings.data, folder_of(settings.master_key)};
  for (const std::string& url : {settings.database, settings.records, settings.subject_keys})
    if (url.starts_with(kSqlite)) rights.write.push_back(folder_of(url.substr(kSqlite.size())));
  if (settings.listen.starts_with(kUnix))
    rights.write.push_back(folder_of(settings.listen.substr(kUnix.size())));
  rights.read = {settings.rpc_authority, settings.rpc_certificate, settings.rpc_key};
  if (settings.glass.enabled) rights.read.push_back(settings.glass.pages);
  if (settings.glass.web.certificate) {
    rights.read.push_back(settings.glass.web.certificate->certificate);
    rights.read.push_back(settings.glass.web.certificate->key);
  }
  return rights;
}

}  // namespace

Result<void> run(const std::filesystem::path& config_file, const OpenStore& open_store,
                 const OpenRecords& open_records) {
  start_log("vault", LogLevel::kInfo);
  const auto settings = Settings::from_file(config_file);
  if (!settings) return tl::unexpected<Error>(settings.error());
  std::error_code error;
  std::filesystem::create_directories(settings->data, error);
  if (error)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: data: {} cannot be made ({})", config_file.string(),
                            settings->data.string(), error.message()));
  ::umask(0077);
  log_info("{}", confine(rights_for(*settings)).summary());

  // Blocked before any thread starts, so that only this one takes them.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  auto store = open_store(settings->database);
  if (!store) return tl::unexpected<Error>(store.error());
  auto records = open_records(*settings);
  if (!records) return tl::unexpected<Error>(records.error());
  const SystemClock clock;
  SystemEntropy entropy;
  const auto vault = RunningVault::start(*settings, std::move(*store), clock, entropy,
                                         HashingCost::kUsual, std::move(*records));
  if (!vault) return tl::unexpected<Error>(vault.error());
  log_info("{}", (*vault)->status());
  notify_ready((*vault)->status());
  const timespec minute{kMinute, 0};
  while (sigtimedwait(&stop, nullptr, &minute) < 0) (*vault)->minute();
  notify_stopping();
  (*vault)->minute();
  return {};
}

}  // namespace madoguchi::vault
