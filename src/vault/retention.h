// What mandates say becomes of the data when their time is over, carried out by the vault itself:
// at the retention date the keys of the owner's people are destroyed as an erasure destroys one,
// and a certificate tells of it. Each step is one commit with its entry in the owner's log.
//
// Rules. The data of an owner is kept while any mandate that the owner signed still keeps it: keys
// go when the last retention date has passed. Where a mandate says that the data is returned, they
// go only after the owner's people fetched an export of everybody with all fields, asked for after
// that mandate's end, or waived it. A month before, and whenever destruction has to wait, the
// owner's log and page say so; nothing begins before the warning, as it is kept, is a month old,
// however near the date was brought and however long the vault was off. After a crash advance()
// goes on where it was.
//
// Any thread; advance() on one at a time. docs/decisions/retention.md says why it is so.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/rounds.h"
#include "base/time.h"
#include "ledger/certificate.h"
#include "ledger/entry.h"
#include "ledger/log_store.h"
#include "ledger/logs.h"
#include "vault/access/retention_terms.h"
#include "vault/authority_desk.h"
#include "vault/exports.h"
#include "vault/records/records.h"
#include "vault/registry.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

enum class RetentionState {
  kKept,       // its date is to come
  kWarned,     // within a month; or its date has passed, and the warning is not a month old
  kHeld,       // its date has passed; another mandate keeps the data
  kWaits,      // for the owner to fetch the data, or to waive that
  kBegun,      // keys are being destroyed
  kDestroyed,  // with a certificate
};
std::string_view name_of(RetentionState state);

struct RetentionStanding {
  RetentionTerm term;
  RetentionState state = RetentionState::kKept;
  std::optional<ExportId> returned;  // fetched by the owner
  OperatorId waived_by;
  DestructionId destruction;  // of the last two states
  Time not_before;            // when keys may go: at its date, and a month after the warning
};

struct RetentionRules {
  Micros warn_before = kRetentionWarning;
  std::size_t keys_at_once = 4096;
};

class Retention {
 public:
  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    AuthorityDesk& authority;
    Registry& registry;
    Records& records;
    Exports* exports = nullptr;       // null: nothing can be returned here
    ledger::LogStore* log = nullptr;  // null: no certificate can be proven
    ledger::Logs* logs = nullptr;
    RetentionRules rules{};
  };
  static Result<std::unique_ptr<Retention>> open(const Parts& parts);

  // Does what is due now, to its end unless stop() comes. To be called every second or so.
  Result<void> advance();
  void stop() { stopping_ = true; }

  // ---- for the owner's page and the administrator
  [[nodiscard]] std::vector<RetentionStanding> of_owner(const OrganisationId& owner);
  [[nodiscard]] std::vector<DestructionRow> destructions() const;  // of all owners, oldest first
  // An owner's person needs no return of the data. kConflict when there is none to wait for.
  Result<void> waive(const MandateId& mandate, const OperatorId& by);
  // An export of everybody for an owner's person, whatever the limits, to be approved by another.
  Result<Export> ask_return(const MandateId& mandate, const RecipientKey& recipient,
                            const OperatorId& by);
  // kNotFound; kUnavailable until the log is published as far.
  Result<ledger::Certificate> certificate(const DestructionId& id);

 private:
  explicit Retention(const Parts& parts) : parts_(parts) {}
  Result<void> load();
  [[nodiscard]] std::vector<RetentionTerm> terms_of(const OrganisationId* owner);
  [[nodiscard]] RetentionStanding standing_of(const RetentionTerm& term, Time now) const;
  [[nodiscard]] std::optional<Export> returned(const RetentionTerm& term) const;
  [[nodiscard]] const RetentionRow* said(const RetentionTerm& term, std::string_view word) const;
  // Null too where the warning is of a time that is to come: a clock that was wrong said so.
  [[nodiscard]] const RetentionRow* warned(const RetentionTerm& term, Time now) const;
  [[nodiscard]] Time not_before(const RetentionTerm& term, Time now) const;
  [[nodiscard]] Result<RetentionTerm> own_term(const MandateId& mandate, const OperatorId& by);

  Result<void> say(const RetentionTerm& term, std::string_view word, const OperatorId& by);
  Result<void> advance(const std::vector<RetentionTerm>& terms, Time now);
  Result<void> begin(const std::vector<RetentionTerm>& terms);
  Result<void> finish(DestructionRow row);
  Result<void> keep(DestructionRow row, std::string outcome, ledger::Entry entry);
  [[nodiscard]] std::string body_of(const std::vector<RetentionTerm>& terms,
                                    const DestructionId& id, Time begun, std::uint64_t keys) const;

  const Parts parts_;
  std::atomic<bool> stopping_{false};
  std::mutex advancing_;
  mutable std::mutex mutex_;  // guards the rest
  std::vector<RetentionRow> words_;
  std::map<DestructionId, DestructionRow> destructions_;
  bool stale_ = false;  // a commit failed: what is in memory may not be what is kept
};

// Calls advance() every second on a thread of its own.
class RetentionClock {
 public:
  explicit RetentionClock(Retention& retention);  // outlives it
  ~RetentionClock() { retention_.stop(); }
  RetentionClock(const RetentionClock&) = delete;
  RetentionClock& operator=(const RetentionClock&) = delete;

 private:
  Rounds::Rest round();

  Retention& retention_;
  std::string trouble_;  // told last: one that lasts is told once
  Rounds rounds_;        // last: it uses the others
};

}  // namespace madoguchi::vault
