// Any sequence of what operators, the owner and the exchange do about cases, sensible or not,
// against a bystander who knows only the promises.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "vault/access/access_fixture.h"

namespace madoguchi::vault {
namespace {

using namespace std::chrono_literals;

std::string any_of(std::initializer_list<std::string> words) {
  return *rc::gen::elementOf(std::vector<std::string>(words));
}
bool one_in(int many) {
  return *rc::gen::inRange(0, many) == 0;
}

class CaseWalk : private AccessWorld {
 public:
  CaseWalk() {
    put_place("ken", "minato", StaffRole::kOperator);
    sign_in("ken", "session-ken", "CC");
    put_place("oku", "sakura", StaffRole::kOwner);
    Mandate mandate = mandate_of("m1", "sakura", "minato", now);
    mandate.purposes.front().cases = true;
    mandate.purposes.front().checks = 1;
    ends_ = mandate.ends;
    put(mandate);
    sign("m1");
  }

  void step() {
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
        now += Micros(*rc::gen::element<std::int64_t>(1, 9'999'999, 61'000'000, 86'400'000'000));
        break;
      case 1:
        lease("call",
              one_in(3) ? std::vector<std::string>{} : std::vector<std::string>{"AA", "CC"});
        break;
      case 2:
        talk();
        break;
      case 3:
        keep();
        break;
      case 4:
        give();
        break;
      case 5:
        hand_on();
        break;
      case 6:
        end();
        break;
      case 7:
        freeze();
        break;
      default:
        open_case();
    }
  }

 private:
  struct Known {
    std::string subject, holder;
    Time ends;
    bool ended = false;
  };
  static std::string session_of(const std::string& who) { return "session-" + who; }
  static std::string anybody() { return any_of({"hana", "ken", "kei"}); }
  std::string fresh(const char* kind) { return kind + std::to_string(next_++); }
  std::pair<const std::string, Known>* any_case() {
    if (cases_.empty()) return nullptr;
    return &*std::next(cases_.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(cases_)));
  }

  void talk() {
    const std::string who = any_of({"hana", "ken"});
    const std::string subject = any_of({"taro", "jiro"});
    const std::string id = fresh("t");
    if (!issue(id, who)) return;
    call_ticket_[who] = id;
    const PersonAsk ask = about(id, subject, session_of(who));
    if (!one_in(3)) authority.checked(ask, "name", true);
    if (open(id, subject, session_of(who)) == "opened") opened_.insert({who, subject});
  }
  void keep() {
    const std::string who = anybody();
    const std::string subject = any_of({"taro", "jiro", "saburo"});
    const std::string with = one_in(4) ? anybody() : who;
    auto may = authority.may_keep(about(call_ticket_[with], subject, session_of(who)), "C-1", now);
    if (!may || !may->id.empty()) return;
    RC_ASSERT(opened_.contains({who, subject}));
    RC_ASSERT(may->holder == OperatorId(who));
    add(*may);
  }
  void give() {
    const std::string to = anybody();
    auto may = authority.may_give(
        {OperatorId("oku"), OrganisationId("sakura"), SubjectId(any_of({"taro", "saburo"})),
         OperatorId(to), DeskId(any_of({"leak", "other"})), any_of({"answer", "call-back"}), "C-2"},
        now);
    if (!may) return;
    RC_ASSERT(to != "kei");
    RC_ASSERT(may->desk == DeskId("leak") && may->purpose == "answer");
    add(*may);
  }
  void add(CaseTicket ticket) {
    RC_ASSERT(ticket.ends > now && ticket.ends <= ends_);
    ticket.id = CaseTicketId(fresh("c"));
    cases_[ticket.id.text()] = {ticket.subject.text(), ticket.holder.text(), ticket.ends};
    authority.cases().put(ticket);
  }
  void hand_on() {
    auto* one = any_case();
    if (one == nullptr) return;
    const std::string by = anybody();
    const std::string to = anybody();
    if (!authority.may_hand_on(CaseTicketId(one->first), OperatorId(by), OperatorId(to), now))
      return;
    RC_ASSERT(one->second.holder == by && to != "kei" && to != by && !one->second.ended);
    authority.hand_on(CaseTicketId(one->first), OperatorId(to), now);
    one->second.holder = to;
  }
  void end() {
    auto* one = any_case();
    if (one == nullptr || !one_in(3)) return;
    const std::string by = any_of({"hana", "ken", "kei", "oku"});
    if (!authority.may_end(CaseTicketId(one->first), OperatorId(by))) return;
    RC_ASSERT(by == "oku" || by == one->second.holder);
    authority.end_case(CaseTicketId(one->first), {now, OperatorId(by), "holder"});
    one->second.ended = true;
  }
  void freeze() {
    frozen_ = one_in(3);
    if (!frozen_) return authority.freezes().lift(FreezeId("f"));
    authority.freezes().put({FreezeId("f"), OrganisationId("sakura"), FreezeScope::kAll, "",
                             OperatorId("oku"), now, ""});
  }
  void open_case() {
    auto* one = any_case();
    if (one == nullptr) return;
    const std::string who = anybody();
    const auto taken =
        authority.take_up(CaseTicketId(one->first), OperatorId(who), SessionKey(session_of(who)),
                          now + 12h, OpeningTicketId(fresh("o")), now);
    if (taken) taken_[taken->id.text()] = one->first;
    if (taken_.empty()) return;
    const auto& [ticket, of] =
        *std::next(taken_.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(taken_)));
    const Known& known = cases_.at(of);
    const std::string presents = anybody();
    const std::string subject = any_of({"taro", "jiro", "saburo"});
    if (open(ticket, subject, session_of(presents)) != "opened") return;
    RC_ASSERT(subject == known.subject);
    RC_ASSERT(presents == known.holder);
    RC_ASSERT(!known.ended && now < known.ends && !frozen_);
  }

  Time ends_;
  bool frozen_ = false;
  int next_ = 0;
  std::map<std::string, std::string> call_ticket_;
  std::set<std::pair<std::string, std::string>> opened_;  // in some call
  std::map<std::string, Known> cases_;
  std::map<std::string, std::string> taken_;
};

RC_GTEST_PROP(Cases, OpenTheirOwnPersonForTheirHolderUntilTheirEndAndNothingElse, ()) {
  CaseWalk walk;
  const int steps = *rc::gen::inRange(1, 400);
  for (int i = 0; i < steps; ++i) walk.step();
}

}  // namespace
}  // namespace madoguchi::vault
