#include "store/vault/export_rows.h"

#include <soci/soci.h>

namespace madoguchi::store {
namespace {

using soci::use;

Result<void> put(soci::session& sql, const vault::PutExport& change) {
  const vault::ExportRow& row = change.row;
  sql << "INSERT INTO vault_exports (export_id, owner_id, state, json, sealed_people) "
         "VALUES (:e, :o, :s, :j, :p)",
      use(row.id.text()), use(row.owner.text()), use(row.state), use(row.json),
      use(change.sealed_people);
  return {};
}

Result<void> put(soci::session& sql, const vault::MoveExport& change) {
  const vault::ExportRow& row = change.row;
  soci::statement move = (sql.prepare << "UPDATE vault_exports SET state = :s, json = :j "
                                         "WHERE export_id = :e AND state = :f",
                          use(row.state), use(row.json), use(row.id.text()), use(change.from));
  move.execute(true);
  if (move.get_affected_rows() == 1) return {};
  return fail(ErrorCode::kConflict, "the export was decided on meanwhile");
}

Result<void> put(soci::session& sql, const vault::PutInvented& change) {
  const vault::InventedRow& row = change.row;
  sql << "INSERT INTO vault_invented (subject_id, owner_id, export_id) VALUES (:s, :o, :e) "
         "ON CONFLICT (subject_id) DO NOTHING",
      use(row.subject.text()), use(row.owner.text()), use(row.of.text());
  return {};
}

}  // namespace

const std::vector<Migration>& export_tables() {
  static const std::vector<Migration> tables = {{1, "exports", R"(
CREATE TABLE vault_exports (
  export_id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, state TEXT NOT NULL, json TEXT NOT NULL,
  sealed_people TEXT NOT NULL);
CREATE TABLE vault_invented (
  subject_id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, export_id TEXT NOT NULL);
)"}};
  return tables;
}

Result<void> write_export(soci::session& sql, const vault::ExportChange& change) {
  return std::visit([&](const auto& one) { return put(sql, one); }, change);
}

Result<vault::ExportImage> read_exports(soci::session& sql) {
  vault::ExportImage image;
  soci::rowset<soci::row> exports =
      (sql.prepare << "SELECT export_id, owner_id, state, json FROM vault_exports ORDER BY 1");
  for (const soci::row& row : exports)
    image.exports.push_back({vault::ExportId(row.get<std::string>("export_id")),
                             OrganisationId(row.get<std::string>("owner_id")),
                             row.get<std::string>("state"), row.get<std::string>("json")});
  soci::rowset<soci::row> invented =
      (sql.prepare << "SELECT subject_id, owner_id, export_id FROM vault_invented");
  for (const soci::row& row : invented)
    image.invented.push_back({vault::SubjectId(row.get<std::string>("subject_id")),
                              OrganisationId(row.get<std::string>("owner_id")),
                              vault::ExportId(row.get<std::string>("export_id"))});
  return image;
}

Result<std::string> read_people_of(soci::session& sql, const vault::ExportId& id) {
  soci::rowset<soci::row> found =
      (sql.prepare << "SELECT sealed_people FROM vault_exports WHERE export_id = :e",
       use(id.text()));
  std::optional<std::string> people;
  for (const soci::row& row : found) people = row.get<std::string>("sealed_people");
  if (people) return *std::move(people);
  return fail(ErrorCode::kNotFound, "there is no such export");
}

}  // namespace madoguchi::store
