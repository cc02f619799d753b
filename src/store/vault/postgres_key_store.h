// The subjects' keys in PostgreSQL, in a database (or schema) of its own: one row a key. A key that
// is destroyed is overwritten, deleted, and its table vacuumed; what the server still holds of old
// row versions and of its write-ahead log is the server's to forget (settings-vault.md).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "vault/records/record_store.h"

namespace madoguchi::store {

Result<std::unique_ptr<vault::SubjectKeyStore>> open_postgres_key_store(
    const std::string& url, std::chrono::milliseconds lock_timeout);

}  // namespace madoguchi::store
