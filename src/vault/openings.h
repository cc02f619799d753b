// The acts about people that an operator may do in the glass: searching, checking identity,
// opening, reading and writing notes. Each is one act: the Authority allows and counts it, its
// entries are committed to the owner's log, and only then a value is decrypted and leaves; what
// can't be logged isn't opened. Refusals are entries too, where an owner is known. Values leave
// only to the glass's HTTPS answers (glass_people.h). Any thread; the slow parts run outside the
// Authority's lock.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/personal.h"
#include "base/time.h"
#include "ledger/entry.h"
#include "vault/authority_desk.h"
#include "vault/invented_people.h"
#include "vault/records/records.h"
#include "vault/registry.h"
#include "vault/vault_store.h"
#include "vault/watch_desk.h"

namespace madoguchi::vault {

// Who asks, and by which ticket.
struct Asker {
  OperatorId who;
  SessionKey session;
  OpeningTicketId ticket;
};

struct PersonId {
  OrganisationId owner;
  SubjectId subject;
};

using Declined = std::variant<Denial, Error>;
template <typename T>
using Answer = tl::expected<T, Declined>;

struct PersonSeen {
  PersonId person;
  std::vector<MaskedValue> masked;
  std::vector<std::string> matched;
  bool vouched = false;
  bool opened = false;
  bool may_open = false;
};
struct PeopleFound {
  std::vector<PersonSeen> people;
  bool more = false;
  bool withheld = false;
};

struct IdentityOutcome {
  bool matched = false;
  int checks_left = 0;
  int guesses_left = 0;
};

struct OpenedPerson {
  OpenedSubject record;
  std::string purpose;
  Time at;
  std::size_t entries = 0;
};

// What the owner is given to find the entries about one person. Derived from the person's own key:
// nothing more is kept, and erasing the person silences every entry about them.
Result<DerivedKey> subject_salt_key(Records& records, const PersonId& person);

class Openings {
 public:
  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    AuthorityDesk& authority;
    Registry& registry;
    Records& records;
    const NumberingPlan& plan;
    const InventedPeople* invented = nullptr;  // null: nobody was
    WatchDesk* watch = nullptr;                // null: nobody watches
  };
  explicit Openings(const Parts& parts) : parts_(parts) {}

  // Whose number the caller's is.
  Answer<PeopleFound> by_number(const Asker& asker);
  // `owner` empty: every owner of the ticket.
  Answer<PeopleFound> search(const Asker& asker, const OrganisationId& owner,
                             const std::vector<Sought>& all_of);
  Answer<IdentityOutcome> check(const Asker& asker, const PersonId& person,
                                const std::string& field, const Personal<std::string>& typed);
  // `asker` is the supervisor; `reason` a word.
  Answer<void> vouch(const Asker& asker, const PersonId& person, const std::string& reason);
  Answer<OpenedPerson> open(const Asker& asker, const PersonId& person);

  Answer<std::vector<DocumentVersion>> documents(const Asker& asker, const PersonId& person);
  Answer<OpenedDocument> read_document(const Asker& asker, const PersonId& person,
                                       const DocumentId& document);
  Answer<DocumentVersion> write_document(const Asker& asker, const PersonId& person,
                                         const DocumentId& document,
                                         const Personal<std::string>& text, bool draft);

 private:
  struct Scope {  // of a search that was allowed
    OpeningTicket ticket;
    std::vector<OrganisationId> owners;
    std::string sealed_number;
  };
  Answer<Scope> begin_search(const Asker& asker);
  Answer<PeopleFound> look_up(const Asker& asker, const Scope& scope,
                              const std::vector<Sought>& all_of, const std::string& by);
  [[nodiscard]] Result<bool> finds_canary(const OrganisationId& owner,
                                          const std::vector<SubjectId>& subjects);
  // Whom the caller's number is registered for, looked up once in a call.
  Result<void> know_callers(const OpeningTicket& ticket, const OrganisationId& owner);
  Answer<PersonSeen> seen(const OpeningTicket& ticket, const PersonId& person);

  [[nodiscard]] ledger::Entry entry_for(const OpeningTicket& ticket, std::string_view kind) const;
  void name_chain(ledger::Entry& entry, const AccessGrant& grant) const;
  // Also says whether it is a watch record. kNotFound: there is no such person any more.
  Result<void> name_subject(ledger::Entry& entry, const PersonId& person);
  Result<void> log(const OrganisationId& owner, const std::vector<ledger::Entry>& entries);
  // Alarms for those among them who do not exist, to be logged with what touched them.
  void add_alarms(const OpeningTicket& ticket, const std::vector<SubjectId>& touched,
                  std::string_view by, std::vector<ledger::Entry>& entries) const;
  // Writes the refusal into the owner's log, and gives it back.
  Declined denied(Denial why, const Asker& asker, const PersonId& person, std::string_view kind);

  const Parts parts_;
};

}  // namespace madoguchi::vault
