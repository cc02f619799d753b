// A new master key in the place of the one that the vault hangs on, while it runs: every row of the
// table of keys is wrapped under it in one commit, with an entry in each client's log. The fresh
// key is written beside the file, and takes its place after the commit; or a token made it, and
// what hung on its older key is wrapped under what the token gives for the new one. Cut off
// anywhere, the next start ends it: the database's mark says which key counts. A token's older key
// is not destroyed here: backups and other vaults may hang on it.
//
// Keys of a token are made and destroyed by commands, which may meet, also from several hosts. Each
// asks for leave first, which ends what was given before: so the key of a command that came to
// nothing is not one that the vault may still come to hang on, and may be destroyed. Owned by
// RunningVault; any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "vault/master.h"
#include "vault/registry.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class MasterRotation {
 public:
  // All that is referred to outlives it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    const Registry& registry;
    std::shared_ptr<KeyWrapping> wrapping;  // as Master has it
    std::filesystem::path file;             // empty: the master key is a token's
    std::string token{};                    // its label
    std::string token_key{};                // and its key's, as Master has it
  };
  explicit MasterRotation(Parts parts) : parts_(std::move(parts)), token_key_(parts_.token_key) {}

  [[nodiscard]] bool is_in_token() const { return parts_.file.empty(); }
  // Label of the token's key that the vault hangs on; empty where it is a file's, and while nobody
  // knows.
  [[nodiscard]] std::string token_key() const;

  struct Replaced {
    std::size_t keys = 0;  // hang on the new one now
    std::string before;    // label of the token's key that they hung on
  };
  // kUnavailable: the store was away, and nothing was replaced, or second() finds out.
  Result<Replaced> rotate(const std::string& asked_by);
  struct Leave {
    std::string leave;      // for one rotate_in_token()
    std::string token_key;  // as token_key()
  };
  // Waits for a replacement that is under way. From now on none is begun but by this leave.
  Leave leave_to_change();
  // `secrets`: what the token gives for all keys of the name, the fresh one last. kConflict: the
  // leave is not the last that was given, or was used. After any error token_key() says what became
  // of it.
  Result<Replaced> rotate_in_token(const std::vector<TokenSecret>& secrets,
                                   const std::string& leave, const std::string& asked_by);

  // Where a commit was not answered, looks what became of it.
  void second();

 private:
  // With the mutex held, all of them.
  Result<Replaced> replace(const Master& before, Master after, const std::string& asked_by);
  // Says in `keys` how many there are.
  Result<void> commit(const Master& before, const std::string& asked_by, std::size_t& keys);
  [[nodiscard]] std::string settled_token_key() const;
  [[nodiscard]] KeyWrapping::Outcome look() const;
  // After the database is known to have the next key, or not to.
  Result<void> finish(KeyWrapping::Outcome outcome);

  const Parts parts_;
  mutable std::mutex mutex_;    // one at a time; guards the rest
  std::optional<Master> next_;  // while it is not known whether the database has it
  std::string token_key_;
  std::string leave_;  // that was given last; empty: it was used, or none was
};

}  // namespace madoguchi::vault
