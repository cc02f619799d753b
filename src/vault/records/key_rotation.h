// How far the rotation of an organisation's data key is. Records begins it and wraps keys again
// (begin_rotation(), rewrap()); this tells where that stands and whether it must walk once more:
// keys may come in under the older version behind it. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/id.h"
#include "base/result.h"
#include "vault/records/organisation_keys.h"
#include "vault/records/record_store.h"

namespace madoguchi::vault {

// The names of the cursors that rewrap() and reindex() move.
std::string rotation_cursor(const OrganisationId& organisation);
std::string reindex_cursor(const OrganisationId& organisation);
// Of the one that says which version marks may be under at the oldest; 0: the first.
std::string oldest_index_cursor(const OrganisationId& organisation);
// Of the one that says which version people's keys or their marks may be under at the newest.
std::string newest_key_cursor(const OrganisationId& organisation, KeyUse use);

// Before anything is kept under that version of an organisation's key, which is durable by then:
// the records say so from now on. One thread at a time.
Result<void> note_key(RecordStore& store, const OrganisationId& organisation, KeyUse use,
                      std::uint32_t version);
// kInvalid: the organisation's keys come from a database that is older than the records, which hang
// on versions that it does not know; it would make other keys under the same ones.
Result<void> expect_noted_keys(RecordStore& store, OrganisationKeys& keys,
                               const OrganisationId& organisation);

struct KeyStanding {
  std::uint32_t version = 0;        // the newest; 0: it has none yet
  RecordNumber at = 0;              // where wrapping again stands; 0: it does not
  std::uint32_t index_version = 0;  // of the keys of search marks
  RecordNumber index_at = 0;        // where making marks anew stands
  std::uint32_t index_oldest = 1;   // version that marks may be under at the oldest
  RecordNumber of = 0;              // of so many numbers

  // And nobody walks: records of a backup from before a rotation that has ended.
  [[nodiscard]] bool marks_are_older() const {
    return index_at == 0 && index_oldest < index_version;
  }
};

class KeyRotation {
 public:
  // All outlive it.
  KeyRotation(RecordStore& store, SubjectKeyStore& keys, OrganisationKeys& organisation_keys)
      : store_(store), keys_(keys), organisation_keys_(organisation_keys) {}

  Result<KeyStanding> standing(const OrganisationId& organisation) const;
  // As expect_noted_keys(); notes those that there are. Before anybody else works with them.
  Result<void> hold(const OrganisationId& organisation) const;
  // rewrap() begins at the first key again.
  Result<void> again(const OrganisationId& organisation) const;
  // Keys of the organisation that hang on an older version still, but for those whose record is not
  // there and not being added: they open nothing. Looks at every key.
  Result<std::uint64_t> older_keys(const OrganisationId& organisation) const;

 private:
  RecordStore& store_;
  SubjectKeyStore& keys_;
  OrganisationKeys& organisation_keys_;
};

}  // namespace madoguchi::vault
