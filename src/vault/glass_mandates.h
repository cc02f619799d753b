// The part of the vault's site where a vendor's supervisors see what their organisation was given
// and pass it on to sub-contractors, narrower, for the owners to sign. Turns HTTP into acts of
// AuthorityDesk; decides nothing. Handlers of GlassDoor's threads.
#pragma once

#include "vault/authority_desk.h"
#include "vault/glass_door.h"
#include "vault/records/records.h"
#include "vault/registry.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassMandates {
 public:
  struct Parts {
    GlassDoor& door;
    AuthorityDesk& authority;
    Registry& registry;
    Records* records = nullptr;  // null: this vault has none
  };
  explicit GlassMandates(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  web::Response list(const Visitor& visitor);
  web::Response pass_on(const web::Request& request, const Visitor& visitor);

  const Parts parts_;
};

}  // namespace madoguchi::vault
