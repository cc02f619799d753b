// What exports need kept: rows and changes beside those of vault_store.h, committed by the same
// acts. A row holds no personal data; the list of who is in an export is sealed.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "vault/access/ids.h"

namespace madoguchi::vault {

using ExportId = Id<struct ExportTag>;

struct ExportRow {
  ExportId id;
  OrganisationId owner;
  std::string state;  // export_json.h
  std::string json;
};

// Somebody who does not exist, and whose record is there to be recognised.
struct InventedRow {
  SubjectId subject;
  OrganisationId owner;
  ExportId of;
};

struct PutExport {  // a new one
  ExportRow row;
  std::string sealed_people;  // base64
};
// kConflict unless it is still in the state `from`: two answers can't both count.
struct MoveExport {
  ExportRow row;
  std::string from;
};
struct PutInvented {  // may be repeated
  InventedRow row;
};

using ExportChange = std::variant<PutExport, MoveExport, PutInvented>;

struct ExportImage {
  std::vector<ExportRow> exports;  // in the order of their ids, which is that of time
  std::vector<InventedRow> invented;
};

}  // namespace madoguchi::vault
