#include "vault/vault.h"

#include <fmt/format.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/process.h"
#include "base/sealing.h"
#include "vault/core/token.h"
#include "vault/running_vault.h"
#include "vault/settings.h"
#include "web/settings.h"
#include "wire/role_files.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kSqlite = "sqlite:";
constexpr int kMinute = 60;  // seconds

Confinement rights_for(const Settings& settings) {
  Confinement rights;
  rights.write = {settings.data, folder_of(settings.erasures)};
  if (!settings.token) rights.write.push_back(folder_of(settings.master_key));
  for (const std::string& url : {settings.database, settings.records, settings.subject_keys})
    if (url.starts_with(kSqlite)) rights.write.push_back(folder_of(url.substr(kSqlite.size())));
  if (const auto folder = socket_folder_of(settings.listen); !folder.empty())
    rights.write.push_back(folder);
  rights.read = {settings.rpc_authority, settings.rpc_certificate, settings.rpc_key};
  if (settings.glass.enabled) rights.read.push_back(settings.glass.pages);
  if (!settings.recordings.empty()) rights.read.push_back(settings.recordings);
  if (!settings.watching_rules.empty()) rights.read.push_back(settings.watching_rules);
  for (const auto& file : web::files_of(settings.glass.web)) rights.read.push_back(file);
  for (const WitnessSettings& witness : settings.witnesses)
    if (!witness.authorities.empty()) rights.read.push_back(witness.authorities);
  return rights;
}

}  // namespace

Result<void> run(const std::filesystem::path& config_file, const OpenStore& open_store,
                 const OpenRecords& open_records) {
  start_log("vault", LogLevel::kInfo);
  const auto settings = Settings::from_file(config_file);
  if (!settings) return tl::unexpected<Error>(settings.error());
  const auto wrong = [&](const Error& error) {
    return tl::unexpected<Error>(named_after(config_file, error));
  };
  if (auto ours = wire::check_role_files(
          {settings->rpc_authority, settings->rpc_certificate, settings->rpc_key}, "vault");
      !ours)
    return wrong(ours.error());
  if (auto made = make_data_folder(config_file, settings->data); !made) return made;
  // Before the right to make folders there goes.
  std::error_code error;
  std::filesystem::create_directories(folder_of(settings->erasures), error);
  if (error)
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: erasures.file: {} cannot be made ({})", config_file.string(),
                            folder_of(settings->erasures).string(), error.message()));
  std::optional<std::vector<TokenSecret>> token;
  if (settings->token) {
    auto given = token_secrets(*settings->token);
    if (!given) return wrong(given.error());
    token = *std::move(given);
  }
  log_info("{}", confine(rights_for(*settings)).summary());

  const StopSignals stop;
  auto store = open_store(settings->database);
  if (!store) return wrong(store.error());
  auto records = open_records(*settings);
  if (!records) return wrong(records.error());
  const SystemClock clock;
  SystemEntropy entropy;
  const auto vault =
      RunningVault::start(*settings, std::move(*store), clock, entropy, HashingCost::kUsual,
                          std::move(*records), token ? &*token : nullptr);
  if (!vault) return wrong(vault.error());
  token.reset();
  log_info("{}", (*vault)->status());
  notify_ready((*vault)->status());
  for (int seconds = 1; !stop.wait_for(1); ++seconds) {
    (*vault)->second();
    if (seconds % kMinute == 0) (*vault)->minute();
  }
  notify_stopping();
  (*vault)->second();
  (*vault)->minute();
  return {};
}

// ---- the master key in a token

namespace {

Result<Settings> with_token(const std::filesystem::path& config_file) {
  auto settings = Settings::from_file(config_file);
  if (settings && !settings->token)
    return fail(ErrorCode::kInvalid,
                config_file.string() + ": token: is missing; say which token the key is for");
  return settings;
}

}  // namespace

Result<std::string> make_master_key(const std::filesystem::path& config_file) {
  const auto settings = with_token(config_file);
  if (!settings) return tl::unexpected<Error>(settings.error());
  if (auto made = make_token_key(*settings->token); !made)
    return tl::unexpected<Error>(named_after(config_file, made.error()));
  return fmt::format("key \"{}\" of token \"{}\"", settings->token->key, settings->token->label);
}

Result<std::size_t> move_master_key_to_token(const std::filesystem::path& config_file,
                                             const OpenStore& open_store) {
  const auto settings = with_token(config_file);
  if (!settings) return tl::unexpected<Error>(settings.error());
  const auto wrong = [&](const Error& error) {
    return tl::unexpected<Error>(named_after(config_file, error));
  };
  const auto token = token_secrets(*settings->token);
  if (!token) return wrong(token.error());
  auto store = open_store(settings->database);
  if (!store) return wrong(store.error());
  const SystemClock clock;
  SystemEntropy entropy;
  auto moved = move_master_key(**store, clock, entropy, settings->master_source(&*token));
  if (!moved) return wrong(moved.error());
  return moved;
}

}  // namespace madoguchi::vault
