// Shared by the glass's handlers: reading small JSON bodies and saying errors. Included by
// glass_*.cc only, since it brings the JSON library.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "vault/access/refusal.h"
#include "web/http.h"

namespace madoguchi::vault {

using Json = nlohmann::json;

// Nothing unless the body is one JSON object.
std::optional<Json> body_of(const web::Request& request);
// Nothing unless the member is there and a text.
std::optional<std::string> text_in(const Json& body, const char* name);
// The same for ids; `absent` may be wanted.
template <typename IdType>
std::optional<IdType> id_in(const Json& body, const char* name) {
  const auto text = text_in(body, name);
  if (!text) return std::nullopt;
  auto id = IdType::parse(*text);
  return id ? std::optional<IdType>(*std::move(id)) : std::nullopt;
}

web::Response shown(const Json& answer);
web::Response malformed(std::string_view wanted);
web::Response refused(Denial refusal);
web::Response failed(const Error& error);

}  // namespace madoguchi::vault
