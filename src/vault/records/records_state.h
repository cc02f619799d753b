// What the files of Records share: its parts, the sealers of the organisations in use, and the
// locks that make one act on a subject follow another. Private to this folder.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "vault/records/erasures.h"
#include "vault/records/numbers_in_flight.h"
#include "vault/records/record_store.h"
#include "vault/records/records.h"
#include "vault/records/sealer.h"

namespace madoguchi::vault {

// What a correction makes of a record: the row in its place, and how its marks change.
struct Corrected {
  RecordRow row;
  std::vector<MarkRow> marks;
  std::vector<MarkRow> marks_gone;
};

struct Records::State {
  explicit State(const Parts& given) : parts(given) {}

  // A subject's row and key, checked to belong together.
  struct Held {
    RecordRow row;
    SubjectKey key;
  };

  // The newest keys of the organisation, prepared. Cheap when nothing changed.
  Result<std::shared_ptr<const RecordSealer>> sealer(const OrganisationId& organisation);
  void forget(const OrganisationId& organisation);
  Result<void> note(const OrganisationId& organisation, KeyUse use, std::uint32_t version);
  Result<std::shared_ptr<const BlindIndex>> index_at(const OrganisationId& organisation,
                                                     std::uint32_t version);
  // Marks may be under any version from the oldest in use on.
  Result<std::vector<std::shared_ptr<const BlindIndex>>> indexes(const RecordSealer& sealer);

  Result<RecordRow> row(const OrganisationId& organisation, const SubjectId& subject);
  Result<Held> held(const OrganisationId& organisation, const SubjectId& subject);
  Result<SubjectKey> key_of(const OrganisationId& organisation, const SubjectId& subject,
                            RecordNumber number);
  // `before`: every value of the record; `after`: as corrected() gives them, and checked. kInvalid:
  // a text that was not there before is no such value (value_check.h).
  Result<Corrected> correct(const RecordSealer& sealer, const Held& held, const SubjectId& subject,
                            const std::vector<FieldValue>& before,
                            const std::vector<FieldValue>& after, const Correction& correction,
                            Entropy& entropy);
  // Every value of a record.
  Result<std::vector<FieldValue>> values(const Held& held, const SubjectId& subject,
                                         const Schema& schema);
  // Where the record came from.
  Result<Provenance> provenance(const Held& held, const SubjectId& subject);
  // Under every version in use, or under the newest alone.
  enum class Versions { kAll, kNewest };
  Result<std::vector<MarkRow>> marks_of(const RecordSealer& sealer,
                                        const std::vector<FieldValue>& values, RecordNumber number,
                                        Versions versions = Versions::kAll);
  // A record's marks under the newest version in the place of all others. A record that is gone
  // is none. With the subject's lock.
  Result<void> add_reindexed(const RecordSealer& sealer, RecordNumber number, RecordAct& act);
  Result<void> reindex_some(const RecordSealer& sealer, std::span<const RecordNumber> numbers);
  Result<void> check_unique(const RecordSealer& sealer, const std::vector<FieldValue>& values,
                            RecordNumber except);
  Result<void> erase_everywhere(const OrganisationId& organisation, const SubjectId& subject,
                                const ErasureRow& erasure);
  Result<void> replay();
  Result<void> replay(const ErasureRow& erasure);
  // Keys without records that were added since the last start, and whether they may go.
  struct Orphans {
    std::vector<RecordNumber> cut_off;
    std::vector<RecordNumber> missed;  // their records were there
  };
  Result<Orphans> orphans();
  Result<void> collect_orphans();
  Result<void> expect_keys();
  Result<void> expect_organisation_key(const SubjectKeyRow& row);

  std::mutex& lock_of(RecordNumber number) { return subject_locks[number % subject_locks.size()]; }

  const Parts parts;
  NumbersInFlight numbers;
  std::array<std::mutex, 64> subject_locks;  // read, change, write of one subject
  // Taken after a subject's: looking and then writing, and which version marks are made under.
  std::mutex unique_mutex;

  std::mutex noting;  // which keys are in use: looking and then writing
  std::mutex mutex;   // guards the next two
  std::map<OrganisationId, std::shared_ptr<const RecordSealer>> sealers;
  std::map<std::pair<OrganisationId, std::uint32_t>, std::shared_ptr<const BlindIndex>> old_indexes;
};

// The values of a record after a correction.
std::vector<FieldValue> corrected(std::vector<FieldValue> values, const Correction& correction);
DerivedKey derived_key(const SubjectKey& key, std::string_view purpose);

}  // namespace madoguchi::vault
