// Importer: what takes an import's records away again, and who is in none that is half done.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "vault/records/importer.h"
#include "vault/records/mark_log.h"
#include "vault/records/records_state.h"
#include "vault/records/sealed_record.h"

namespace madoguchi::vault {
namespace {

// Each step waits for the disk three times.
constexpr std::size_t kStep = 512;

bool is_whole(const ImportRow& row) {
  return row.state == import_state::kDone || row.state == import_state::kWithdrawn;
}

bool lies_in(const ImportRow& inner, const ImportRow& outer) {
  return inner.first >= outer.first && inner.last <= outer.last && inner.first != 0;
}

ImportStanding standing_of(const ImportRow& row, std::uint64_t taken_away) {
  ImportStanding standing;
  standing.import_id = row.import_id;
  standing.bytes = row.bytes;
  standing.lines = row.lines;
  standing.withdrawn = row.state == import_state::kWithdrawn;
  standing.withdrawing = !standing.withdrawn;
  standing.rows = standing.withdrawn ? 0 : row.rows;
  standing.bad_rows = row.bad_rows;
  standing.changed = row.changed;
  standing.unchanged = row.unchanged;
  standing.update = row.changed + row.unchanged > 0;
  standing.taken_away = taken_away;
  return standing;
}

// The import's own records: those in its range that came neither by another import nor otherwise.
Result<std::vector<RecordPlaceRow>> own_places(RecordStore& store, const ImportRow& row,
                                               const std::vector<ImportRow>& all,
                                               const WithdrawalAsked& asked) {
  if (row.first == 0) return std::vector<RecordPlaceRow>();
  auto places = store.places(row.organisation, row.first, row.last, kMostRecords);
  if (!places) return places;
  std::erase_if(*places, [&](const RecordPlaceRow& place) {
    const bool of_another = std::any_of(all.begin(), all.end(), [&](const ImportRow& other) {
      return other.import_id != row.import_id && lies_in(other, row) &&
             place.number >= other.first && place.number <= other.last;
    });
    return of_another ||
           (asked.came_otherwise && asked.came_otherwise(subject_id(place.number, place.tail)));
  });
  if (places->size() > row.rows)
    return fail(ErrorCode::kConflict,
                fmt::format("import {} made {} records, but {} lie where it put them: some came "
                            "another way, and can't be told apart; erase its people one by one on "
                            "the client's page",
                            row.import_id, row.rows, places->size()));
  return places;
}

}  // namespace

// The order of every erasure: the list first, then the keys, then what they sealed. Whatever is cut
// off in between is done again.
Result<void> Importer::take_away(Records::State& records, const OrganisationId& organisation,
                                 std::span<const RecordPlaceRow> places) {
  const auto& parts = records.parts;
  const auto marks_of = [&](const RecordPlaceRow& place) -> Result<std::vector<MarkRow>> {
    const auto sealer = records.sealer(organisation);
    if (!sealer) return tl::unexpected<Error>(sealer.error());
    const auto held = records.held(organisation, subject_id(place.number, place.tail));
    if (!held) return tl::unexpected<Error>(held.error());
    const auto values =
        records.values(*held, subject_id(place.number, place.tail), (*sealer)->schema());
    if (!values) return tl::unexpected<Error>(values.error());
    return records.marks_of(**sealer, *values, place.number);
  };
  for (std::size_t at = 0; at < places.size(); at += kStep) {
    // Nobody corrects one of them meanwhile.
    std::vector<std::unique_lock<std::mutex>> locks;
    for (std::mutex& one : records.subject_locks) locks.emplace_back(one);
    std::vector<RecordNumber> numbers;
    std::vector<ErasureRow> opened;
    std::vector<ErasureRow> closed;  // they don't open: their marks are looked for among all
    std::vector<MarkRow> marks;
    for (const RecordPlaceRow& place : places.subspan(at, std::min(kStep, places.size() - at))) {
      const auto made = marks_of(place);
      if (made) marks.insert(marks.end(), made->begin(), made->end());
      const SubjectId subject = subject_id(place.number, place.tail);
      (made ? opened : closed)
          .push_back({place.number, parts.erasures.mark_of(subject), parts.clock.now()});
      numbers.push_back(place.number);
    }
    std::vector<ErasureRow> all = opened;
    all.insert(all.end(), closed.begin(), closed.end());
    if (auto noted = parts.erasures.append(all); !noted) return noted;
    if (auto gone = parts.keys.destroy(numbers, all); !gone) return gone;
    if (auto gone = parts.store.erase(organisation, opened, marks); !gone) return gone;
    if (!closed.empty())
      if (auto gone = parts.store.erase(organisation, closed, std::nullopt); !gone) return gone;
  }
  return {};
}

Result<std::vector<ImportRow>> Importer::imports(Records& records,
                                                 const OrganisationId& organisation) {
  return records.state_->parts.store.imports(organisation);
}

Result<ImportStanding> Importer::withdraw(Records& records, const WithdrawalAsked& asked,
                                          const ImportCallbacks& callbacks) {
  RecordStore& store = records.state_->parts.store;
  const auto all = store.imports(asked.organisation);
  if (!all) return tl::unexpected<Error>(all.error());
  const auto found = std::find_if(all->begin(), all->end(), [&](const ImportRow& one) {
    return one.import_id == asked.import_id;
  });
  if (found == all->end())
    return fail(ErrorCode::kNotFound, fmt::format("there is no import {}", asked.import_id));
  ImportRow row = *found;
  if (row.state == import_state::kWithdrawn)
    return fail(ErrorCode::kNotFound,
                fmt::format("import {} is withdrawn already", asked.import_id));
  if (row.state == import_state::kDone && !asked.finished_too)
    return fail(ErrorCode::kConflict, fmt::format("import {} is done: its {} records would be "
                                                  "destroyed for good; say --yes if that is meant",
                                                  row.import_id, row.rows));
  const auto places = own_places(store, row, *all, asked);
  if (!places) return tl::unexpected<Error>(places.error());

  ImportTerms terms;
  terms.organisation = asked.organisation;
  terms.digest = row.digest;
  const auto keep = [&](std::string_view state, std::uint64_t taken_away) -> Result<void> {
    row.state = state;
    if (callbacks.note)
      if (auto noted = callbacks.note(terms, standing_of(row, taken_away)); !noted) return noted;
    RecordAct act;
    act.import = row;
    return store.commit(asked.organisation, act);
  };
  if (row.state != import_state::kWithdrawing)
    if (auto kept = keep(import_state::kWithdrawing, 0); !kept)
      return tl::unexpected<Error>(kept.error());
  if (auto gone = take_away(*records.state_, asked.organisation, *places); !gone)
    return tl::unexpected<Error>(gone.error());
  row.ended = records.state_->parts.clock.now();
  if (auto kept = keep(import_state::kWithdrawn, places->size()); !kept)
    return tl::unexpected<Error>(kept.error());
  std::error_code ignored;
  std::filesystem::remove(std::filesystem::path(store.side_folder()) / mark_log_name(row.import_id),
                          ignored);
  return standing_of(row, places->size());
}

Result<std::vector<RecordRange>> Importer::finished(Records& records,
                                                    const OrganisationId& organisation,
                                                    const RecordRange& range) {
  const auto all = imports(records, organisation);
  if (!all) return tl::unexpected<Error>(all.error());
  std::vector<RecordRange> halves;
  for (const ImportRow& row : *all)
    if (!is_whole(row) && row.first != 0) halves.push_back({row.first, row.last});
  std::sort(halves.begin(), halves.end(),
            [](const RecordRange& a, const RecordRange& b) { return a.first < b.first; });
  std::vector<RecordRange> left;
  std::uint64_t from = range.first;
  for (const RecordRange& half : halves) {
    if (half.first > range.last) break;
    if (half.first > from) left.push_back({from, half.first - 1});
    from = std::max(from, half.last + 1);
  }
  if (from <= range.last) left.push_back({from, range.last});
  return left;
}

}  // namespace madoguchi::vault
