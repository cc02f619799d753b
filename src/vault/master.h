// The vault's master key as the rest of the vault meets it: read at start from the file or the
// token that the settings name, checked against the mark in the database, and then only derived
// from. It encrypts nothing itself; every key at rest is wrapped under one derived from it. Moving
// it from a file to a token makes a new one and wraps all keys again; so does replacing it
// (MasterRotation). Owned by RunningVault; const, so any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "vault/core/token.h"
#include "vault/key_wrapping.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

// A key row of the vault's own: keeps the marks of erased people when the master key is another.
inline constexpr std::string_view kErasuresKind = "erasures";

class Master {
 public:
  struct Source {
    std::filesystem::path file;
    // What the token gave, of each key of the name; null: the file it is. Outlives the call only.
    const std::vector<TokenSecret>* token_secrets = nullptr;
    std::string token{};  // its label, for messages
  };
  // What a file holds; looks at no database.
  static Result<Master> of_file(const std::filesystem::path& file);
  // Whether the database is this key's.
  [[nodiscard]] bool fits(const VaultImage& image) const;

  // Of the token's keys the one that the database hangs on. kInvalid: on none of them.
  static Result<Master> of_token(const VaultImage& image, const Source& source);
  // Another one, of that key and a salt of its own.
  static Master fresh_of_token(const TokenSecret& key);
  // Its label; empty where the key is a file's.
  [[nodiscard]] const std::string& token_key() const { return token_key_; }

  // One clear line when the file is missing, readable by others or another one; when the token's
  // key is another; when the database hangs on the other kind of source. A fresh database gets a
  // fresh key: a file is made, or a salt for the token's.
  static Result<Master> open(VaultStore& store, const Source& source);

  [[nodiscard]] bool is_fresh() const { return fresh_; }
  // What marks a fresh database as this key's, to be committed with its first keys.
  [[nodiscard]] std::vector<Change> marks() const;

  // Of every row in the key table.
  [[nodiscard]] Secret wrapping() const;
  // The same for all who work with rows while it may be replaced: shared by them.
  [[nodiscard]] std::shared_ptr<KeyWrapping> shared_wrapping() const { return shared_; }
  [[nodiscard]] Secret erasures(const VaultImage& image) const;

 private:
  explicit Master(Secret key)
      : key_(std::move(key)), shared_(std::make_shared<KeyWrapping>(wrapping())) {}
  static Result<Master> of_token(const TokenSecret& key, const std::string& salt_hex);
  [[nodiscard]] Secret check() const;

  Secret key_;
  std::shared_ptr<KeyWrapping> shared_;
  bool fresh_ = false;
  std::string salt_hex_;  // of a token's
  std::string token_key_;
};

// Everything that puts the table of keys under another master key, in one commit.
Result<std::vector<Change>> changes_of_master(const VaultImage& image, const Master& before,
                                              const Master& after, Time now, Entropy& entropy);

// Where a file's next key lies until the database is its own; Master::open() ends what was cut off.
std::filesystem::path next_master_key(const std::filesystem::path& file);
// That file takes the other's place, durably.
Result<void> put_next_in_place(const std::filesystem::path& file);

// From `to.file` to the token: a new master key, all keys wrapped again under it in one commit,
// read back, and only then the file removed. Repeatable after whatever stopped it. Gives how many
// keys.
Result<std::size_t> move_master_key(VaultStore& store, const Clock& clock, Entropy& entropy,
                                    const Master::Source& to);

}  // namespace madoguchi::vault
