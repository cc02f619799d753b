// What is worth an alarm, as data: read once from data/watching.toml (built in) or a file of the
// same form that the settings name; immutable afterwards, any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "calendar/opening_hours.h"

namespace madoguchi::vault {

enum class Measure {
  kPeopleInCall,      // different people opened by one operator in one call
  kOthersInCall,      // of those: not whom the caller's number is, though it is somebody's
  kMismatchesInCall,  // identity checks that did not match, in one call
  kMismatches,        // the same over a span of time
  kRefusals,          // acts that were not allowed, over a span of time
  kOutsideHours,      // openings outside the desk's hours, over a span of time
  kRiseOwn,           // openings by one operator, against that operator's habit
  kRiseDesk,          // openings by one operator, against the habit of one operator on the desk
  kCanary,            // openings of records that nobody has a reason to open
};

enum class Severity { kNotice, kWarning, kSevere };
std::string_view name_of(Severity severity);
Result<Severity> severity_named(std::string_view name);

struct WatchRule {
  std::string id;  // a word, as it stands in logs
  Measure measure = Measure::kPeopleInCall;
  std::int64_t at_least = 1;
  Micros within = std::chrono::hours(1);
  std::int64_t times = 1;        // of what is usual; rises only
  std::int64_t spread = 0;       // so many square roots of it above it; rises only
  std::int64_t known_hours = 0;  // of habit; rises only
  Severity severity = Severity::kWarning;
  bool freezes = false;
  std::string ja, en;  // what is told, with {count} and the like
};

// The numbers behind an alarm.
struct AlarmFigures {
  std::int64_t count = 0;
  std::int64_t limit = 0;
  std::int64_t usual_tenths = 0;  // an hour, times ten
  std::int64_t minutes = 0;
  std::string local_time;  // "22:41"
};

class WatchRules {
 public:
  static const WatchRules& built_in();
  static Result<WatchRules> from_file(const std::filesystem::path& file);
  static Result<WatchRules> from_text(std::string_view toml, std::string file_name);

  [[nodiscard]] const std::vector<WatchRule>& all() const { return rules_; }
  [[nodiscard]] const WatchRule* find(std::string_view id) const;
  [[nodiscard]] const calendar::OpeningHours& hours(const DeskId& desk) const;
  [[nodiscard]] Micros habit() const { return habit_; }

 private:
  WatchRules() = default;
  static Result<WatchRules> read(Config& config);

  std::vector<WatchRule> rules_;
  calendar::OpeningHours hours_ = calendar::OpeningHours::always();
  std::map<DeskId, calendar::OpeningHours> desks_;
  Micros habit_ = std::chrono::hours(24 * 28);
};

// A rule's sentence with the figures put in.
std::string say(std::string_view sentence, const AlarmFigures& figures);

}  // namespace madoguchi::vault
