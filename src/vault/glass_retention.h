// The part of the owner's page about what becomes of the data: until when each mandate keeps it,
// what waits for the owner, what was destroyed, and the certificates. Turns HTTP into Retention's
// acts; decides nothing. Handlers of GlassDoor's threads.
#pragma once

#include "vault/glass_door.h"
#include "vault/registry.h"
#include "vault/retention.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassRetention {
 public:
  struct Parts {
    GlassDoor& door;
    AuthorityDesk& authority;
    Registry& registry;
    Retention& retention;
  };
  explicit GlassRetention(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  using Work = web::Response (GlassRetention::*)(const web::Request&, const OperatorId& who,
                                                 const OrganisationId& owner);
  [[nodiscard]] GlassDoor::Work for_owner(Work work);

  web::Response show(const web::Request&, const OperatorId& who, const OrganisationId& owner);
  web::Response waive(const web::Request&, const OperatorId& who, const OrganisationId& owner);
  web::Response give_back(const web::Request&, const OperatorId& who, const OrganisationId& owner);
  web::Response certificate(const web::Request&, const OperatorId& who,
                            const OrganisationId& owner);

  const Parts parts_;
};

}  // namespace madoguchi::vault
