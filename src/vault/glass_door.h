// The door of the vault's own web site, before every handler: the site's one name, its own pages as
// the only origin of changes, the session of whoever asks and the proof that its own page asks
// (page_keys/request_proof.h), and the threads on which handlers may wait for the store. Owned by
// GlassSite; handlers run on the door's threads.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/sealing.h"
#include "vault/access/ids.h"
#include "vault/page_keys/proof_check.h"
#include "vault/refusals.h"
#include "vault/settings.h"
#include "vault/staff.h"
#include "vault/worker.h"
#include "web/routes.h"

namespace madoguchi::vault {

// The prefix: no other host of the domain, and no page without TLS, can set it (RFC
// 6265bis, 4.1.3).
constexpr std::string_view glass_cookie(bool secure) {
  return secure ? "__Host-glass_session" : "glass_session";
}

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

  // `refusals` may be null: nothing is told then.
  GlassDoor(const GlassSettings& settings, Staff& staff, Refusals* refusals);

  // Handlers for signed-in people; others get 401, and so does whoever has a session's cookie and
  // not its page's proof.
  [[nodiscard]] web::Handler reading(Work work);
  [[nodiscard]] web::Handler holding(HeldWork work);
  [[nodiscard]] web::Handler changing(Work work);

  // For those who are about to sign in, too: from the site's own pages all the same.
  [[nodiscard]] web::Handler changing_for_anyone(OpenWork work);

  // Send the refusal themselves; false then.
  bool is_ours(const web::Request& request, const web::Reply& reply) const;
  bool may_change(const web::Request& request, const web::Reply& reply) const;

  // Who knocks: nobody, a visitor, or a live session's cookie without its page's proof.
  struct Knock {
    std::optional<Visitor> visitor;
    std::optional<ProofFault> fault;
    OperatorId named;  // whose session the cookie is of
  };
  // Waits for the store. A proof is used up by it: once for each request.
  Result<Knock> knock(const web::Request& request);
  // The refusal to who knocks so, told in the journal, but for an earlier run's proof.
  web::Response turn_away(const Knock& who);
  // What a session that begins with this request is to be bound to; or the refusal.
  [[nodiscard]] tl::expected<std::string, web::Response> key_of(const web::Request& request) const;

 private:
  using Admitted = std::function<void(const web::Request&, const Knock&, const web::Reply&)>;
  void admit(const web::Request& request, const web::Reply& reply, const Admitted& work);

  // Where it is a matter of run or time, with both, so that the page may sign anew.
  [[nodiscard]] web::Response fault_response(ProofFault fault) const;

  const std::string host_;
  Staff& staff_;
  Refusals* const refusals_;
  SystemEntropy entropy_;
  ProofCheck proofs_;
  Worker workers_;  // several threads, so that commits share an fsync
};

// 503: nothing was decided.
web::Response glass_away();

}  // namespace madoguchi::vault
