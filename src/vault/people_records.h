// The records of all organisations with what they hang on, opened together: their two stores, their
// keys under the master key, the list of who was erased. Owned by RunningVault; taken apart in
// reverse.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "ledger/log_store.h"
#include "vault/record_keys.h"
#include "vault/records/erasures.h"
#include "vault/records/key_rotation.h"
#include "vault/records/record_store.h"
#include "vault/records/records.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

struct OpenedRecordStores {
  std::unique_ptr<RecordStore> records;
  std::unique_ptr<SubjectKeyStore> keys;
  std::unique_ptr<ledger::LogStore> log{};  // the clients' logs, as committed
};

class PeopleRecords {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    const NumberingPlan& plan;
    const Master& master;
    std::filesystem::path erasures_file;
    std::filesystem::path old_erasures{};  // where the list was once; taken in when it is there
    std::string records_shown{};           // as Records::Parts has them
    std::string keys_shown{};
  };
  // Replays erasures; see Records::open(). kInvalid also when the list of erasures is not there
  // although the database knows of one, can't be written, was changed, or is older than what the
  // database says of it and the records do not make up for it.
  static Result<std::unique_ptr<PeopleRecords>> open(const Parts& parts, OpenedRecordStores stores);

  // Notes in the vault's database how many people the list of erasures has, when that is another
  // number than before: an older list is refused at the next start. To be called every second or
  // so, and at the end.
  Result<void> note_erasures();

  Records& records() { return *records_; }
  [[nodiscard]] KeyRotation rotation() { return {*stores_.records, *stores_.keys, *keys_}; }
  ledger::LogStore* log() { return stores_.log.get(); }

 private:
  explicit PeopleRecords(const Parts& parts) : store_(parts.store), clock_(parts.clock) {}
  Result<void> open_list(const Parts& parts, const VaultImage& image);

  VaultStore& store_;
  const Clock& clock_;
  std::optional<std::size_t> erased_;  // as noted last
  std::size_t lines_ = 0;              // of the list, then
  OpenedRecordStores stores_;
  std::unique_ptr<RecordKeys> keys_;
  std::unique_ptr<Erasures> erasures_;
  std::unique_ptr<Records> records_;
};

}  // namespace madoguchi::vault
