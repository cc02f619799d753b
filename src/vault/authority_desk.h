// The Authority behind a mutex, with the store: what owners, the administrator, the exchange and
// the centre say about who may open what. Acts that give something take effect when they are
// committed; acts that take something away (a revocation, a freeze) take effect at once, whatever
// becomes of the commit. One whose commit failed is owed: it holds meanwhile, and is committed
// again by whoever asks for it again and by keep_owed(), until a restart would know it too. Any
// thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/entry.h"
#include "vault/access/authority.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class AuthorityDesk {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    AuthorityRules rules{};
  };
  static Result<std::unique_ptr<AuthorityDesk>> open(const Parts& parts);

  // Called, on the thread that made the change, when concerns() may answer differently.
  void on_change(std::function<void()> changed);
  [[nodiscard]] bool concerns(const OrganisationId& organisation);

  // ---- the exchange
  void lease(const CallLease& lease);
  void renew(const std::vector<CallId>& calls);
  void end_call(const CallId& call);

  // ---- an operator's own session at the glass
  // kInvalid: no fingerprint; kConflict: another person's leg.
  Result<void> register_browser(const OperatorId& who, const SessionKey& session, Time expires,
                                std::string_view fingerprint);
  // The telephone that the administrator named; kNotFound when there is none.
  Result<void> register_phone(const OperatorId& who, const SessionKey& session, Time expires);
  void session_over(const SessionKey& session);

  // ---- the centre
  Allowed<OpeningTicket> issue(const OperatorId& who, const DeskId& desk, const CallId& call,
                               const std::string& purpose);
  Allowed<TicketState> extend(const OpeningTicketId& id, Micros by);
  void end_ticket(const OpeningTicketId& id);

  // ---- the administrator
  // Told in the log of every owner whose data the person could or can come to.
  Result<void> put_place(const StaffPlace& place);
  [[nodiscard]] std::optional<StaffPlace> place_of(const OperatorId& who);
  // Whether somebody placed as this organisation's owner has a way to sign in at the vault.
  Result<bool> has_owner(const OrganisationId& organisation);
  // kInvalid when it is over already, here and in sign() and pass_on(). One that is passed on is
  // narrower than what it comes from (passing_on.h). Windows that it names
  // no limit for get the vault's own, or what it comes from has, whichever is less.
  Result<void> draft(const Mandate& mandate, const OperatorId& by);

  // Adds to an act what the same owners are told of something else that it does to a person's
  // standing: "disabled", "passkey_made". `by`: who does it; empty: nobody with a session here.
  Result<void> tell(Act& act, const OperatorId& who, std::string outcome, const OperatorId& by);

  // ---- vendors: `by` must be a supervisor of the organisation that was given the parent, which
  // each owner has signed and nobody has ended; kDenied otherwise. The owners sign it, or it gives
  // nothing.
  Result<void> pass_on(const Mandate& mandate, const OperatorId& by);

  // ---- owners: `by` must be an owner's person; kDenied otherwise. Of revoke() and freeze() an
  // error of the store means: it holds, and is owed. freeze() gives kNotFound for a desk that no
  // mandate about the owner's people names, and a person who has nothing to do with them: a name
  // that is misspelt stops nobody.
  Result<void> sign(const MandateId& mandate, std::uint32_t version, const OperatorId& by);
  Result<void> revoke(const MandateId& mandate, const OperatorId& by);
  Result<FreezeId> freeze(FreezeScope scope, const std::string& name, const std::string& reason,
                          const OperatorId& by, const std::string& script = {});
  Result<void> lift(const FreezeId& freeze, const OperatorId& by);

  // For Openings and pages: `work(Authority&, Time now)` while nobody else decides.
  template <typename Work>
  auto with(Work&& work) {
    const std::lock_guard lock(mutex_);
    return work(authority_, parts_.clock.now());
  }

  // Commits what is owed; to be called every second. Free when nothing is.
  Result<void> keep_owed();
  // To be called every minute: what can matter no more goes.
  void minute();

 private:
  struct Owed {
    AccessChange change;
    JournalEntry journal;
    OrganisationId owner;
    ledger::Entry told;
  };
  explicit AuthorityDesk(const Parts& parts) : parts_(parts), authority_(parts.rules) {}
  Result<void> load();
  Result<void> register_leg(const SessionLeg& leg);
  [[nodiscard]] Mandate with_limits(const Mandate& mandate);
  Result<void> keep_draft(const Mandate& mandate, const OperatorId& by,
                          const std::vector<OrganisationId>& told);
  [[nodiscard]] Result<void> may_freeze(const OrganisationId& owner, FreezeScope scope,
                                        const std::string& name);
  // The owner organisation of this person.
  [[nodiscard]] Result<OrganisationId> owner_of(const OperatorId& by);
  // `told` goes into the log of each of `owners`.
  Result<void> commit(Time now, AccessChange change, JournalEntry entry,
                      const std::vector<OrganisationId>& owners = {},
                      const ledger::Entry& told = {});
  // What holds already, or else owes it.
  Result<void> commit_or_owe(Owed act);
  Result<bool> is_kept(const AccessChange& change);
  void tell_changed();

  const Parts parts_;
  std::mutex keeping_;  // of one keep_owed() after the other; taken before mutex_
  std::mutex mutex_;    // guards authority_ and owed_
  Authority authority_;
  std::vector<Owed> owed_;
  std::mutex changed_mutex_;
  std::function<void()> changed_;
};

}  // namespace madoguchi::vault
