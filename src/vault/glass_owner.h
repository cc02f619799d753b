// The owner's part of the vault's site: mandates to sign and take back, numbers to give free,
// freezes, who may open the owner's people at this moment, and the entries of the owner's log. For
// people whose place is "owner" in their organisation; others get 403. Handlers of GlassDoor's
// threads.
#pragma once

#include "ledger/log_store.h"
#include "ledger/logs.h"
#include "ledger/witness_desk.h"
#include "vault/authority_desk.h"
#include "vault/glass_door.h"
#include "vault/log_changes.h"
#include "vault/registry.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassOwner {
 public:
  struct Parts {
    GlassDoor& door;
    AuthorityDesk& authority;
    Registry& registry;
    ledger::LogStore* log = nullptr;  // null: none is kept here
    ledger::Logs* logs = nullptr;     // null: none is published
    const ledger::WitnessDesk* witnesses = nullptr;
    LogChanges* changes = nullptr;  // null: pages ask again and again
  };
  explicit GlassOwner(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  using OwnersWork = web::Response (GlassOwner::*)(const web::Request&, const Visitor&,
                                                   const OrganisationId&);
  [[nodiscard]] GlassDoor::Work for_owner(OwnersWork work);

  web::Response mandates(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response sign(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response revoke(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response numbers(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response give_free(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response keep_number(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response freezes(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response freeze(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response lift(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response entries(const web::Request&, const Visitor&, const OrganisationId& owner);
  web::Response log(const web::Request&, const Visitor&, const OrganisationId& owner);
  void changes(const web::Request&, const Visitor&, const web::Reply&);
  web::Response live(const web::Request&, const Visitor&, const OrganisationId& owner);

  const Parts parts_;
};

}  // namespace madoguchi::vault
