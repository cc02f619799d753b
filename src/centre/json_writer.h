// Writes JSON objects and lists straight into text: what the API and the event stream send many
// times a second. Values; no thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "web/http.h"

namespace madoguchi::centre {

class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) {
    return raw(name, web::json_quote(value));
  }
  // null when empty.
  JsonObject& text_or_null(std::string_view name, std::string_view value) {
    return value.empty() ? raw(name, "null") : text(name, value);
  }
  template <typename Tag>
  JsonObject& id(std::string_view name, const Id<Tag>& value) {
    return text(name, value.text());
  }
  template <typename Tag>
  JsonObject& id_or_null(std::string_view name, const Id<Tag>& value) {
    return text_or_null(name, value.text());
  }
  JsonObject& flag(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }
  JsonObject& number(std::string_view name, std::int64_t value) {
    return raw(name, std::to_string(value));
  }
  JsonObject& time(std::string_view name, Time value) { return text(name, format_utc(value)); }
  JsonObject& time_or_null(std::string_view name, const std::optional<Time>& value) {
    return value ? time(name, *value) : raw(name, "null");
  }
  // `json` must be JSON already.
  JsonObject& raw(std::string_view name, std::string_view json) {
    out_ += out_.size() > 1 ? ",\"" : "\"";
    out_ += name;
    out_ += "\":";
    out_ += json;
    return *this;
  }

  [[nodiscard]] std::string done() && { return std::move(out_) + '}'; }
  [[nodiscard]] std::string done() const& { return out_ + '}'; }

 private:
  std::string out_ = "{";
};

class JsonList {
 public:
  JsonList& raw(std::string_view json) {
    if (out_.size() > 1) out_ += ',';
    out_ += json;
    return *this;
  }
  [[nodiscard]] std::string done() && { return std::move(out_) + ']'; }

 private:
  std::string out_ = "[";
};

template <typename Tag>
std::string json_ids(const std::vector<Id<Tag>>& ids) {
  JsonList list;
  for (const auto& id : ids) list.raw(web::json_quote(id.text()));
  return std::move(list).done();
}

inline std::string json_texts(const std::vector<std::string>& texts) {
  JsonList list;
  for (const auto& text : texts) list.raw(web::json_quote(text));
  return std::move(list).done();
}

}  // namespace madoguchi::centre
