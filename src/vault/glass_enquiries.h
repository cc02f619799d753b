// The owner's enquiries on the vault's site: who looked at one person's data, the file that the
// person is given, the proof of any one entry, and erasing a person. For people whose place is
// "owner" in their organisation; others get 403. Handlers of GlassDoor's threads.
#pragma once

#include "ledger/logs.h"
#include "vault/enquiries.h"
#include "vault/glass_door.h"
#include "vault/registry.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassEnquiries {
 public:
  struct Parts {
    GlassDoor& door;
    AuthorityDesk& authority;
    Registry& registry;
    Records& records;
    Enquiries* enquiries = nullptr;  // null: no log is kept here
    ledger::Logs* logs = nullptr;    // null: none is published
  };
  explicit GlassEnquiries(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  using Work = web::Response (GlassEnquiries::*)(const web::Request&, const OwnersPerson&);
  [[nodiscard]] GlassDoor::Work for_owner(Work work);

  web::Response searchable(const web::Request&, const OwnersPerson&);
  web::Response search(const web::Request&, const OwnersPerson&);
  web::Response looked(const web::Request&, const OwnersPerson&);
  web::Response disclose(const web::Request&, const OwnersPerson&);
  web::Response correct(const web::Request&, const OwnersPerson&);
  web::Response correction_declined(const OwnersPerson&, const WantedValue&, const Declined& why);
  web::Response erase(const web::Request&, const OwnersPerson&);
  web::Response prove(const web::Request&, const OwnersPerson&);

  const Parts parts_;
};

}  // namespace madoguchi::vault
