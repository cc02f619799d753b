// The part of the vault's site where exports are asked for and, by the owner's people, decided on.
// Turns HTTP into Exports' acts; decides nothing. What leaves here is sealed to its recipient.
// Handlers of GlassDoor's threads.
#pragma once

#include "vault/exports.h"
#include "vault/glass_door.h"
#include "vault/registry.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassExports {
 public:
  struct Parts {
    GlassDoor& door;
    AuthorityDesk& authority;
    Registry& registry;
    Records& records;
    Exports& exports;
  };
  explicit GlassExports(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  web::Response terms(const Visitor& visitor);
  web::Response mine(const Visitor& visitor);
  web::Response ask(const web::Request& request, const Visitor& visitor);
  web::Response file(const web::Request& request, const Visitor& visitor);
  web::Response of_owner(const Visitor& visitor);
  web::Response approve(const web::Request& request, const Visitor& visitor);
  web::Response refuse(const web::Request& request, const Visitor& visitor);

  const Parts parts_;
};

}  // namespace madoguchi::vault
