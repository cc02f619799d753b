#include "centre/status.h"

#include <algorithm>

#include "centre/json_writer.h"

namespace madoguchi::centre {

std::string ConnectionState::json() const {
  JsonObject out;
  out.flag("connected", connected).time_or_null("since", since).text("detail", detail);
  return std::move(out).done();
}

bool Status::trouble(From from, const std::string& kind, const std::string& text, Time now,
                     const std::string& about) {
  const auto key = std::make_tuple(from, kind, about);
  if (text.empty()) return troubles_.erase(key) > 0;
  const auto known = troubles_.find(key);
  if (known != troubles_.end()) {
    if (known->second.text == text) return false;
    known->second.text = text;
    return true;
  }
  const auto of_kind = std::count_if(troubles_.begin(), troubles_.end(), [&](const auto& one) {
    return std::get<0>(one.first) == from && std::get<1>(one.first) == kind;
  });
  if (troubles_.size() >= kMostTroubles || of_kind >= kMostOfAKind) return false;
  troubles_[key] = {text, now};
  return true;
}

bool Status::forget(From from, const std::string& kind) {
  return std::erase_if(troubles_, [&](const auto& one) {
           return std::get<0>(one.first) == from && std::get<1>(one.first) == kind;
         }) > 0;
}

std::string Status::troubles_json() const {
  JsonList list;
  for (const auto& [key, trouble] : troubles_) {
    const auto& [from, kind, about] = key;
    JsonObject one;
    one.text("kind", kind)
        .text("text", trouble.text)
        .time("since", trouble.since)
        .text("from", from == From::kCentre ? "centre" : "exchange");
    list.raw(std::move(one).done());
  }
  return std::move(list).done();
}

}  // namespace madoguchi::centre
