// Who speaks, and the supervisor's word, on the vault's site: turns HTTP into CallerIdentity's
// acts. The wording of callers and bases comes from its rules, so that the page has none of its
// own. Handlers of GlassDoor's threads.
#pragma once

#include "vault/caller_identity.h"
#include "vault/glass_door.h"
#include "vault/records/records.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassIdentity {
 public:
  struct Parts {
    GlassDoor& door;
    Registry& registry;
    Records& records;
    CallerIdentity& identity;
  };
  explicit GlassIdentity(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  using Act = web::Response (GlassIdentity::*)(const web::Request&, const Asker&, const PersonId&);
  // By ticket, about a person named in the body.
  [[nodiscard]] GlassDoor::Work about_person(Act act);

  web::Response callers(const web::Request&, const Visitor&);
  web::Response standing(const web::Request&, const Visitor&);
  web::Response caller(const web::Request&, const Asker&, const PersonId&);
  web::Response want_vouch(const web::Request&, const Asker&, const PersonId&);
  web::Response vouches(const web::Request&, const Visitor&);
  web::Response vouch(const web::Request&, const Asker&, const PersonId&);
  web::Response decline(const web::Request&, const Asker&, const PersonId&);

  const Parts parts_;
};

}  // namespace madoguchi::vault
