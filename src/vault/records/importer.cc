#include "vault/records/importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "base/sealing.h"
#include "vault/records/import_terms.h"
#include "vault/records/key_rotation.h"
#include "vault/records/mark_log.h"
#include "vault/records/records_state.h"

namespace madoguchi::vault {
namespace {

using import_state::kDone;
using import_state::kIndexing;
using import_state::kRunning;
using import_state::kWithdrawing;
using import_state::kWithdrawn;

constexpr std::size_t kInFlight = 24;  // batches, from split to written
constexpr std::size_t kMostBatchBytes = 4 * 1024 * 1024;
constexpr std::size_t kIndexSlice = 65'536;
struct Work {
  std::uint64_t sequence = 0;
  NumbersInFlight::Taken numbers;
  RowBatch batch;
};

struct Sealed {
  struct Row {
    SealedSubject subject;
    std::uint64_t line = 0;
  };
  NumbersInFlight::Taken numbers;
  std::vector<Row> rows;
  std::vector<BadRow> bad;
  std::uint64_t end_offset = 0;
  std::uint64_t end_line = 0;
};

std::uint64_t short_of(const Mark& mark) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | mark[i];
  return value;
}

}  // namespace

// Three kinds of threads: the caller's (splits), workers (parse and seal), the writer. What they
// hand on goes through `mutex`.
struct Importer::State {
  State(Records::State& given, ImportTerms what, ImportCallbacks to_call, const ImportOptions& how)
      : records(given), terms(std::move(what)), callbacks(std::move(to_call)), options(how) {}
  ~State() { stop(); }

  Result<void> begin();
  Result<bool> look_for_earlier();
  Result<void> begin_anew();
  Result<void> give_up(ImportRow empty);
  [[nodiscard]] std::filesystem::path log_file() const;
  [[nodiscard]] Result<void> marks_stand_still() const;
  [[nodiscard]] Result<void> marks_are_newest() const;
  void start_threads();
  void stop();
  Result<void> hand_over(RowBatch batch);
  void work();
  void seal(const Work& one, Decoder& decoder, Entropy& entropy, Sealed& into) const;
  void write();
  Result<void> write(std::vector<Sealed> batches);
  Result<void> refuse_doubles(std::vector<Sealed>& batches, std::vector<BadRow>& bad);
  Result<void> commit(RecordAct act);
  Result<ImportStanding> finish();
  Result<ImportStanding> withdraw();
  Result<void> end_as(std::string_view state);
  [[nodiscard]] ImportStanding standing(std::uint64_t marks_left = 0) const;

  Records::State& records;
  const ImportTerms terms;
  const ImportCallbacks callbacks;
  const ImportOptions options;
  std::shared_ptr<const RecordSealer> sealer;
  std::unique_ptr<RowSplitter> splitter;  // the caller's
  std::uint64_t next_sequence = 0;        // the caller's
  std::uint64_t start = 0;                // where feeding began

  // The writer's, until it has ended.
  ImportRow row;
  std::unique_ptr<MarkLog> log;
  std::unordered_set<std::uint64_t> uniques;  // of this file; 64 bits of the mark

  std::mutex mutex;  // guards the next six
  std::condition_variable changed;
  std::deque<Work> waiting;
  std::map<std::uint64_t, Sealed> sealed;
  std::uint64_t written = 0;  // batches
  bool last = false;          // nothing more is handed over
  bool stopping = false;
  std::optional<Error> failure;

  std::vector<std::thread> workers;
  std::thread writer;
};

ImportStanding Importer::State::standing(std::uint64_t marks_left) const {
  ImportStanding now;
  now.import_id = row.import_id;
  now.bytes = row.bytes;
  now.lines = row.lines;
  now.withdrawn = row.state == kWithdrawn;
  now.rows = now.withdrawn ? 0 : row.rows;
  now.bad_rows = row.bad_rows;
  now.marks_left = marks_left;
  now.done = row.state == kDone;
  now.withdrawing = row.state == kWithdrawing;
  return now;
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
  if (callbacks.note)
    if (auto noted = callbacks.note(terms, standing()); !noted) return noted;
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
    if (one.state == kWithdrawn || (one.state == kDone && (!same_file || one.rows == 0))) continue;
    if (one.state == kDone)
      return fail(ErrorCode::kConflict,
                  fmt::format("this file is in already: import {}, {} rows, on {}", one.import_id,
                              one.rows, format_utc(one.ended)));
    if (one.state == kWithdrawing)
      return stands("was being withdrawn and is not yet: end that first, with --withdraw");
    if (same_file && one.terms == digest) {
      row = one;
      goes_on = true;
    } else if (one.rows == 0) {
      if (auto gone = give_up(one); !gone) return tl::unexpected<Error>(gone.error());
    } else if (same_file) {
      return stands(
          "of this file was begun with another mapping, provenance or strictness: continue it with "
          "those, or take it back with --withdraw and begin anew");
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
  if (callbacks.note)
    if (auto noted = callbacks.note(terms, standing()); !noted) return noted;
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
  const auto goes_on = look_for_earlier();
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
  auto opened = MarkLog::open(log_file(), row.log_bytes);
  if (!opened) return tl::unexpected<Error>(opened.error());
  log = std::move(*opened);
  if (auto read = log->every([&](const MarkLog::Entry& entry) {
        if (entry.unique) uniques.insert(short_of(entry.row.mark));
      });
      !read)
    return read;
  start = row.bytes;
  splitter = std::make_unique<RowSplitter>(terms.format, row.bytes, row.lines);
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
  one.numbers = records.numbers.take(batch.rows.size());
  if (one.numbers.first() + batch.rows.size() > kMostRecords)
    return fail(ErrorCode::kExhausted, "no record number is left");
  one.batch = std::move(batch);
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
      sealed.emplace(one.sequence, std::move(done));
    }
    changed.notify_all();
  }
}

void Importer::State::seal(const Work& one, Decoder& decoder, Entropy& entropy,
                           Sealed& into) const {
  const Time now = records.parts.clock.now();
  into.end_offset = one.batch.end_offset;
  into.end_line = one.batch.end_line;
  into.rows.reserve(one.batch.rows.size());
  CsvCells cells;
  std::string text;
  RecordNumber number = one.numbers.first();
  for (const RowBatch::Row& row : one.batch.rows) {
    const auto refuse = [&](std::string_view reason) {
      into.bad.push_back({row.line, std::string(reason)});
    };
    ++number;
    if (!row.problem.empty()) {
      refuse(row.problem);
      continue;
    }
    if (auto decoded = decoder.decode(one.batch.text_of(row), text); !decoded) {
      refuse(decoded.error().message);
      continue;
    }
    Result<Subject> subject;
    if (terms.format == FileFormat::kCsv) {
      split_cells(text, cells);
      if (!cells.problem.empty()) {
        refuse(cells.problem);
        continue;
      }
      subject = subject_of_cells(cells.cells, terms.columns, terms.provenance);
    } else {
      subject = subject_of_json(text, terms.columns, terms.provenance);
    }
    if (!subject) {
      refuse(subject.error().message);
      continue;
    }
    if (const auto right = check_imported(*subject, sealer->schema()); !right) {
      refuse(right.error().message);
      continue;
    }
    auto made = sealer->seal(number - 1, *subject, now, entropy);
    if (!made)
      refuse(made.error().message);
    else
      into.rows.push_back({std::move(*made), row.line});
  }
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
        in_vault = in_vault || (*any && known[at]);
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

Result<void> Importer::State::write(std::vector<Sealed> batches) {
  std::vector<BadRow> bad;
  for (Sealed& batch : batches)
    bad.insert(bad.end(), std::make_move_iterator(batch.bad.begin()),
               std::make_move_iterator(batch.bad.end()));
  if (auto refused = refuse_doubles(batches, bad); !refused) return refused;
  std::sort(bad.begin(), bad.end(),
            [](const BadRow& a, const BadRow& b) { return a.line < b.line; });
  row.bad_rows += bad.size();
  RecordAct act;
  std::vector<SubjectKeyRow> keys;
  std::vector<MarkLog::Entry> entries;
  // A strict import with a bad row comes to nothing: the rest is looked at, not kept.
  const bool keeps = !(terms.strict && row.bad_rows > 0);
  for (Sealed& batch : batches)
    for (Sealed::Row& one : batch.rows) {
      if (!keeps) break;
      SealedSubject& subject = one.subject;
      keys.push_back(subject.key);
      for (const Mark& mark : subject.marks)
        entries.push_back({{mark, subject.record.number},
                           std::find(subject.unique_marks.begin(), subject.unique_marks.end(),
                                     mark) != subject.unique_marks.end()});
      if (subject.marks.empty()) entries.push_back({{Mark{}, subject.record.number}, false});
      if (row.first == 0) row.first = subject.record.number;
      row.last = subject.record.number;
      act.records.push_back(std::move(subject.record));
    }
  row.rows += act.records.size();
  row.bytes = batches.back().end_offset;
  row.lines = batches.back().end_line;
  if (!keys.empty()) {
    for (Sealed& batch : batches) batch.numbers.keys_follow();
    if (auto kept = records.parts.keys.put(keys, records.numbers.settled()); !kept) return kept;
  }
  const auto logged = log->append(entries);
  if (!logged) return tl::unexpected<Error>(logged.error());
  row.log_bytes = *logged;
  if (auto kept = commit(std::move(act)); !kept) return kept;
  for (Sealed& batch : batches) batch.numbers.records_are_kept();
  if (callbacks.bad_rows && !bad.empty()) callbacks.bad_rows(bad);
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
  const std::uint64_t bad_rows = row.bad_rows;
  if (auto ended = end_as(kWithdrawn); !ended) return tl::unexpected<Error>(ended.error());
  return fail(ErrorCode::kInvalid,
              fmt::format("{} bad rows: nothing was imported; mend them, or import without "
                          "--strict",
                          bad_rows));
}

Result<void> Importer::State::end_as(std::string_view state) {
  row.state = state;
  row.ended = records.parts.clock.now();
  if (callbacks.note)
    if (auto noted = callbacks.note(terms, standing()); !noted) return noted;
  if (auto kept = commit({}); !kept) return kept;
  if (auto kept = records.parts.keys.settle(records.numbers.settled()); !kept) return kept;
  log->remove();
  return {};
}

Result<ImportStanding> Importer::State::finish() {
  splitter->finish();
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
  if (terms.strict && row.bad_rows > 0) return withdraw();
  if (row.rows == 0) {
    // Nothing came in, so the file may come again, mended or under other terms.
    if (auto ended = end_as(kWithdrawn); !ended) return tl::unexpected<Error>(ended.error());
    if (row.bad_rows > 0) return standing();
    return fail(ErrorCode::kInvalid, "the file holds no row beside its header");
  }

  row.state = kIndexing;
  if (auto kept = commit({}); !kept) return tl::unexpected<Error>(kept.error());
  std::uint64_t left = log->entries();
  auto indexed = log->sorted(kIndexSlice, [&](std::span<const MarkRow> rows) -> Result<void> {
    left -= rows.size();
    // Records without anything to find them by stand there with a mark of zeros.
    while (!rows.empty() && rows.front().mark == Mark{}) rows = rows.subspan(1);
    if (auto kept = records.parts.store.add_marks(terms.organisation, rows); !kept) return kept;
    if (callbacks.standing) callbacks.standing(standing(left));
    return {};
  });
  if (!indexed) return tl::unexpected<Error>(indexed.error());
  if (auto ended = end_as(kDone); !ended) return tl::unexpected<Error>(ended.error());
  if (callbacks.standing) callbacks.standing(standing());
  return standing();
}

Importer::Importer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Importer::~Importer() = default;

Result<std::unique_ptr<Importer>> Importer::begin(Records& records, ImportTerms terms,
                                                  ImportCallbacks callbacks,
                                                  const ImportOptions& options) {
  auto right = checked(std::move(terms));
  if (!right) return tl::unexpected<Error>(right.error());
  auto state =
      std::make_unique<State>(*records.state_, std::move(*right), std::move(callbacks), options);
  if (auto begun = state->begin(); !begun) return tl::unexpected<Error>(begun.error());
  state->start_threads();
  return std::unique_ptr<Importer>(new Importer(std::move(state)));
}

std::uint64_t Importer::offset() const {
  return state_->start;
}

Result<void> Importer::feed(ByteView bytes) {
  RowSplitter& splitter = *state_->splitter;
  // In steps, so that a batch never grows far beyond its rows.
  constexpr std::size_t kStep = 64 * 1024;
  while (!bytes.empty()) {
    const std::size_t some = std::min(kStep, bytes.size());
    splitter.feed(bytes.first(some));
    bytes = bytes.subspan(some);
    if (splitter.ready() >= state_->options.batch_rows || splitter.ready_bytes() > kMostBatchBytes)
      if (auto handed = state_->hand_over(splitter.take()); !handed) return handed;
  }
  return {};
}

Result<ImportStanding> Importer::finish() {
  return state_->finish();
}

}  // namespace madoguchi::vault
