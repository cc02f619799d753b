// What an owner asks about one of its own people: who looked at this person's data, when and why;
// the file with the proofs of it, which the owner hands on to the person; and to correct what is
// wrong about the person, or to erase the person.
// An enquiry needs no ticket, since nothing but masked values is shown; it is limited as searches
// are, and is itself an entry in the owner's log, durable before it is answered. After a person is
// erased there is no answer any more: the entries stay and are silent. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/disclosure.h"
#include "ledger/log_store.h"
#include "ledger/logs.h"
#include "vault/authority_desk.h"
#include "vault/openings.h"
#include "vault/records/records.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

// A person of the owner organisation, in their own session.
struct OwnersPerson {
  OperatorId who;
  OrganisationId owner;
};

struct LookedEntry {
  std::uint64_t index = 0;
  std::string entry;
};
struct LookedAt {
  std::vector<LookedEntry> entries;  // oldest first, the enquiry's own the last
  std::uint64_t size = 0;            // of the log that was looked through
};

// Words, since a log holds no text that might name somebody.
std::span<const std::string_view> erasure_reasons();
std::span<const std::string_view> correction_reasons();

// What is to be of one value; what is not given stays as it was.
struct WantedValue {
  std::string field;
  std::uint8_t number = 1;  // of a field that repeats
  bool gone = false;        // the value is taken away; else
  std::optional<Personal<std::string>> text{};
  std::optional<bool> verified{};
  std::optional<std::string> given_for{};
  std::optional<std::vector<std::string>> refusals{};  // of a telephone
};

class Enquiries {
 public:
  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    AuthorityDesk& authority;
    Records& records;
    ledger::LogStore& log;
    ledger::Logs* logs = nullptr;  // null: none is published, so nothing can be proven
  };
  explicit Enquiries(const Parts& parts) : parts_(parts) {}

  // Masked values only.
  Answer<PeopleFound> search(const OwnersPerson& asker, const std::vector<Sought>& all_of);
  // kNotFound: no such person, or erased.
  Answer<LookedAt> looked(const OwnersPerson& asker, const SubjectId& subject);
  // As far as the log is published (a second or so behind). kUnavailable: nothing about the person
  // is yet; ask again.
  Answer<ledger::Disclosure> disclose(const OwnersPerson& asker, const SubjectId& subject);
  // The owner's word for a value that is not true, one entry for each; "corrected", "added" or
  // "removed". The entry is durable first, and one that says "not_corrected" follows where the
  // record could not be changed then, or "unknown" where its store did not say whether it was. It
  // is taken down as of today, by the asker. `reason` is one of correction_reasons(). kInvalid,
  // kConflict: nothing changed, nothing logged.
  Answer<std::string> correct(const OwnersPerson& asker, const SubjectId& subject,
                              const WantedValue& wanted, std::string_view reason);
  // What is wrong with the text that is wanted, where correct() takes it for no such value.
  std::optional<ValueFault> fault_of(const OwnersPerson& asker, const WantedValue& wanted);
  // For good: afterwards nobody finds or opens the person. That it begins is in the log before,
  // that it is done afterwards. `reason` is one of erasure_reasons(); kUnavailable: repeat it.
  Answer<void> erase(const OwnersPerson& asker, const SubjectId& subject, std::string_view reason);

 private:
  Answer<void> begin(const OwnersPerson& asker);
  [[nodiscard]] ledger::Entry entry_of(const OwnersPerson& asker, std::string_view kind) const;
  Result<void> log(const OwnersPerson& asker, const ledger::Entry& entry);
  Answer<std::optional<std::string>> correct_as_it_stands(const OwnersPerson& asker,
                                                          const SubjectId& subject,
                                                          const WantedValue& wanted,
                                                          ledger::Entry entry);
  [[nodiscard]] Result<bool> is_same(const OrganisationId& owner, const WantedValue& wanted,
                                     const std::optional<FieldValue>& known);
  // Logs the enquiry and looks the whole log through.
  Answer<LookedAt> look_through(const OwnersPerson& asker, const SubjectId& subject,
                                const DerivedKey& key, std::string_view outcome);

  const Parts parts_;
};

}  // namespace madoguchi::vault
