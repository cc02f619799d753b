// Who there is: for exports, and for whoever reads the files that come back.
#include <algorithm>

#include "vault/records/records_state.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kKeysAtOnce = 16'384;

}  // namespace

Result<std::vector<SubjectId>> Records::subjects(const OrganisationId& organisation,
                                                 const RecordRange& range, std::size_t most) {
  const auto places = state_->parts.store.places(organisation, range.first, range.last, most);
  if (!places) return tl::unexpected<Error>(places.error());
  std::vector<SubjectId> found;
  found.reserve(places->size());
  for (const RecordPlaceRow& place : *places) found.push_back(subject_id(place.number, place.tail));
  return found;
}

Result<std::uint64_t> Records::count_keys(const OrganisationId& organisation) {
  std::uint64_t keys = 0;
  for (RecordNumber from = 1; from != 0;) {
    const auto page = state_->parts.keys.walk(from, kKeysAtOnce);
    if (!page) return tl::unexpected<Error>(page.error());
    keys += static_cast<std::uint64_t>(
        std::count_if(page->keys.begin(), page->keys.end(),
                      [&](const SubjectKeyRow& row) { return row.organisation == organisation; }));
    from = page->next;
  }
  return keys;
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
