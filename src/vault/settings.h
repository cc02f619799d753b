// The vault's settings, read once at start from its TOML file; a plain value afterwards. Every
// error is one line naming file, key and cause. docs/settings-vault.md describes each key.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "ledger/note.h"
#include "vault/access/case_tickets.h"
#include "vault/access/mandate.h"
#include "vault/access/retention_terms.h"
#include "vault/core/token.h"
#include "vault/core/token_limits.h"
#include "vault/master.h"
#include "web/server.h"

namespace madoguchi::vault {

struct GlassSettings {
  bool enabled = false;  // the file has a [glass]
  web::ServerSettings web;
  std::string host;                  // the only name it answers to, "vault.localhost"
  std::filesystem::path pages;       // folder with the built pages
  std::vector<std::string> parents;  // origins of the consoles that may hold the glass in a frame
  bool passwords = false;            // also by password, as in a demo; else by passkey alone
};

// Somebody who cosigns checkpoints of clients' logs, and may be anyone's.
struct WitnessSettings {
  std::string url;  // "/add-checkpoint" is put behind it
  ledger::VerifierKey key;
  std::vector<std::string> organisations;  // whose logs
  std::filesystem::path authorities;       // PEM; empty: the system's
};

struct Settings {
  std::filesystem::path data;  // the master key, and sealed files while they are exported
  std::filesystem::path master_key;
  std::optional<TokenPlace> token;   // then the master key comes from there, and no file is read
  std::string database;              // URL of the store
  std::string records;               // URL of the sealed records
  std::string subject_keys;          // URL of the keys that each person's record hangs on
  std::filesystem::path recordings;  // the exchange's folder; empty: none are heard here
  std::filesystem::path erasures;    // the list of who was erased; not in `data`
  std::string listen;                // "unix:…" or "host:port"
  std::filesystem::path rpc_authority, rpc_certificate, rpc_key;
  GlassSettings glass;
  std::vector<WitnessSettings> witnesses;
  TokenRates token_rates;
  std::uint32_t trace_lines_per_day = 100'000;
  UseLimits usual_limits = kUsualLimits;  // of mandates that name none
  bool demo_passwords = false;            // the centre may bring password hashes
  std::chrono::hours session{12};
  CaseRule cases;
  std::chrono::seconds retention_warning = kRetentionWarning;  // shorter in a demo at most
  std::filesystem::path watching_rules;                        // empty: those built in
  std::map<std::string, std::string> demo_owners;  // passwords, by organisation; a demo has some

  static Result<Settings> from_file(const std::filesystem::path& file);
  static Result<Settings> from_config(Config config);

  // `token_secrets`: what the token gave; null without one.
  [[nodiscard]] Master::Source master_source(const std::vector<TokenSecret>* token_secrets) const;
};

}  // namespace madoguchi::vault
