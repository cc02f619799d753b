#include "vault/records/refused_uses.h"

#include <algorithm>

#include "base/check.h"
#include "base/config.h"
#include "base/id.h"
#include "vault/records/file_text.h"
#include "vault/records/normalise.h"
#include "vault_data/refused_uses_jp.h"

namespace madoguchi::vault {
namespace {

// Signs alone have no form, and are themselves.
std::string form_of(std::span<const std::string_view> parts) {
  std::string form;
  for (const std::string_view part : parts) {
    const std::string one = Normaliser::header(part);
    form.append(one.empty() ? part : one).append("\n");
  }
  return form;
}

// From the beginning of the first to the end of the last, with what divides them.
std::string_view whole_of(std::span<const std::string_view> parts) {
  const std::string_view first = parts.front();
  const std::string_view last = parts.back();
  const auto size = static_cast<std::size_t>(last.data() + last.size() - first.data());
  return {first.data(), size};
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
  Config cell = config->table("cell");
  all.separators_ = cell.texts_or("separators", {});
  for (const std::string& word : cell.texts_or("none", {})) {
    const auto parts = all.parts_of(word);
    all.none_.insert(form_of(parts));
    all.most_parts_ = std::max(all.most_parts_, parts.size());
  }
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
      const auto parts = all.parts_of(word);
      if (parts.size() > 1) all.divided_.insert(form_of(parts));
      all.most_parts_ = std::max(all.most_parts_, parts.size());
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

std::vector<std::string_view> RefusedUses::parts_of(std::string_view cell) const {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  const auto end_part = [&](std::size_t end) {
    const auto part = trimmed(cell.substr(begin, end - begin));
    if (!part.empty()) parts.push_back(part);
  };
  for (std::size_t at = 0; at < cell.size();) {
    const auto rest = cell.substr(at);
    const auto separator = std::find_if(separators_.begin(), separators_.end(),
                                        [&](const auto& one) { return rest.starts_with(one); });
    if (separator == separators_.end()) {
      ++at;
      continue;
    }
    end_part(at);
    begin = at += separator->size();
  }
  end_part(cell.size());
  return parts;
}

std::vector<std::string> RefusedUses::in_cell(std::string_view cell) const {
  const std::vector<std::string_view> all = parts_of(cell);
  std::span<const std::string_view> left = all;
  std::vector<std::string> uses;
  while (!left.empty()) {
    // The longest that is one word.
    std::size_t count = std::min(most_parts_, left.size());
    std::string form = form_of(left.first(count));
    while (count > 1 && !divided_.contains(form) && !none_.contains(form))
      form = form_of(left.first(--count));
    if (!none_.contains(form)) uses.emplace_back(whole_of(left.first(count)));
    left = left.subspan(count);
  }
  return uses;
}

}  // namespace madoguchi::vault
