#include "vault/glass_site.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "web/static_files.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kCookie = "glass_session";
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

std::string_view without_port(std::string_view host) {
  return host.substr(0, host.rfind(':'));
}

web::Response away() {
  return web::error_response(503, "away", "the vault cannot read or write its records now");
}

web::Response session_of(const SignedIn& session) {
  return web::json_response(
      200, fmt::format(R"({{"signed_in":true,"operator_id":{},)"
                       R"("display_name":{},"expires_at":"{}"}})",
                       web::json_quote(session.operator_id.text()),
                       web::json_quote(session.display_name), format_utc(session.expires)));
}

struct Credentials {
  std::string name;
  Password password;
};

std::optional<Credentials> read_credentials(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto name = json.find("name");
  const auto password = json.find("password");
  if (name == json.end() || password == json.end() || !name->is_string() || !password->is_string())
    return std::nullopt;
  return Credentials{name->get<std::string>(), Password(password->get<std::string>())};
}

}  // namespace

GlassSite::GlassSite(const GlassSettings& settings, Staff& staff)
    : settings_(settings), secure_(settings.web.certificate.has_value()), staff_(staff) {}

GlassSite::~GlassSite() {
  server_.reset();
}

Result<std::unique_ptr<GlassSite>> GlassSite::start(const GlassSettings& settings, Staff& staff) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(settings.pages / "index.html", error))
    return fail(ErrorCode::kInvalid,
                fmt::format("glass.pages: {} has no index.html; build the glass (tools/build) or "
                            "name the folder where it is",
                            settings.pages.string()));
  std::unique_ptr<GlassSite> site(new GlassSite(settings, staff));
  web::ServerSettings web = settings.web;
  web.content_security_policy = policy_for(settings.parents);
  auto server = web::Server::start(web, site->routes());
  if (!server) return tl::unexpected<Error>(server.error());
  site->server_ = std::move(*server);
  return site;
}

std::uint16_t GlassSite::port() const {
  return server_->port();
}

// The server also lets loopback names in; the glass has one name, so that no cookie or page of
// another site on this machine is ever its own.
bool GlassSite::is_ours(const web::Request& request, const web::Reply& reply) const {
  if (without_port(request.header("Host")) == settings_.host) return true;
  reply.send(web::error_response(421, "wrong_host", "this site has another name"));
  return false;
}

// Cross-site requests carry another Origin and can't send JSON without asking first, which nothing
// here answers; the cookie is no proof of anything by itself.
bool GlassSite::may_change(const web::Request& request, const web::Reply& reply) const {
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

// Names under localhost are sites of their own to a browser, so a console at localhost that frames
// the glass at vault.localhost is another site: there the cookie is partitioned by the console that
// holds the frame. Where both have names of one domain it is Strict.
std::string GlassSite::cookie_of(std::string_view value, std::int64_t max_age_s) const {
  if (!settings_.host.ends_with("localhost"))
    return web::session_cookie(kCookie, value, max_age_s, secure_);
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; Secure; SameSite=None; Partitioned",
                     kCookie, value, max_age_s);
}

void GlassSite::show_session(const web::Request& request, const web::Reply& reply) {
  const std::string cookie = request.cookie(kCookie).value_or("");
  const bool taken = readers_.push([this, cookie, reply] {
    const auto session = staff_.who(cookie);
    if (!session) return reply.send(away());
    reply.send(*session ? session_of(**session)
                        : web::json_response(200, R"({"signed_in":false})"));
  });
  if (!taken) reply.send(away());
}

void GlassSite::sign_in(const web::Request& request, const web::Reply& reply) {
  auto credentials = read_credentials(request.body);
  if (!credentials)
    return reply.send(web::error_response(400, "malformed", "send a name and a password"));
  const bool taken = verifier_.push([this, given = std::move(*credentials), reply] {
    const auto session = staff_.sign_in(given.name, given.password);
    if (!session && session.error().code != ErrorCode::kDenied) {
      log_warn("sign-in: {}", session.error().message);
      return reply.send(away());
    }
    if (!session) return reply.send(web::error_response(403, "refused", "wrong, or wait a little"));
    web::Response response = session_of(*session);
    response.headers.emplace_back(
        "Set-Cookie",
        cookie_of(
            session->cookie,
            std::chrono::duration_cast<std::chrono::seconds>(staff_.session_length()).count()));
    reply.send(std::move(response));
  });
  if (!taken) reply.send(web::error_response(503, "busy", "too many sign-ins at once"));
}

void GlassSite::sign_out(const web::Request& request, const web::Reply& reply) {
  const std::string cookie = request.cookie(kCookie).value_or("");
  const bool taken = readers_.push([this, cookie, reply] {
    if (!staff_.sign_out(cookie)) return reply.send(away());
    web::Response response = web::json_response(200, R"({"signed_in":false})");
    response.headers.emplace_back("Set-Cookie", cookie_of("", 0));
    reply.send(std::move(response));
  });
  if (!taken) reply.send(away());
}

web::Routes GlassSite::routes() {
  web::Routes routes;
  const std::string session = "/api/session";
  routes.add({web::Method::kGet, session,
              [this](web::Request request, const web::Reply& reply) {
                if (is_ours(request, reply)) show_session(request, reply);
              },
              kMostBody});
  routes.add({web::Method::kPost, session,
              [this](web::Request request, const web::Reply& reply) {
                if (may_change(request, reply)) sign_in(request, reply);
              },
              kMostBody});
  routes.add({web::Method::kDelete, session,
              [this](web::Request request, const web::Reply& reply) {
                if (may_change(request, reply)) sign_out(request, reply);
              },
              kMostBody});
  routes.add({web::Method::kGet, "/api/parents",
              [this](web::Request request, const web::Reply& reply) {
                if (!is_ours(request, reply)) return;
                const nlohmann::json json = {{"parents", settings_.parents}};
                reply.send(web::json_response(200, json.dump()));
              },
              kMostBody});
  routes.otherwise([this, files = web::StaticFiles("", settings_.pages)](web::Request request,
                                                                         const web::Reply& reply) {
    if (is_ours(request, reply)) reply.send(files.serve(request));
  });
  return routes;
}

}  // namespace madoguchi::vault
