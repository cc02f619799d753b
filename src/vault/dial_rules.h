// The gate's rules: which lines nobody rings through this program, and how often a line may be
// rung. They come from a dated data file that names the ground of each (data/dial-rules-jp.toml,
// which also travels inside the program). Pure and immutable after loading: any thread.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "vault/core/numbering.h"

namespace madoguchi::vault {

// Why something is not dialled: a machine word and a sentence for people, Japanese and English.
struct Refusal {
  std::string word;
  std::string why;
};

class DialRules {
 public:
  static const DialRules& japanese();
  static Result<DialRules> from_text(std::string_view toml, std::string file_name);

  // What speaks against ringing this line at all; nothing when it may be rung.
  [[nodiscard]] std::optional<Refusal> refuse_line(const Line& line) const;

  // What speaks against ringing it now; `dialled` holds when it was rung before, in any order.
  [[nodiscard]] std::optional<Refusal> refuse_again(std::span<const Time> dialled, Time now) const;

  // The words of what refuse_line() says: none of these lines will ever be another.
  [[nodiscard]] std::vector<std::string> words_for_good() const;

  // The file's sentence for a word; a word it does not have is its own sentence.
  [[nodiscard]] Refusal refusal(std::string_view word) const;

  [[nodiscard]] std::chrono::seconds ticket_lifetime() const { return ticket_lifetime_; }
  [[nodiscard]] std::chrono::hours wish_lifetime() const { return wish_lifetime_; }
  // How far back refuse_again() looks.
  static constexpr std::chrono::hours kHistory{24};

 private:
  struct Rule {
    std::string word;
    std::vector<std::string> exact;
    std::vector<std::string> prefixes;
    std::size_t digits_at_most = 0;
    bool abroad = false;
  };
  [[nodiscard]] static bool hits(const Rule& rule, const Line& line);

  std::vector<Rule> rules_;
  std::map<std::string, std::string, std::less<>> sentences_;
  std::size_t most_redials_ = 0;
  std::chrono::seconds redial_window_{0};
  std::size_t most_a_day_ = 0;
  std::chrono::seconds ticket_lifetime_{0};
  std::chrono::hours wish_lifetime_{0};
};

}  // namespace madoguchi::vault
