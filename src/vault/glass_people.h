// The operator's part of the vault's site: the ticket of the call in hand, candidates, search,
// identity check, opening, notes. Turns HTTP into Openings' acts and their
// answers into JSON; decides nothing. This is the only place where values leave the vault's
// process. Handlers of GlassDoor's threads.
#pragma once

#include "vault/glass_door.h"
#include "vault/openings.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassPeople {
 public:
  struct Parts {
    GlassDoor& door;
    AuthorityDesk& authority;
    Registry& registry;
    Records& records;
    Openings& openings;
    Entropy& entropy;
  };
  explicit GlassPeople(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  using Act = web::Response (GlassPeople::*)(const web::Request&, const Visitor&, const Asker&);
  // 403 no_ticket without the header.
  [[nodiscard]] GlassDoor::Work with_ticket(Act act);

  web::Response ticket(const web::Request&, const Visitor&, const Asker&);
  web::Response purpose(const web::Request&, const Visitor&, const Asker&);
  web::Response extend(const web::Request&, const Visitor&, const Asker&);
  web::Response candidates(const web::Request&, const Visitor&, const Asker&);
  web::Response search(const web::Request&, const Visitor&, const Asker&);
  web::Response check(const web::Request&, const Visitor&, const Asker&);
  web::Response open(const web::Request&, const Visitor&, const Asker&);
  web::Response documents(const web::Request&, const Visitor&, const Asker&);
  web::Response read_document(const web::Request&, const Visitor&, const Asker&);
  web::Response write_document(const web::Request&, const Visitor&, const Asker&);

  web::Response show(const OpeningTicketId& id, const SessionKey& session);

  const Parts parts_;
};

}  // namespace madoguchi::vault
