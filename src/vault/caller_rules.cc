#include "vault/caller_rules.h"

#include <algorithm>

#include "base/check.h"
#include "base/config.h"
#include "base/id.h"
#include "vault_data/callers_jp.h"

namespace madoguchi::vault {
namespace {

CallerWords words_of(Config& table) {
  return {table.text("ja"), table.text("en")};
}

CallerBasis basis_of(Config& table) {
  CallerBasis basis{table.text("id"), words_of(table)};
  if (!is_valid_id(basis.id)) table.refuse("id", "must be a word for the log");
  return basis;
}

bool has(const std::vector<CallerBasis>& all, std::string_view id) {
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.id == id; });
}

}  // namespace

const CallerRules& CallerRules::japanese() {
  static const CallerRules rules = [] {
    auto built_in = from_text(kCallersJp, "data/callers-jp.toml");
    CHECK(built_in.has_value());
    return *std::move(built_in);
  }();
  return rules;
}

Result<CallerRules> CallerRules::from_text(std::string_view toml, std::string file_name) {
  auto config = Config::from_text(toml, std::move(file_name));
  if (!config) return tl::unexpected<Error>(config.error());
  CallerRules rules;
  Config source = config->table("source");
  source.text("valid_from");
  source.text("checked");
  for (Config& table : config->tables("caller")) {
    CallerKind kind;
    kind.id = table.text("id");
    if (!is_valid_id(kind.id) || rules.find(kind.id) != nullptr)
      table.refuse("id", "must be a word for the log, and another one than before");
    kind.name = words_of(table);
    kind.own_voice = table.flag_or("own_voice", false);
    kind.ground = table.text_or("ground", "");
    for (Config& one : table.tables("asks")) kind.asks.push_back(words_of(one));
    for (Config& one : table.tables("basis")) kind.bases.push_back(basis_of(one));
    if (!kind.own_voice && kind.bases.empty())
      table.refuse("basis", "who speaks for another does so on some basis");
    rules.kinds_.push_back(std::move(kind));
  }
  for (Config& table : config->tables("override")) rules.overrides_.push_back(basis_of(table));
  if (auto good = config->finish(); !good) return tl::unexpected<Error>(good.error());
  if (rules.kinds_.empty() || !rules.kinds_.front().own_voice ||
      !rules.kinds_.front().bases.empty())
    return fail(ErrorCode::kInvalid, "caller: the first is the person, on no basis");
  return rules;
}

const CallerKind* CallerRules::find(std::string_view id) const {
  const auto found = std::find_if(kinds_.begin(), kinds_.end(),
                                  [&](const CallerKind& kind) { return kind.id == id; });
  return found == kinds_.end() ? nullptr : &*found;
}

bool CallerRules::rests_on(const CallerKind& kind, std::string_view basis) const {
  return kind.bases.empty() ? basis.empty() : has(kind.bases, basis);
}

bool CallerRules::may_override(std::string_view reason) const {
  return has(overrides_, reason);
}

}  // namespace madoguchi::vault
