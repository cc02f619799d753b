// Any sequence of what owners, the exchange, the centre and operators do, sensible or not, against
// a bystander who knows only the promises.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "vault/access/access_fixture.h"

namespace madoguchi::vault {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kAMinute = 3;
constexpr std::uint32_t kAnHour = 5;
constexpr std::uint32_t kADay = 8;

std::string one_of(std::initializer_list<std::string> words) {
  return *rc::gen::elementOf(std::vector<std::string>(words));
}

// What a bystander knows of a mandate.
struct Known {
  bool signed_ = false;
  bool revoked = false;
};

class Walk : private AccessWorld {
 public:
  Walk() {
    put_place("kai", "nobody", StaffRole::kOperator);
    sign_in("kai", "session-kai", "CC");
    Mandate root = mandate_of("m1", "sakura", "minato", now);
    root.pass_on = PassOn::kAllowed;
    root.limits.in_all = {kAMinute, kAnHour, kADay};
    Mandate leaf = mandate_of("m2", "sakura", "kawa", now + 1h);
    leaf.parent = root.id;
    leaf.ends = now + 70h;
    put(root);
    put(leaf);
    root_ends_ = root.ends;
    leaf_begins_ = leaf.begins;
    leaf_ends_ = leaf.ends;
  }

  void step() {
    switch (*rc::gen::inRange(0, 12)) {
      case 0:
        pass();
        break;
      case 1:
        sign_one();
        break;
      case 2:
        if (*rc::gen::inRange(0, 6) == 0) revoke_one();
        break;
      case 3:
        lease_one();
        break;
      case 4:
        end_call();
        break;
      case 5:
        sign_in(std::string("hana"), "session-hana", "AA");
        break;
      case 6:
        freeze();
        break;
      case 7:
        ask_ticket();
        break;
      default:
        open_one();
    }
  }

 private:
  void pass() {
    now += Micros(*rc::gen::element<std::int64_t>(1, 4'000'000, 9'999'999, 59'000'000,
                                                  3'600'000'000, 30'000'000'000));
    if (*rc::gen::arbitrary<bool>())
      for (const std::string call : {"c1", "c2"}) renew(call);
  }
  void renew(const std::string& call) {
    const auto found = up_.find(call);
    if (found == up_.end()) return;
    authority.leases().renew(CallId(call), now);
    found->second.heard = now;
  }
  void sign_one() {
    const std::string id = one_of({"m1", "m2"});
    if (mandates_[id].signed_) return;
    mandates_[id].signed_ = true;
    sign(id);
  }
  void revoke_one() {
    const std::string id = one_of({"m1", "m2"});
    if (mandates_[id].revoked) return;
    mandates_[id].revoked = true;
    revoke(id);
  }
  void lease_one() {
    const std::string call = one_of({"c1", "c2"});
    std::set<std::string> proofs;
    for (const std::string proof : {"AA", "BB", "CC"})
      if (*rc::gen::arbitrary<bool>()) proofs.insert(proof);
    lease(call, {proofs.begin(), proofs.end()});
    up_[call] = {proofs, now};
  }
  void end_call() {
    const std::string call = one_of({"c1", "c2"});
    authority.leases().end(CallId(call), now);
    up_.erase(call);
  }
  void freeze() {
    if (*rc::gen::inRange(0, 3) > 0) {
      authority.freezes().lift(FreezeId("f"));
      frozen_.clear();
      return;
    }
    frozen_ = one_of({"hana", "kei"});
    authority.freezes().put({FreezeId("f"), OrganisationId("sakura"), FreezeScope::kPerson, frozen_,
                             OperatorId("owner"), now, ""});
  }

  bool on_call(const std::string& who, const std::string& call) const {
    const auto found = up_.find(call);
    const std::string proof = who == "hana" ? "AA" : who == "kei" ? "BB" : "CC";
    return found != up_.end() && found->second.proofs.contains(proof) &&
           now < found->second.heard + 10s;
  }
  bool chain_holds(const std::string& who) {
    const auto good = [&](const std::string& id) {
      return mandates_[id].signed_ && !mandates_[id].revoked;
    };
    if (!good("m1") || now >= root_ends_ || who == "kai") return false;
    return who == "hana" || (good("m2") && now >= leaf_begins_ && now < leaf_ends_);
  }

  void ask_ticket() {
    const std::string who = one_of({"hana", "kei", "kai"});
    const std::string call = one_of({"c1", "c2"});
    const std::string id = "t" + std::to_string(next_++);
    // Sessions last twelve hours; a walk may be longer.
    const auto ticket = issue(id, who, call);
    if (!ticket) return;
    RC_ASSERT(chain_holds(who));
    RC_ASSERT(on_call(who, call));
    tickets_[id] = {who, call};
  }

  void open_one() {
    if (tickets_.empty()) return;
    const auto& [id, ticket] =
        *std::next(tickets_.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(tickets_)));
    const std::string session = "session-" + one_of({"hana", "kei", "kai"});
    const std::string subject = one_of({"taro", "jiro"});
    if (open(id, subject, session) != "opened") return;
    RC_ASSERT(session == "session-" + ticket.who);
    RC_ASSERT(chain_holds(ticket.who));
    RC_ASSERT(frozen_ != ticket.who);
    RC_ASSERT(on_call(ticket.who, ticket.call) ||
              opened_.contains({ticket.who, ticket.call, subject}));
    opened_.insert({ticket.who, ticket.call, subject});
    uses_.push_back(now);
    for (const auto& [most, window] :
         {std::pair<std::size_t, Micros>(kAMinute, 1min), {kAnHour, 1h}, {kADay, 24h}}) {
      std::size_t inside = 0;
      for (const Time use : uses_)
        if (use >= now - window) ++inside;
      RC_ASSERT(inside <= most);
    }
  }

  struct Up {
    std::set<std::string> proofs;
    Time heard;
  };
  struct Held {
    std::string who;
    std::string call;
  };
  std::map<std::string, Known> mandates_;
  std::map<std::string, Up> up_;
  std::map<std::string, Held> tickets_;
  std::set<std::tuple<std::string, std::string, std::string>> opened_;
  std::vector<Time> uses_;
  std::string frozen_;
  Time root_ends_, leaf_begins_, leaf_ends_;
  int next_ = 0;
};

RC_GTEST_PROP(Access, NothingOpensWithoutChainCallAndSessionAndNoLimitIsExceeded, ()) {
  Walk walk;
  const int steps = *rc::gen::inRange(1, 400);
  for (int i = 0; i < steps; ++i) walk.step();
}

// A clock set back, or uses counted again after a restart, free nothing.
RC_GTEST_PROP(Limits, NoWindowHoldsMoreThanItsRate, ()) {
  const Counter counter{"mandate", "m", ""};
  const std::vector<Charge> charges = {{counter, {2, 4, 7}}};
  Limits limits;
  Time now = *parse_utc("2026-11-22T03:00:00Z");
  std::vector<Time> uses;
  for (int i = *rc::gen::inRange(1, 200); i > 0; --i) {
    now += Micros(
        *rc::gen::element<std::int64_t>(0, 1, 20'000'000, 60'000'000, 900'000'000, 7'200'000'000));
    const Time told = now - Micros(*rc::gen::element<std::int64_t>(0, 0, 0, 60'000'000));
    if (*rc::gen::inRange(0, 10) == 0) {
      Limits again;
      for (const Time use : uses) again.count(counter, use);
      limits = again;
    }
    if (*rc::gen::inRange(0, 20) == 0) limits.forget(now);
    if (limits.exceeded(charges, told)) continue;
    limits.count(charges, told);
    uses.push_back(std::max(told, uses.empty() ? told : uses.back()));
  }
  for (const auto& [most, window] : {std::pair<std::size_t, Micros>(2, 1min), {4, 1h}, {7, 24h}})
    for (const Time from : uses) {
      std::size_t inside = 0;
      for (const Time use : uses)
        if (use >= from && use <= from + window) ++inside;
      RC_ASSERT(inside <= most);
    }
}

}  // namespace
}  // namespace madoguchi::vault
