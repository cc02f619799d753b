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
#include <vector>

#include "base/id.h"
#include "base/personal.h"
#include "base/time.h"
#include "ledger/entry.h"
#include "vault/act_log.h"
#include "vault/authority_desk.h"
#include "vault/invented_people.h"
#include "vault/records/records.h"
#include "vault/registry.h"
#include "vault/vault_store.h"
#include "vault/watch_desk.h"

namespace madoguchi::vault {

struct PersonSeen {
  PersonId person;
  std::vector<MaskedValue> masked;
  std::vector<std::string> matched;
  bool vouched = false;
  bool opened = false;
  std::vector<std::string> opened_for;  // purposes, in this call
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
  explicit Openings(const Parts& parts)
      : parts_(parts),
        log_({parts.store, parts.clock, parts.entropy, parts.authority, parts.registry,
              parts.records, parts.invented, parts.watch}) {}

  // For others who do something about people.
  ActLog& act_log() { return log_; }

  // Who was opened in this call, and, while it is up, whose number the caller's is. In the wrap-up
  // nothing is searched, so that is no entry.
  Answer<PeopleFound> candidates(const Asker& asker);
  // Whose number the caller's is.
  Answer<PeopleFound> by_number(const Asker& asker);
  // `owner` empty: every owner of the ticket.
  Answer<PeopleFound> search(const Asker& asker, const OrganisationId& owner,
                             const std::vector<Sought>& all_of);
  Answer<IdentityOutcome> check(const Asker& asker, const PersonId& person,
                                const std::string& field, const Personal<std::string>& typed);
  Answer<OpenedPerson> open(const Asker& asker, const PersonId& person);

  Answer<std::vector<DocumentVersion>> documents(const Asker& asker, const PersonId& person);
  // kNotFound before anything is counted or logged where there is no such document.
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
  Answer<OpenedPerson> open_allowed(const Permission& allowed, const PersonId& person, Time at);
  Answer<PeopleFound> look_up(const Asker& asker, const Scope& scope,
                              const std::vector<Sought>& all_of, const std::string& by);
  // Whom the caller's number is registered for, looked up once in a call.
  Result<void> know_callers(const OpeningTicket& ticket, const OrganisationId& owner);
  Answer<PersonSeen> seen(const OpeningTicket& ticket, const PersonId& person);
  Answer<std::optional<PersonSeen>> opened_before(const OpeningTicket& ticket,
                                                  const std::vector<OrganisationId>& owners,
                                                  const SubjectId& subject);
  Result<bool> has_document(const PersonId& person, const DocumentId& document);
  // With all that its telephones carry.
  Result<OpenedSubject> read_whole(const PersonId& person, std::vector<std::string> fields,
                                   Time at);

  const Parts parts_;
  ActLog log_;
};

}  // namespace madoguchi::vault
