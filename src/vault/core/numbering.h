// Reads telephone numbers: as carriers and keypads give them, into E.164 and what kind of line it
// is. Japan's numbering comes from a dated data file (data/numbering-jp.toml, which also travels
// inside the program) where the numbering library is older than the plan, from libphonenumber
// otherwise. Immutable after loading: any thread. Numbers are Personal and appear in no error.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/personal.h"
#include "base/result.h"
#include "base/time.h"

namespace madoguchi::vault {

using Number = Personal<std::string>;

enum class NumberKind {
  kFixed,
  kMobile,
  kIp,
  kMachine,
  kFreephone,
  kPremium,
  kShared,   // the caller pays more than usual
  kService,  // a short number of the networks: 110, 117, 104
  kAbroad,
  kOther,  // right in length, of a range that nobody told us about
};
// "fixed", "mobile", …: the words of data/numbering-jp.toml.
std::string_view name_of(NumberKind kind);

// A number that was read. Equal lines have equal `e164`.
struct Line {
  Number e164;      // "+81312345678"; of a service the digits alone
  Number national;  // as dialled inside Japan, "0312345678"; empty for a line abroad
  NumberKind kind = NumberKind::kOther;
};

enum class Unreadable {
  kWithheld,  // the caller did not let it be shown, or the network has none
  kInvalid,
};
// "withheld", "invalid": words of data/dial-rules-jp.toml.
std::string_view word_of(Unreadable why);

class NumberingPlan {
 public:
  // As built in.
  static const NumberingPlan& japanese();
  static Result<NumberingPlan> from_text(std::string_view toml, std::string file_name);

  // `raw` as it arrived: +81…, 0…, 81…, 010…, with or without separators, a SIP user part or digits
  // keyed by a caller. `now` decides which ranges are in use.
  [[nodiscard]] tl::expected<Line, Unreadable> read(const Number& raw, Time now) const;
  // The form in which numbers that callers call are held against each other: E.164 of what can be
  // read, anything else as it is.
  [[nodiscard]] std::string canonical(const std::string& number_called, Time now) const;

 private:
  struct Range {
    std::string prefix;
    std::string next_digits;
    std::size_t digits = 0;
    NumberKind kind = NumberKind::kOther;
    Time from;
  };
  [[nodiscard]] const Range* range_of(std::string_view national, Time now) const;
  [[nodiscard]] tl::expected<Line, Unreadable> read_japanese(std::string national, Time now) const;

  std::vector<std::string> withheld_;
  std::vector<std::string> caller_id_prefixes_;
  std::vector<Range> ranges_;
};

}  // namespace madoguchi::vault
