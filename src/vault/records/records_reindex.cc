// Records: a new key for the marks that people are found by.
#include <algorithm>

#include "vault/records/key_rotation.h"
#include "vault/records/records_state.h"

namespace madoguchi::vault {
namespace {

// Whoever saves a note waits for as many people as these.
constexpr std::size_t kLockedAtOnce = 16;

}  // namespace

Result<bool> Records::imports_are_over(const OrganisationId& organisation) {
  const auto imports = state_->parts.store.imports(organisation);
  if (!imports) return tl::unexpected<Error>(imports.error());
  return std::all_of(imports->begin(), imports->end(), [](const ImportRow& one) {
    return one.state == import_state::kDone || one.state == import_state::kWithdrawn;
  });
}

Result<bool> Records::mark_anew(const OrganisationId& organisation) {
  const std::lock_guard lock(state_->unique_mutex);
  const auto over = imports_are_over(organisation);
  if (!over || !*over) return over;
  if (auto kept = state_->parts.store.set_cursor(reindex_cursor(organisation), 1); !kept)
    return tl::unexpected<Error>(kept.error());
  return true;
}

// The cursor first: cut off after the key was made, the walk is known to be due.
Result<bool> Records::begin_reindex(const OrganisationId& organisation) {
  const Parts& parts = state_->parts;
  const std::lock_guard lock(state_->unique_mutex);
  const auto over = imports_are_over(organisation);
  if (!over || !*over) return over;
  if (auto kept = parts.store.set_cursor(reindex_cursor(organisation), 1); !kept)
    return tl::unexpected<Error>(kept.error());
  const auto made = parts.organisation_keys.make_next(organisation, KeyUse::kIndex);
  if (!made) return tl::unexpected<Error>(made.error());
  state_->forget(organisation);
  return true;
}

Result<void> Records::State::add_reindexed(const RecordSealer& sealer, RecordNumber number,
                                           RecordAct& act) {
  auto stored = parts.store.record(number);
  if (!stored) return tl::unexpected<Error>(stored.error());
  if (!*stored) return {};
  const SubjectId subject = subject_id(number, (*stored)->tail);
  auto key = key_of(sealer.organisation(), subject, number);
  if (!key)
    return key.error().code == ErrorCode::kNotFound ? Result<void>()
                                                    : tl::unexpected<Error>(key.error());
  const Held held{std::move(**stored), std::move(*key)};
  const auto all = values(held, subject, sealer.schema());
  if (!all) return tl::unexpected<Error>(all.error());
  const auto fresh = marks_of(sealer, *all, number, Versions::kNewest);
  if (!fresh) return tl::unexpected<Error>(fresh.error());
  auto every = marks_of(sealer, *all, number);
  if (!every) return tl::unexpected<Error>(every.error());
  act.marks.insert(act.marks.end(), fresh->begin(), fresh->end());
  std::copy_if(every->begin(), every->end(), std::back_inserter(act.marks_gone),
               [&](const MarkRow& one) {
                 return std::find(fresh->begin(), fresh->end(), one) == fresh->end();
               });
  return {};
}

// Nobody is changed or erased between being read here and being committed. Others hold one of these
// locks at most, so taking them in order is enough.
Result<void> Records::State::reindex_some(const RecordSealer& sealer,
                                          std::span<const RecordNumber> numbers) {
  std::vector<std::unique_lock<std::mutex>> locks;
  for (std::mutex& one : subject_locks) locks.emplace_back(one);
  RecordAct act;
  for (const RecordNumber number : numbers)
    if (auto added = add_reindexed(sealer, number, act); !added) return added;
  std::sort(act.marks.begin(), act.marks.end());
  if (act.marks.empty()) return {};
  return parts.store.commit(sealer.organisation(), act);
}

Result<bool> Records::reindex(const OrganisationId& organisation, std::size_t most) {
  const Parts& parts = state_->parts;
  const auto cursor = parts.store.cursor(reindex_cursor(organisation));
  if (!cursor) return tl::unexpected<Error>(cursor.error());
  if (*cursor == 0) return true;
  const auto sealer = state_->sealer(organisation);
  if (!sealer) return tl::unexpected<Error>(sealer.error());
  const auto page = parts.keys.walk(*cursor, most);
  if (!page) return tl::unexpected<Error>(page.error());
  std::vector<RecordNumber> theirs;
  for (const SubjectKeyRow& row : page->keys)
    if (row.organisation == organisation) theirs.push_back(row.number);
  for (std::size_t i = 0; i < theirs.size(); i += kLockedAtOnce)
    if (auto kept = state_->reindex_some(
            **sealer, std::span(theirs).subspan(i, std::min(kLockedAtOnce, theirs.size() - i)));
        !kept)
      return tl::unexpected<Error>(kept.error());
  if (page->next == 0) {
    if (auto kept =
            parts.store.set_cursor(oldest_index_cursor(organisation), (*sealer)->index().version());
        !kept)
      return tl::unexpected<Error>(kept.error());
    state_->forget(organisation);
  }
  if (auto kept = parts.store.set_cursor(reindex_cursor(organisation), page->next); !kept)
    return tl::unexpected<Error>(kept.error());
  return page->next == 0;
}

}  // namespace madoguchi::vault
