#include "vault/people_records.h"

#include <fmt/format.h>

#include <cstdlib>

namespace madoguchi::vault {
namespace {

constexpr std::string_view kErasuresKnown = "erasures_known";

}  // namespace

Result<std::unique_ptr<PeopleRecords>> PeopleRecords::open(const Parts& parts,
                                                           OpenedRecordStores stores) {
  std::unique_ptr<PeopleRecords> opened(new PeopleRecords(parts));
  opened->stores_ = std::move(stores);
  auto keys = RecordKeys::open({parts.store, parts.clock, parts.entropy}, parts.master);
  if (!keys) return tl::unexpected<Error>(keys.error());
  opened->keys_ = std::move(*keys);
  const auto image = parts.store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  const auto known = image->meta.find(std::string(kErasuresKnown));
  if (known != image->meta.end())
    opened->erased_ = std::strtoull(known->second.c_str(), nullptr, 10);
  if (auto listed = opened->open_list(parts, *image); !listed)
    return fail(ErrorCode::kInvalid, fmt::format("erasures.file: {}", listed.error().message));
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
  // Only now: what the databases know of erasures the list knows too.
  const std::size_t people = opened->erasures_->people();
  if (opened->erased_.value_or(0) > people)
    return fail(ErrorCode::kInvalid,
                fmt::format("erasures.file: {} knows of {} people who were erased, the vault's "
                            "database of {}: it is older than the database, and people would come "
                            "back. Put its newest copy there; where none is left, put database, "
                            "records and subject_keys back from one backup and erase again whom "
                            "the clients name",
                            opened->erasures_->file().string(), people, *opened->erased_));
  if (auto noted = opened->note_erasures(); !noted) return tl::unexpected<Error>(noted.error());
  return opened;
}

// Where the database knows of a list, one that is missing is not begun anew: the databases may be
// of a backup, and nobody would know who must stay gone.
Result<void> PeopleRecords::open_list(const Parts& parts, const VaultImage& image) {
  using enum Erasures::IfMissing;
  const auto key = [&] { return parts.master.erasures(image); };
  auto list = Erasures::open(parts.erasures_file, key(), erased_ ? kRefuse : kMake);
  if (!list) return tl::unexpected<Error>(list.error());
  erasures_ = std::move(*list);
  if (parts.old_erasures.empty() || !std::filesystem::is_regular_file(parts.old_erasures))
    return {};
  std::error_code neither;
  if (std::filesystem::equivalent(parts.old_erasures, parts.erasures_file, neither)) return {};
  return erasures_->take_in(parts.old_erasures, key());
}

Result<void> PeopleRecords::note_erasures() {
  const std::size_t lines = erasures_->lines();
  if (erased_ && lines == lines_) return {};
  const std::size_t people = erasures_->people();
  if (erased_ != people) {
    Act act;
    act.changes.emplace_back(PutMeta{std::string(kErasuresKnown), std::to_string(people)});
    if (auto kept = store_.commit(clock_.now(), act); !kept) return kept;
  }
  erased_ = people;
  lines_ = lines;
  return {};
}

}  // namespace madoguchi::vault
