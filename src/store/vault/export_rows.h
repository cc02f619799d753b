// Tables and rows of exports, for SqlVaultStore. Runs inside its transactions; SOCI's exceptions
// pass through to it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "vault/export_store.h"

namespace madoguchi::store {

const std::vector<Migration>& export_tables();
Result<void> write_export(soci::session& sql, const vault::ExportChange& change);
Result<vault::ExportImage> read_exports(soci::session& sql);
// kNotFound: there is no such export.
Result<std::string> read_people_of(soci::session& sql, const vault::ExportId& id);

}  // namespace madoguchi::store
