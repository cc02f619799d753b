#include "vault/glass_door.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/sealing.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kThreads = 8;
constexpr std::size_t kMostWaiting = 512;

constexpr std::string_view kTicketHeader = "Madoguchi-Ticket";
constexpr std::string_view kPlaybackHeader = "Madoguchi-Playback";

AskedRequest asked_of(const web::Request& request) {
  return {name_of(request.method),       request.header("Host"),          request.header(":path"),
          request.header(kTicketHeader), request.header(kPlaybackHeader), request.body};
}

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

GlassDoor::GlassDoor(const GlassSettings& settings, Staff& staff, Refusals* refusals)
    : host_(settings.host),
      staff_(staff),
      refusals_(refusals),
      proofs_(staff.clock(), entropy_),
      workers_(kMostWaiting, kThreads) {}

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
  Admitted held = [this, work = std::move(work)](const web::Request& request, const Knock& who,
                                                 const web::Reply& reply) {
    if (!who.visitor) return reply.send(turn_away(who));
    work(request, *who.visitor, reply);
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
  Admitted answering = [this, work = std::move(work)](const web::Request& request, const Knock& who,
                                                      const web::Reply& reply) {
    web::Response response = work(request, who.visitor);
    // What anyone may ask, as to sign in, is open to them too.
    if (response.status == 401 && who.fault) response = turn_away(who);
    reply.send(std::move(response));
  };
  return [this, answering = std::move(answering)](const web::Request& request,
                                                  const web::Reply& reply) {
    if (may_change(request, reply)) admit(request, reply, answering);
  };
}

void GlassDoor::admit(const web::Request& request, const web::Reply& reply, const Admitted& work) {
  const bool taken = workers_.push([this, request, reply, work] {
    const auto knocked = knock(request);
    if (!knocked) return reply.send(glass_away());
    work(request, *knocked, reply);
  });
  if (!taken) reply.send(glass_away());
}

Result<GlassDoor::Knock> GlassDoor::knock(const web::Request& request) {
  const std::string cookie = request.cookie(glass_cookie(request.secure)).value_or("");
  const auto session = staff_.who(cookie);
  if (!session) return tl::unexpected<Error>(session.error());
  if (!*session) return Knock{};
  const SignedIn& known = **session;
  const SessionKey key = session_key_of(cookie);
  const auto fault = proofs_.of_session(key.text(), Staff::bound_to(cookie),
                                        request.header(kProofHeader), asked_of(request));
  if (fault) return Knock{std::nullopt, fault, known.operator_id};
  return Knock{Visitor{known.operator_id, known.display_name, key, known.expires}, std::nullopt,
               known.operator_id};
}

web::Response GlassDoor::turn_away(const Knock& who) {
  if (!who.fault) return signed_out();
  if (refusals_ != nullptr && *who.fault != ProofFault::kOtherRun)
    refusals_->note(
        {"glass", std::string(word_of(*who.fault)), "", {}, who.named, CallId(), DeskId()});
  return fault_response(*who.fault);
}

web::Response GlassDoor::fault_response(ProofFault fault) const {
  web::Response response = web::error_response(
      fault == ProofFault::kTooMany ? 429 : 401, word_of(fault),
      "the session is the page's where its person signed in, which signs what it asks");
  if (fault == ProofFault::kOtherRun || fault == ProofFault::kOld)
    response.headers.emplace_back(kRunHeader, proofs_.run());
  return response;
}

tl::expected<std::string, web::Response> GlassDoor::key_of(const web::Request& request) const {
  auto key = proofs_.of_beginning(request.header(kProofHeader), asked_of(request));
  if (!key) return tl::unexpected(fault_response(key.error()));
  return *std::move(key);
}

}  // namespace madoguchi::vault
