#include "store/vault/record_stores.h"

#include <fmt/format.h>

#include "store/vault/sqlite_key_store.h"
#include "store/vault/sqlite_record_store.h"

namespace madoguchi::store {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

}  // namespace

Result<RecordStores> open_record_stores(const RecordStoreOptions& options) {
  if (options.records_url == options.keys_url)
    return fail(ErrorCode::kInvalid,
                "records and keys must be two databases: keys have backups of their own");
  for (const std::string& url : {options.records_url, options.keys_url})
    if (!url.starts_with(kSqlite) || url.size() == kSqlite.size())
      return fail(ErrorCode::kInvalid, fmt::format("\"{}\": write sqlite:<file>", url));
  auto keys = open_sqlite_key_store(options.keys_url.substr(kSqlite.size()), options.busy_timeout);
  if (!keys) return tl::unexpected<Error>(keys.error());
  auto records = open_sqlite_record_store(options.records_url.substr(kSqlite.size()),
                                          options.busy_timeout, options.cache_kibibytes);
  if (!records) return tl::unexpected<Error>(records.error());
  return RecordStores{std::move(*records), std::move(*keys)};
}

}  // namespace madoguchi::store
