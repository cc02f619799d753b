// The HTTP API of docs/openapi.yaml: who may ask what, the request read strictly, the answer in the
// documented shape. Handlers run on the loop thread; the server's thread only posts to it.
// Whatever reads the store does so on a worker thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "centre/core.h"
#include "web/routes.h"

namespace madoguchi::centre {

class JsonInput;

// Why an operator promises to ring back: id, Japanese, English. What else was said belongs to the
// vault, not here.
inline constexpr std::array<std::array<std::string_view, 3>, 4> kPromiseReasons{
    {{"caller_asked", "お客さまのご希望", "The caller asked for it"},
     {"check_first", "確認してから折り返し", "Something must be checked first"},
     {"other_person", "担当者から折り返し", "Another person will ring"},
     {"other", "その他", "Other"}}};

class Api {
 public:
  // One request on its way.
  struct Ask {
    web::Request request;
    web::Reply reply;
    Session session;     // empty where an operation needs none
    AccountRow account;  // as of now
    Viewer viewer;

    void answer(int status, std::string json) const {
      reply.send(web::json_response(status, std::move(json)));
    }
    void done() const { reply.send({204, "", "", {}}); }
    void accepted() const { answer(202, R"({"accepted":true})"); }
    void refuse(const Error& error) const;
    void refuse(ErrorCode code, std::string message) const {
      refuse(Error{code, std::move(message)});
    }
  };

  enum Roles : unsigned {
    kAnybody = 0,  // without signing in
    kOperators = 1,
    kSupervisors = 2,
    kAdministrators = 4,
    kClients = 8,
    kLeads = kSupervisors | kAdministrators,
    kStaff = kOperators | kLeads,
    kEverybody = kStaff | kClients,
  };

  struct Operation {
    const char* id;  // operationId
    web::Method method;
    const char* path;  // below /api/v1
    unsigned roles;
    void (Api::*handle)(const Ask&);
    std::size_t most_body = web::kUsualBody;
    const char* smaller = "";  // how to send less, in words
  };
  static const std::vector<Operation>& operations();

  explicit Api(Core& core) : core_(core) {}

  [[nodiscard]] web::Routes routes();
  // For the administrator's command line: what administrators may, without a session. Any thread.
  void ask_as_administrator(web::Request request, const web::Reply& reply);

  // ---- What requests wait for
  void seat_opened(const SeatOpened& seat);
  // True when a request waited for this ticket.
  bool ticket_answered(const TicketWanted& wanted, const std::string& word, const std::string& why);
  void expire(Time now);
  void clock_was_set(Micros by);

 private:
  void handle(const Operation& operation, web::Request request, const web::Reply& reply);
  void run(const Operation& operation, const Ask& ask);

  // api_session.cc
  void sign_in(const Ask& ask);
  void get_session(const Ask& ask);
  void sign_out(const Ask& ask);
  void change_password(const Ask& ask);
  void get_choices(const Ask& ask);
  void list_accounts(const Ask& ask);
  void create_account(const Ask& ask);
  void change_account(const Ask& ask);
  void open_events(const Ask& ask);
  [[nodiscard]] std::string session_json(const Session& session, const AccountRow& account) const;
  Result<void> read_groups(JsonInput& input, AccountRow& into) const;
  Result<void> read_phone(JsonInput& input, AccountRow& into) const;
  [[nodiscard]] Result<void> check_account(const AccountRow& account) const;

  // api_operators.cc
  void list_operators(const Ask& ask);
  void get_operator(const Ask& ask);
  void set_operator_state(const Ask& ask);
  void set_own_phone(const Ask& ask);
  void get_seat(const Ask& ask);
  [[nodiscard]] LegId newest_leg(const OperatorId& who) const;
  void open_seat(const Ask& ask);
  void close_seat(const Ask& ask);
  void answer_call(const Ask& ask);
  void decline_call(const Ask& ask);
  void hold_call(const Ask& ask);
  void resume_call(const Ask& ask);
  void mute_call(const Ask& ask);
  void unmute_call(const Ask& ask);
  void transfer_call(const Ask& ask);
  void consult(const Ask& ask);
  void complete_transfer(const Ask& ask);
  void cancel_consult(const Ask& ask);
  void end_call(const Ask& ask);
  void pause_recording(const Ask& ask);
  void resume_recording(const Ask& ask);
  void wrap_up(const Ask& ask);
  void extend_wrap_up(const Ask& ask);
  void promise_callback(const Ask& ask);
  void ring_me(const Ask& ask);
  // Runs a command on the call that the path names and that is with this operator.
  void command(const Ask& ask, const std::function<Result<void>(const OperatorId&, Time)>& run);
  [[nodiscard]] const AccountRow* operator_of(const Ask& ask) const;
  Result<void> become(const OperatorId& who, const std::string& state, const std::string& reason,
                      Time now);

  // api_log.cc
  void list_calls(const Ask& ask);
  void get_call(const Ask& ask);
  void export_calls_csv(const Ask& ask);
  void export_calls_json(const Ask& ask);
  void list_promises(const Ask& ask);
  void get_promise(const Ask& ask);
  void take_promise(const Ask& ask);
  void settle_promise(const Ask& ask);
  Result<CallQuery> call_query(const Ask& ask) const;

  // api_floor.cc
  void list_desks(const Ask& ask);
  void get_desk(const Ask& ask);
  void set_desk_prompts(const Ask& ask);
  void list_groups(const Ask& ask);
  void list_prompts(const Ask& ask);
  void upload_prompt(const Ask& ask);
  void delete_prompt(const Ask& ask);
  void get_prompt_audio(const Ask& ask);
  void get_balance(const Ask& ask);
  void old_balance(const Ask& ask, calendar::Day day);
  void get_status(const Ask& ask);
  void get_counters(const Ask& ask);
  void get_openapi(const Ask& ask);

  // api_setup.cc
  void list_organisations(const Ask& ask);
  void put_organisation(const Ask& ask);
  void put_group(const Ask& ask);
  void put_desk(const Ask& ask);
  // `then` once the vault has bound these numbers, and those of its desks, to the organisation.
  void agree_with_vault(const Ask& ask, const OrganisationPart& organisation,
                        std::vector<std::string> numbers, std::function<void()> then);
  void store_floor(const Ask& ask, FloorRow row, std::function<void()> then);

  // Runs `job` on a worker thread and `then` with its result on the loop; refuses the request
  // itself when the job fails or none can be taken.
  template <typename T>
  void read(const Ask& ask, std::function<Result<T>(CentreStore&)> job,
            std::function<void(const Ask&, T)> then) {
    const bool taken = core_.store_worker_.post([this, ask, job = std::move(job), then] {
      auto outcome = job(core_.store_);
      core_.loop_.post([ask, then, outcome = std::move(outcome)]() mutable {
        if (outcome)
          then(ask, std::move(*outcome));
        else
          ask.refuse(outcome.error());
      });
    });
    if (!taken)
      ask.refuse(ErrorCode::kExhausted, "too many requests wait for the store: try again");
  }

  struct WaitingSeat {
    Ask ask;
    Time until{};
  };
  struct WaitingTicket {
    Ask ask;
    OperatorId who;
    Time until{};
  };

  Core& core_;
  std::map<LegId, WaitingSeat> seats_;
  std::map<OperatorId, LegId> newest_legs_;  // of seats that were opened since the start
  std::map<PromiseId, WaitingTicket> tickets_;
  std::set<std::string> names_in_making_;  // of accounts whose password is being hashed
};

// limit and after, checked. kInvalid names the wrong one.
Result<PageAsk> page_of(const web::Request& request);

// {"items": […], "next": …} of items that are all in memory, in order of their keys.
struct ListItem {
  std::string key;
  std::string json;
};
std::string page_json(const std::vector<ListItem>& items, const PageAsk& page);
// The same of items that the store has cut to one more than the page's limit.
std::string cut_page_json(const std::vector<ListItem>& items, const PageAsk& page);

}  // namespace madoguchi::centre
