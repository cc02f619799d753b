#include "vault/people_records.h"

namespace madoguchi::vault {

Result<std::unique_ptr<PeopleRecords>> PeopleRecords::open(const Parts& parts,
                                                           OpenedRecordStores stores) {
  std::unique_ptr<PeopleRecords> opened(new PeopleRecords());
  opened->stores_ = std::move(stores);
  auto keys = RecordKeys::open({parts.store, parts.clock, parts.entropy}, parts.master);
  if (!keys) return tl::unexpected<Error>(keys.error());
  opened->keys_ = std::move(*keys);
  const auto image = parts.store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  auto erasures = Erasures::open(parts.erasures_file, parts.master.erasures(*image));
  if (!erasures) return tl::unexpected<Error>(erasures.error());
  opened->erasures_ = std::move(*erasures);
  Records::Parts all{*opened->stores_.records,
                     *opened->stores_.keys,
                     *opened->keys_,
                     *opened->erasures_,
                     parts.clock,
                     parts.entropy,
                     parts.plan};
  if (!parts.records_shown.empty()) all.records_shown = parts.records_shown;
  if (!parts.keys_shown.empty()) all.keys_shown = parts.keys_shown;
  auto records = Records::open(all);
  if (!records) return tl::unexpected<Error>(records.error());
  opened->records_ = std::move(*records);
  return opened;
}

}  // namespace madoguchi::vault
