#include "vault/glass_site.h"

#include <fmt/format.h>

#include "base/log.h"
#include "vault/glass_answers.h"
#include "web/static_files.h"

namespace madoguchi::vault {
namespace {

// Between two calls an operator's browser keeps its connection: a handshake would cost the next
// caller's record its first milliseconds.
constexpr std::chrono::seconds kQuiet{75};

constexpr std::size_t kMostBody = 4096;

std::string policy_for(const std::vector<std::string>& parents) {
  std::string policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
      "connect-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'; "
      "frame-ancestors";
  if (parents.empty()) policy += " 'none'";
  for (const std::string& origin : parents) policy += " " + origin;
  return policy;
}

struct Credentials {
  std::string name;
  Password password;
};

std::optional<Credentials> read_credentials(const std::string& body) {
  const auto json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto name = json.find("name");
  const auto password = json.find("password");
  if (name == json.end() || password == json.end() || !name->is_string() || !password->is_string())
    return std::nullopt;
  return Credentials{name->get<std::string>(), Password(password->get<std::string>())};
}

}  // namespace

GlassSite::GlassSite(const GlassSettings& settings, const Parts& parts)
    : settings_(settings),
      secure_(settings.web.certificate.has_value()),
      parts_(parts),
      door_(std::make_unique<GlassDoor>(settings_, parts.staff, parts.refusals)),
      owner_({*door_, parts.authority, parts.registry, parts.people ? parts.people->log : nullptr,
              parts.people ? parts.people->logs : nullptr,
              parts.people ? parts.people->witnesses : nullptr,
              parts.people ? parts.people->changes : nullptr}),
      mandates_({*door_, parts.authority, parts.registry,
                 parts.people ? &parts.people->records : nullptr}) {
  if (parts.passkeys != nullptr)
    passkeys_.emplace(
        GlassPasskeys::Parts{*door_, *parts.passkeys, settings_,
                             [this](const SignedIn& session) { return begun(session); }});
  if (!parts.people) return;
  people_.emplace(GlassPeople::Parts{*door_, parts.authority, parts.registry, parts.people->records,
                                     parts.people->openings, parts.people->entropy});
  identity_.emplace(
      GlassIdentity::Parts{*door_, parts.registry, parts.people->records, parts.people->identity});
  watch_.emplace(GlassWatch::Parts{*door_, parts.authority, parts.registry, parts.people->records,
                                   parts.people->watch});
  enquiries_.emplace(GlassEnquiries::Parts{*door_, parts.authority, parts.registry,
                                           parts.people->records, parts.people->enquiries,
                                           parts.people->logs});
  if (parts.people->playbacks != nullptr)
    playbacks_.emplace(GlassPlaybacks::Parts{*door_, parts.authority, *parts.people->playbacks});
  if (parts.people->retention != nullptr)
    retention_.emplace(
        GlassRetention::Parts{*door_, parts.authority, parts.registry, *parts.people->retention});
  if (parts.people->cases != nullptr)
    cases_.emplace(
        GlassCases::Parts{*door_, parts.authority, parts.registry, *parts.people->cases});
  if (parts.people->exports != nullptr)
    exports_.emplace(GlassExports::Parts{*door_, parts.authority, parts.registry,
                                         parts.people->records, *parts.people->exports});
}

GlassSite::~GlassSite() {
  server_.reset();
  door_.reset();
}

Result<std::unique_ptr<GlassSite>> GlassSite::start(const GlassSettings& settings,
                                                    const Parts& parts) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(settings.pages / "index.html", error))
    return fail(ErrorCode::kInvalid,
                fmt::format("glass.pages: {} has no index.html; build the glass (tools/build) or "
                            "name the folder where it is",
                            settings.pages.string()));
  std::unique_ptr<GlassSite> site(new GlassSite(settings, parts));
  web::ServerSettings web = settings.web;
  web.content_security_policy = policy_for(settings.parents);
  web.request_within = kQuiet;
  auto server = web::Server::start(web, site->routes());
  if (!server) return tl::unexpected<Error>(server.error());
  site->server_ = std::move(*server);
  return site;
}

std::uint16_t GlassSite::port() const {
  return server_->port();
}

web::Response GlassSite::session_of(const Visitor& session) const {
  Json out = {{"signed_in", true},
              {"operator_id", session.who.text()},
              {"display_name", session.display_name},
              {"expires_at", format_utc(session.expires)}};
  if (const auto place = parts_.authority.place_of(session.who)) {
    out["organisation"] = place->organisation.text();
    out["role"] = std::string(name_of(place->role));
  }
  return shown(out);
}

web::Response GlassSite::begun(const SignedIn& session) const {
  web::Response response = session_of(
      {session.operator_id, session.display_name, session_key_of(session.cookie), session.expires});
  const auto length =
      std::chrono::duration_cast<std::chrono::seconds>(parts_.staff.session_length());
  response.headers.emplace_back("Set-Cookie", cookie_of(session.cookie, length.count()));
  return response;
}

web::Response GlassSite::register_leg(const web::Request& request, const Visitor& visitor) {
  const auto body = body_of(request);
  if (!body) return malformed("send a fingerprint, or an empty object for the telephone");
  const auto fingerprint = text_in(*body, "fingerprint");
  const auto kept =
      fingerprint ? parts_.authority.register_browser(visitor.who, visitor.session, visitor.expires,
                                                      *fingerprint)
                  : parts_.authority.register_phone(visitor.who, visitor.session, visitor.expires);
  return kept ? shown({{"registered", true}}) : failed(kept.error());
}

// Names under localhost are sites of their own to a browser, so a console at localhost that frames
// the glass at vault.localhost is another site: there the cookie is partitioned by the console that
// holds the frame. Where both have names of one domain it is Strict.
std::string GlassSite::cookie_of(std::string_view value, std::int64_t max_age_s) const {
  if (!settings_.host.ends_with("localhost"))
    return web::session_cookie(glass_cookie(secure_), value, max_age_s, secure_);
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; Secure; SameSite=None; Partitioned",
                     glass_cookie(secure_), value, max_age_s);
}

void GlassSite::show_session(const web::Request& request, const web::Reply& reply) {
  const bool taken = readers_.push([this, request, reply] {
    const auto knocked = door_->knock(request);
    if (!knocked) return reply.send(glass_away());
    const web::Response signed_out =
        shown({{"signed_in", false}, {"passwords", settings_.passwords}});
    if (knocked->fault) {
      // A page that has lost its key is to sign in again; one that may try again is told so.
      web::Response refusal = door_->turn_away(*knocked);
      if (knocked->fault == ProofFault::kOtherRun || knocked->fault == ProofFault::kOld)
        return reply.send(std::move(refusal));
    }
    reply.send(knocked->visitor ? session_of(*knocked->visitor) : signed_out);
  });
  if (!taken) reply.send(glass_away());
}

void GlassSite::sign_in(const web::Request& request, const web::Reply& reply) {
  if (!settings_.passwords)
    return reply.send(web::error_response(403, "passkey_wanted", "sign in with a passkey"));
  auto credentials = read_credentials(request.body);
  if (!credentials)
    return reply.send(web::error_response(400, "malformed", "send a name and a password"));
  auto key = door_->key_of(request);
  if (!key) return reply.send(std::move(key).error());
  const bool taken = verifier_.push([this, given = std::move(*credentials), key = *key, reply] {
    const auto session = parts_.staff.sign_in(given.name, given.password, key);
    if (!session && session.error().code != ErrorCode::kDenied) {
      log_warn("sign-in: {}", session.error().message);
      return reply.send(glass_away());
    }
    if (!session) return reply.send(web::error_response(403, "refused", "wrong, or wait a little"));
    reply.send(begun(*session));
  });
  if (!taken) reply.send(web::error_response(503, "busy", "too many sign-ins at once"));
}

void GlassSite::sign_out(const web::Request& request, const web::Reply& reply) {
  const std::string cookie = request.cookie(glass_cookie(request.secure)).value_or("");
  const bool taken = readers_.push([this, request, cookie, reply] {
    const auto knocked = door_->knock(request);
    if (!knocked) return reply.send(glass_away());
    if (knocked->fault) return reply.send(door_->turn_away(*knocked));
    parts_.authority.session_over(session_key_of(cookie));  // whatever the store says
    if (!parts_.staff.sign_out(cookie)) return reply.send(glass_away());
    web::Response response = shown({{"signed_in", false}, {"passwords", settings_.passwords}});
    response.headers.emplace_back("Set-Cookie", cookie_of("", 0));
    reply.send(std::move(response));
  });
  if (!taken) reply.send(glass_away());
}

void GlassSite::show_log(const web::Request& request, const web::Reply& reply) {
  if (request.method != web::Method::kGet && request.method != web::Method::kHead)
    return reply.send(web::error_response(405, "method_not_allowed", "allowed here: GET"));
  const bool taken = log_readers_.push([this, path = request.path, reply] {
    ledger::Logs* logs = parts_.people ? parts_.people->logs : nullptr;
    auto found = logs == nullptr ? std::nullopt : logs->serve(path);
    if (!found)
      return reply.send(web::error_response(404, "not_found", "there is nothing at this path"));
    web::Response response;
    response.body = as_text(found->bytes);
    response.content_type = std::move(found->content_type);
    response.headers.emplace_back(
        "Cache-Control", found->immutable ? "public, max-age=31536000, immutable" : "no-store");
    reply.send(std::move(response));
  });
  if (!taken) reply.send(glass_away());
}

web::Routes GlassSite::routes() {
  web::Routes routes;
  const std::string session = "/api/session";
  routes.add({web::Method::kGet, session,
              [this](web::Request request, const web::Reply& reply) {
                if (door_->is_ours(request, reply)) show_session(request, reply);
              },
              kMostBody});
  routes.add({web::Method::kPost, session,
              [this](web::Request request, const web::Reply& reply) {
                if (door_->may_change(request, reply)) sign_in(request, reply);
              },
              kMostBody});
  routes.add({web::Method::kDelete, session,
              [this](web::Request request, const web::Reply& reply) {
                if (door_->may_change(request, reply)) sign_out(request, reply);
              },
              kMostBody});
  routes.add({web::Method::kGet, "/api/parents",
              [this](web::Request request, const web::Reply& reply) {
                if (!door_->is_ours(request, reply)) return;
                reply.send(shown({{"parents", settings_.parents}}));
              },
              kMostBody});
  routes.add({web::Method::kPost, "/api/leg",
              door_->changing([this](const web::Request& request, const Visitor& visitor) {
                return register_leg(request, visitor);
              }),
              kMostBody});
  if (passkeys_) passkeys_->add_to(routes);
  owner_.add_to(routes);
  mandates_.add_to(routes);
  if (people_) people_->add_to(routes);
  if (identity_) identity_->add_to(routes);
  if (enquiries_) enquiries_->add_to(routes);
  if (exports_) exports_->add_to(routes);
  if (watch_) watch_->add_to(routes);
  if (playbacks_) playbacks_->add_to(routes);
  if (retention_) retention_->add_to(routes);
  if (cases_) cases_->add_to(routes);
  routes.otherwise([this, files = web::StaticFiles("", settings_.pages)](web::Request request,
                                                                         const web::Reply& reply) {
    if (!door_->is_ours(request, reply)) return;
    if (request.path.starts_with("/log/")) return show_log(request, reply);
    reply.send(files.serve(request));
  });
  return routes;
}

}  // namespace madoguchi::vault
