#include "app/administration.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/admin_client.h"
#include "app/ask_secret.h"
#include "app/centre_client.h"
#include "app/command_family.h"
#include "app/release_number.h"

namespace madoguchi::app {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

constexpr std::chrono::milliseconds kAskAgain{250};
constexpr int kTimes = 40;  // ten seconds: the centre tells the vault of new staff within one

// Shared by the commands, which the parser fills and the chosen one reads.
struct Words {
  std::filesystem::path data = "madoguchi-data";
  bool as_json = false;
  std::string id;
  std::string name;
  std::string display_name;
  std::string organisation;
  std::string number;
  std::string role = "operator";
  Texts groups;
  Texts numbers;
  Texts hours;
  std::map<std::string, std::string> members;  // of a desk, as the API names them
  bool glass = false;
  bool at_vault = false;
  bool console = false;
  bool forget = false;
  std::string user;
  bool unrecorded = false;
};
using Shared = std::shared_ptr<Words>;  // shared by the parser's callbacks

Result<json> ask(const Words& words, const std::string& method, const std::string& path,
                 const json& body = {}) {
  const auto centre = ProcessAccess::of_deployment(words.data, "centre");
  if (!centre) return tl::unexpected<Error>(centre.error());
  const auto answer =
      ask_centre(*centre, {method, path, {}, body.is_null() ? "" : body.dump()}, who_asks());
  if (!answer) return tl::unexpected<Error>(answer.error());
  return json::parse(*answer, nullptr, false);
}

Result<std::vector<json>> list(const Words& words, const std::string& path) {
  const auto centre = ProcessAccess::of_deployment(words.data, "centre");
  if (!centre) return tl::unexpected<Error>(centre.error());
  const auto items = list_at_centre(*centre, path, who_asks());
  if (!items) return tl::unexpected<Error>(items.error());
  std::vector<json> parsed;
  for (const std::string& item : *items) parsed.push_back(json::parse(item, nullptr, false));
  return parsed;
}

std::string joined(const json& texts) {
  std::string out;
  for (const json& one : texts) out += (out.empty() ? "" : " ") + one.get<std::string>();
  return out;
}

std::string line_of_named(const json& one) {
  return fmt::format("{:<20} {}", one["id"].get<std::string>(), one["name"].get<std::string>());
}
std::string line_of_desk(const json& one) {
  const std::string unspoken = joined(one["unspoken"]);
  return fmt::format("{:<20} {}  {}  organisation {}  group {}{}", one["id"].get<std::string>(),
                     one["name"].get<std::string>(), joined(one["numbers"]),
                     one["organisation_id"].get<std::string>(), one["group_id"].get<std::string>(),
                     unspoken.empty() ? "" : "  not heard: " + unspoken);
}
std::string line_of_staff(const json& one) {
  std::string line =
      fmt::format("{:<20} {}  {}", one["name"].get<std::string>(),
                  one["display_name"].get<std::string>(), one["role"].get<std::string>());
  if (!one["groups"].empty()) line += "  " + joined(one["groups"]);
  if (const json& of = one["organisation_id"]; of.is_string())
    line += "  organisation " + of.get<std::string>();
  return one["disabled"].get<bool>() ? line + "  disabled" : line;
}

using LineOf = std::string (*)(const json&);

void say(const Words& words, const json& one, LineOf line_of) {
  fmt::print("{}\n", words.as_json ? one.dump() : line_of(one));
}

Result<void> list_command(const Words& words, const std::string& path, LineOf line_of) {
  const auto items = list(words, path);
  if (!items) return tl::unexpected<Error>(items.error());
  for (const json& one : *items) say(words, one, line_of);
  return {};
}

Result<void> put_command(const Words& words, const std::string& path, const json& body,
                         LineOf line_of) {
  const auto made = ask(words, "PUT", path, body);
  if (!made) return tl::unexpected<Error>(made.error());
  say(words, *made, line_of);
  return {};
}

// ---- organisations, numbers, groups

Result<void> organisation_add(const Words& words) {
  return put_command(words, "/organisations/" + words.id, {{"name", words.name}}, line_of_named);
}
Result<void> organisation_list(const Words& words) {
  return list_command(words, "/organisations", line_of_named);
}
Result<void> group_add(const Words& words) {
  return put_command(words, "/groups/" + words.id, {{"name", words.name}}, line_of_named);
}
Result<void> group_list(const Words& words) {
  return list_command(words, "/groups", line_of_named);
}

Result<void> number_bind(const Words& words) {
  const auto vault = ProcessAccess::of_deployment(words.data, "vault");
  if (!vault) return tl::unexpected<Error>(vault.error());
  if (auto bound = bind_number(*vault, words.organisation, words.number); !bound) return bound;
  if (words.as_json)
    fmt::print("{}\n",
               json{{"number", words.number}, {"organisation_id", words.organisation}}.dump());
  else
    fmt::print("{}  organisation {}\n", words.number, words.organisation);
  return {};
}

Result<void> number_release(const Words& words) {
  const auto was = release_number(words.data, words.number, words.organisation);
  if (!was) return tl::unexpected<Error>(was.error());
  if (words.as_json)
    fmt::print("{}\n", json{{"number", words.number},
                            {"was", *was},
                            {"organisation_id",
                             words.organisation.empty() ? json() : json(words.organisation)}}
                           .dump());
  else if (words.organisation.empty())
    fmt::print("{}  nobody's now; it was organisation {}'s\n", words.number, *was);
  else
    fmt::print("{}  organisation {}; it was {}'s\n", words.number, words.organisation, *was);
  return {};
}

Result<void> number_list(const Words& words) {
  const auto vault = ProcessAccess::of_deployment(words.data, "vault");
  if (!vault) return tl::unexpected<Error>(vault.error());
  const auto all = list_numbers(*vault);
  if (!all) return tl::unexpected<Error>(all.error());
  for (const BoundNumbers& one : *all)
    for (const std::string& number : one.numbers)
      if (words.as_json)
        fmt::print("{}\n", json{{"number", number},
                                {"organisation_id", one.organisation},
                                {"organisation_name", one.name}}
                               .dump());
      else
        fmt::print("{:<20} organisation {}  {}\n", number, one.organisation, one.name);
  return {};
}

// ---- desks

Result<void> desk_add(const Words& words) {
  json body = words.members;
  for (const auto& [name, value] : words.members)
    if (value.empty()) body.erase(name);
  if (!words.numbers.empty()) body["numbers"] = words.numbers;
  if (!words.hours.empty()) body["hours"] = words.hours;
  if (words.unrecorded) body["recorded"] = false;
  const auto made = ask(words, "PUT", "/desks/" + words.id, body);
  if (!made) return tl::unexpected<Error>(made.error());
  say(words, *made, line_of_desk);
  if (!(*made)["unspoken"].empty())
    fmt::print(stderr,
               "madoguchi: callers do not hear the words of {}: nothing speaks them; "
               "`madoguchi status` says how to mend that\n",
               words.id);
  return {};
}
Result<void> desk_list(const Words& words) {
  return list_command(words, "/desks", line_of_desk);
}

// ---- status

void print_status(const json& whole) {
  for (const char* part : {"exchange", "vault", "store"}) {
    const json& state = whole["connections"][part];
    const std::string detail = state["detail"].get<std::string>();
    fmt::print("{:<9} {}{}{}\n", part, state["connected"].get<bool>() ? "connected" : "away",
               detail.empty() ? "" : ": ", detail);
  }
  for (const json& trouble : whole["troubles"])
    fmt::print("trouble   {} (since {})\n", trouble["text"].get<std::string>(),
               trouble["since"].get<std::string>());
  for (const auto& [process, counters] : whole["counters"].items())
    for (const auto& [name, count] : counters.items())
      fmt::print("{:<9} {:<28} {}\n", process, name, count.get<std::uint64_t>());
}

Result<void> status_command(const Words& words) {
  const auto status = ask(words, "GET", "/status");
  if (!status) return tl::unexpected<Error>(status.error());
  const auto counted = ask(words, "GET", "/counters");
  if (!counted) return tl::unexpected<Error>(counted.error());
  json whole = {{"counters", json::object()}, {"troubles", (*status)["troubles"]}};
  for (const char* part : {"exchange", "vault", "store"})
    whole["connections"][part] = (*status)[part];
  for (const json& one : (*counted)["items"])
    whole["counters"][one["process"].get<std::string>()][one["name"].get<std::string>()] =
        one["count"];
  // A vault that is away is told of above.
  if (const auto vault = ProcessAccess::of_deployment(words.data, "vault"))
    if (const auto told = read_status(*vault)) {
      whole["counters"]["vault"] = told->counters;
      for (const VaultStatus::Trouble& one : told->troubles)
        whole["troubles"].push_back({{"text", one.text}, {"since", format_utc(one.since)}});
    }
  if (words.as_json)
    fmt::print("{}\n", whole.dump());
  else
    print_status(whole);
  return {};
}

// ---- staff

Result<json> staff_named(const Words& words) {
  const auto all = list(words, "/accounts");
  if (!all) return tl::unexpected<Error>(all.error());
  for (const json& one : *all)
    if (one["name"] == words.name) return one;
  return fail(ErrorCode::kNotFound,
              fmt::format("nobody is called {} (`madoguchi staff list` shows them)", words.name));
}

// Staff at the vault: those who answer calls.
Result<OperatorId> operator_named(const Words& words) {
  const auto account = staff_named(words);
  if (!account) return tl::unexpected<Error>(account.error());
  if (!(*account)["operator_id"].is_string())
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{} answers no calls, so the vault does not know this person; operators "
                    "and supervisors do",
                    words.name));
  return OperatorId((*account)["operator_id"].get<std::string>());
}

Result<void> staff_add(const Words& words) {
  const auto password = ask_secret("Password for the console", Echo::kNo);
  if (!password) return tl::unexpected<Error>(password.error());
  json body = {{"name", words.name},
               {"display_name", words.display_name.empty() ? words.name : words.display_name},
               {"role", words.role},
               {"password", password->reveal()},
               {"groups", words.groups}};
  if (!words.organisation.empty()) body["organisation_id"] = words.organisation;
  const auto made = ask(words, "POST", "/accounts", body);
  if (!made) return tl::unexpected<Error>(made.error());
  say(words, *made, line_of_staff);
  return {};
}

Result<void> staff_list(const Words& words) {
  return list_command(words, "/accounts", line_of_staff);
}

Result<void> staff_password(const Words& words) {
  if (words.glass == words.console)
    return fail(ErrorCode::kInvalid,
                "staff password: say --console (the centre's) or --glass (the vault's)");
  if (words.console) {
    const auto account = staff_named(words);
    if (!account) return tl::unexpected<Error>(account.error());
    const auto password = ask_secret("Password for the console", Echo::kNo);
    if (!password) return tl::unexpected<Error>(password.error());
    return put_command(words, "/accounts/" + (*account)["id"].get<std::string>(),
                       {{"password", password->reveal()}}, line_of_staff);
  }
  const auto who = operator_named(words);
  if (!who) return tl::unexpected<Error>(who.error());
  const auto vault = ProcessAccess::of_deployment(words.data, "vault");
  if (!vault) return tl::unexpected<Error>(vault.error());
  const auto password = ask_secret("Password for the glass", Echo::kNo);
  if (!password) return tl::unexpected<Error>(password.error());
  auto set = set_glass_password(*vault, *who, *password);
  for (int i = 0; i < kTimes && !set && set.error().code == ErrorCode::kNotFound; ++i) {
    std::this_thread::sleep_for(kAskAgain);
    set = set_glass_password(*vault, *who, *password);
  }
  if (!set) return set;
  if (words.as_json)
    fmt::print("{}\n", json{{"operator_id", who->text()}, {"password_set", true}}.dump());
  else
    fmt::print("{} signs in at the glass as {}\n", words.name, who->text());
  return {};
}

// A person of an owner's has no account at the centre: --at-vault takes the name as the vault's id.
Result<void> staff_passkey(const Words& words) {
  const auto who = words.at_vault ? OperatorId::parse(words.name) : operator_named(words);
  if (!who) return tl::unexpected<Error>(who.error());
  const auto vault = ProcessAccess::of_deployment(words.data, "vault");
  if (!vault) return tl::unexpected<Error>(vault.error());
  auto code = make_enrolment_code(*vault, *who);
  for (int i = 0;
       i < kTimes && !code && code.error().code == ErrorCode::kNotFound && !words.at_vault; ++i) {
    std::this_thread::sleep_for(kAskAgain);
    code = make_enrolment_code(*vault, *who);
  }
  if (!code) return tl::unexpected<Error>(code.error());
  if (words.as_json)
    fmt::print("{}\n", json{{"operator_id", who->text()}, {"code", *code}}.dump());
  else
    fmt::print("{} makes a passkey at the glass with this code, once, within a day: {}\n",
               words.name, *code);
  return {};
}

Result<void> staff_phone(const Words& words) {
  const auto who = operator_named(words);
  if (!who) return tl::unexpected<Error>(who.error());
  const auto vault = ProcessAccess::of_deployment(words.data, "vault");
  if (!vault) return tl::unexpected<Error>(vault.error());
  Personal<std::string> number;
  if (!words.forget) {
    auto asked = ask_secret("Number of the phone", Echo::kYes);
    if (!asked) return tl::unexpected<Error>(asked.error());
    number = std::move(*asked);
  }
  if (auto set = set_own_phone(*vault, *who, number); !set) return set;
  if (words.as_json)
    fmt::print("{}\n", json{{"operator_id", who->text()}, {"phone_known", !words.forget}}.dump());
  else
    fmt::print("{}: the phone is {}\n", words.name, words.forget ? "forgotten" : "known");
  return {};
}

// The telephone that registers at the exchange, by the centre's word.
Result<void> staff_sip(const Words& words) {
  if (words.forget != words.user.empty())
    return fail(ErrorCode::kInvalid, "staff sip: say --user, or --forget");
  const auto account = staff_named(words);
  if (!account) return tl::unexpected<Error>(account.error());
  if (!(*account)["operator_id"].is_string())
    return fail(ErrorCode::kInvalid, fmt::format("{} answers no calls", words.name));
  json body = {{"phone_user", words.user}};
  if (!words.forget) {
    const auto password = ask_secret("Password of the telephone", Echo::kNo);
    if (!password) return tl::unexpected<Error>(password.error());
    body["phone_password"] = password->reveal();
  }
  const auto put = ask(words, "PUT", "/accounts/" + (*account)["id"].get<std::string>(), body);
  if (!put) return tl::unexpected<Error>(put.error());
  if (words.as_json)
    fmt::print("{}\n", put->dump());
  else if (words.forget)
    fmt::print("{}: the telephone is forgotten\n", words.name);
  else
    fmt::print("{}: a telephone registers as {}\n", words.name, words.user);
  return {};
}

Result<void> able(const Words& words, bool disabled) {
  const auto account = staff_named(words);
  if (!account) return tl::unexpected<Error>(account.error());
  if (disabled && (*account)["operator_id"].is_string()) {
    // The glass first: what follows can't open anything any more.
    const auto vault = ProcessAccess::of_deployment(words.data, "vault");
    if (!vault) return tl::unexpected<Error>(vault.error());
    const auto done =
        disable_at_vault(*vault, OperatorId((*account)["operator_id"].get<std::string>()));
    if (!done && done.error().code != ErrorCode::kNotFound) return done;
  }
  return put_command(words, "/accounts/" + (*account)["id"].get<std::string>(),
                     {{"disabled", disabled}}, line_of_staff);
}
Result<void> staff_disable(const Words& words) {
  return able(words, true);
}
Result<void> staff_enable(const Words& words) {
  return able(words, false);
}

void add_floor(CLI::App& app, Chosen& chosen, const Shared& words) {
  CLI::App* organisations =
      family(app, "organisation", "Organisations: who owns numbers and calls", words);
  CLI::App* add = member(organisations, "add", "Make one, or give it another name", chosen, words,
                         organisation_add);
  add->add_option("ID", words->id, "A-Z a-z 0-9 _ . -")->required();
  add->add_option("NAME", words->name, "As people read it")->required();
  member(organisations, "list", "Which there are", chosen, words, organisation_list);

  CLI::App* numbers = family(app, "number", "Numbers that callers call", words);
  const auto number = [&](CLI::App* command) {
    command->add_option("NUMBER", words->number, "+81312345678")->required();
    return command;
  };
  const auto to_organisation = [&](CLI::App* command) {
    command->add_option("--organisation", words->organisation, "Its id")->required();
  };
  to_organisation(number(member(numbers, "bind", "Bind one to an organisation; it stays", chosen,
                                words, number_bind)));
  number(member(numbers, "unbind", "Take one that its owner gave free, and no desk uses", chosen,
                words, number_release));
  to_organisation(number(member(numbers, "move", "The same, and bind it to another organisation",
                                chosen, words, number_release)));
  member(numbers, "list", "Which are bound to whom", chosen, words, number_list);

  CLI::App* groups = family(app, "group", "Groups: operators who share queues", words);
  add = member(groups, "add", "Make one, or give it another name", chosen, words, group_add);
  add->add_option("ID", words->id, "A-Z a-z 0-9 _ . -")->required();
  add->add_option("NAME", words->name, "As people read it")->required();
  member(groups, "list", "Which there are", chosen, words, group_list);
}

void add_desk(CLI::App& app, Chosen& chosen, const Shared& words) {
  CLI::App* desks = family(app, "desk", "Desks: what callers reach by a number", words);
  CLI::App* add =
      member(desks, "add", "Make one, or change what is given of it", chosen, words, desk_add);
  add->add_option("ID", words->id, "A-Z a-z 0-9 _ . -")->required();
  add->add_option("--number", words->numbers, "+81312345678; may be given several times")
      ->allow_extra_args(false);
  add->add_option("--hours", words->hours,
                  "\"mon-fri 09:00-18:00\", \"holidays closed\"; may be given several times")
      ->allow_extra_args(false);
  add->add_flag("--unrecorded", words->unrecorded, "Calls are not recorded");
  const auto text = [&](const char* option, const char* name, const char* what) {
    add->add_option(option, words->members[name], what);
  };
  text("--name", "name", "As people read it");
  text("--organisation", "organisation_id", "Id of its organisation");
  text("--group", "group_id", "Id of the group that answers");
  text("--shown-number", "shown_number", "Shown when ringing back; the first number");
  text("--answer", "answer", "at_once or when_free");
  text("--callback", "callback", "ask, announced or never");
  text("--greeting", "greeting", "Spoken at first, where speech is on");
  text("--notice", "notice", "That the call is recorded");
  text("--closed", "closed", "Outside its hours");
  text("--callback-offer", "callback_offer", "Which key to press to be rung back");
  text("--callback-thanks", "callback_thanks", "After that key");
  text("--callback-digits", "callback_digits", "Asks for another number");
  text("--unrecorded-text", "unrecorded", "To those who refuse the recording");
  member(desks, "list", "Which there are", chosen, words, desk_list);
}

void add_staff(CLI::App& app, Chosen& chosen, const Shared& words) {
  CLI::App* staff = family(app, "staff", "People who sign in", words);
  CLI::App* add = member(staff, "add",
                         "Make an account; the console's password is asked for, or read from stdin",
                         chosen, words, staff_add);
  add->add_option("NAME", words->name, "What one signs in with")->required();
  add->add_option("--display-name", words->display_name, "As others read it");
  add->add_option("--role", words->role, "operator, supervisor, administrator or client")
      ->capture_default_str();
  add->add_option("--group", words->groups, "Id of a group; may be given several times")
      ->allow_extra_args(false);
  add->add_option("--organisation", words->organisation, "Of a client's account");
  member(staff, "list", "Who there is", chosen, words, staff_list);
  const auto named = [&](const char* name, const char* what, Result<void> (*run)(const Words&)) {
    CLI::App* command = member(staff, name, what, chosen, words, run);
    command->add_option("NAME", words->name, "What one signs in with")->required();
    return command;
  };
  CLI::App* password =
      named("password", "Set a password; it is asked for, or read from stdin", staff_password);
  password->add_flag("--console", words->console, "For the console, at the centre");
  password->add_flag("--glass", words->glass, "For the glass, at the vault");
  named("passkey", "A one-time code with which this person makes a passkey for the glass",
        staff_passkey)
      ->add_flag("--at-vault", words->at_vault,
                 "NAME is the vault's own id of a person, as of an owner's people");
  CLI::App* sip = named("sip",
                        "Let an operator's SIP telephone register; its password is asked for, or "
                        "read from stdin",
                        staff_sip);
  sip->add_option("--user", words->user, "What the telephone registers as: A-Z a-z 0-9 _ . -");
  sip->add_flag("--forget", words->forget, "It registers no more");
  named("phone", "Set an operator's own phone; the number is asked for, or read from stdin",
        staff_phone)
      ->add_flag("--forget", words->forget, "Forget it instead");
  named("disable", "End this person's sessions and sign-in, at console and glass", staff_disable);
  named("enable", "Let this person sign in at the console again; the glass wants a new passkey",
        staff_enable);
}

}  // namespace

std::string who_asks() {
  const char* name = getlogin();
  return fmt::format("{} (uid {})", name != nullptr ? name : "unknown", getuid());
}

void add_administration(CLI::App& app, Chosen& chosen) {
  const auto words = std::make_shared<Words>();
  add_floor(app, chosen, words);
  add_desk(app, chosen, words);
  add_staff(app, chosen, words);
  CLI::App* status = app.add_subcommand(
      "status", "Connections, troubles, and what each process counts (refused input above all)");
  add_data_option(*status, words->data);
  status->add_flag("--json", words->as_json, "One line of JSON");
  status->callback([&chosen, words] { chosen = [words] { return status_command(*words); }; });
}

}  // namespace madoguchi::app
