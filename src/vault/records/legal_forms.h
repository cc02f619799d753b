// Legal forms that stand before or behind the name of a company or another body, and the short ways
// of writing them: 株式会社山田商事 and (株)山田商事, カ)ヤマダ. Works on normal forms
// (normalise.h), of whose making it is no part: a search asks for each way. Immutable after
// loading: any thread. Text is anybody's.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace madoguchi::vault {

class LegalForms {
 public:
  // Ways of writing one of them; the first of each stands for it where two names are compared.
  struct Ways {
    std::vector<std::u32string> before;
    std::vector<std::u32string> behind;
  };
  void add(Ways ways) { all_.push_back(std::move(ways)); }

  // `text` first, then with each other way of writing what stands before or behind the name in it.
  [[nodiscard]] std::vector<std::u32string> spellings(const std::u32string& text) const;
  // The same for all of those.
  [[nodiscard]] std::u32string common(const std::u32string& text) const;

 private:
  struct Found {
    const std::vector<std::u32string>* ways = nullptr;  // null: there is none
    bool is_before = true;
    std::u32string name;  // what is left
    [[nodiscard]] std::u32string with(const std::u32string& way) const {
      return is_before ? way + name : name + way;
    }
  };
  [[nodiscard]] Found found_in(const std::u32string& text) const;

  std::vector<Ways> all_;
};

}  // namespace madoguchi::vault
