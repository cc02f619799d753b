// How acts about people are told in their owner's log: who acted, by which ticket and chain of
// mandates, about whom (as a commitment), and how it ended. One call of keep() is one commit, of
// the entries, of alarms that the watch made of them, and of whatever rows the act changes: what
// can't be logged isn't done. Used by Openings, Playbacks and CaseDesk. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/id.h"
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

// What the owner is given to find the entries about one person. Derived from the person's own key:
// nothing more is kept, and erasing the person silences every entry about them.
Result<DerivedKey> subject_salt_key(Records& records, const PersonId& person);

class ActLog {
 public:
  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    AuthorityDesk& authority;
    Registry& registry;
    Records& records;
    const InventedPeople* invented = nullptr;  // null: nobody was
    WatchDesk* watch = nullptr;                // null: nobody watches
  };
  explicit ActLog(const Parts& parts) : parts_(parts) {}

  [[nodiscard]] ledger::Entry entry_for(const OpeningTicket& ticket, std::string_view kind) const;
  static void name_chain(ledger::Entry& entry, const AccessGrant& grant);
  // Who speaks for the person, and on what basis; nothing where the person does.
  static void name_caller(ledger::Entry& entry, const CallerSaid& said);
  // Also says whether it is a watch record. kNotFound: there is no such person any more.
  Result<void> name_subject(ledger::Entry& entry, const PersonId& person);
  // Alarms for those among them who do not exist, to be kept with what touched them.
  void add_alarms(const OpeningTicket& ticket, const std::vector<SubjectId>& touched,
                  std::string_view by, std::vector<ledger::Entry>& entries) const;
  [[nodiscard]] Result<bool> finds_canary(const OrganisationId& owner,
                                          const std::vector<SubjectId>& subjects);

  Result<void> keep(const OrganisationId& owner, const std::vector<ledger::Entry>& entries,
                    std::vector<Change> changes = {});

  // Writes the refusal into the owner's log, and gives it back. Of one operator and owner the first
  // kMostSingly of a minute stand there by themselves; of those beyond, an entry each time their
  // number has doubled tells how many more it were (`times`), and minute() the rest. So whoever
  // presses for ever fills no disk, all `times` together are the number, and a crash leaves at most
  // half of those beyond untold.
  Declined denied(Denial why, const Asker& asker, const PersonId& person, std::string_view kind);
  static constexpr int kMostSingly = 20;
  // To be called every minute, and before the end.
  void minute();

 private:
  struct Beyond {
    std::int64_t told = 0;
    std::map<std::string, std::int64_t> untold;  // by what was asked
  };
  struct Repeated {
    int singly = 0;
    std::map<Denial, Beyond> beyond;
  };
  using Repeater = std::pair<OrganisationId, OperatorId>;

  Result<void> tell_repeated(const Repeater& of, Denial why,
                             const std::map<std::string, std::int64_t>& times);
  // Whether this one is to be told by itself; else it is counted, and told where it is time to.
  Result<bool> is_told_singly(const Repeater& of, Denial why, std::string_view kind);

  const Parts parts_;
  std::mutex mutex_;  // guards the next
  std::map<Repeater, Repeated> repeated_;
};

}  // namespace madoguchi::vault
