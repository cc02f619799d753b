// The call log and the agreed callbacks.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "centre/api.h"
#include "centre/call_log.h"
#include "centre/json_input.h"
#include "centre/json_writer.h"
#include "routing/names.h"

namespace madoguchi::centre {
namespace {

constexpr std::size_t kExportedAtOnce = 5'000;            // calls in memory as rows
constexpr std::size_t kMostExported = 256 * 1024 * 1024;  // bytes
constexpr Micros kTicketWithin = std::chrono::seconds(9);

// Every call that `query` finds, newest first, each written by `write`: all of them, or an error.
Result<std::string> exported(
    CentreStore& store, CallQuery query, std::string out,
    const std::function<std::string(const std::vector<LoggedCall>&)>& write) {
  query.page = {kExportedAtOnce, ""};
  while (true) {
    const auto log = store.call_log(query);
    if (!log) return tl::unexpected<Error>(log.error());
    if (!log->empty()) out += write(*log);
    if (out.size() > kMostExported)
      return fail(ErrorCode::kExhausted, "more than one file should hold: ask for a shorter time");
    if (log->size() < kExportedAtOnce) return out;
    query.page.after = log->back().call.id.text();
  }
}

}  // namespace

Result<CallQuery> Api::call_query(const Ask& ask) const {
  CallQuery query;
  auto page = page_of(ask.request);
  if (!page) return tl::unexpected<Error>(page.error());
  query.page = *page;
  query.desk = DeskId(std::string(ask.request.query_or("desk_id", "")));
  for (const auto& [name, into] : {std::pair("from", &query.from), std::pair("to", &query.to)}) {
    const std::string_view text = ask.request.query_or(name, "");
    if (text.empty()) continue;
    const auto time = parse_utc(text);
    if (!time) return fail(ErrorCode::kInvalid, fmt::format("{}: {}", name, time.error().message));
    *into = *time;
  }
  if (ask.viewer.is_client()) query.organisation = ask.viewer.organisation;
  if (ask.viewer.role == Role::kOperator) query.with = ask.viewer.operator_id;
  return query;
}

void Api::list_calls(const Ask& ask) {
  auto query = call_query(ask);
  if (!query) return ask.refuse(query.error());
  const std::string_view live = ask.request.query_or("live", "false");
  if (live != "true" && live != "false")
    return ask.refuse(ErrorCode::kInvalid, "live: must be true or false");
  if (live == "true") {
    std::vector<ListItem> items;
    for (const CallId& id : core_.world_.calls()) {
      const CallView* call = core_.world_.call(id);
      if (call == nullptr || !core_.world_.may_see_call(ask.viewer, id)) continue;
      if (query->desk.empty() || query->desk == call->desk)
        items.push_back({id.text(), core_.world_.call_json(id)});
    }
    std::reverse(items.begin(), items.end());
    return ask.answer(200, page_json(items, query->page));
  }
  const PageAsk page = query->page;
  ++query->page.limit;  // one more tells whether there is a next page
  read<std::vector<CallRecord>>(
      ask, [query = *query](CentreStore& store) { return store.calls(query); },
      [this, page](const Ask& to, const std::vector<CallRecord>& calls) {
        std::vector<ListItem> items;
        for (const CallRecord& call : calls)
          items.push_back({call.id.text(), core_.world_.call_json(call)});
        to.answer(200, cut_page_json(items, page));
      });
}

void Api::get_call(const Ask& ask) {
  const CallId id(std::string(ask.request.param("call")));
  read<std::optional<LoggedCall>>(
      ask, [id](CentreStore& store) { return store.call(id); },
      [this](const Ask& to, const std::optional<LoggedCall>& call) {
        const auto took_part = [&] {
          return std::any_of(call->legs.begin(), call->legs.end(), [&](const LegRecord& leg) {
            return !to.viewer.operator_id.empty() && leg.who == to.viewer.operator_id;
          });
        };
        if (!call) return to.refuse(ErrorCode::kNotFound, "there is no such call");
        if (!core_.world_.may_see(to.viewer, call->call) && (to.viewer.is_client() || !took_part()))
          return to.refuse(ErrorCode::kDenied, "this call is not yours to see");
        to.answer(200, call_detail_json(core_.world_.call_json(call->call), *call));
      });
}

void Api::export_calls_csv(const Ask& ask) {
  auto query = call_query(ask);
  if (!query) return ask.refuse(query.error());
  const std::string_view encoding = ask.request.query_or("encoding", "utf-8");
  if (encoding != "utf-8" && encoding != "cp932")
    return ask.refuse(ErrorCode::kInvalid, "encoding: must be utf-8 or cp932");
  const Encoding as = encoding == "cp932" ? Encoding::kCp932 : Encoding::kUtf8;
  read<std::string>(
      ask,
      [query = *query, as, floor = core_.floor_](CentreStore& store) {
        return exported(store, query, call_log_head(as), [&](const std::vector<LoggedCall>& log) {
          return call_log_lines(log, floor, as);
        });
      },
      [as](const Ask& to, std::string csv) {
        web::Response response{200, std::move(csv), "", {}};
        response.content_type =
            as == Encoding::kCp932 ? "text/csv; charset=windows-31j" : "text/csv; charset=utf-8";
        response.headers.emplace_back("Content-Disposition", "attachment; filename=\"calls.csv\"");
        to.reply.send(std::move(response));
      });
}

void Api::export_calls_json(const Ask& ask) {
  auto query = call_query(ask);
  if (!query) return ask.refuse(query.error());
  read<std::string>(
      ask,
      [query = *query](CentreStore& store) -> Result<std::string> {
        bool first = true;
        auto calls = exported(store, query, "", [&](const std::vector<LoggedCall>& log) {
          std::string text;
          for (const LoggedCall& call : log)
            text += (std::exchange(first, false) ? "" : ",") +
                    call_detail_json(call_json(call.call), call);
          return text;
        });
        if (!calls) return calls;
        return JsonObject().raw("calls", "[" + *calls + "]").flag("truncated", false).done();
      },
      [](const Ask& to, std::string json) { to.answer(200, std::move(json)); });
}

void Api::list_promises(const Ask& ask) {
  const auto page = page_of(ask.request);
  if (!page) return ask.refuse(page.error());
  const std::string_view state = ask.request.query_or("state", "open");
  if (state != "open" && state != "all")
    return ask.refuse(ErrorCode::kInvalid, "state: must be open or all");
  const DeskId desk(std::string(ask.request.query_or("desk_id", "")));
  if (state == "open") {
    std::vector<ListItem> items;
    for (const PromiseId& id : core_.world_.promises()) {
      const PromiseRecord& promise = *core_.world_.promise(id);
      if (core_.world_.may_see(ask.viewer, promise) && (desk.empty() || promise.desk == desk))
        items.push_back({id.text(), promise_json(promise)});
    }
    return ask.answer(200, page_json(items, *page));
  }
  PromiseQuery query;
  query.page = *page;
  ++query.page.limit;
  query.desk = desk;
  query.open_only = false;
  if (ask.viewer.is_client()) query.organisation = ask.viewer.organisation;
  read<std::vector<PromiseRecord>>(
      ask, [query](CentreStore& store) { return store.promises(query); },
      [this, page = *page](const Ask& to, const std::vector<PromiseRecord>& promises) {
        std::vector<ListItem> items;
        for (const PromiseRecord& promise : promises)
          if (core_.world_.may_see(to.viewer, promise))
            items.push_back({promise.id.text(), promise_json(promise)});
        // Of a page some may not be shown to this viewer; the next one is asked by the last read.
        const bool more = promises.size() > page.limit;
        if (more && items.size() == promises.size())
          return to.answer(200, cut_page_json(items, page));
        JsonList list;
        for (const ListItem& item : items) list.raw(item.json);
        to.answer(200, JsonObject()
                           .raw("items", std::move(list).done())
                           .text_or_null("next", more ? promises.back().id.text() : "")
                           .done());
      });
}

void Api::get_promise(const Ask& ask) {
  const PromiseId id(std::string(ask.request.param("promise")));
  using Found = std::pair<std::optional<PromiseRecord>, std::vector<AttemptRecord>>;
  read<Found>(
      ask,
      [id](CentreStore& store) -> Result<Found> {
        auto promise = store.promise(id);
        if (!promise) return tl::unexpected<Error>(promise.error());
        auto attempts = store.attempts(id);
        if (!attempts) return tl::unexpected<Error>(attempts.error());
        return Found{std::move(*promise), std::move(*attempts)};
      },
      [this](const Ask& to, const Found& found) {
        if (!found.first) return to.refuse(ErrorCode::kNotFound, "there is no such promise");
        if (!core_.world_.may_see(to.viewer, *found.first))
          return to.refuse(ErrorCode::kDenied, "this promise is not of your groups");
        to.answer(200, promise_detail_json(*found.first, found.second));
      });
}

void Api::take_promise(const Ask& ask) {
  const OperatorId& who = ask.account.operator_id;
  const PromiseId id(std::string(ask.request.param("promise")));
  const PromiseRecord* promise = core_.world_.promise(id);
  if (who.empty()) return ask.refuse(ErrorCode::kDenied, "this account answers no calls");
  if (promise == nullptr) return ask.refuse(ErrorCode::kNotFound, "this promise is not open");
  if (!core_.world_.may_see(ask.viewer, *promise))
    return ask.refuse(ErrorCode::kDenied, "this promise is not of your groups");
  if (const std::string not_now = core_.not_now(); !not_now.empty())
    return ask.refuse(ErrorCode::kUnavailable, not_now);
  const Time now = core_.clock_.now();
  if (const auto taken = core_.flow_.take_promise(who, id, now); !taken)
    return ask.refuse(taken.error());
  tickets_.insert_or_assign(id, WaitingTicket{ask, who, now + kTicketWithin});
}

bool Api::ticket_answered(const TicketWanted& wanted, const std::string& word,
                          const std::string& why) {
  const auto waiting = tickets_.find(wanted.promise);
  if (waiting == tickets_.end() || waiting->second.who != wanted.who) return false;
  const Ask& ask = waiting->second.ask;
  if (word.empty())
    ask.answer(202, JsonObject().id("call_id", wanted.call).done());
  else if (word == "vault_away")
    ask.refuse(ErrorCode::kUnavailable, why);
  else
    ask.reply.send(web::error_response(409, word, why.empty() ? word : why));
  tickets_.erase(waiting);
  return true;
}

void Api::settle_promise(const Ask& ask) {
  const PromiseId id(std::string(ask.request.param("promise")));
  JsonInput input(ask.request.body);
  const std::string outcome = input.text("outcome");
  if (const auto good = input.finish(); !good) return ask.refuse(good.error());
  const PromiseRecord* promise = core_.world_.promise(id);
  if (promise == nullptr) return ask.refuse(ErrorCode::kNotFound, "this promise is not open");
  if (!core_.world_.may_see(ask.viewer, *promise))
    return ask.refuse(ErrorCode::kDenied, "this promise is not of your groups");
  if (core_.pipe_.failing()) return ask.refuse(ErrorCode::kUnavailable, core_.not_now());
  const Time now = core_.clock_.now();
  const OperatorId& who = ask.account.operator_id;
  Result<void> done = fail(ErrorCode::kDenied, "only a supervisor closes a promise like this");
  const auto view = who.empty() ? std::nullopt : core_.flow_.look(who);
  if (view && view->promise == id && view->state == routing::OperatorState::kDialling) {
    const auto met = routing::from_name<routing::AttemptOutcome>(outcome);
    done =
        met ? core_.flow_.dial_outcome(who, *met, now)
            : fail(ErrorCode::kInvalid, "outcome: while ringing: machine, declined, wrong_number");
  } else if (ask.viewer.sees_all()) {
    const auto reason = routing::from_name<routing::CloseReason>(outcome);
    done = reason ? core_.flow_.close_promise(id, *reason, ask.account.id.text(), outcome, now)
                  : fail(ErrorCode::kInvalid,
                         "outcome: must be declined, wrong_number, withdrawn or staff");
  }
  if (!done) return ask.refuse(done.error());
  ask.accepted();
}

}  // namespace madoguchi::centre
