#include "vault/glass_answers.h"

#include "base/log.h"
#include "vault/glass_door.h"

namespace madoguchi::vault {
namespace {

// Empty where no limit is reached.
std::string_view limit_reached(Denial refusal) {
  if (refusal == Denial::kGuesses) return "too many values that did not match; wait a while";
  if (refusal == Denial::kSearches) return "too many searches; wait a while";
  if (refusal == Denial::kLimit) return "a limit of the mandate, or of the vault, is reached";
  if (refusal == Denial::kTooManyCases) return "as many cases are open as one person may have";
  return {};
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
  if (const auto limit = limit_reached(refusal); !limit.empty())
    return web::error_response(429, name_of(refusal), limit);
  return web::error_response(403, name_of(refusal), "the vault does not allow this");
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
