#include "vault/records/legal_forms.h"

namespace madoguchi::vault {

// The longest one: 一般社団法人 ends in 社団法人, (カ) in nothing shorter. Nothing but a legal form
// is no name.
LegalForms::Found LegalForms::found_in(const std::u32string& text) const {
  Found found;
  std::size_t longest = 0;
  for (const Ways& ways : all_)
    for (const bool before : {true, false})
      for (const std::u32string& way : before ? ways.before : ways.behind) {
        if (way.size() <= longest || way.size() >= text.size()) continue;
        if (!(before ? text.starts_with(way) : text.ends_with(way))) continue;
        longest = way.size();
        found = {before ? &ways.before : &ways.behind, before,
                 before ? text.substr(longest) : text.substr(0, text.size() - longest)};
      }
  return found;
}

std::vector<std::u32string> LegalForms::spellings(const std::u32string& text) const {
  std::vector<std::u32string> all = {text};
  const Found found = found_in(text);
  if (found.ways == nullptr) return all;
  for (const std::u32string& way : *found.ways)
    if (std::u32string spelled = found.with(way); spelled != text)
      all.push_back(std::move(spelled));
  return all;
}

std::u32string LegalForms::common(const std::u32string& text) const {
  const Found found = found_in(text);
  return found.ways == nullptr ? text : found.with(found.ways->front());
}

}  // namespace madoguchi::vault
