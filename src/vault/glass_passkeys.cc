#include "vault/glass_passkeys.h"

#include <fmt/format.h>

#include "vault/glass_answers.h"
#include "vault/passkeys/public_key.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostBody = 64 * 1024;

std::optional<Bytes> bytes_in(const Json& body, const char* name) {
  const auto text = text_in(body, name);
  return text ? from_base64url(*text) : std::nullopt;
}

// What was wrong is for the journal; a guess learns nothing.
web::Response refused_alike(const Error& error) {
  if (error.code != ErrorCode::kDenied) return failed(error);
  return web::error_response(403, "refused", "not known, used, or too old");
}

}  // namespace

void GlassPasskeys::add_to(web::Routes& routes) {
  using web::Method;
  const auto post = [&](const char* path, GlassDoor::OpenWork work) {
    routes.add({Method::kPost, path, parts_.door.changing_for_anyone(std::move(work)), kMostBody});
  };
  using MaybeVisitor = std::optional<Visitor>;
  post("/api/passkeys/challenge",
       [this](const web::Request& request, const MaybeVisitor&) { return challenge(request); });
  post("/api/passkeys/session",
       [this](const web::Request& request, const MaybeVisitor&) { return sign_in(request); });
  post("/api/passkeys/wanted", [this](const web::Request& request, const MaybeVisitor& visitor) {
    return wanted(request, visitor);
  });
  post("/api/passkeys", [this](const web::Request& request, const MaybeVisitor& visitor) {
    return make(request, visitor);
  });
}

// The door has checked the host, and that the origin is this site's own.
CeremonyPlace GlassPasskeys::place_of(const web::Request& request) const {
  return {fmt::format("{}://{}", request.secure ? "https" : "http", request.header("Host")),
          parts_.settings.host, parts_.settings.parents};
}

web::Response GlassPasskeys::challenge(const web::Request&) {
  return shown({{"challenge", to_base64url(parts_.passkeys.challenge())},
                {"relying_party", parts_.settings.host}});
}

web::Response GlassPasskeys::sign_in(const web::Request& request) {
  const auto body = body_of(request);
  const auto credential = body ? text_in(*body, "credential") : std::nullopt;
  const auto client = body ? bytes_in(*body, "client_data") : std::nullopt;
  const auto authenticator = body ? bytes_in(*body, "authenticator_data") : std::nullopt;
  const auto signature = body ? bytes_in(*body, "signature") : std::nullopt;
  if (!credential || !client || !authenticator || !signature)
    return malformed("send credential, client_data, authenticator_data and signature");
  auto key = parts_.door.key_of(request);
  if (!key) return std::move(key).error();
  const auto session = parts_.passkeys.sign_in(place_of(request), *credential,
                                               {*client, *authenticator, *signature}, *key);
  return session ? parts_.begun(*session) : refused_alike(session.error());
}

web::Response GlassPasskeys::wanted(const web::Request& request,
                                    const std::optional<Visitor>& visitor) {
  const auto body = body_of(request);
  if (!body) return malformed("send a code, or an empty object in a session");
  const auto code = text_in(*body, "code");
  if (!code && !visitor) return web::error_response(401, "signed_out", "sign in, or send a code");
  const auto asked =
      code ? parts_.passkeys.wanted_with(*code) : parts_.passkeys.wanted_for(visitor->who);
  if (!asked) return refused_alike(asked.error());
  Json algorithms = Json::array();
  for (const PasskeyAlgorithm one : kPasskeyAlgorithms)
    algorithms.push_back(static_cast<std::int64_t>(one));
  return shown({{"challenge", to_base64url(asked->challenge)},
                {"relying_party", parts_.settings.host},
                {"user", to_base64url(asked->user)},
                {"name", asked->who.text()},
                {"display_name", asked->display_name},
                {"algorithms", std::move(algorithms)},
                {"known", asked->known}});
}

web::Response GlassPasskeys::make(const web::Request& request,
                                  const std::optional<Visitor>& visitor) {
  const auto body = body_of(request);
  const auto client = body ? bytes_in(*body, "client_data") : std::nullopt;
  const auto object = body ? bytes_in(*body, "attestation_object") : std::nullopt;
  if (!client || !object) return malformed("send client_data and attestation_object");
  const auto code = text_in(*body, "code");
  if (code) {
    auto key = parts_.door.key_of(request);
    if (!key) return std::move(key).error();
    const auto session =
        parts_.passkeys.make_with(*code, place_of(request), {*client, *object}, *key);
    return session ? parts_.begun(*session) : refused_alike(session.error());
  }
  if (!visitor) return web::error_response(401, "signed_out", "sign in, or send a code");
  const auto made = parts_.passkeys.make_for(visitor->who, place_of(request), {*client, *object});
  return made ? shown({{"made", true}}) : refused_alike(made.error());
}

}  // namespace madoguchi::vault
