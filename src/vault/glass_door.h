// The door of the vault's own web site, before every handler: the site's one name, its own pages as
// the only origin of changes, the session of whoever asks, and the threads on which handlers may
// wait for the store. Owned by GlassSite; handlers run on the door's threads.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "vault/access/ids.h"
#include "vault/settings.h"
#include "vault/staff.h"
#include "vault/worker.h"
#include "web/routes.h"

namespace madoguchi::vault {

inline constexpr std::string_view kGlassCookie = "glass_session";

// Who asks, by a session that is live.
struct Visitor {
  OperatorId who;
  std::string display_name;
  SessionKey session;
  Time expires;
};

SessionKey session_key_of(std::string_view cookie);

class GlassDoor {
 public:
  using Work = std::function<web::Response(const web::Request&, const Visitor&)>;

  using OpenWork = std::function<web::Response(const web::Request&, const std::optional<Visitor>&)>;

  // Gives its answer to the reply, then or later.
  using HeldWork = std::function<void(const web::Request&, const Visitor&, const web::Reply&)>;

  GlassDoor(const GlassSettings& settings, Staff& staff);

  // Handlers for signed-in people; others get 401.
  [[nodiscard]] web::Handler reading(Work work);
  [[nodiscard]] web::Handler holding(HeldWork work);
  [[nodiscard]] web::Handler changing(Work work);

  // For those who are about to sign in, too: from the site's own pages all the same.
  [[nodiscard]] web::Handler changing_for_anyone(OpenWork work);

  // Send the refusal themselves; false then.
  bool is_ours(const web::Request& request, const web::Reply& reply) const;
  bool may_change(const web::Request& request, const web::Reply& reply) const;

 private:
  using Admitted =
      std::function<void(const web::Request&, const std::optional<Visitor>&, const web::Reply&)>;
  void admit(const web::Request& request, const web::Reply& reply, const Admitted& work);

  const std::string host_;
  Staff& staff_;
  Worker workers_;  // several threads, so that commits share an fsync
};

// 503: nothing was decided.
web::Response glass_away();

}  // namespace madoguchi::vault
