// Alarms and stops on the vault's site: the owner's alarms with their reasons, and the owner's
// answer; to supervisors, alarms about the people of their organisation; to everybody who is signed
// in, what owners have stopped and what they want callers to be told. Handlers of GlassDoor's
// threads.
#pragma once

#include "vault/glass_door.h"
#include "vault/records/records.h"
#include "vault/registry.h"
#include "vault/watch_desk.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassWatch {
 public:
  struct Parts {
    GlassDoor& door;
    AuthorityDesk& authority;
    Registry& registry;
    Records& records;
    WatchDesk* watch = nullptr;  // null: nobody watches
  };
  explicit GlassWatch(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  using Work = web::Response (GlassWatch::*)(const web::Request&, const Visitor&,
                                             const StaffPlace&);
  [[nodiscard]] GlassDoor::Work only_for(StaffRole role, Work work);

  web::Response owners_alarms(const web::Request&, const Visitor&, const StaffPlace&);
  web::Response answer(const web::Request&, const Visitor&, const StaffPlace&);
  web::Response canaries(const web::Request&, const Visitor&, const StaffPlace&);
  web::Response mark_canary(const web::Request&, const Visitor&, const StaffPlace&);
  web::Response supervisors_alarms(const web::Request&, const Visitor&, const StaffPlace&);
  web::Response stops(const web::Request& request, const Visitor& visitor);

  const Parts parts_;
};

}  // namespace madoguchi::vault
