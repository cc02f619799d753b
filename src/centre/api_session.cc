// Signing in, accounts, and the event stream's beginning.
#include <fmt/format.h>

#include "centre/api.h"
#include "centre/json_input.h"
#include "centre/json_writer.h"
#include "centre/password.h"
#include "centre/phones.h"
#include "routing/names.h"

namespace madoguchi::centre {
namespace {

constexpr const char* kCookie = "madoguchi_session";

// What people choose from when they go away; the engine sets the others itself.
constexpr std::array<std::array<std::string_view, 3>, 6> kAwayReasons{
    {{"break", "休憩", "Break"},
     {"meal", "食事", "Meal"},
     {"meeting", "会議", "Meeting"},
     {"training", "研修", "Training"},
     {"desk_work", "事務", "Desk work"},
     {"other", "その他", "Other"}}};

std::string choice_json(std::string_view id, std::string_view ja, std::string_view en) {
  return JsonObject().text("id", id).text("ja", ja).text("en", en).done();
}

template <std::size_t N>
std::string choices_json(const std::array<std::array<std::string_view, 3>, N>& choices) {
  JsonList list;
  for (const auto& [id, ja, en] : choices) list.raw(choice_json(id, ja, en));
  return std::move(list).done();
}

void set_cookie(const Api::Ask& ask, web::Response response, const std::string& value,
                std::chrono::seconds age) {
  response.headers.emplace_back(
      "Set-Cookie", web::session_cookie(kCookie, value, age.count(), ask.request.secure));
  ask.reply.send(std::move(response));
}

}  // namespace

std::string Api::session_json(const Session& session, const AccountRow& account) const {
  JsonObject out;
  out.id("account_id", account.id)
      .text("name", account.name)
      .text("display_name", account.display_name)
      .text("role", name_of(account.role))
      .id_or_null("operator_id", account.operator_id)
      .id_or_null("organisation_id", account.organisation)
      .text("csrf_token", session.csrf_token)
      .time("expires_at", session.expires);
  return std::move(out).done();
}

void Api::sign_in(const Ask& ask) {
  JsonInput input(ask.request.body);
  const std::string name = input.text("name", 64);
  Personal<std::string> password(input.text("password", kMostPassword));
  if (const auto good = input.finish(); !good) {
    ask.refuse(good.error());
    return;
  }
  core_.accounts_.sign_in(name, std::move(password), [this, ask](const Result<SignedIn>& in) {
    if (!in) {
      if (in.error().code == ErrorCode::kDenied)
        ask.reply.send(web::error_response(401, "wrong_password", in.error().message));
      else
        ask.refuse(in.error());
      return;
    }
    const AccountRow* account = core_.accounts_.find(in->session.account);
    set_cookie(ask, web::json_response(200, session_json(in->session, *account)), in->cookie,
               core_.settings_.session_length);
    if (!account->operator_id.empty())
      static_cast<void>(core_.flow_.sign_on(account->operator_id, core_.clock_.now()));
  });
}

void Api::get_session(const Ask& ask) {
  ask.answer(200, session_json(ask.session, ask.account));
}

void Api::sign_out(const Ask& ask) {
  if (!ask.account.operator_id.empty())
    static_cast<void>(core_.flow_.sign_off(ask.account.operator_id, core_.clock_.now()));
  core_.accounts_.sign_out(ask.session, [ask](const Result<void>&) {
    set_cookie(ask, {204, "", "", {}}, "", std::chrono::seconds(0));
  });
}

void Api::change_password(const Ask& ask) {
  JsonInput input(ask.request.body);
  Personal<std::string> old_one(input.text("old_password", kMostPassword));
  Personal<std::string> new_one(input.text("new_password", kMostPassword));
  if (const auto good = input.finish(); !good) {
    ask.refuse(good.error());
    return;
  }
  core_.accounts_.change_password(ask.session, std::move(old_one), std::move(new_one),
                                  [ask](const Result<void>& done) {
                                    if (done)
                                      ask.done();
                                    else
                                      ask.refuse(done.error());
                                  });
}

void Api::get_choices(const Ask& ask) {
  JsonList dispositions;
  for (const Choice& one : core_.settings_.dispositions)
    dispositions.raw(choice_json(one.id, one.ja, one.en));
  ask.answer(200, JsonObject()
                      .raw("away_reasons", choices_json(kAwayReasons))
                      .raw("promise_reasons", choices_json(kPromiseReasons))
                      .raw("dispositions", std::move(dispositions).done())
                      .done());
}

void Api::list_accounts(const Ask& ask) {
  const auto page = page_of(ask.request);
  if (!page) return ask.refuse(page.error());
  std::vector<ListItem> items;
  for (const AccountRow& account : core_.accounts_.all())
    items.push_back({account.id.text(), account_json(account, core_.clock_.now())});
  ask.answer(200, page_json(items, *page));
}

Result<void> Api::read_groups(JsonInput& input, AccountRow& into) const {
  const auto groups = input.optional_texts("groups");
  if (!groups) return {};
  into.groups.clear();
  for (const std::string& group : *groups) {
    if (!core_.floor_.groups.contains(GroupId(group)))
      return fail(ErrorCode::kInvalid, fmt::format("groups: there is no group \"{:.64}\"", group));
    into.groups.emplace_back(group);
  }
  return {};
}

// Both, or an empty user alone, which takes the telephone away.
Result<void> Api::read_phone(JsonInput& input, AccountRow& into) const {
  const auto user = input.optional_text("phone_user", 64);
  const Personal<std::string> password(
      input.optional_text("phone_password", kMostPassword).value_or(""));
  if (!user && password.reveal().empty()) return {};
  if (!user || (user->empty() != password.reveal().empty()))
    return fail(ErrorCode::kInvalid, "phone_password: phone_user and phone_password go together");
  if (user->empty()) {
    into.phone = {};
    return {};
  }
  if (!is_valid_id(*user))
    return fail(ErrorCode::kInvalid, "phone_user: 1 to 64 characters of A-Za-z0-9_.-");
  if (password.reveal().size() < kLeastPassword)
    return fail(ErrorCode::kInvalid, "phone_password: needs 10 characters or more");
  for (const PhoneSettings& phone : phones_of(core_.settings_.staff, core_.accounts_.all()))
    if (phone.user == *user && phone.who.text() != into.id.text() && phone.who != into.operator_id)
      return fail(ErrorCode::kConflict, "phone_user: another operator's telephone has it");
  into.phone = phone_login(*user, password);
  return {};
}

Result<void> Api::check_account(const AccountRow& account) const {
  if (account.name.empty()) return fail(ErrorCode::kInvalid, "name: must not be empty");
  for (const auto& [member, text] :
       {std::pair("name", &account.name), std::pair("display_name", &account.display_name)})
    if (text->find_first_of("\t\r\n") != std::string::npos)
      return fail(ErrorCode::kInvalid, fmt::format("{}: must be one line", member));
  const bool is_client = account.role == Role::kClient;
  if (is_client && !core_.floor_.organisations.contains(account.organisation))
    return fail(ErrorCode::kInvalid,
                "organisation_id: must name the organisation of a client's account");
  if (core_.accounts_.would_leave_no_administrator(account))
    return fail(ErrorCode::kConflict, "this is the last administrator");
  return {};
}

void Api::create_account(const Ask& ask) {
  JsonInput input(ask.request.body);
  AccountRow account;
  account.name = input.text("name", 64);
  // The vault knows people by their id, and they sign in there too: the name, where it can be one.
  const bool can_be_id = is_valid_id(account.name) &&
                         core_.accounts_.find(AccountId(account.name)) == nullptr &&
                         core_.accounts_.of_operator(OperatorId(account.name)) == nullptr;
  account.id = can_be_id ? AccountId(account.name) : core_.accounts_.fresh_id();
  account.display_name = input.text("display_name", 100);
  const auto role = role_from_name(input.text("role"));
  if (!role) input.refuse("role", "must be operator, supervisor, administrator or client");
  account.role = role.value_or(Role::kOperator);
  Personal<std::string> password(input.text("password", kMostPassword));
  account.organisation = OrganisationId(input.optional_text("organisation_id").value_or(""));
  auto good = read_groups(input, account);
  if (good) good = input.finish();
  if (good && password.reveal().empty())
    good = fail(ErrorCode::kInvalid, "password: needs 10 characters or more");
  if (good &&
      (core_.accounts_.named(account.name) != nullptr || names_in_making_.contains(account.name)))
    good = fail(ErrorCode::kConflict, "name: another account has it");
  if (good) good = check_account(account);
  if (!good) return ask.refuse(good.error());
  if (account.role == Role::kOperator || account.role == Role::kSupervisor)
    account.operator_id = OperatorId(account.id.text());
  names_in_making_.insert(account.name);
  const std::string name = account.name;
  core_.accounts_.put(account, std::move(password),
                      [this, ask, name](const Result<AccountRow>& made) {
                        names_in_making_.erase(name);
                        if (made)
                          ask.answer(201, account_json(*made, core_.clock_.now()));
                        else
                          ask.refuse(made.error());
                      });
}

void Api::change_account(const Ask& ask) {
  const AccountRow* known =
      core_.accounts_.find(AccountId(std::string(ask.request.param("account"))));
  if (known == nullptr) return ask.refuse(ErrorCode::kNotFound, "there is no such account");
  AccountRow account = *known;
  JsonInput input(ask.request.body);
  if (const auto name = input.optional_text("display_name", 100)) account.display_name = *name;
  if (const auto text = input.optional_text("role")) {
    const auto role = role_from_name(*text);
    if (!role) input.refuse("role", "must be operator, supervisor, administrator or client");
    account.role = role.value_or(account.role);
  }
  Personal<std::string> password(input.optional_text("password", kMostPassword).value_or(""));
  if (const auto id = input.optional_text("organisation_id"))
    account.organisation = OrganisationId(*id);
  if (const auto disabled = input.optional_flag("disabled")) account.disabled = *disabled;
  auto good = read_phone(input, account);
  if (good) good = read_groups(input, account);
  if (good) good = input.finish();
  if (good) good = check_account(account);
  if (!good) return ask.refuse(good.error());
  const bool answers = account.role == Role::kOperator || account.role == Role::kSupervisor;
  if (answers && account.operator_id.empty()) account.operator_id = OperatorId(account.id.text());
  core_.accounts_.put(account, std::move(password), [this, ask](const Result<AccountRow>& made) {
    if (made)
      ask.answer(200, account_json(*made, core_.clock_.now()));
    else
      ask.refuse(made.error());
  });
}

void Api::open_events(const Ask& ask) {
  ask.reply.upgrade([this, ask](std::shared_ptr<web::Socket> socket) {
    core_.loop_.post([this, ask, socket = std::move(socket)]() mutable {
      // The session may have ended while the connection was being upgraded.
      const AccountRow* account = core_.accounts_.find(ask.account.id);
      if (account == nullptr || !core_.accounts_.is_live(ask.session)) return socket->close();
      core_.hub_.add(std::move(socket), ask.session.token_digest, viewer_of(*account),
                     session_json(ask.session, *account), core_.clock_.now());
    });
  });
}

}  // namespace madoguchi::centre
