// Records: search, rotation of keys, and what a start puts right.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "vault/records/key_rotation.h"
#include "vault/records/records_state.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostFound = 1000;
// Of each single mark looked at when several must hold together.
constexpr std::size_t kMostLooked = 100'000;
constexpr std::size_t kOrphanStep = 16'384;
constexpr std::string_view kOrphanCursor = "orphans";

std::string destruction_cursor(const OrganisationId& organisation) {
  return "destruction " + organisation.text();
}

struct Wanted {
  const FieldSpec* field = nullptr;
  std::string form;
  bool covered = false;  // a compound's mark stands for it
};

// All the marks that must hold, under one version of the index.
std::vector<Mark> marks_wanted(std::vector<Wanted> wanted, const Schema& schema,
                               const BlindIndex& index) {
  std::vector<Mark> marks;
  for (const CompoundSpec& compound : schema.compounds()) {
    std::vector<std::string> forms;
    std::vector<Wanted*> parts;
    for (const std::string& part : compound.fields)
      for (Wanted& one : wanted)
        if (one.field->name == part && forms.size() < compound.fields.size()) {
          forms.push_back(one.form);
          parts.push_back(&one);
          break;
        }
    if (forms.size() != compound.fields.size()) continue;
    marks.push_back(index.mark(compound, forms));
    for (Wanted* part : parts) part->covered = true;
  }
  for (const Wanted& one : wanted)
    if (!one.covered) marks.push_back(index.mark(one.field->name, one.form));
  return marks;
}

// Each way of writing what was sought before, with each of this one; too many: as it was typed.
std::vector<std::vector<Wanted>> with_spellings(std::vector<std::vector<Wanted>> before,
                                                const FieldSpec& field, const std::string& form) {
  auto spellings = Normaliser::japanese().spellings(field.kind, form);
  if (spellings.size() * before.size() > kMostSpellings) spellings.resize(1);
  std::vector<std::vector<Wanted>> after;
  for (const auto& wanted : before)
    for (const std::string& spelling : spellings) {
      after.push_back(wanted);
      after.back().push_back({&field, spelling});
    }
  return after;
}

using Indexes = std::vector<std::shared_ptr<const BlindIndex>>;

std::vector<std::pair<const BlindIndex*, const std::vector<Wanted>*>> every_pair(
    const Indexes& indexes, const std::vector<std::vector<Wanted>>& spelled) {
  std::vector<std::pair<const BlindIndex*, const std::vector<Wanted>*>> pairs;
  for (const auto& index : indexes)
    for (const auto& wanted : spelled) pairs.emplace_back(index.get(), &wanted);
  return pairs;
}

bool in_a_compound(const Schema& schema, std::string_view field,
                   const std::vector<Sought>& all_of) {
  return std::any_of(
      schema.compounds().begin(), schema.compounds().end(), [&](const CompoundSpec& compound) {
        const auto& parts = compound.fields;
        return std::find(parts.begin(), parts.end(), field) != parts.end() &&
               std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
                 return std::any_of(all_of.begin(), all_of.end(),
                                    [&](const Sought& one) { return one.field == part; });
               });
      });
}

}  // namespace

Result<std::shared_ptr<const BlindIndex>> Records::State::index_at(
    const OrganisationId& organisation, std::uint32_t version) {
  {
    const std::lock_guard lock(mutex);
    const auto known = old_indexes.find({organisation, version});
    if (known != old_indexes.end()) return known->second;
  }
  const auto prepared = sealer(organisation);
  if (!prepared) return tl::unexpected<Error>(prepared.error());
  const auto key = parts.organisation_keys.at(organisation, KeyUse::kIndex, version);
  if (!key) return tl::unexpected<Error>(key.error());
  auto made = std::make_shared<const BlindIndex>(organisation, *key, (*prepared)->schema());
  const std::lock_guard lock(mutex);
  old_indexes[{organisation, version}] = made;
  return made;
}

Result<std::vector<std::shared_ptr<const BlindIndex>>> Records::State::indexes(
    const RecordSealer& sealer) {
  const auto oldest = parts.store.cursor(oldest_index_cursor(sealer.organisation()));
  if (!oldest) return tl::unexpected<Error>(oldest.error());
  std::vector<std::shared_ptr<const BlindIndex>> all;
  const std::uint32_t newest = sealer.index().version();
  const auto first = *oldest == 0 ? 1U : static_cast<std::uint32_t>(*oldest);
  for (std::uint32_t version = std::min(first, newest); version <= newest; ++version) {
    auto index = index_at(sealer.organisation(), version);
    if (!index) return tl::unexpected<Error>(index.error());
    all.push_back(std::move(*index));
  }
  return all;
}

Result<Found> Records::find(const OrganisationId& organisation, const std::vector<Sought>& all_of,
                            std::size_t most) {
  const auto sealer = state_->sealer(organisation);
  if (!sealer) return tl::unexpected<Error>(sealer.error());
  const Schema& schema = (*sealer)->schema();
  if (all_of.empty()) return fail(ErrorCode::kInvalid, "a search needs a value");
  most = std::clamp<std::size_t>(most, 1, kMostFound);
  std::vector<std::vector<Wanted>> spelled(1);
  for (const Sought& one : all_of) {
    const FieldSpec* field = schema.find(one.field);
    if (field == nullptr || (!field->indexed && !in_a_compound(schema, one.field, all_of)))
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: nothing is found by this field", one.field));
    auto form = (*sealer)->form(*field, one.value.reveal(), state_->parts.clock.now());
    if (!form)
      return fail(ErrorCode::kInvalid, fmt::format("{}: {}", one.field, form.error().message));
    spelled = with_spellings(std::move(spelled), *field, *form);
  }
  const auto indexes = state_->indexes(**sealer);
  if (!indexes) return tl::unexpected<Error>(indexes.error());
  std::set<RecordNumber> numbers;
  for (const auto& [index, wanted] : every_pair(*indexes, spelled)) {
    const auto marks = marks_wanted(*wanted, schema, *index);
    const std::size_t look = marks.size() > 1 ? kMostLooked : most + 1;
    std::vector<RecordNumber> of_all;
    for (std::size_t i = 0; i < marks.size(); ++i) {
      auto found = state_->parts.store.marked(organisation, marks[i], look);
      if (!found) return tl::unexpected<Error>(found.error());
      std::sort(found->begin(), found->end());
      std::vector<RecordNumber> both;
      std::set_intersection(of_all.begin(), of_all.end(), found->begin(), found->end(),
                            std::back_inserter(both));
      of_all = i == 0 ? std::move(*found) : std::move(both);
    }
    numbers.insert(of_all.begin(), of_all.end());
  }
  Found found;
  for (const RecordNumber number : numbers) {
    if (found.subjects.size() == most) {
      found.more = true;
      break;
    }
    const auto row = state_->parts.store.record(number);
    if (!row) return tl::unexpected<Error>(row.error());
    // A mark may be there a moment longer than its record.
    if (*row && (*row)->organisation == organisation)
      found.subjects.push_back(subject_id(number, (*row)->tail));
  }
  return found;
}

Result<void> Records::begin_rotation(const OrganisationId& organisation) {
  const auto made = state_->parts.organisation_keys.make_next(organisation, KeyUse::kData);
  if (!made) return tl::unexpected<Error>(made.error());
  state_->forget(organisation);
  return state_->parts.store.set_cursor(rotation_cursor(organisation), 1);
}

Result<bool> Records::rewrap(const OrganisationId& organisation, std::size_t most) {
  const Parts& parts = state_->parts;
  const auto cursor = parts.store.cursor(rotation_cursor(organisation));
  if (!cursor) return tl::unexpected<Error>(cursor.error());
  if (*cursor == 0) return true;
  const auto newest = parts.organisation_keys.newest(organisation, KeyUse::kData);
  if (!newest) return tl::unexpected<Error>(newest.error());
  if (auto noted = state_->note(organisation, KeyUse::kData, newest->version); !noted)
    return tl::unexpected<Error>(noted.error());
  const auto page = parts.keys.walk(*cursor, most);
  if (!page) return tl::unexpected<Error>(page.error());
  std::vector<SubjectKeyRow> fresh;
  for (const SubjectKeyRow& row : page->keys) {
    if (row.organisation != organisation || row.version == newest->version) continue;
    const auto stored = parts.store.record(row.number);
    if (!stored) return tl::unexpected<Error>(stored.error());
    if (!*stored) continue;  // an orphan, or a record that is being added
    const SubjectId subject = subject_id(row.number, (*stored)->tail);
    const auto old = parts.organisation_keys.at(organisation, KeyUse::kData, row.version);
    if (!old) return tl::unexpected<Error>(old.error());
    const auto key = unwrap_subject_key(row, subject.text(), old->key->reveal());
    if (!key) return tl::unexpected<Error>(key.error());
    fresh.push_back(wrap_subject_key(*key, organisation, row.number, subject.text(),
                                     newest->version, newest->key->reveal(), parts.entropy));
  }
  if (!fresh.empty())
    if (auto kept = parts.keys.replace(fresh); !kept) return tl::unexpected<Error>(kept.error());
  if (auto kept = parts.store.set_cursor(rotation_cursor(organisation), page->next); !kept)
    return tl::unexpected<Error>(kept.error());
  return page->next == 0;
}

Result<bool> Records::destroy_all(const OrganisationId& organisation, std::size_t most) {
  const Parts& parts = state_->parts;
  // Nobody makes marks of one of them meanwhile.
  std::vector<std::unique_lock<std::mutex>> locks;
  for (std::mutex& one : state_->subject_locks) locks.emplace_back(one);
  const auto cursor = parts.store.cursor(destruction_cursor(organisation));
  if (!cursor) return tl::unexpected<Error>(cursor.error());
  const auto page = parts.keys.walk(std::max<std::uint64_t>(*cursor, 1), most);
  if (!page) return tl::unexpected<Error>(page.error());
  std::vector<RecordNumber> numbers;
  std::vector<ErasureRow> erasures;
  for (const SubjectKeyRow& row : page->keys) {
    if (row.organisation != organisation) continue;
    const auto stored = parts.store.record(row.number);
    if (!stored) return tl::unexpected<Error>(stored.error());
    numbers.push_back(row.number);
    if (!*stored) continue;
    const SubjectId subject = subject_id(row.number, (*stored)->tail);
    erasures.push_back({row.number, parts.erasures.mark_of(subject), parts.clock.now()});
  }
  if (auto noted = parts.erasures.append(erasures); !noted)
    return tl::unexpected<Error>(noted.error());
  if (!numbers.empty())
    if (auto gone = parts.keys.destroy(numbers, erasures); !gone)
      return tl::unexpected<Error>(gone.error());
  if (!erasures.empty())
    if (auto gone = parts.store.erase(organisation, erasures, std::vector<MarkRow>{}); !gone)
      return tl::unexpected<Error>(gone.error());
  if (page->next == 0) {
    const auto dropped = parts.store.drop_marks(organisation, most);
    if (!dropped) return tl::unexpected<Error>(dropped.error());
    if (!*dropped) return false;
  }
  if (auto kept = parts.store.set_cursor(destruction_cursor(organisation), page->next); !kept)
    return tl::unexpected<Error>(kept.error());
  return page->next == 0;
}

Result<void> Records::State::replay(const ErasureRow& erasure) {
  const auto stored = parts.store.record(erasure.number);
  if (!stored) return tl::unexpected<Error>(stored.error());
  if (*stored) {
    const SubjectId subject = subject_id(erasure.number, (*stored)->tail);
    // The number may be another subject's where a restored database gave it out again.
    if (parts.erasures.mark_of(subject) != erasure.mark) return {};
    return erase_everywhere((*stored)->organisation, subject, erasure);
  }
  if (auto gone = parts.keys.destroy(std::span(&erasure.number, 1), std::span(&erasure, 1)); !gone)
    return gone;
  return parts.store.erase({}, std::span(&erasure, 1), std::vector<MarkRow>{});
}

Result<void> Records::State::replay() {
  const auto in_keys = parts.keys.erasures();
  if (!in_keys) return tl::unexpected<Error>(in_keys.error());
  const auto in_store = parts.store.erasures();
  if (!in_store) return tl::unexpected<Error>(in_store.error());
  const auto marks = [](const std::vector<ErasureRow>& rows) {
    std::set<Mark> all;
    for (const ErasureRow& row : rows) all.insert(row.mark);
    return all;
  };
  const std::vector<ErasureRow> listed = parts.erasures.all();
  std::set<Mark> known_list = marks(listed);
  const std::set<Mark> known_keys = marks(*in_keys);
  const std::set<Mark> known_store = marks(*in_store);
  std::vector<ErasureRow> missing;
  for (const ErasureRow& row : listed)
    if (!known_keys.contains(row.mark) || !known_store.contains(row.mark)) missing.push_back(row);
  for (const auto* rows : {&*in_keys, &*in_store})
    for (const ErasureRow& row : *rows)
      if (known_list.insert(row.mark).second) {
        if (auto noted = parts.erasures.append(std::span(&row, 1)); !noted) return noted;
        missing.push_back(row);
      }
  for (const ErasureRow& row : missing)
    if (auto done = replay(row); !done) return done;
  return {};
}

// Looks only at what was added since the last start.
Result<Records::State::Orphans> Records::State::orphans() {
  const auto cursor = parts.store.cursor(std::string(kOrphanCursor));
  if (!cursor) return tl::unexpected<Error>(cursor.error());
  const auto settled = parts.keys.settled();
  if (!settled) return tl::unexpected<Error>(settled.error());
  Orphans orphans;
  // A strict import that was taken back loses its keys first: a backup of them has them still.
  std::map<OrganisationId, std::vector<ImportRow>> imports;
  const auto withdrawn = [&](const SubjectKeyRow& row) -> Result<bool> {
    if (!imports.contains(row.organisation)) {
      auto all = parts.store.imports(row.organisation);
      if (!all) return tl::unexpected<Error>(all.error());
      imports[row.organisation] = std::move(*all);
    }
    const auto& all = imports[row.organisation];
    return std::any_of(all.begin(), all.end(), [&](const ImportRow& one) {
      return one.state == "withdrawn" && one.first <= row.number && row.number <= one.last;
    });
  };
  RecordNumber from = std::max<RecordNumber>(*cursor, 1);
  while (from != 0 && from < numbers.next()) {
    const auto page = parts.keys.walk(from, kOrphanStep);
    if (!page) return tl::unexpected<Error>(page.error());
    if (!page->keys.empty()) {
      // A page of keys may be longer than it was asked to be: they lie in blocks.
      const RecordNumber first = page->keys.front().number;
      const RecordNumber last = page->keys.back().number;
      const auto there = parts.store.numbers(first, last, last - first + 1);
      if (!there) return tl::unexpected<Error>(there.error());
      for (const SubjectKeyRow& row : page->keys) {
        if (std::binary_search(there->begin(), there->end(), row.number)) continue;
        const auto taken_back = withdrawn(row);
        if (!taken_back) return tl::unexpected<Error>(taken_back.error());
        const bool was_there = row.number < *settled || *settled == 0;
        (was_there && !*taken_back ? orphans.missed : orphans.cut_off).push_back(row.number);
      }
    }
    from = page->next;
  }
  if (*settled != 0 || orphans.missed.empty()) return orphans;
  // Of before such a mark was kept: nobody can tell, and a key without a record opens nothing.
  log_warn("{} keys without a record, numbers {} to {}, are left where they are",
           orphans.missed.size(), orphans.missed.front(), orphans.missed.back());
  orphans.missed.clear();
  return orphans;
}

// Keys are committed before their records: what a crash left between the two opens nothing, and
// goes. Where records are missing that were there, their people can come back, and nothing goes.
Result<void> Records::State::collect_orphans() {
  const auto found = orphans();
  if (!found) return tl::unexpected<Error>(found.error());
  if (!found->missed.empty())
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{} is older than {}: the records of {} people are missing, whose keys are "
                    "there (numbers {} to {}). Nothing was changed; put the newer records back, "
                    "or, where they are lost, both databases from one backup",
                    parts.records_shown, parts.keys_shown, found->missed.size(),
                    found->missed.front(), found->missed.back()));
  if (!found->cut_off.empty()) {
    if (auto gone = parts.keys.destroy(found->cut_off, {}); !gone) return gone;
    log_warn("{} keys, numbers {} to {}, are destroyed: adding their people was cut off",
             found->cut_off.size(), found->cut_off.front(), found->cut_off.back());
  }
  if (auto kept = parts.keys.settle(numbers.next()); !kept) return kept;
  return parts.store.set_cursor(std::string(kOrphanCursor), numbers.next());
}

// An older database of organisations' keys would make another one under the same version.
Result<void> Records::State::expect_organisation_key(const SubjectKeyRow& row) {
  const auto newest = parts.organisation_keys.newest_version(row.organisation, KeyUse::kData);
  if (newest >= row.version) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("the vault's own database is older than {}: people's keys of {} hang on "
                          "its key of version {}, and it knows of {} at most. Nothing was changed; "
                          "put the newer database back, or all three from one backup",
                          parts.keys_shown, row.organisation.text(), row.version, newest));
}

// Every record has a key, but those of a strict import that is being taken back. The newest tells.
Result<void> Records::State::expect_keys() {
  const auto newest = parts.store.highest_number();
  if (!newest) return tl::unexpected<Error>(newest.error());
  const auto row = parts.store.record(*newest);
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return {};
  const auto key = parts.keys.key(*newest);
  if (!key) return tl::unexpected<Error>(key.error());
  if (*key) return expect_organisation_key(**key);
  const auto imports = parts.store.imports((*row)->organisation);
  if (!imports) return tl::unexpected<Error>(imports.error());
  if (std::any_of(imports->begin(), imports->end(), [&](const ImportRow& one) {
        return one.state != "done" && one.first <= *newest && *newest <= one.last;
      }))
    return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{} is older than {}: people's records are there whose keys are not "
                          "(number {}, and maybe more). Put the newer keys back; where they are "
                          "lost, both databases from one backup",
                          parts.keys_shown, parts.records_shown, *newest));
}

}  // namespace madoguchi::vault
