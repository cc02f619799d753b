// Recordings on the vault's site: which there are of a call, beginning to hear one, and its sound
// piece by piece as bare samples, for a page that knows the playback and no one else: there is no
// address that a browser could save a file from. Handlers of GlassDoor's threads.
#pragma once

#include "vault/glass_door.h"
#include "vault/playbacks.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassPlaybacks {
 public:
  struct Parts {
    GlassDoor& door;
    AuthorityDesk& authority;
    Playbacks& playbacks;
  };
  explicit GlassPlaybacks(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  using OwnersWork = web::Response (GlassPlaybacks::*)(const web::Request&, const Visitor&,
                                                       const OwnersPerson&);
  [[nodiscard]] GlassDoor::Work for_owner(OwnersWork work);

  web::Response of_call(const web::Request&, const Visitor&);
  web::Response begin(const web::Request&, const Visitor&);
  web::Response owners_of_call(const web::Request&, const Visitor&, const OwnersPerson&);
  web::Response owners_begin(const web::Request&, const Visitor&, const OwnersPerson&);
  web::Response sound(const web::Request&, const Visitor&);

  const Parts parts_;
};

}  // namespace madoguchi::vault
