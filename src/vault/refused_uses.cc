#include "vault/refused_uses.h"

#include "base/check.h"
#include "base/config.h"
#include "base/id.h"
#include "vault/records/normalise.h"
#include "vault_data/refused_uses_jp.h"

namespace madoguchi::vault {

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
    RefusedUse use{table.text("id"), table.text("ja"), table.text("en"), table.text("ground")};
    if (!is_valid_id(use.id)) table.refuse("id", "must be a word");
    std::vector<std::string> words = table.texts_or("words", {});
    words.insert(words.end(), {use.id, use.ja, use.en});
    for (const std::string& word : words) {
      const std::string form = Normaliser::header(word);
      if (form.empty()) table.refuse("words", "one is empty");
      const auto [known, is_new] = all.by_form_.emplace(form, all.uses_.size());
      if (!is_new && known->second != all.uses_.size())
        table.refuse("words", word + " is another use already");
    }
    all.uses_.push_back(std::move(use));
  }
  if (auto good = config->finish(); !good) return tl::unexpected<Error>(good.error());
  return all;
}

const RefusedUse* RefusedUses::find(std::string_view words) const {
  const auto found = by_form_.find(Normaliser::header(words));
  return found == by_form_.end() ? nullptr : &uses_[found->second];
}

}  // namespace madoguchi::vault
