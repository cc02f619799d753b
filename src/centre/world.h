// What consoles may see, as last committed: built from the call flow's views and records, joined
// with names of desks, groups and people, and written as the API's JSON shapes. Also says who may
// see what. Loop thread. Holds tokens and ids, never a caller's number.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "centre/accounts.h"
#include "centre/floor_settings.h"
#include "centre/flow/call_flow.h"

namespace madoguchi::centre {

// Who looks.
struct Viewer {
  AccountId account;
  Role role = Role::kOperator;
  OperatorId operator_id;
  OrganisationId organisation;
  std::set<GroupId> groups;

  [[nodiscard]] bool is_client() const { return role == Role::kClient; }
  [[nodiscard]] bool sees_all() const {
    return role == Role::kSupervisor || role == Role::kAdministrator;
  }
};
Viewer viewer_of(const AccountRow& account);

// Things that changed since they were last asked for.
struct Changed {
  std::set<CallId> calls;
  std::set<OperatorId> operators;
  std::set<PromiseId> promises;
  std::set<DeskId> desks;
  std::set<GroupId> groups;
  bool balance = false;
};

class World {
 public:
  // Both must outlive it.
  World(const FloorParts& floor, const Accounts& accounts) : floor_(floor), accounts_(accounts) {}

  void apply(const Record& record);
  void apply(const View& view, Time now);
  Changed take_changed();
  [[nodiscard]] bool has_changes() const;
  void forget(const PromiseId& id);  // an ended one, once it was shown
  void desks_changed(const std::set<DeskId>& desks) {
    changed_.desks.insert(desks.begin(), desks.end());
  }
  // The ticket to the glass that this operator has for the call; empty: none any more.
  void ticket_changed(const CallId& id, const OperatorId& who, const TicketId& ticket);
  void floor_changed();  // names, texts, prompts: everything that shows them

  // ---- Who may see what; false for what is not there
  [[nodiscard]] bool may_see_call(const Viewer& who, const CallId& id) const;
  [[nodiscard]] bool may_see(const Viewer& who, const CallRecord& call) const;
  [[nodiscard]] bool may_see(const Viewer& who, const PromiseRecord& promise) const;
  [[nodiscard]] bool may_see(const Viewer& who, const DeskPart& desk) const;

  // ---- What is there, by key
  [[nodiscard]] std::vector<CallId> calls() const;
  [[nodiscard]] std::vector<PromiseId> promises() const;  // open and taken, most urgent first
  [[nodiscard]] const PromiseRecord* promise(const PromiseId& id) const;
  [[nodiscard]] const CallView* call(const CallId& id) const;
  [[nodiscard]] const OperatorView* look(const OperatorId& id) const;
  [[nodiscard]] std::size_t live_calls() const { return calls_.size(); }

  // ---- JSON, in the shapes of docs/openapi.yaml
  [[nodiscard]] std::string call_json(const CallId& id) const;
  // As it is now where the call is up, else as the record says.
  [[nodiscard]] std::string call_json(const CallRecord& record) const;
  [[nodiscard]] std::string operator_json(const AccountRow& account) const;
  [[nodiscard]] std::string desk_json(const DeskPart& desk, bool speech, Time now) const;
  [[nodiscard]] std::string group_json(const GroupPart& group) const;
  [[nodiscard]] std::string balance_json(const Viewer& who, calendar::Day day,
                                         const std::map<DeskId, routing::DeskBalance>& of) const;
  [[nodiscard]] std::map<DeskId, routing::DeskBalance> today(calendar::Day day) const;

 private:
  struct Live {
    CallView view;
    CallRecord record;
    std::string stage;
    Time stage_since{};
    OperatorId wraps_up;  // whose wrap-up keeps it here after its end
    bool gone = false;
    std::map<OperatorId, TicketId> opening_tickets;
  };

  void apply_call(const CallView& view, Time now);
  void apply_gone(const CallGone& gone);
  void apply_operator(const OperatorView& view);
  void release(const CallId& id);
  void groups_of_desk(const DeskId& desk);
  void groups_of_operator(const OperatorId& who);
  [[nodiscard]] OperatorId wrapping(const CallId& id) const;

  const FloorParts& floor_;
  const Accounts& accounts_;
  std::unordered_map<CallId, Live> calls_;
  std::map<OperatorId, OperatorView> operators_;
  std::set<std::pair<CallId, OperatorId>> wrap_ups_;  // who wraps up after which call
  std::vector<CallId> just_gone_;                     // since the last take_changed()
  std::map<PromiseId, PromiseRecord> promises_;
  std::map<DeskId, QueueView> queues_;
  std::map<DeskId, BalanceView> balances_;
  Changed changed_;
};

// The balance of a day gone by, counted again from what the store keeps of it.
std::map<DeskId, routing::DeskBalance> count_balance(const std::vector<CallRecord>& calls,
                                                     const std::vector<PromiseRecord>& promises);

// Of calls and promises that may have ended long ago, from the store.
std::string call_json(const CallRecord& record);
// `call`: what call_json() says of it.
std::string call_detail_json(std::string call, const LoggedCall& logged);
std::string promise_json(const PromiseRecord& promise);
std::string promise_detail_json(const PromiseRecord& promise,
                                const std::vector<AttemptRecord>& attempts);
std::string account_json(const AccountRow& account, Time now);
std::string prompt_json(const PromptRow& prompt, bool at_exchange);

}  // namespace madoguchi::centre
