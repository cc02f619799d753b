// Watches what is committed to the clients' logs, and keeps the alarms: each is an entry of the
// owner's log, committed by the very act that raised it (or, when that act was not kept, by the
// next one). What a severe alarm freezes is frozen before the act is committed, whatever becomes of
// it. After a restart remember() is told the logs again. Any thread.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/entry.h"
#include "ledger/log_store.h"
#include "vault/authority_desk.h"
#include "vault/vault_store.h"
#include "vault/watching/alarm.h"
#include "vault/watching/watching.h"

namespace madoguchi::vault {

class WatchDesk {
 public:
  // All outlive it.
  struct Parts {
    AuthorityDesk& authority;
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    const WatchRules& rules;
  };
  explicit WatchDesk(const Parts& parts) : parts_(parts), watching_(parts.rules) {}

  // To be called with the entries of an act before it is committed: what is to be committed with
  // them. When the commit then fails, not_kept() takes it back for the next act.
  std::vector<ledger::Draft> see(const OrganisationId& owner,
                                 const std::vector<ledger::Entry>& entries);
  void not_kept(std::vector<ledger::Draft> drafts);

  // By a person of the owner. kNotFound: no such alarm of this owner; kConflict: answered already.
  Result<void> answer(const AlarmId& alarm, const OrganisationId& owner, AlarmAnswer answer,
                      const OperatorId& by);

  // A record that nobody has a reason to open, of a person who does not exist say. Kept as an entry
  // of the owner's log that names it by commitment only. `salt_key` is the subject's own.
  Result<void> mark_canary(const OrganisationId& owner, const SubjectId& subject, ByteView salt_key,
                           const OperatorId& by);
  [[nodiscard]] std::size_t canaries(const OrganisationId& owner);
  [[nodiscard]] bool is_canary(const OrganisationId& owner, const SubjectId& subject,
                               ByteView salt_key);

  // Newest first, of the last weeks, at most so many.
  [[nodiscard]] std::vector<Alarm> of_owner(const OrganisationId& owner, std::size_t most);
  // About people who act for this organisation.
  [[nodiscard]] std::vector<Alarm> about(const OrganisationId& actor, std::size_t most);
  [[nodiscard]] const WatchRules& rules() const { return parts_.rules; }

  // At start: the watch records that are kept.
  Result<void> load();
  // At start, in order of time within each log: an entry of the past.
  void remember(const OrganisationId& owner, const ledger::Entry& entry);
  // To be called every minute: what can matter no more goes.
  void minute();

 private:
  [[nodiscard]] std::vector<Alarm> newest(std::size_t most,
                                          bool (*wanted)(const Alarm&, const OrganisationId&),
                                          const OrganisationId& organisation);
  Alarm* find(const AlarmId& id);
  void keep(Alarm alarm);

  const Parts parts_;
  std::mutex mutex_;  // guards the rest
  Watching watching_;
  std::deque<Alarm> alarms_;                                // oldest first
  std::map<std::string, std::vector<ledger::Draft>> owed_;  // by log
  std::map<OrganisationId, std::vector<ledger::SubjectCommitment>> canaries_;
};

// Tells the desk what the logs say about the time that its rules look back on.
Result<void> watch_again(ledger::LogStore& log, WatchDesk& desk, Time now);

}  // namespace madoguchi::vault
