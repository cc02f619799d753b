// Who may speak for a person on the telephone, what is asked of each, and on what a supervisor's
// override may rest: data with its ground in law (data/callers-jp.toml), built in. A plain value
// after reading; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace madoguchi::vault {

struct CallerWords {
  std::string ja;
  std::string en;
};

struct CallerBasis {
  std::string id;  // a word of the log
  CallerWords words;
};

struct CallerKind {
  std::string id;
  CallerWords name;
  bool own_voice = false;  // it is the person who speaks
  std::string ground;
  std::vector<CallerWords> asks;
  std::vector<CallerBasis> bases;  // empty: none is chosen
};

class CallerRules {
 public:
  static const CallerRules& japanese();
  static Result<CallerRules> from_text(std::string_view toml, std::string file_name);

  [[nodiscard]] const std::vector<CallerKind>& kinds() const { return kinds_; }
  [[nodiscard]] const std::vector<CallerBasis>& overrides() const { return overrides_; }
  [[nodiscard]] const CallerKind* find(std::string_view id) const;
  // The basis is one of that kind's; for kinds without, none is given.
  [[nodiscard]] bool rests_on(const CallerKind& kind, std::string_view basis) const;
  [[nodiscard]] bool may_override(std::string_view reason) const;

 private:
  std::vector<CallerKind> kinds_;  // the first is the person
  std::vector<CallerBasis> overrides_;
};

}  // namespace madoguchi::vault
