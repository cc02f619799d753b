// Importer: what its files share. Private to this folder. importer.cc takes a file in from its
// first byte to its end (import_feed.cc: as they come), import_changes.cc settles what an update
// finds of people who are there.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "vault/records/importer.h"
#include "vault/records/mark_log.h"
#include "vault/records/records_state.h"
#include "vault/records/running_digest.h"

namespace madoguchi::vault {

// Three kinds of threads: the caller's (splits), workers (parse and seal), the writer. What they
// hand on goes through `mutex`.
struct Importer::State {
  struct Work {
    std::uint64_t sequence = 0;
    NumbersInFlight::Taken numbers;
    RowBatch batch;
    std::string fed;  // SHA-256 of the file up to the batch's end
  };

  // Of an update: a row about somebody who is there. In clear until it is written.
  struct KnownRow {
    struct Change {
      Corrected made;
      ChangedPerson person;
    };
    RecordNumber number = 0;
    GivenRow given;
    std::optional<Change> change;  // none: the record says it already
  };

  struct Sealed {
    struct Row {
      SealedSubject subject;  // of a row about somebody who is there: the unique marks alone
      std::uint64_t line = 0;
      std::unique_ptr<KnownRow> known{};
    };
    NumbersInFlight::Taken numbers;
    std::vector<Row> rows;
    std::vector<BadRow> bad;
    std::uint64_t end_offset = 0;
    std::uint64_t end_line = 0;
    std::string fed;
    std::optional<Error> failure;  // no row's fault
  };

  // What one act of writing keeps, and what is told of it.
  struct Keeping {
    RecordAct act;
    std::vector<SubjectKeyRow> keys;
    std::vector<MarkLog::Entry> entries;
    std::vector<ChangedPerson> changed;
    std::vector<RowTold> told;  // of an update
  };

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
  // The beginning of the file, which is in already: gives what is left of the bytes.
  Result<ByteView> pass_over(ByteView bytes);
  void split(ByteView bytes);
  [[nodiscard]] Result<void> is_the_file() const;
  void start_threads();
  void stop();
  Result<void> hand_over(RowBatch batch);
  void work();
  void seal(Work& one, Decoder& decoder, Entropy& entropy, Sealed& into) const;
  Result<GivenRow> read_row(const RowBatch& batch, const RowBatch::Row& row,
                            Decoder& decoder) const;
  void write();
  Result<void> write(std::vector<Sealed> batches);
  Result<void> refuse_doubles(std::vector<Sealed>& batches, std::vector<BadRow>& bad);
  Result<void> commit(RecordAct act);
  Result<void> note() const;
  // Nobody who is changed is worked on otherwise meanwhile; nothing is told with the locks held.
  Result<void> keep(std::vector<Sealed>& batches, std::vector<BadRow>& bad, Keeping& kept);
  void collect(std::vector<Sealed>& batches, Keeping& into);
  Result<void> put_keys(std::vector<Sealed>& batches, std::span<const SubjectKeyRow> keys);
  Result<ImportStanding> finish();
  Result<ImportStanding> withdraw();
  Result<void> end_as(std::string_view state);
  [[nodiscard]] ImportStanding standing(std::uint64_t marks_left = 0) const;
  Result<void> build_index();
  [[nodiscard]] Error strict_refusal() const;

  // ---- an update (import_changes.cc)

  [[nodiscard]] Result<void> people_can_be_found() const;
  // Null: nobody has the row's customer number. kInvalid: the row can't be taken.
  Result<std::unique_ptr<KnownRow>> look_up(GivenRow& given, Sealed::Row& row,
                                            Entropy& entropy) const;
  Result<void> compare(KnownRow& known, Entropy& entropy) const;
  // Looks rows up and gives those of nobody.
  std::vector<std::pair<std::uint64_t, GivenRow>> look_up_all(const Work& one, Decoder& decoder,
                                                              Entropy& entropy, Sealed& into) const;
  [[nodiscard]] std::vector<std::unique_lock<std::mutex>> lock_changed(
      const std::vector<Sealed>& batches) const;
  // With the locks: who was changed otherwise meanwhile is compared again.
  Result<void> settle_changes(std::vector<Sealed>& batches, std::vector<BadRow>& bad);
  void keep_known(KnownRow& known, const Sealed::Row& row, Keeping& into);
  void tell_rows(const std::vector<BadRow>& bad, Keeping& kept) const;

  Records::State& records;
  const ImportTerms terms;
  const ImportCallbacks callbacks;
  const ImportOptions options;
  std::shared_ptr<const RecordSealer> sealer;
  std::unique_ptr<RowSplitter> splitter;  // the caller's
  std::uint64_t next_sequence = 0;        // the caller's
  std::uint64_t start = 0;                // the caller's: where taking in begins
  RunningDigest fed;                      // the caller's: of all that came
  RunningDigest fed_rows;                 // up to the end of the last complete row

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

}  // namespace madoguchi::vault
