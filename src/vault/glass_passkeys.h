// Passkeys on the vault's site: asking for a challenge, signing in, making one. Turns HTTP into
// acts of Passkeys and their outcomes into sessions. Handlers of GlassDoor's threads.
#pragma once

#include <functional>

#include "vault/glass_door.h"
#include "vault/passkeys.h"
#include "web/routes.h"

namespace madoguchi::vault {

class GlassPasskeys {
 public:
  struct Parts {
    GlassDoor& door;
    Passkeys& passkeys;
    const GlassSettings& settings;
    // The answer to whoever has just signed in, cookie and all.
    std::function<web::Response(const SignedIn&)> begun;
  };
  explicit GlassPasskeys(const Parts& parts) : parts_(parts) {}

  void add_to(web::Routes& routes);

 private:
  web::Response challenge(const web::Request& request);
  web::Response sign_in(const web::Request& request);
  web::Response wanted(const web::Request& request, const std::optional<Visitor>& visitor);
  web::Response make(const web::Request& request, const std::optional<Visitor>& visitor);
  [[nodiscard]] CeremonyPlace place_of(const web::Request& request) const;

  const Parts parts_;
};

}  // namespace madoguchi::vault
