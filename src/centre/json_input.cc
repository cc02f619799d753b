#include "centre/json_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace madoguchi::centre {

using nlohmann::json;

struct JsonInput::Body {
  json object = json::object();
  std::set<std::string, std::less<>> known;
  std::optional<Error> mistake;

  const json* find(std::string_view name) {
    known.emplace(name);
    const auto found = object.find(std::string(name));
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
};

namespace {

// But line breaks and tabs, which texts may have.
bool is_control(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
}

// Deep nesting would cost stack; our bodies are flat.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') ++i;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > 8) return true;
  }
  return false;
}

}  // namespace

JsonInput::JsonInput(std::string_view body) : body_(std::make_unique<Body>()) {
  if (too_deep(body)) {
    body_->mistake = Error{ErrorCode::kInvalid, "the body is nested too deep"};
    return;
  }
  json parsed = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_object())
    body_->object = std::move(parsed);
  else
    body_->mistake = Error{ErrorCode::kInvalid, "the body must be a JSON object"};
}

JsonInput::~JsonInput() = default;

void JsonInput::refuse(std::string_view name, std::string_view cause) {
  if (!body_->mistake)
    body_->mistake = Error{ErrorCode::kInvalid, fmt::format("{}: {}", name, cause)};
}

std::optional<std::string> JsonInput::optional_text(std::string_view name, std::size_t most) {
  const json* value = body_->find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    refuse(name, "must be a string");
    return std::nullopt;
  }
  auto text = value->get<std::string>();
  if (text.size() > most) {
    refuse(name, fmt::format("may have {} bytes at most", most));
    return std::nullopt;
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    refuse(name, "may have no control characters");
    return std::nullopt;
  }
  return text;
}

std::string JsonInput::text(std::string_view name, std::size_t most) {
  auto value = optional_text(name, most);
  if (!value) refuse(name, "is missing");
  return value.value_or("");
}

std::optional<bool> JsonInput::optional_flag(std::string_view name) {
  const json* value = body_->find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) {
    refuse(name, "must be true or false");
    return std::nullopt;
  }
  return value->get<bool>();
}

std::optional<std::vector<std::string>> JsonInput::optional_texts(std::string_view name) {
  const json* value = body_->find(name);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  bool good = value->is_array() && value->size() <= 100;
  for (std::size_t i = 0; good && i < value->size(); ++i) {
    good = (*value)[i].is_string();
    if (good) texts.push_back((*value)[i].get<std::string>());
  }
  if (!good) {
    refuse(name, "must be a list of at most 100 strings");
    return std::nullopt;
  }
  return texts;
}

Result<void> JsonInput::finish() const {
  if (body_->mistake) return tl::unexpected<Error>(*body_->mistake);
  for (const auto& [name, value] : body_->object.items())
    if (!body_->known.contains(name))
      return fail(ErrorCode::kInvalid, fmt::format("{:.40}: is not known here", name));
  return {};
}

}  // namespace madoguchi::centre
