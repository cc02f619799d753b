// Uses of a telephone that people refuse: how clients write them, how they are said, and the law
// that makes them bind (data/refused-uses-jp.toml, built in). What is known here says nothing of
// who a person is, so it may be shown before anything is opened. A plain value after reading; any
// thread.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace madoguchi::vault {

struct RefusedUse {
  std::string id;
  std::string ja;
  std::string en;
  std::string ground;
};

class RefusedUses {
 public:
  static const RefusedUses& japanese();
  static Result<RefusedUses> from_text(std::string_view toml, std::string file_name);

  // Null: the client's own words.
  [[nodiscard]] const RefusedUse* find(std::string_view words) const;

  // The uses that one cell names, each as it is written there; none for a cell that says "none". A
  // separator within a use that is known by that word (アンケート・調査) divides nothing.
  [[nodiscard]] std::vector<std::string> in_cell(std::string_view cell) const;

 private:
  [[nodiscard]] std::vector<std::string_view> parts_of(std::string_view cell) const;

  std::vector<RefusedUse> uses_;
  std::unordered_map<std::string, std::size_t> by_form_;  // of every spelling: where in uses_
  std::vector<std::string> separators_;
  // Forms of parts, one a line: of words that hold a separator, and of those that say "none".
  std::set<std::string> divided_;
  std::set<std::string> none_;
  std::size_t most_parts_ = 1;  // of one of them
};

}  // namespace madoguchi::vault
