#include "store/vault/record_stores.h"

#include <fmt/format.h>

#include "store/vault/postgres_key_store.h"
#include "store/vault/postgres_record_store.h"
#include "store/vault/sqlite_key_store.h"
#include "store/vault/sqlite_record_store.h"

namespace madoguchi::store {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

bool is_postgres(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

}  // namespace

Result<RecordStores> open_record_stores(const RecordStoreOptions& options) {
  if (options.records_url == options.keys_url)
    return fail(ErrorCode::kInvalid,
                "records and keys must be two databases: keys have backups of their own");
  for (const std::string& url : {options.records_url, options.keys_url})
    if (!is_postgres(url) && (!url.starts_with(kSqlite) || url.size() == kSqlite.size()))
      return fail(ErrorCode::kInvalid,
                  "a store of records is sqlite:<file> or postgresql://user@host/base");
  auto keys =
      is_postgres(options.keys_url)
          ? open_postgres_key_store(options.keys_url, options.busy_timeout)
          : open_sqlite_key_store(options.keys_url.substr(kSqlite.size()), options.busy_timeout);
  if (!keys) return tl::unexpected<Error>(keys.error());
  auto records = is_postgres(options.records_url)
                     ? open_postgres_record_store(options.records_url, options.busy_timeout,
                                                  options.side_folder)
                     : open_sqlite_record_store(options.records_url.substr(kSqlite.size()),
                                                options.busy_timeout, options.cache_kibibytes);
  if (!records) return tl::unexpected<Error>(records.error());
  return RecordStores{std::move(*records), std::move(*keys)};
}

}  // namespace madoguchi::store
