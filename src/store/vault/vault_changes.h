// Each change of the vault as SQL. Called inside a transaction; SOCI's exceptions pass through to
// Database, which turns them into errors.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "vault/vault_store.h"

namespace soci {
class session;
}

namespace madoguchi::store {

// The statements that each call needs, prepared once for a connection; goes before it.
class VaultStatements {
 public:
  explicit VaultStatements(soci::session& sql);
  ~VaultStatements();

  Result<void> write(const vault::Change& change);
  // Puts the entries at the end of the chain.
  void write_journal(Time now, const std::vector<vault::JournalEntry>& entries);
  std::optional<std::string> digest_of(const vault::RecordingId& recording);

 private:
  struct Prepared;
  soci::session& sql_;
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace madoguchi::store
