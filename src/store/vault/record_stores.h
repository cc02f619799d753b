// The two databases of the records, opened: sealed records with their marks, and the subjects'
// keys. Each URL is "sqlite:<file>" or "postgresql://…"; the two must not be one. Owned by the
// process that runs the vault; any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "vault/records/record_store.h"

namespace madoguchi::store {

struct RecordStores {
  std::unique_ptr<vault::RecordStore> records;
  std::unique_ptr<vault::SubjectKeyStore> keys;
};

struct RecordStoreOptions {
  std::string records_url;
  std::string keys_url;
  // For files of imports under way where the records are no file themselves.
  std::filesystem::path side_folder;
  std::chrono::milliseconds busy_timeout{10'000};
  int cache_kibibytes = 256 * 1024;  // of the connection that writes records
};

// Makes what is missing. kConflict: another process has one of them open.
Result<RecordStores> open_record_stores(const RecordStoreOptions& options);

}  // namespace madoguchi::store
