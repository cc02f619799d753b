#include "vault/glass_door.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/sealing.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kThreads = 8;
constexpr std::size_t kMostWaiting = 512;

std::string_view without_port(std::string_view host) {
  return host.substr(0, host.rfind(':'));
}

}  // namespace

web::Response glass_away() {
  return web::error_response(503, "away", "the vault cannot read or write its records now");
}

SessionKey session_key_of(std::string_view cookie) {
  return SessionKey(to_hex(sha256(as_bytes(cookie))));
}

GlassDoor::GlassDoor(const GlassSettings& settings, Staff& staff)
    : host_(settings.host), staff_(staff), workers_(kMostWaiting, kThreads) {}

// The server also lets loopback names in; the glass has one name, so that no cookie or page of
// another site on this machine is ever its own.
bool GlassDoor::is_ours(const web::Request& request, const web::Reply& reply) const {
  if (without_port(request.header("Host")) == host_) return true;
  reply.send(web::error_response(421, "wrong_host", "this site has another name"));
  return false;
}

// Cross-site requests carry another Origin and can't send JSON without asking first, which nothing
// here answers; the cookie is no proof of anything by itself.
bool GlassDoor::may_change(const web::Request& request, const web::Reply& reply) const {
  if (!is_ours(request, reply)) return false;
  const std::string own =
      fmt::format("{}://{}", request.secure ? "https" : "http", request.header("Host"));
  if (request.header("Origin") != own) {
    reply.send(web::error_response(403, "wrong_origin", "only the glass's own page may do this"));
    return false;
  }
  if (request.header("Content-Type").substr(0, 16) != "application/json") {
    reply.send(web::error_response(415, "wrong_type", "send application/json"));
    return false;
  }
  return true;
}

namespace {

web::Response signed_out() {
  return web::error_response(401, "signed_out", "sign in to the vault first");
}

}  // namespace

web::Handler GlassDoor::reading(Work work) {
  return holding(
      [work = std::move(work)](const web::Request& request, const Visitor& visitor,
                               const web::Reply& reply) { reply.send(work(request, visitor)); });
}

web::Handler GlassDoor::holding(HeldWork work) {
  Admitted held = [work = std::move(work)](const web::Request& request,
                                           const std::optional<Visitor>& visitor,
                                           const web::Reply& reply) {
    if (!visitor) return reply.send(signed_out());
    work(request, *visitor, reply);
  };
  return [this, held = std::move(held)](const web::Request& request, const web::Reply& reply) {
    if (is_ours(request, reply)) admit(request, reply, held);
  };
}

web::Handler GlassDoor::changing(Work work) {
  return changing_for_anyone(
      [work = std::move(work)](const web::Request& request, const std::optional<Visitor>& visitor) {
        return visitor ? work(request, *visitor) : signed_out();
      });
}

web::Handler GlassDoor::changing_for_anyone(OpenWork work) {
  Admitted answering = [work = std::move(work)](
                           const web::Request& request, const std::optional<Visitor>& visitor,
                           const web::Reply& reply) { reply.send(work(request, visitor)); };
  return [this, answering = std::move(answering)](const web::Request& request,
                                                  const web::Reply& reply) {
    if (may_change(request, reply)) admit(request, reply, answering);
  };
}

void GlassDoor::admit(const web::Request& request, const web::Reply& reply, const Admitted& work) {
  const bool taken = workers_.push([this, request, reply, work] {
    const std::string cookie = request.cookie(kGlassCookie).value_or("");
    const auto session = staff_.who(cookie);
    if (!session) return reply.send(glass_away());
    std::optional<Visitor> visitor;
    if (*session) {
      const SignedIn& known = **session;
      visitor =
          Visitor{known.operator_id, known.display_name, session_key_of(cookie), known.expires};
    }
    work(request, visitor, reply);
  });
  if (!taken) reply.send(glass_away());
}

}  // namespace madoguchi::vault
