#include "vault/people_records.h"

#include "vault/core/crypto.h"
#include "vault/core/master_key.h"

namespace madoguchi::vault {

Result<std::unique_ptr<PeopleRecords>> PeopleRecords::open(const Parts& parts,
                                                           OpenedRecordStores stores) {
  std::unique_ptr<PeopleRecords> opened(new PeopleRecords());
  opened->stores_ = std::move(stores);
  auto keys = RecordKeys::open({parts.store, parts.clock, parts.entropy}, parts.master_key_file);
  if (!keys) return tl::unexpected<Error>(keys.error());
  opened->keys_ = std::move(*keys);
  const auto master = read_master_key(parts.master_key_file, IfMissing::kRefuse);
  if (!master) return tl::unexpected<Error>(master.error());
  auto erasures = Erasures::open(parts.erasures_file, derive(*master, "madoguchi erasures"));
  if (!erasures) return tl::unexpected<Error>(erasures.error());
  opened->erasures_ = std::move(*erasures);
  auto records = Records::open({*opened->stores_.records, *opened->stores_.keys, *opened->keys_,
                                *opened->erasures_, parts.clock, parts.entropy, parts.plan});
  if (!records) return tl::unexpected<Error>(records.error());
  opened->records_ = std::move(*records);
  return opened;
}

}  // namespace madoguchi::vault
