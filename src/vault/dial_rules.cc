#include "vault/dial_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/config.h"
#include "vault_data/dial_rules_jp.h"

namespace madoguchi::vault {
namespace {

std::string sentence_of(Config& table) {
  const std::string japanese = table.text("ja");
  const std::string english = table.text("en");
  return fmt::format("{} / {}", japanese, english);
}

}  // namespace

const DialRules& DialRules::japanese() {
  static const DialRules rules = [] {
    auto built_in = from_text(kDialRulesJp, "data/dial-rules-jp.toml");
    CHECK(built_in.has_value());
    return std::move(*built_in);
  }();
  return rules;
}

Result<DialRules> DialRules::from_text(std::string_view toml, std::string file_name) {
  auto config = Config::from_text(toml, std::move(file_name));
  if (!config) return tl::unexpected<Error>(config.error());
  DialRules rules;
  Config source = config->table("source");
  source.text("valid_from");
  source.text("checked");
  for (Config& table : config->tables("refusal")) {
    Rule rule;
    rule.word = table.text("word");
    rule.exact = table.texts_or("exact", {});
    rule.prefixes = table.texts_or("prefixes", {});
    rule.digits_at_most = static_cast<std::size_t>(table.integer_or("digits_at_most", 0, 0, 15));
    rule.abroad = table.flag_or("abroad", false);
    table.text("ground");
    rules.sentences_[rule.word] = sentence_of(table);
    rules.rules_.push_back(std::move(rule));
  }
  for (Config& table : config->tables("sentence")) {
    const std::string word = table.text("word");
    rules.sentences_[word] = sentence_of(table);
  }
  Config redial = config->table("redial");
  rules.most_redials_ = static_cast<std::size_t>(redial.integer("most_redials", 0, 15));
  rules.redial_window_ = std::chrono::seconds(redial.integer("within_seconds", 1, 3600));
  redial.text("ground");
  Config day = config->table("day");
  rules.most_a_day_ = static_cast<std::size_t>(day.integer("most_calls", 1, 1000));
  day.text("ground");
  Config ticket = config->table("ticket");
  rules.ticket_lifetime_ = std::chrono::seconds(ticket.integer("lifetime_seconds", 5, 3600));
  ticket.text("ground");
  Config wish = config->table("wish");
  rules.wish_lifetime_ = std::chrono::hours(24 * wish.integer("lifetime_days", 1, 366));
  wish.text("ground");
  if (auto known = config->finish(); !known) return tl::unexpected<Error>(known.error());
  return rules;
}

bool DialRules::hits(const Rule& rule, const Line& line) {
  if (rule.abroad && line.kind == NumberKind::kAbroad) return true;
  const std::string& national = line.national.reveal();
  if (national.empty()) return false;
  if (national.size() <= rule.digits_at_most) return true;
  if (std::find(rule.exact.begin(), rule.exact.end(), national) != rule.exact.end()) return true;
  return std::any_of(rule.prefixes.begin(), rule.prefixes.end(),
                     [&](const std::string& prefix) { return national.starts_with(prefix); });
}

std::vector<std::string> DialRules::words_for_good() const {
  std::vector<std::string> words;
  for (const Rule& rule : rules_) words.push_back(rule.word);
  return words;
}

Refusal DialRules::refusal(std::string_view word) const {
  const auto found = sentences_.find(word);
  return {std::string(word), found == sentences_.end() ? std::string(word) : found->second};
}

std::optional<Refusal> DialRules::refuse_line(const Line& line) const {
  for (const Rule& rule : rules_)
    if (hits(rule, line)) return refusal(rule.word);
  return std::nullopt;
}

std::optional<Refusal> DialRules::refuse_again(std::span<const Time> dialled, Time now) const {
  std::size_t recent = 0;
  std::size_t today = 0;
  for (const Time at : dialled) {
    // A call that seems to lie ahead (the clock was set back) counts as one of just now.
    const Micros ago = std::max(now - at, Micros(0));
    if (ago < redial_window_) ++recent;
    if (ago < kHistory) ++today;
  }
  // The law allows a first call and so many redials; any window of that length holds no more.
  if (recent > most_redials_) return refusal("redial_limit");
  if (today >= most_a_day_) return refusal("day_limit");
  return std::nullopt;
}

}  // namespace madoguchi::vault
