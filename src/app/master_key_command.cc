#include "app/master_key_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "app/processes.h"
#include "vault/vault.h"

namespace madoguchi::app {
namespace {

Result<void> make(const std::filesystem::path& config) {
  const auto made = vault::make_master_key(config);
  if (!made) return tl::unexpected<Error>(made.error());
  fmt::print("made {}; back it up as its maker says: without it the vault's data is noise\n",
             *made);
  return {};
}

Result<void> move(const std::filesystem::path& config) {
  const auto moved = move_master_key(config);
  if (!moved) return tl::unexpected<Error>(moved.error());
  fmt::print(
      "{} keys hang on the token now, and the master key's file is removed; keep its backup as "
      "long as backups of the database from before, and no longer\n",
      *moved);
  return {};
}

}  // namespace

void add_master_key(CLI::App& app, Chosen& chosen) {
  const auto config = std::make_shared<std::filesystem::path>();  // as long as CLI11's callbacks
  CLI::App* command = app.add_subcommand("master-key", "The vault's master key in a PKCS#11 token");
  command->require_subcommand(1);
  command->add_option("--config", *config, "The vault's settings, with a [token]")
      ->check(CLI::ExistingFile)
      ->required();
  command->fallthrough();
  command->add_subcommand("make", "Have the token make a key that it never gives out")
      ->callback([config, &chosen] { chosen = [config] { return make(*config); }; });
  command
      ->add_subcommand("move",
                       "From the file to the token, while the vault is stopped: a new "
                       "master key, under which every other key is wrapped again")
      ->callback([config, &chosen] { chosen = [config] { return move(*config); }; });
}

}  // namespace madoguchi::app
