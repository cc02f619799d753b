#include "store/vault/retention_rows.h"

#include <soci/soci.h>

#include <cstdint>
#include <string>

namespace madoguchi::store {
namespace {

using soci::use;

Result<void> put(soci::session& sql, const vault::PutRetention& change) {
  const vault::RetentionRow& row = change.row;
  const std::int64_t version = row.version;
  const std::int64_t at = to_micros(row.at);
  sql << "INSERT INTO vault_retention (owner_id, mandate_id, version, word, said_by, said_us) "
         "VALUES (:o, :m, :v, :w, :b, :a) "
         "ON CONFLICT (owner_id, mandate_id, version, word) DO UPDATE SET "
         "said_by = excluded.said_by, said_us = excluded.said_us",
      use(row.owner.text()), use(row.mandate.text()), use(version), use(row.word),
      use(row.by.text()), use(at);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutDestruction& change) {
  const vault::DestructionRow& row = change.row;
  const int done = row.done ? 1 : 0;
  sql << "INSERT INTO vault_destructions (destruction_id, owner_id, done, certificate) "
         "VALUES (:d, :o, :s, :c) ON CONFLICT (destruction_id) DO UPDATE SET "
         "done = excluded.done, certificate = excluded.certificate",
      use(row.id.text()), use(row.owner.text()), use(done), use(row.certificate);
  return {};
}

}  // namespace

const std::vector<Migration>& retention_tables() {
  static const std::vector<Migration> tables = {{1, "retention", R"(
CREATE TABLE vault_retention (
  owner_id TEXT NOT NULL, mandate_id TEXT NOT NULL, version BIGINT NOT NULL, word TEXT NOT NULL,
  said_by TEXT NOT NULL, said_us BIGINT NOT NULL,
  PRIMARY KEY (owner_id, mandate_id, version, word));
CREATE TABLE vault_destructions (
  destruction_id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, done INTEGER NOT NULL,
  certificate TEXT NOT NULL);
)"}};
  return tables;
}

Result<void> write_retention(soci::session& sql, const vault::RetentionChange& change) {
  return std::visit([&](const auto& one) { return put(sql, one); }, change);
}

Result<vault::RetentionImage> read_retention(soci::session& sql) {
  vault::RetentionImage image;
  soci::rowset<soci::row> words =
      (sql.prepare << "SELECT owner_id, mandate_id, version, word, said_by, said_us "
                      "FROM vault_retention ORDER BY said_us");
  for (const soci::row& row : words)
    image.words.push_back({OrganisationId(row.get<std::string>("owner_id")),
                           vault::MandateId(row.get<std::string>("mandate_id")),
                           static_cast<std::uint32_t>(row.get<long long>("version")),
                           row.get<std::string>("word"),
                           OperatorId(row.get<std::string>("said_by")),
                           time_from_micros(row.get<long long>("said_us"))});
  soci::rowset<soci::row> destructions =
      (sql.prepare << "SELECT destruction_id, owner_id, done, certificate "
                      "FROM vault_destructions ORDER BY 1");
  for (const soci::row& row : destructions)
    image.destructions.push_back({vault::DestructionId(row.get<std::string>("destruction_id")),
                                  OrganisationId(row.get<std::string>("owner_id")),
                                  row.get<int>("done") != 0, row.get<std::string>("certificate")});
  return image;
}

}  // namespace madoguchi::store
