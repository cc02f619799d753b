#include "vault/records/importer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sealing.h"
#include "vault/records/import_terms.h"
#include "vault/records/importer_state.h"
#include "vault/records/key_rotation.h"

namespace madoguchi::vault {
namespace {

using import_state::kDone;
using import_state::kIndexing;
using import_state::kRunning;
using import_state::kWithdrawing;
using import_state::kWithdrawn;

constexpr std::size_t kInFlight = 24;  // batches, from split to written
constexpr std::size_t kUpdateBatches = 2;
constexpr std::size_t kIndexSlice = 65'536;

std::uint64_t short_of(const Mark& mark) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | mark[i];
  return value;
}

}  // namespace

ImportStanding Importer::State::standing(std::uint64_t marks_left) const {
  ImportStanding now;
  now.import_id = row.import_id;
  now.bytes = row.bytes;
  now.lines = row.lines;
  now.withdrawn = row.state == kWithdrawn;
  now.rows = now.withdrawn ? 0 : row.rows;
  now.bad_rows = row.bad_rows;
  now.changed = row.changed;
  now.unchanged = row.unchanged;
  now.update = terms.update;
  now.marks_left = marks_left;
  now.done = row.state == kDone;
  now.withdrawing = row.state == kWithdrawing;
  return now;
}

Result<void> Importer::State::note() const {
  return callbacks.note ? callbacks.note(terms, standing()) : Result<void>();
}

std::filesystem::path Importer::State::log_file() const {
  return std::filesystem::path(records.parts.store.side_folder()) / mark_log_name(row.import_id);
}

// An import that took nothing yet stands in nobody's way: it was begun by mistake, or with terms
// that no row of the file could meet.
Result<void> Importer::State::give_up(ImportRow empty) {
  row = std::move(empty);
  row.state = kWithdrawn;
  row.ended = records.parts.clock.now();
  if (auto noted = note(); !noted) return noted;
  if (auto kept = commit({}); !kept) return kept;
  std::error_code ignored;
  std::filesystem::remove(log_file(), ignored);
  row = {};
  return {};
}

// True: `row` is this file's import, which goes on.
Result<bool> Importer::State::look_for_earlier() {
  const auto all = records.parts.store.imports(terms.organisation);
  if (!all) return tl::unexpected<Error>(all.error());
  const std::string digest = terms_digest(terms);
  bool goes_on = false;
  for (const ImportRow& one : *all) {
    const auto stands = [&](std::string_view what) {
      return fail(ErrorCode::kConflict, fmt::format("import {} {}", one.import_id, what));
    };
    const bool same_file = one.digest == terms.digest;
    // Of a list that comes again each month, any may be the same as one before.
    const bool may_come_again = !same_file || one.rows == 0 || terms.update;
    if (one.state == kWithdrawn || (one.state == kDone && may_come_again)) continue;
    if (one.state == kDone)
      return fail(ErrorCode::kConflict,
                  fmt::format("this file is in already: import {}, {} rows, on {}", one.import_id,
                              one.rows, format_utc(one.ended)));
    if (one.state == kWithdrawing)
      return stands("was being withdrawn and is not yet: end that first, with --withdraw");
    if (same_file && one.terms == digest) {
      row = one;
      goes_on = true;
    } else if (one.rows + one.changed == 0) {
      if (auto gone = give_up(one); !gone) return tl::unexpected<Error>(gone.error());
    } else if (same_file) {
      return stands(
          "of this file was begun with another mapping, provenance or strictness, or without or "
          "with "
          "--update: continue it as it was begun, or take it back with --withdraw and begin anew");
    } else {
      return stands(
          fmt::format("of another file (begun on {}, {} rows so far, SHA-256 {}…) is not "
                      "finished: continue it with that file, or take it back with "
                      "--withdraw",
                      format_utc(one.began), one.rows, one.digest.substr(0, 12)));
    }
  }
  return goes_on;
}

Result<void> Importer::State::begin_anew() {
  const Time now = records.parts.clock.now();
  row = {};
  row.import_id = fresh_id_text(now, records.parts.entropy);
  row.organisation = terms.organisation;
  row.digest = terms.digest;
  row.terms = terms_digest(terms);
  row.state = kRunning;
  row.bytes = terms.first_offset;
  row.lines = terms.first_lines;
  row.began = now;
  if (terms.check_only) return {};
  if (auto noted = note(); !noted) return noted;
  return commit({});
}

// Doubles are looked for under the newest marks alone, so everybody must have them.
Result<void> Importer::State::marks_stand_still() const {
  const auto moving = records.parts.store.cursor(reindex_cursor(terms.organisation));
  if (!moving) return tl::unexpected<Error>(moving.error());
  if (*moving == 0) return marks_are_newest();
  return fail(ErrorCode::kUnavailable,
              fmt::format("the search keys of {} are being replaced (`madoguchi keys status`); "
                          "try again when that is done",
                          terms.organisation.text()));
}

// Records of a backup from before a rotation that has ended are all under the older marks.
Result<void> Importer::State::marks_are_newest() const {
  const auto oldest = records.parts.store.cursor(oldest_index_cursor(terms.organisation));
  if (!oldest) return tl::unexpected<Error>(oldest.error());
  const auto sealer = records.sealer(terms.organisation);
  if (!sealer) return tl::unexpected<Error>(sealer.error());
  if (std::max<std::uint64_t>(*oldest, 1) >= (*sealer)->index().version()) return {};
  if (!row.import_id.empty())
    return fail(ErrorCode::kConflict,
                fmt::format("import {} was begun under search keys that were replaced since (a "
                            "backup was put back): take it back with --withdraw, and begin anew",
                            row.import_id));
  return fail(ErrorCode::kUnavailable,
              fmt::format("the records of {} are older than its search keys (a backup was put "
                          "back) and are marked anew (`madoguchi keys status`); try again when "
                          "that is done",
                          terms.organisation.text()));
}

Result<void> Importer::State::begin() {
  if (auto can = people_can_be_found(); !can) return can;
  const auto goes_on = terms.check_only ? Result<bool>(false) : look_for_earlier();
  if (!goes_on) return tl::unexpected<Error>(goes_on.error());
  if (auto still = marks_stand_still(); !still) return still;
  if (!*goes_on)
    if (auto begun = begin_anew(); !begun) return begun;
  {
    // From here on a new version of the marks waits for this import.
    const std::lock_guard lock(records.unique_mutex);
    if (auto still = marks_stand_still(); !still) return still;
    auto prepared = records.sealer(terms.organisation);
    if (!prepared) return tl::unexpected<Error>(prepared.error());
    sealer = std::move(*prepared);
  }
  start = row.bytes;
  splitter = std::make_unique<RowSplitter>(terms.format, row.bytes, row.lines);
  if (!terms.check_only) {
    auto opened = MarkLog::open(log_file(), row.log_bytes);
    if (!opened) return tl::unexpected<Error>(opened.error());
    log = std::move(*opened);
    if (auto read = log->every([&](const MarkLog::Entry& entry) {
          if (entry.unique) uniques.insert(short_of(entry.row.mark));
        });
        !read)
      return read;
  }
  if (callbacks.standing) callbacks.standing(standing());
  return {};
}

void Importer::State::start_threads() {
  for (std::size_t i = 0; i < std::max<std::size_t>(options.workers, 1); ++i)
    workers.emplace_back([this] { work(); });
  writer = std::thread([this] { write(); });
}

void Importer::State::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  for (std::thread& worker : workers) worker.join();
  workers.clear();
  if (writer.joinable()) writer.join();
}

Result<void> Importer::State::hand_over(RowBatch batch) {
  if (batch.rows.empty()) return {};
  Work one;
  // Of an update, whose rows are mostly of people who are there, workers take them.
  if (!terms.update) one.numbers = records.numbers.take(batch.rows.size());
  if (records.numbers.next() > kMostRecords)
    return fail(ErrorCode::kExhausted, "no record number is left");
  one.batch = std::move(batch);
  one.fed = fed_rows.hex();
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return failure || next_sequence - written < kInFlight; });
  if (failure) return tl::unexpected<Error>(*failure);
  one.sequence = next_sequence++;
  waiting.push_back(std::move(one));
  changed.notify_all();
  return {};
}

void Importer::State::work() {
  Decoder decoder(terms.encoding);
  SystemEntropy entropy;
  for (;;) {
    Work one;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return stopping || failure || last || !waiting.empty(); });
      if (stopping || failure || waiting.empty()) return;
      one = std::move(waiting.front());
      waiting.pop_front();
    }
    Sealed done;
    seal(one, decoder, entropy, done);
    done.numbers = std::move(one.numbers);
    {
      const std::lock_guard lock(mutex);
      if (done.failure) failure = done.failure;
      sealed.emplace(one.sequence, std::move(done));
    }
    changed.notify_all();
  }
}

Result<GivenRow> Importer::State::read_row(const RowBatch& batch, const RowBatch::Row& row,
                                           Decoder& decoder) const {
  if (!row.problem.empty()) return fail(ErrorCode::kInvalid, std::string(row.problem));
  thread_local std::string text;  // as large as rows are, over and over
  if (auto decoded = decoder.decode(batch.text_of(row), text); !decoded)
    return tl::unexpected<Error>(decoded.error());
  if (terms.format == FileFormat::kJsonLines)
    return row_of_json(text, terms.columns, terms.provenance);
  thread_local CsvCells cells;
  split_cells(text, cells);
  if (!cells.problem.empty()) return fail(ErrorCode::kInvalid, std::string(cells.problem));
  return row_of_cells(cells.cells, terms.columns, terms.provenance);
}

void Importer::State::seal(Work& one, Decoder& decoder, Entropy& entropy, Sealed& into) const {
  const Time now = records.parts.clock.now();
  into.end_offset = one.batch.end_offset;
  into.end_line = one.batch.end_line;
  into.fed = std::move(one.fed);
  into.rows.reserve(one.batch.rows.size());
  const auto seal_one = [&](RecordNumber number, std::uint64_t line, Result<GivenRow> given) {
    if (given) fill_provenance(given->subject);
    auto made = given ? sealer->seal(number, given->subject, now, entropy)
                      : Result<SealedSubject>(tl::unexpected<Error>(given.error()));
    if (!made)
      into.bad.push_back({line, made.error().message});
    else
      into.rows.push_back({std::move(*made), line});
  };
  if (!terms.update) {
    RecordNumber number = one.numbers.first();
    for (const RowBatch::Row& row : one.batch.rows)
      seal_one(number++, row.line, read_row(one.batch, row, decoder));
    return;
  }
  auto fresh = look_up_all(one, decoder, entropy, into);
  if (!terms.check_only) one.numbers = records.numbers.take(fresh.size());
  RecordNumber number = one.numbers.first();
  for (auto& [line, given] : fresh) seal_one(number++, line, std::move(given));
  std::sort(into.rows.begin(), into.rows.end(),
            [](const Sealed::Row& a, const Sealed::Row& b) { return a.line < b.line; });
}

void Importer::State::write() {
  for (;;) {
    std::vector<Sealed> batches;
    {
      std::unique_lock lock(mutex);
      const auto ready = [&] {
        std::size_t count = 0;
        while (count < options.commit_batches && sealed.contains(written + count)) ++count;
        return count;
      };
      const auto all_sealed = [&] { return last && written + sealed.size() == next_sequence; };
      changed.wait(lock, [&] {
        return stopping || failure || ready() == options.commit_batches || all_sealed();
      });
      if (stopping || failure) return;
      if (sealed.empty()) return;  // all is written
      while (batches.size() < options.commit_batches && sealed.contains(written + batches.size())) {
        const auto next = sealed.find(written + batches.size());
        batches.push_back(std::move(next->second));
        sealed.erase(next);
      }
    }
    const std::size_t count = batches.size();
    const auto done = write(std::move(batches));
    {
      const std::lock_guard lock(mutex);
      if (!done) failure = done.error();
      written += count;
    }
    changed.notify_all();
  }
}

// Rows whose unique values the file or the vault has already. Lines, never values.
Result<void> Importer::State::refuse_doubles(std::vector<Sealed>& batches,
                                             std::vector<BadRow>& bad) {
  RecordStore& store = records.parts.store;
  const auto any = store.any_marks(terms.organisation);
  if (!any) return tl::unexpected<Error>(any.error());
  for (Sealed& batch : batches) {
    std::vector<bool> known;
    if (*any) {
      std::vector<Mark> marks;
      for (const Sealed::Row& one : batch.rows)
        marks.insert(marks.end(), one.subject.unique_marks.begin(), one.subject.unique_marks.end());
      auto found = store.known(terms.organisation, marks);
      if (!found) return tl::unexpected<Error>(found.error());
      known = std::move(*found);
    }
    std::size_t at = 0;
    std::erase_if(batch.rows, [&](const Sealed::Row& one) {
      bool in_vault = false;
      bool in_file = false;
      for (const Mark& mark : one.subject.unique_marks) {
        in_vault = in_vault || (*any && known[at] && !one.known);
        ++at;
        in_file = in_file || uniques.contains(short_of(mark));
      }
      if (in_vault || in_file) {
        bad.push_back({one.line, in_file ? "customer_number: an earlier row of this file has it"
                                         : "customer_number: a subject in the vault has it"});
        return true;
      }
      for (const Mark& mark : one.subject.unique_marks) uniques.insert(short_of(mark));
      return false;
    });
  }
  return {};
}

Result<void> Importer::State::commit(RecordAct act) {
  act.import = row;
  return records.parts.store.commit(terms.organisation, act);
}

// Turns what was sealed into rows, keys and marks.
void Importer::State::collect(std::vector<Sealed>& batches, Keeping& into) {
  for (Sealed& batch : batches)
    for (Sealed::Row& one : batch.rows) {
      if (one.known) {
        keep_known(*one.known, one, into);
        continue;
      }
      SealedSubject& subject = one.subject;
      into.keys.push_back(subject.key);
      for (const Mark& mark : subject.marks)
        into.entries.push_back({{mark, subject.record.number},
                                std::find(subject.unique_marks.begin(), subject.unique_marks.end(),
                                          mark) != subject.unique_marks.end()});
      if (subject.marks.empty()) into.entries.push_back({{Mark{}, subject.record.number}, false});
      row.first =
          row.first == 0 ? subject.record.number : std::min(row.first, subject.record.number);
      row.last = std::max(row.last, subject.record.number);
      ++row.rows;
      if (terms.update) into.told.push_back({one.line, RowTold::Outcome::kAdded, {}});
      into.act.records.push_back(std::move(subject.record));
    }
}

Result<void> Importer::State::put_keys(std::vector<Sealed>& batches,
                                       std::span<const SubjectKeyRow> keys) {
  if (keys.empty()) return {};
  for (Sealed& batch : batches) batch.numbers.keys_follow();
  return records.parts.keys.put(keys, records.numbers.settled());
}

Result<void> Importer::State::keep(std::vector<Sealed>& batches, std::vector<BadRow>& bad,
                                   Keeping& kept) {
  const auto locks = lock_changed(batches);
  std::unique_lock unique_lock(records.unique_mutex, std::defer_lock);
  if (!locks.empty()) unique_lock.lock();
  if (auto settled = settle_changes(batches, bad); !settled) return settled;
  row.bad_rows += bad.size();
  row.bytes = batches.back().end_offset;
  row.lines = batches.back().end_line;
  row.fed = batches.back().fed;
  if (terms.check_only) return {};
  // A strict import with a bad row comes to nothing: the rest is looked at, not kept.
  if (!terms.strict || row.bad_rows == 0) collect(batches, kept);
  if (auto done = put_keys(batches, kept.keys); !done) return done;
  const auto logged = log->append(kept.entries);
  if (!logged) return tl::unexpected<Error>(logged.error());
  row.log_bytes = *logged;
  if (!kept.changed.empty() && callbacks.changing)
    if (auto told = callbacks.changing(row.import_id, kept.changed); !told) return told;
  return commit(std::move(kept.act));
}

Result<void> Importer::State::write(std::vector<Sealed> batches) {
  std::vector<BadRow> bad;
  for (Sealed& batch : batches)
    bad.insert(bad.end(), std::make_move_iterator(batch.bad.begin()),
               std::make_move_iterator(batch.bad.end()));
  if (auto refused = refuse_doubles(batches, bad); !refused) return refused;
  Keeping kept;
  if (auto done = keep(batches, bad, kept); !done) return done;
  for (Sealed& batch : batches) batch.numbers.records_are_kept();
  std::sort(bad.begin(), bad.end(),
            [](const BadRow& a, const BadRow& b) { return a.line < b.line; });
  if (callbacks.bad_rows && !bad.empty()) callbacks.bad_rows(bad);
  if (terms.update) tell_rows(bad, kept);
  if (callbacks.standing) callbacks.standing(standing());
  return {};
}

// Every record of this import stands in its log, those that others added meanwhile do not.
Result<ImportStanding> Importer::State::withdraw() {
  std::vector<RecordNumber> numbers;
  if (auto read =
          log->every([&](const MarkLog::Entry& entry) { numbers.push_back(entry.row.number); });
      !read)
    return tl::unexpected<Error>(read.error());
  std::sort(numbers.begin(), numbers.end());
  if (!numbers.empty()) {
    auto places = records.parts.store.places(terms.organisation, numbers.front(), numbers.back(),
                                             kMostRecords);
    if (!places) return tl::unexpected<Error>(places.error());
    std::erase_if(*places, [&](const RecordPlaceRow& place) {
      return !std::binary_search(numbers.begin(), numbers.end(), place.number);
    });
    if (auto gone = take_away(records, terms.organisation, *places); !gone)
      return tl::unexpected<Error>(gone.error());
  }
  if (auto ended = end_as(kWithdrawn); !ended) return tl::unexpected<Error>(ended.error());
  return tl::unexpected<Error>(strict_refusal());
}

Error Importer::State::strict_refusal() const {
  if (row.changed == 0)
    return {ErrorCode::kInvalid,
            fmt::format("{} bad rows: nothing was imported; mend them, or import without --strict",
                        row.bad_rows)};
  return {
      ErrorCode::kConflict,
      fmt::format("{} bad rows that were not there when the file was checked: nobody was added, "
                  "but {} people were changed before, as the log tells; mend the rows and give "
                  "the file again",
                  row.bad_rows, row.changed)};
}

Result<void> Importer::State::end_as(std::string_view state) {
  row.state = state;
  row.ended = records.parts.clock.now();
  if (auto noted = note(); !noted) return noted;
  if (auto kept = commit({}); !kept) return kept;
  if (auto kept = records.parts.keys.settle(records.numbers.settled()); !kept) return kept;
  log->remove();
  return {};
}

Result<ImportStanding> Importer::State::finish() {
  if (auto same = is_the_file(); !same) return tl::unexpected<Error>(same.error());
  splitter->finish();
  fed_rows = fed;
  if (auto handed = hand_over(splitter->take()); !handed)
    return tl::unexpected<Error>(handed.error());
  {
    const std::lock_guard lock(mutex);
    last = true;
  }
  changed.notify_all();
  writer.join();
  stop();
  if (failure) return tl::unexpected<Error>(*failure);
  if (terms.check_only) {
    if (terms.strict && row.bad_rows > 0) return tl::unexpected<Error>(strict_refusal());
    return standing();
  }
  if (terms.strict && row.bad_rows > 0) return withdraw();
  if (row.rows + row.changed + row.unchanged == 0) {
    // Nothing came in, so the file may come again, mended or under other terms.
    if (auto ended = end_as(kWithdrawn); !ended) return tl::unexpected<Error>(ended.error());
    if (row.bad_rows > 0) return standing();
    return fail(ErrorCode::kInvalid, "the file holds no row beside its header");
  }
  row.state = kIndexing;
  if (auto kept = commit({}); !kept) return tl::unexpected<Error>(kept.error());
  if (auto built = build_index(); !built) return tl::unexpected<Error>(built.error());
  if (auto ended = end_as(kDone); !ended) return tl::unexpected<Error>(ended.error());
  if (callbacks.standing) callbacks.standing(standing());
  return standing();
}

Result<void> Importer::State::build_index() {
  std::uint64_t left = log->entries();
  std::vector<MarkRow> own;
  return log->sorted(kIndexSlice, [&](std::span<const MarkRow> rows) -> Result<void> {
    left -= rows.size();
    // Records without anything to find them by stand there with a mark of zeros.
    while (!rows.empty() && rows.front().mark == Mark{}) rows = rows.subspan(1);
    if (terms.update) {
      // People who were there have their marks, and stand there with their number of zero.
      own.clear();
      std::copy_if(rows.begin(), rows.end(), std::back_inserter(own),
                   [](const MarkRow& one) { return one.number != 0; });
      rows = own;
    }
    if (auto kept = records.parts.store.add_marks(terms.organisation, rows); !kept) return kept;
    if (callbacks.standing) callbacks.standing(standing(left));
    return {};
  });
}

Importer::Importer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Importer::~Importer() = default;

Result<std::unique_ptr<Importer>> Importer::begin(Records& records, ImportTerms terms,
                                                  ImportCallbacks callbacks,
                                                  const ImportOptions& options) {
  auto right = checked(std::move(terms));
  if (!right) return tl::unexpected<Error>(right.error());
  ImportOptions how = options;
  // Whoever is changed can't be worked on by others while a batch is written.
  if (right->update) how.commit_batches = std::min(how.commit_batches, kUpdateBatches);
  auto state =
      std::make_unique<State>(*records.state_, std::move(*right), std::move(callbacks), how);
  if (auto begun = state->begin(); !begun) return tl::unexpected<Error>(begun.error());
  state->start_threads();
  return std::unique_ptr<Importer>(new Importer(std::move(state)));
}

Result<ImportStanding> Importer::finish() {
  return state_->finish();
}

}  // namespace madoguchi::vault
