// All mandates, with who signed and who took back, and the question they answer: does an unbroken
// chain lead from the owner of a person's data to the organisation of the operator who asks, for
// this desk and purpose, at this moment? Every ask walks the chain anew; no answer is kept, so a
// revocation or an end holds for the very next one. Pure; owned by Authority.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "vault/access/mandate.h"
#include "vault/access/refusal.h"

namespace madoguchi::vault {

struct Signature {
  MandateId mandate;
  std::uint32_t version = 1;
  OrganisationId owner;
  OperatorId by;
  Time at;
};

struct Revocation {  // final for that id and owner: allowing it again takes a new mandate
  MandateId mandate;
  OrganisationId owner;
  OperatorId by;
  Time at;
};

enum class MandateUse { kOnDesk, kExport };  // an export belongs to no desk and no call

struct MandateAsk {
  OrganisationId owner;   // of the person's data
  OrganisationId called;  // whose number was called
  OrganisationId actor;   // where the operator belongs
  DeskId desk;
  std::string purpose;  // empty: the mandate's first
  MandateUse use = MandateUse::kOnDesk;
};

struct ChainLink {
  MandateId id;
  std::uint32_t version = 1;
  OrganisationId to;
  UseLimits limits;
};

struct AccessGrant {
  std::vector<ChainLink> chain;  // owner's mandate first
  Purpose purpose;  // fields of all links in common; the most checks, the fewest rows of any;
                    // played, and kept for cases, if all do
  Time ends;        // the earliest
  // Everything an opening counts against: each link's limits by operator, on desk and in all.
  [[nodiscard]] std::vector<Charge> charges(const OperatorId& who, const DeskId& desk) const;
};

class Mandates {
 public:
  // A new mandate, or a new version of one. kInvalid: malformed, or about other owners or from
  // another parent than before, or its parent is unknown or not about each of its owners;
  // kConflict: not the next version.
  [[nodiscard]] Result<void> may_put(const Mandate& mandate) const;
  void put(const Mandate& mandate);

  // kNotFound, or kDenied for an owner that it is not about, or kConflict when signed or revoked.
  [[nodiscard]] Result<void> may_sign(const Signature& signature) const;
  void sign(const Signature& signature);
  [[nodiscard]] Result<void> may_revoke(const Revocation& revocation) const;
  void revoke(const Revocation& revocation);

  [[nodiscard]] Allowed<AccessGrant> ask(const MandateAsk& ask, Time now) const;
  // Purposes that some chain gives now for at least one owner, each once.
  [[nodiscard]] std::vector<Purpose> purposes(const MandateAsk& ask, Time now) const;
  // Owners for whom a chain gives this purpose now.
  [[nodiscard]] std::vector<OrganisationId> owners(const MandateAsk& ask, Time now) const;

  // Whether the chain from the owner down to this mandate holds now, whatever it gives.
  [[nodiscard]] bool unbroken(const MandateId& id, const OrganisationId& owner, Time now) const;

  // Whether any mandate that an owner signed and that has not ended names this organisation: else
  // its calls need no lease.
  [[nodiscard]] bool concerns(const OrganisationId& organisation, Time now) const;
  // Whether it stands in a version of a mandate about this owner's people, signed or not; of any
  // owner's where that is empty.
  [[nodiscard]] bool names_desk(const DeskId& desk, const OrganisationId& owner) const;
  // The next moment a signed mandate begins or ends.
  [[nodiscard]] std::optional<Time> next_change(Time now) const;

  struct Entry {
    std::vector<Mandate> versions;  // in order from 1
    std::map<OrganisationId, std::vector<Signature>> signatures;
    std::map<OrganisationId, Revocation> revocations;
    // What this owner signed last, whatever was drafted since; null before the first signature.
    [[nodiscard]] const Mandate* signed_by(const OrganisationId& owner) const;
  };
  [[nodiscard]] const std::map<MandateId, Entry>& all() const { return mandates_; }
  [[nodiscard]] const Mandate* newest(const MandateId& id) const;

 private:
  // The version of `id` that counts for this owner now.
  [[nodiscard]] Allowed<const Mandate*> standing(const MandateId& id, const OrganisationId& owner,
                                                 Time now) const;
  [[nodiscard]] Allowed<std::vector<const Mandate*>> chain(const MandateId& leaf,
                                                           const OrganisationId& owner,
                                                           Time now) const;
  [[nodiscard]] Allowed<AccessGrant> granted(const MandateId& leaf, const MandateAsk& ask,
                                             Time now) const;

  std::map<MandateId, Entry> mandates_;
};

// How one link stands for one owner: "draft", "not_begun", "in_force", "ended" or "revoked".
std::string_view state_of(const Mandates::Entry& entry, const OrganisationId& owner, Time now);

}  // namespace madoguchi::vault
