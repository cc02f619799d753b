#include "vault/watching/watching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>

#include "vault/watching/alarm.h"

namespace madoguchi::vault {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

const OrganisationId kOwner("sakura");

// 10:00 in Tokyo, on a Monday.
const Time kMorning = *parse_utc("2026-11-02T01:00:00Z");

// Makes the entries that the vault would write, and keeps the rules that found something.
class Desk {
 public:
  explicit Desk(const WatchRules& rules = WatchRules::built_in()) : watching(rules) {}

  void open(const std::string& who, const std::string& call, Time at, std::int64_t people,
            std::int64_t unlike = 0, int fields = 3) {
    ledger::Entry entry = entry_of(who, call, at, ledger::kind::kOpening);
    entry.outcome = "shown";
    entry.details = {
        {"opening", "o-" + std::to_string(++acts_)}, {"people", people}, {"unlike", unlike}};
    for (int i = 0; i < fields; ++i) take(entry);
  }
  void touch_canary(const std::string& who, const std::string& call, Time at) {
    ledger::Entry entry = entry_of(who, call, at, ledger::kind::kOpening);
    entry.details = {
        {"opening", "o-" + std::to_string(++acts_)}, {"people", std::int64_t{1}}, {"canary", true}};
    take(entry);
  }
  void touch_canary_in_case(const std::string& who, const std::string& reference, Time at) {
    ledger::Entry entry = entry_of(who, "", at, ledger::kind::kOpening);
    entry.case_id = reference;
    entry.details = {
        {"opening", "o-" + std::to_string(++acts_)}, {"people", std::int64_t{1}}, {"canary", true}};
    take(entry);
  }
  void search_canary(const std::string& who, const std::string& call, Time at) {
    ledger::Entry entry = entry_of(who, call, at, ledger::kind::kSearch);
    entry.outcome = "found";
    entry.details = {{"canary", true}};
    take(entry);
  }
  void check(const std::string& who, const std::string& call, Time at, bool matched) {
    ledger::Entry entry = entry_of(who, call, at, ledger::kind::kIdentityCheck);
    entry.outcome = matched ? "match" : "cannot_confirm";
    take(entry);
  }
  void refuse(const std::string& who, const std::string& word, Time at) {
    ledger::Entry entry = entry_of(who, "", at, ledger::kind::kRefusal);
    entry.outcome = "refused_" + word;
    take(entry);
  }
  [[nodiscard]] long times(const std::string& rule) const {
    return std::count(found.begin(), found.end(), rule);
  }

  Watching watching;
  std::vector<std::string> found;
  std::vector<ledger::Entry> log;
  AlarmFigures last;
  bool silent = false;

 private:
  static ledger::Entry entry_of(const std::string& who, const std::string& call, Time at,
                                std::string_view kind) {
    ledger::Entry entry;
    entry.time = at;
    entry.kind = std::string(kind);
    entry.operator_id = who;
    entry.organisation = "minato";
    entry.call = call;
    entry.desk = "leak";
    return entry;
  }
  void take(const ledger::Entry& entry) {
    log.push_back(entry);
    if (silent) return watching.remember(kOwner, entry);
    for (const Finding& finding : watching.see(kOwner, entry)) {
      found.push_back(finding.rule->id);
      last = finding.figures;
      log.push_back(vault::entry_of(make_alarm(AlarmId("a-" + std::to_string(found.size())), kOwner,
                                               *finding.rule, finding.figures, entry)));
    }
  }

  int acts_ = 0;
};

TEST(Watching, TheBuiltInRulesAreGoodAndCoverEveryMeasure) {
  const WatchRules& rules = WatchRules::built_in();
  std::set<Measure> measures;
  for (const WatchRule& rule : rules.all()) measures.insert(rule.measure);
  EXPECT_EQ(measures.size(), 9U);
  EXPECT_TRUE(rules.hours(DeskId("any")).is_open(kMorning));
  EXPECT_FALSE(rules.hours(DeskId("any")).is_open(kMorning + 15h));
}

TEST(Watching, ManyPeopleInOneCallAlarmOnceAndAgainWhenDoubled) {
  Desk desk;
  for (int person = 1; person <= 12; ++person)
    desk.open("hana", "call", kMorning + person * 1min, person);
  EXPECT_EQ(desk.times("people_in_call"), 2);  // at 4, at 8
  EXPECT_EQ(desk.times("many_people_in_call"), 2);
  EXPECT_EQ(desk.last.count, 12);
  EXPECT_EQ(desk.last.limit, 6);
}

TEST(Watching, OneCallSaysNothingAboutAnother) {
  Desk desk;
  for (int call = 0; call < 9; ++call)
    desk.open("hana", "call-" + std::to_string(call), kMorning + call * 5min, 1);
  EXPECT_THAT(desk.found, IsEmpty());
}

TEST(Watching, PeopleUnlikeTheCallAlarm) {
  Desk desk;
  desk.open("hana", "call", kMorning, 2, 1);
  EXPECT_THAT(desk.found, IsEmpty());
  desk.open("hana", "call", kMorning, 3, 2);
  EXPECT_THAT(desk.found, ElementsAre("unlike_call"));
}

TEST(Watching, RepeatedMismatchesAlarmAndFreeze) {
  Desk desk;
  for (int i = 0; i < 5; ++i) desk.check("hana", "call", kMorning + i * 10s, false);
  EXPECT_THAT(desk.found, ElementsAre("mismatches_in_call", "guessing_in_call"));
  EXPECT_TRUE(WatchRules::built_in().find("guessing_in_call")->freezes);
  EXPECT_EQ(desk.last.count, 5);
}

TEST(Watching, MismatchesSpreadOverCallsAlarm) {
  Desk desk;
  for (int i = 0; i < 10; ++i)
    desk.check("hana", "call-" + std::to_string(i), kMorning + i * 5min, false);
  EXPECT_THAT(desk.found, ElementsAre("mismatches"));
  Desk slow;
  for (int i = 0; i < 40; ++i)
    slow.check("hana", "call-" + std::to_string(i), kMorning + i * 8min, false);
  EXPECT_THAT(slow.found, IsEmpty());
}

TEST(Watching, AttemptsAtWhatIsNotAllowedAlarmButPressingWhileStoppedDoesNot) {
  Desk desk;
  for (int i = 0; i < 50; ++i) desk.refuse("hana", "frozen", kMorning + i * 1s);
  EXPECT_THAT(desk.found, IsEmpty());
  for (int i = 0; i < 10; ++i) desk.refuse("hana", "no_ticket", kMorning + 1min + i * 1s);
  EXPECT_THAT(desk.found, ElementsAre("refusals"));
}

TEST(Watching, OpeningsOutsideTheHoursAlarmWithTheDesksOwnClock) {
  Desk desk;
  desk.open("hana", "call", kMorning + 15h + 41min, 1);
  ASSERT_THAT(desk.found, ElementsAre("unusual_hours"));
  EXPECT_EQ(desk.last.local_time, "01:41");
}

TEST(Watching, ACanaryTouchedAlarmsAtOnce) {
  Desk desk;
  desk.touch_canary("hana", "call", kMorning);
  desk.search_canary("kei", "other", kMorning);
  desk.touch_canary_in_case("hana", "C-1", kMorning);
  EXPECT_THAT(desk.found, ElementsAre("canary", "canary", "canary"));
  EXPECT_EQ(desk.log.back().case_id, "C-1");
  EXPECT_EQ(vault::raised_alarm(kOwner, desk.log.back())->case_id, "C-1");
}

// Days of an invented desk: each operator takes a call about every eight minutes, mostly one person
// in each, sometimes a household; now and then a name is misheard.
class QuietDays {
 public:
  QuietDays(Desk& desk, std::uint32_t seed, int operators, double calls_an_hour)
      : desk_(desk), random_(seed), operators_(operators), calls_an_hour_(calls_an_hour) {}

  void day(Time begin) {
    struct Call {
      Time at;
      std::string who;
    };
    std::vector<Call> calls;
    std::exponential_distribution<double> wait(calls_an_hour_ / 3600.0);
    for (int who = 0; who < operators_; ++who)
      for (Time at = begin + seconds(wait(random_)); at < begin + 8h; at += seconds(wait(random_)))
        calls.push_back({at, "op-" + std::to_string(who)});
    std::sort(calls.begin(), calls.end(), [](const Call& a, const Call& b) { return a.at < b.at; });
    std::discrete_distribution<int> people{5, 88, 6, 1};
    std::discrete_distribution<int> misheard{90, 9, 1};
    for (const Call& call : calls) {
      const std::string id = "call-" + std::to_string(++number_);
      const int opened = people(random_);
      for (int i = 0, n = misheard(random_); i < n; ++i) desk_.check(call.who, id, call.at, false);
      for (int person = 1; person <= opened; ++person) {
        desk_.check(call.who, id, call.at, true);
        desk_.open(call.who, id, call.at, person, person > 1 ? 1 : 0);
      }
    }
  }

 private:
  static Micros seconds(double count) { return Micros(static_cast<std::int64_t>(count * 1e6)); }
  Desk& desk_;
  std::mt19937 random_;
  const int operators_;
  const double calls_an_hour_;
  int number_ = 0;
};

TEST(Watching, QuietDaysRaiseNothingAndPlantedPatternsAreFoundInThem) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Desk desk;
    QuietDays days(desk, seed, 6, 6.0);
    for (int day = 0; day < 10; ++day) days.day(kMorning + day * 24h);
    EXPECT_THAT(desk.found, IsEmpty());
    const Time last = kMorning + 10 * 24h;
    for (int i = 0; i < 40; ++i) desk.open("op-1", "many-" + std::to_string(i), last + i * 80s, 1);
    EXPECT_THAT(desk.found, Contains("rise_own"));
    EXPECT_THAT(desk.found, Contains("rise_desk"));
    EXPECT_GT(desk.last.usual_tenths, 40);
    EXPECT_LT(desk.last.usual_tenths, 90);
  }
}

TEST(Watching, WhoAlwaysDoesMuchIsMeasuredByThatButNotAgainstTheDesk) {
  Desk desk;
  desk.silent = true;
  for (int day = 0; day < 10; ++day)
    for (int i = 0; i < 8 * 40; ++i)
      desk.open("busy", "b-" + std::to_string(day * 1000 + i), kMorning + day * 24h + i * 90s, 1);
  desk.silent = false;
  for (int i = 0; i < 60; ++i)
    desk.open("busy", "c-" + std::to_string(i), kMorning + 10 * 24h + i * 60s, 1);
  EXPECT_THAT(desk.found, Not(Contains("rise_own")));
}

TEST(Watching, ANewDeskHasNoHabitAndRaisesNothing) {
  Desk desk;
  for (int i = 0; i < 55; ++i)
    desk.open("hana", "call-" + std::to_string(i), kMorning + i * 60s, 1);
  EXPECT_THAT(desk.found, IsEmpty());
}

TEST(Watching, WhatWasSeenBeforeARestartStillCountsAndIsNotToldTwice) {
  Desk before;
  for (int i = 0; i < 4; ++i) before.check("hana", "call", kMorning + i * 10s, false);
  EXPECT_THAT(before.found, ElementsAre("mismatches_in_call"));
  Desk after;
  for (const ledger::Entry& entry : before.log) after.watching.remember(kOwner, entry);
  after.check("hana", "call", kMorning + 1min, false);
  EXPECT_THAT(after.found, ElementsAre("guessing_in_call"));
}

TEST(Watching, ForgetsCallsThatAreLongOver) {
  Desk desk;
  for (int i = 0; i < 100; ++i) desk.open("hana", "c-" + std::to_string(i), kMorning, 1);
  const std::size_t before = desk.watching.kept();
  desk.watching.forget(kMorning + 48h);
  EXPECT_LT(desk.watching.kept(), before - 90);
}

RC_GTEST_PROP(HourlyCounts, AreWhatCountingAllSays, ()) {
  HourlyCounts counts;
  std::vector<std::pair<Time, std::int64_t>> all;
  Time at = kMorning;
  const int steps = *rc::gen::inRange(1, 80);
  for (int i = 0; i < steps; ++i) {
    at += std::chrono::minutes(*rc::gen::inRange(-90, 400));
    const std::int64_t more = *rc::gen::inRange(1, 5);
    counts.add(at, more, 24h * 365);
    all.emplace_back(at, more);
  }
  const Time until = kMorning + std::chrono::hours(*rc::gen::inRange(0, 200));
  std::set<std::int64_t> hours;
  std::int64_t sum = 0;
  const auto hour = [](Time time) {
    return std::chrono::floor<std::chrono::hours>(time.time_since_epoch()).count();
  };
  for (const auto& [when, more] : all) {
    if (hour(when) >= hour(until)) continue;
    hours.insert(hour(when));
    sum += more;
  }
  RC_ASSERT(counts.until(until).count == sum);
  RC_ASSERT(counts.until(until).hours == static_cast<std::int64_t>(hours.size()));
}

TEST(Alarm, IsReadBackFromItsEntry) {
  Alarm alarm;
  alarm.id = AlarmId("a-1");
  alarm.rule = "rise_own";
  alarm.severity = Severity::kSevere;
  alarm.freezes = true;
  alarm.owner = kOwner;
  alarm.who = OperatorId("hana");
  alarm.actor = OrganisationId("minato");
  alarm.desk = DeskId("leak");
  alarm.call = CallId("call");
  alarm.at = kMorning;
  alarm.figures = {12, 6, 43, 60, "01:41"};
  const auto text = entry_of(alarm).text();
  ASSERT_TRUE(text) << text.error().message;
  const auto entry = ledger::Entry::parse(*text);
  ASSERT_TRUE(entry);
  const auto read = raised_alarm(kOwner, *entry);
  ASSERT_TRUE(read);
  EXPECT_EQ(entry_of(*read).text().value(), *text);
  EXPECT_FALSE(answered_alarm(*entry));
  const auto answer =
      answered_alarm(answer_entry(alarm, {AlarmAnswer::kRelease, OperatorId("oku"), kMorning}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->alarm, alarm.id);
  EXPECT_EQ(answer->answered.answer, AlarmAnswer::kRelease);
}

TEST(WatchRules, SayTheFiguresInWords) {
  EXPECT_EQ(
      say("{count} of {limit}, usual {usual} in {minutes} at {time}", {7, 6, 43, 60, "01:41"}),
      "7 of 6, usual 4.3 in 60 at 01:41");
}

struct BadRules {
  const char* claim;
  const char* toml;
  const char* told;
};

TEST(WatchRules, RefuseWhatMakesNoSense) {
  const std::string rule =
      "[[rule]]\nid = \"a\"\nmeasure = \"mismatches\"\nat_least = 1\nja = \"j\"\nen = \"e\"\n";
  const BadRules table[] = {
      {"a severity nobody knows", "severity = \"dire\"\n", "severity"},
      {"freezing for less than severe", "severity = \"warning\"\nfreezes = true\n", "freezes"},
      {"a key nobody knows", "severity = \"severe\"\nfreeze = true\n", "freeze"},
  };
  for (const BadRules& bad : table) {
    SCOPED_TRACE(bad.claim);
    const auto rules = WatchRules::from_text(rule + bad.toml, "mine.toml");
    ASSERT_FALSE(rules);
    EXPECT_NE(rules.error().message.find(bad.told), std::string::npos) << rules.error().message;
  }
  EXPECT_FALSE(
      WatchRules::from_text("[[rule]]\nid = \"a\"\nmeasure = \"luck\"\nat_least = 1\n"
                            "severity = \"severe\"\nja = \"j\"\nen = \"e\"\n",
                            "mine.toml"));
}

}  // namespace
}  // namespace madoguchi::vault
