#include "centre/api.h"

#include <sodium.h>

#include <charconv>

#include "centre/console_folders.h"
#include "centre/json_writer.h"
#include "centre/sound.h"
#include "web/static_files.h"

namespace madoguchi::centre {
namespace {

constexpr const char* kSmallerSound =
    "save the sound as mono of 8 kHz, 16 bits, which is what telephones carry (16,000 bytes a "
    "second), or shorten it";

using web::Method;

constexpr const char* kBase = "/api/v1";
constexpr const char* kCookie = "madoguchi_session";

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kDenied:
      return 403;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kExhausted:
      return 429;
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

unsigned bit_of(Role role) {
  switch (role) {
    case Role::kOperator:
      return Api::kOperators;
    case Role::kSupervisor:
      return Api::kSupervisors;
    case Role::kAdministrator:
      return Api::kAdministrators;
    case Role::kClient:
      return Api::kClients;
  }
  return 0;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && !a.empty() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

// A page of another site can send a form or plain text without asking first, never these types.
bool type_allowed(const web::Request& request) {
  if (request.body.empty()) return true;
  const std::string_view type = request.header("Content-Type");
  return type.starts_with("application/json") || type.starts_with("audio/wav") ||
         type.starts_with("audio/x-wav");
}

}  // namespace

void Api::Ask::refuse(const Error& error) const {
  reply.send(web::error_response(status_of(error.code), name_of(error.code), error.message));
}

Result<PageAsk> page_of(const web::Request& request) {
  PageAsk page;
  const std::string_view limit = request.query_or("limit", "50");
  const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), page.limit);
  if (error != std::errc() || end != limit.data() + limit.size() || page.limit < 1 ||
      page.limit > 200)
    return fail(ErrorCode::kInvalid, "limit: must be a number from 1 to 200");
  page.after = request.query_or("after", "");
  if (!page.after.empty() && !is_valid_id(page.after))
    return fail(ErrorCode::kInvalid, "after: must be the `next` of the page before");
  return page;
}

std::string cut_page_json(const std::vector<ListItem>& items, const PageAsk& page) {
  JsonList list;
  std::string_view next;
  for (std::size_t i = 0; i < items.size() && i < page.limit; ++i) {
    list.raw(items[i].json);
    if (i + 1 == page.limit && items.size() > page.limit) next = items[i].key;
  }
  JsonObject out;
  out.raw("items", std::move(list).done()).text_or_null("next", next);
  return std::move(out).done();
}

std::string page_json(const std::vector<ListItem>& items, const PageAsk& page) {
  std::size_t from = 0;
  if (!page.after.empty()) {
    while (from < items.size() && items[from].key != page.after) ++from;
    if (from < items.size()) ++from;
  }
  return cut_page_json({items.begin() + static_cast<std::ptrdiff_t>(from), items.end()}, page);
}

const std::vector<Api::Operation>& Api::operations() {
  using A = Api;
  constexpr auto G = Method::kGet;
  constexpr auto P = Method::kPost;
  constexpr auto U = Method::kPut;
  constexpr auto D = Method::kDelete;
  constexpr unsigned kSeats = kOperators | kSupervisors;  // who may sit at one
  constexpr unsigned kExports = kLeads | kClients;
  static const std::vector<Operation> all = {
      {"sign_in", P, "/session", kAnybody, &A::sign_in},
      {"get_session", G, "/session", kEverybody, &A::get_session},
      {"sign_out", D, "/session", kEverybody, &A::sign_out},
      {"change_password", P, "/session/password", kEverybody, &A::change_password},
      {"get_choices", G, "/choices", kEverybody, &A::get_choices},
      {"list_accounts", G, "/accounts", kAdministrators, &A::list_accounts},
      {"create_account", P, "/accounts", kAdministrators, &A::create_account},
      {"change_account", U, "/accounts/{account}", kAdministrators, &A::change_account},
      {"list_operators", G, "/operators", kStaff, &A::list_operators},
      {"get_operator", G, "/operators/{operator}", kStaff, &A::get_operator},
      {"set_operator_state", U, "/operators/{operator}/state", kStaff, &A::set_operator_state},
      {"set_own_phone", U, "/operators/{operator}/own_phone", kStaff, &A::set_own_phone},
      {"get_seat", G, "/seat", kSeats, &A::get_seat},
      {"open_seat", P, "/seat", kSeats, &A::open_seat},
      {"close_seat", D, "/seat", kSeats, &A::close_seat},
      {"list_calls", G, "/calls", kEverybody, &A::list_calls},
      {"export_calls_csv", G, "/calls.csv", kExports, &A::export_calls_csv},
      {"export_calls_json", G, "/calls.json", kExports, &A::export_calls_json},
      {"get_call", G, "/calls/{call}", kEverybody, &A::get_call},
      {"answer_call", P, "/calls/{call}/answer", kSeats, &A::answer_call},
      {"decline_call", P, "/calls/{call}/decline", kSeats, &A::decline_call},
      {"hold_call", P, "/calls/{call}/hold", kSeats, &A::hold_call},
      {"resume_call", P, "/calls/{call}/resume", kSeats, &A::resume_call},
      {"mute_call", P, "/calls/{call}/mute", kSeats, &A::mute_call},
      {"unmute_call", P, "/calls/{call}/unmute", kSeats, &A::unmute_call},
      {"transfer_call", P, "/calls/{call}/transfer", kSeats, &A::transfer_call},
      {"consult", P, "/calls/{call}/consult", kSeats, &A::consult},
      {"complete_transfer", P, "/calls/{call}/complete_transfer", kSeats, &A::complete_transfer},
      {"cancel_consult", P, "/calls/{call}/cancel_consult", kSeats, &A::cancel_consult},
      {"end_call", P, "/calls/{call}/end", kSeats, &A::end_call},
      {"pause_recording", P, "/calls/{call}/pause_recording", kSeats, &A::pause_recording},
      {"resume_recording", P, "/calls/{call}/resume_recording", kSeats, &A::resume_recording},
      {"wrap_up", P, "/calls/{call}/wrap_up", kSeats, &A::wrap_up},
      {"extend_wrap_up", P, "/calls/{call}/extend_wrap_up", kSeats, &A::extend_wrap_up},
      {"promise_callback", P, "/calls/{call}/promise", kSeats, &A::promise_callback},
      {"list_promises", G, "/promises", kEverybody, &A::list_promises},
      {"get_promise", G, "/promises/{promise}", kEverybody, &A::get_promise},
      {"take_promise", P, "/promises/{promise}/take", kSeats, &A::take_promise},
      {"settle_promise", P, "/promises/{promise}/outcome", kStaff, &A::settle_promise},
      {"list_organisations", G, "/organisations", kLeads, &A::list_organisations},
      {"put_organisation", U, "/organisations/{organisation}", kAdministrators,
       &A::put_organisation},
      {"list_desks", G, "/desks", kEverybody, &A::list_desks},
      {"get_desk", G, "/desks/{desk}", kEverybody, &A::get_desk},
      {"put_desk", U, "/desks/{desk}", kAdministrators, &A::put_desk},
      {"set_desk_prompts", U, "/desks/{desk}/prompts", kLeads, &A::set_desk_prompts},
      {"list_groups", G, "/groups", kStaff, &A::list_groups},
      {"put_group", U, "/groups/{group}", kAdministrators, &A::put_group},
      {"list_prompts", G, "/prompts", kStaff, &A::list_prompts},
      {"upload_prompt", P, "/prompts", kLeads, &A::upload_prompt, kMostUpload, kSmallerSound},
      {"delete_prompt", D, "/prompts/{prompt}", kLeads, &A::delete_prompt},
      {"get_prompt_audio", G, "/prompts/{prompt}/audio", kStaff, &A::get_prompt_audio},
      {"get_balance", G, "/balance", kEverybody, &A::get_balance},
      {"ring_me", P, "/demo/ring-me", kSeats, &A::ring_me},
      {"get_status", G, "/status", kEverybody, &A::get_status},
      {"get_counters", G, "/counters", kAdministrators, &A::get_counters},
      {"get_openapi", G, "/openapi.yaml", kAnybody, &A::get_openapi},
      {"open_events", G, "/events", kEverybody, &A::open_events},
  };
  return all;
}

web::Routes Api::routes() {
  web::Routes routes;
  for (const Operation& operation : operations())
    routes.add({operation.method, std::string(kBase) + operation.path,
                [this, &operation](web::Request request, const web::Reply& reply) {
                  const bool taken = core_.loop_.post(
                      [this, &operation, request = std::move(request), reply]() mutable {
                        handle(operation, std::move(request), reply);
                      });
                  if (!taken)
                    reply.send(web::error_response(503, "unavailable", "the centre is stopping"));
                },
                operation.most_body, operation.smaller});
  if (core_.settings_.consoles.empty()) return routes;

  std::vector<web::StaticFiles> sites;
  for (const auto& [name, folder] : consoles_in(core_.settings_.consoles))
    sites.emplace_back("/" + name, folder);
  routes.otherwise([sites](const web::Request& request, const web::Reply& reply) {
    for (const web::StaticFiles& site : sites)
      if (site.covers(request)) {
        reply.send(web::at_its_name(request, site.serve(request)));
        return;
      }
    if (request.path == "/") {
      web::Response moved = web::text_response(302, "");
      moved.headers.emplace_back("Location", "/operator/");
      reply.send(std::move(moved));
      return;
    }
    reply.send(web::error_response(404, "not_found", "there is nothing at this path"));
  });
  return routes;
}

void Api::handle(const Operation& operation, web::Request request, const web::Reply& reply) {
  Ask ask{std::move(request), reply, {}, {}, {}};
  if (!type_allowed(ask.request)) {
    ask.refuse(ErrorCode::kInvalid, "Content-Type: must be application/json");
    return;
  }
  if (operation.roles == kAnybody) {
    (this->*operation.handle)(ask);
    return;
  }
  const Session* session = core_.accounts_.session_of(ask.request.cookie(kCookie).value_or(""));
  if (session == nullptr) {
    reply.send(web::error_response(401, "signed_out", "sign in first"));
    return;
  }
  ask.session = *session;
  ask.account = *core_.accounts_.find(session->account);
  ask.viewer = viewer_of(ask.account);
  const bool changes = operation.method != Method::kGet && operation.method != Method::kHead;
  if (changes && !same_secret(ask.request.header("X-Csrf-Token"), session->csrf_token)) {
    ask.refuse(ErrorCode::kDenied, "X-Csrf-Token: must be the session's csrf_token");
    return;
  }
  run(operation, ask);
}

void Api::run(const Operation& operation, const Ask& ask) {
  if ((operation.roles & bit_of(ask.account.role)) == 0) {
    ask.refuse(ErrorCode::kDenied, "your role may not do this");
    return;
  }
  for (const auto& [name, value] : ask.request.params)
    if (!is_valid_id(value)) {
      ask.refuse(ErrorCode::kNotFound, "there is no such " + name);
      return;
    }
  (this->*operation.handle)(ask);
}

void Api::ask_as_administrator(web::Request request, const web::Reply& reply) {
  for (const Operation& operation : operations()) {
    if (operation.method != request.method) continue;
    if (!web::fits(operation.path, request.path, request.params)) continue;
    const bool taken =
        core_.loop_.post([this, &operation, request = std::move(request), reply]() mutable {
          Ask ask{std::move(request), reply, {}, {}, {}};
          ask.account.id = AccountId("command-line");
          ask.account.name = "command-line";
          ask.account.role = Role::kAdministrator;
          ask.viewer = viewer_of(ask.account);
          run(operation, ask);
        });
    if (!taken) reply.send(web::error_response(503, "unavailable", "the centre is stopping"));
    return;
  }
  reply.send(web::error_response(404, "not_found", "there is no such operation"));
}

void Api::clock_was_set(Micros by) {
  for (auto& [leg, seat] : seats_) seat.until += by;
  for (auto& [promise, ticket] : tickets_) ticket.until += by;
}

void Api::expire(Time now) {
  for (auto it = seats_.begin(); it != seats_.end();) {
    if (now < it->second.until) {
      ++it;
      continue;
    }
    it->second.ask.refuse(ErrorCode::kUnavailable, "the exchange did not answer: try again");
    it = seats_.erase(it);
  }
  for (auto it = tickets_.begin(); it != tickets_.end();) {
    if (now < it->second.until) {
      ++it;
      continue;
    }
    it->second.ask.refuse(ErrorCode::kUnavailable, "the vault did not answer: try again");
    it = tickets_.erase(it);
  }
}

}  // namespace madoguchi::centre
