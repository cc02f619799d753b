// The records of all organisations with what they hang on, opened together: their two stores, their
// keys under the master key, the list of who was erased. Owned by RunningVault; taken apart in
// reverse.
#pragma once

#include <filesystem>
#include <memory>

#include "ledger/log_store.h"
#include "vault/record_keys.h"
#include "vault/records/erasures.h"
#include "vault/records/record_store.h"
#include "vault/records/records.h"

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
    std::string records_shown{};  // as Records::Parts has them
    std::string keys_shown{};
  };
  // Replays erasures; see Records::open().
  static Result<std::unique_ptr<PeopleRecords>> open(const Parts& parts, OpenedRecordStores stores);

  Records& records() { return *records_; }
  ledger::LogStore* log() { return stores_.log.get(); }

 private:
  PeopleRecords() = default;

  OpenedRecordStores stores_;
  std::unique_ptr<RecordKeys> keys_;
  std::unique_ptr<Erasures> erasures_;
  std::unique_ptr<Records> records_;
};

}  // namespace madoguchi::vault
