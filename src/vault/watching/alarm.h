// An alarm: what a rule found about an operator's acts, told to the owner of the data and to the
// supervisors of the operator's organisation, until the owner says that it was seen. It is kept as
// entries of the owner's log and nowhere else. Plain values; no personal data of the records.
#pragma once

#include <optional>
#include <string>

#include "base/id.h"
#include "ledger/entry.h"
#include "vault/watching/rules.h"

namespace madoguchi::vault {

using AlarmId = Id<struct AlarmTag>;

// What the owner says to an alarm.
enum class AlarmAnswer {
  kSeen,     // noted; what was frozen stays frozen
  kRelease,  // the operator may go on in that call
};

struct Alarm {
  AlarmId id;
  std::string rule;
  Severity severity = Severity::kWarning;
  bool freezes = false;  // the operator opens nothing more in that call, or in any case
  OrganisationId owner;
  OperatorId who;
  OrganisationId actor;  // for whom the operator acts
  DeskId desk;
  CallId call;
  std::string case_id{};  // where there was no call
  Time at;
  AlarmFigures figures;

  struct Answered {
    AlarmAnswer answer = AlarmAnswer::kSeen;
    OperatorId by;
    Time at;
  };
  std::optional<Answered> answered;
};

// `cause` is the entry that the rule found it by.
Alarm make_alarm(const AlarmId& id, const OrganisationId& owner, const WatchRule& rule,
                 const AlarmFigures& figures, const ledger::Entry& cause);
ledger::Entry entry_of(const Alarm& alarm);
ledger::Entry answer_entry(const Alarm& alarm, const Alarm::Answered& answered);

// The reverse. Nothing where the entry is another.
std::optional<Alarm> raised_alarm(const OrganisationId& owner, const ledger::Entry& entry);
struct AlarmAnswered {
  AlarmId alarm;
  Alarm::Answered answered;
};
std::optional<AlarmAnswered> answered_alarm(const ledger::Entry& entry);

}  // namespace madoguchi::vault
