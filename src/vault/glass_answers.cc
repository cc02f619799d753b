#include "vault/glass_answers.h"

#include "base/log.h"
#include "vault/glass_door.h"

namespace madoguchi::vault {
namespace {

bool is_limit(Denial refusal) {
  return refusal == Denial::kGuesses || refusal == Denial::kSearches || refusal == Denial::kLimit ||
         refusal == Denial::kTooManyCases;
}

}  // namespace

std::optional<Json> body_of(const web::Request& request) {
  Json body = Json::parse(request.body, nullptr, false);
  if (!body.is_object()) return std::nullopt;
  return body;
}

std::optional<std::string> text_in(const Json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

web::Response shown(const Json& answer) {
  return web::json_response(200, answer.dump(-1, ' ', false, Json::error_handler_t::replace));
}

web::Response malformed(std::string_view wanted) {
  return web::error_response(400, "malformed", wanted);
}

web::Response refused(Denial refusal) {
  return web::error_response(is_limit(refusal) ? 429 : 403, name_of(refusal),
                             "the vault does not allow this");
}

web::Response failed(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
      return web::error_response(400, "invalid", error.message);
    case ErrorCode::kNotFound:
      return web::error_response(404, "not_found", error.message);
    case ErrorCode::kDenied:
      return web::error_response(403, "denied", error.message);
    case ErrorCode::kConflict:
      return web::error_response(409, "conflict", error.message);
    case ErrorCode::kExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      break;
  }
  log_warn("the glass: {}", error.message);
  return glass_away();
}

}  // namespace madoguchi::vault
