// Who knows which records are of people who do not exist (vault/exports/invented.h): to touch one
// of them tells that somebody works from an export that went astray. Any thread.
#pragma once

#include <optional>

#include "vault/access/ids.h"
#include "vault/export_store.h"

namespace madoguchi::vault {

class InventedPeople {
 public:
  virtual ~InventedPeople() = default;
  // The export for which this person was invented.
  [[nodiscard]] virtual std::optional<ExportId> invented_for(const SubjectId& subject) const = 0;
};

}  // namespace madoguchi::vault
