#include "vault/refused_uses.h"

#include <algorithm>

#include "base/check.h"
#include "base/config.h"
#include "base/id.h"
#include "vault/records/normalise.h"
#include "vault_data/refused_uses_jp.h"

namespace madoguchi::vault {
namespace {

bool has(const RefusedUse& use, const std::string& form) {
  return std::any_of(use.words.begin(), use.words.end(),
                     [&](const std::string& word) { return Normaliser::header(word) == form; });
}

}  // namespace

const RefusedUses& RefusedUses::japanese() {
  static const RefusedUses uses = [] {
    auto built_in = from_text(kRefusedUsesJp, "data/refused-uses-jp.toml");
    CHECK(built_in.has_value());
    return *std::move(built_in);
  }();
  return uses;
}

Result<RefusedUses> RefusedUses::from_text(std::string_view toml, std::string file_name) {
  auto config = Config::from_text(toml, std::move(file_name));
  if (!config) return tl::unexpected<Error>(config.error());
  RefusedUses all;
  Config source = config->table("source");
  source.text("valid_from");
  source.text("checked");
  for (Config& table : config->tables("use")) {
    RefusedUse use{table.text("id"), table.text("ja"), table.text("en"), table.text("ground"),
                   table.texts_or("words", {})};
    if (!is_valid_id(use.id)) table.refuse("id", "must be a word");
    use.words.insert(use.words.end(), {use.id, use.ja, use.en});
    for (const std::string& word : use.words)
      if (all.find(word) != nullptr) table.refuse("words", word + " is another use already");
    all.uses_.push_back(std::move(use));
  }
  if (auto good = config->finish(); !good) return tl::unexpected<Error>(good.error());
  return all;
}

const RefusedUse* RefusedUses::find(std::string_view words) const {
  const std::string form = Normaliser::header(words);
  if (form.empty()) return nullptr;
  const auto found = std::find_if(uses_.begin(), uses_.end(),
                                  [&](const RefusedUse& use) { return has(use, form); });
  return found == uses_.end() ? nullptr : &*found;
}

}  // namespace madoguchi::vault
