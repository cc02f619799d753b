// Watches what the clients' logs tell of: openings unlike the call, many people in one call,
// mismatches, refusals, unusual hours, a rise against the operator's own and the desk's habit, a
// canary touched. Pure: entries in, in about the order of time, findings out; the time is the
// entries' own. Not thread-safe; owned by WatchDesk (vault/watch_desk.h), which makes alarms of
// findings, and which tells it the entries of the last weeks again at start.
//
// Each client's log is judged by itself: nobody learns from an alarm what an operator did for
// another client. One act is counted once, however many fields it opened. What was told is told
// again only when the count has doubled, or the rule's span has passed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/id.h"
#include "ledger/entry.h"
#include "vault/watching/rules.h"

namespace madoguchi::vault {

// Openings in each hour of the last weeks in which there were any.
class HourlyCounts {
 public:
  void add(Time at, std::int64_t more, Micros keep);
  struct Sum {
    std::int64_t hours = 0;
    std::int64_t count = 0;
  };
  // Of hours that were over before `before`.
  [[nodiscard]] Sum until(Time before) const;

 private:
  std::deque<std::pair<std::int64_t, std::int64_t>> hours_;  // hour since 1970, count
  std::int64_t sum_ = 0;
};

struct Finding {
  const WatchRule* rule = nullptr;  // of the rules that the engine was made with
  AlarmFigures figures;
};

class Watching {
 public:
  // `rules` outlive it.
  explicit Watching(const WatchRules& rules) : rules_(rules) {}

  // Counts the entry; most raise nothing.
  std::vector<Finding> see(const OrganisationId& owner, const ledger::Entry& entry);
  // Counts an entry of the past, raises nothing, and knows from alarms what was told.
  void remember(const OrganisationId& owner, const ledger::Entry& entry);

  // Drops what no rule reaches any more. To be called now and then.
  void forget(Time now);
  [[nodiscard]] std::size_t kept() const { return calls_.size() + spans_.size() + habits_.size(); }

 private:
  struct InCall {
    std::int64_t people = 0;
    std::int64_t others = 0;
    std::int64_t mismatches = 0;
    std::int64_t canaries = 0;
    Time last;
  };
  struct OnDesk {
    HourlyCounts openings;
    HourlyCounts operators;                         // who were at work, in each hour
    std::map<std::string, std::int64_t> last_hour;  // by operator
  };
  struct Told {
    Time at;
    std::int64_t count = 0;
  };
  // What the entry adds to the counts.
  struct Counted {
    bool opening = false;
    bool mismatch = false;
    bool refusal = false;
    bool canary = false;
    [[nodiscard]] bool anything() const { return opening || mismatch || refusal || canary; }
  };
  using Pair = std::pair<std::string, std::string>;
  // Rule, owner, operator, desk.
  using SpanKey = std::tuple<std::string, std::string, std::string, std::string>;

  static void touch(bool canary, InCall* call, Counted& counted);
  Counted count(const OrganisationId& owner, const ledger::Entry& entry);
  // The figure of one rule after this entry; 0 where the entry is nothing to it.
  AlarmFigures judge(const WatchRule& rule, const OrganisationId& owner, const ledger::Entry& entry,
                     const Counted& counted);
  std::int64_t in_span(const WatchRule& rule, const OrganisationId& owner,
                       const ledger::Entry& entry, bool counts);
  [[nodiscard]] bool is_new(const WatchRule& rule, const OrganisationId& owner,
                            const ledger::Entry& entry, std::int64_t count) const;
  void tell(const WatchRule& rule, const OrganisationId& owner, const ledger::Entry& entry,
            std::int64_t count);
  void remember_alarm(const OrganisationId& owner, const ledger::Entry& entry);

  const WatchRules& rules_;
  std::map<std::tuple<std::string, std::string, std::string>, InCall> calls_;  // owner, call, who
  std::map<Pair, std::string> last_act_;                                       // owner, operator
  std::map<SpanKey, std::deque<Time>> spans_;
  std::map<Pair, HourlyCounts> habits_;  // owner, operator
  std::map<Pair, OnDesk> desks_;         // owner, desk
  std::map<SpanKey, Told> told_;         // the last part: the call, where the rule is about one
};

}  // namespace madoguchi::vault
