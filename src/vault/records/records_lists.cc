// Who there is: for exports, and for whoever reads the files that come back.
#include "vault/records/records_state.h"

namespace madoguchi::vault {

Result<std::vector<SubjectId>> Records::subjects(const OrganisationId& organisation,
                                                 const RecordRange& range, std::size_t most) {
  const auto places = state_->parts.store.places(organisation, range.first, range.last, most);
  if (!places) return tl::unexpected<Error>(places.error());
  std::vector<SubjectId> found;
  found.reserve(places->size());
  for (const RecordPlaceRow& place : *places) found.push_back(subject_id(place.number, place.tail));
  return found;
}

Result<RecordRange> Records::imported(const OrganisationId& organisation,
                                      const std::string& import_id) {
  const auto imports = state_->parts.store.imports(organisation);
  if (!imports) return tl::unexpected<Error>(imports.error());
  for (const ImportRow& row : *imports)
    if (row.import_id == import_id && row.state == "done") return RecordRange{row.first, row.last};
  return fail(ErrorCode::kNotFound, "there is no such import that is done");
}

}  // namespace madoguchi::vault
