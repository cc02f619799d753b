// A new master key in the place of the one that a file holds, while the vault runs: a fresh key is
// written beside the file, every row of the table of keys is wrapped under it in one commit (with
// an entry in each client's log), and then it takes the file's place. Cut off anywhere, the next
// start ends it: the database's mark says which file counts. A token's key is replaced at the
// token, not here. Owned by RunningVault; any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

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
  };
  explicit MasterRotation(Parts parts) : parts_(std::move(parts)) {}

  // How many keys hang on the new one when it returns. kUnavailable: the store was away, and
  // nothing was replaced, or second() finds out.
  Result<std::size_t> rotate(const std::string& asked_by);

  // Where a commit was not answered, looks what became of it.
  void second();

 private:
  Result<std::size_t> commit(const Master& before, const Master& after,
                             const std::string& asked_by);
  [[nodiscard]] KeyWrapping::Outcome look() const;
  // After the database is known to have the next key, or not to.
  Result<void> finish(KeyWrapping::Outcome outcome);

  const Parts parts_;
  std::mutex mutex_;  // one at a time
};

}  // namespace madoguchi::vault
