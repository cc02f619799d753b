// Tickets for cases on the vault's site: an operator keeps the person of the call in hand, sees the
// own ones, takes one up, hands one on, ends one; the owner gives and ends them. Turns HTTP into
// CaseDesk's acts; decides nothing. No value of a record is shown here. Handlers of GlassDoor's
// threads.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "vault/case_desk.h"
#include "vault/glass_door.h"
#include "vault/registry.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassCases {
 public:
  struct Parts {
    GlassDoor& door;
    AuthorityDesk& authority;
    Registry& registry;
    CaseDesk& cases;
  };
  explicit GlassCases(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  using Work = web::Response (GlassCases::*)(const web::Request&, const Visitor&);
  using OwnersWork = web::Response (GlassCases::*)(const web::Request&, const Visitor&,
                                                   const OwnersPerson&);
  [[nodiscard]] GlassDoor::Work for_anyone(Work work);
  [[nodiscard]] GlassDoor::Work for_owner(OwnersWork work);

  web::Response mine(const web::Request&, const Visitor&);
  web::Response keep(const web::Request&, const Visitor&);
  web::Response take_up(const web::Request&, const Visitor&);
  web::Response hand_on(const web::Request&, const Visitor&);
  web::Response end(const web::Request&, const Visitor&);
  web::Response owners(const web::Request&, const Visitor&, const OwnersPerson&);
  web::Response give(const web::Request&, const Visitor&, const OwnersPerson&);
  web::Response owners_end(const web::Request&, const Visitor&, const OwnersPerson&);

  [[nodiscard]] nlohmann::json json_of(const CaseTicket& ticket);
  [[nodiscard]] nlohmann::json list_of(const std::vector<CaseTicket>& tickets);

  const Parts parts_;
};

}  // namespace madoguchi::vault
