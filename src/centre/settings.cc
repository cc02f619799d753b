#include "centre/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "centre/desk_input.h"
#include "routing/names.h"
#include "web/hosts.h"
#include "web/settings.h"

namespace madoguchi::centre {
namespace {

constexpr std::int64_t kLeastRing = 5;  // seconds in which somebody can pick up

template <typename Tag>
Id<Tag> read_id(Config& table, std::string_view key) {
  const auto id = Id<Tag>::parse(table.text(key));
  if (id) return *id;
  if (table.has(key)) table.refuse(key, id.error().message);
  return {};
}

template <typename Enum>
Enum read_name(Config& table, std::string_view key, Enum fallback) {
  const std::string text = table.text_or(key, std::string(routing::name_of(fallback)));
  if (const auto value = routing::from_name<Enum>(text)) return *value;
  std::string known;
  for (std::uint8_t i = 0; !routing::name_of(static_cast<Enum>(i)).empty(); ++i)
    known +=
        fmt::format("{}\"{}\"", known.empty() ? "" : ", ", routing::name_of(static_cast<Enum>(i)));
  table.refuse(key, fmt::format("\"{}\" is none of {}", text, known));
  return fallback;
}

void read_web(Config table, Settings& into) {
  web::read_listening(table, 8080, into.web);
  web::read_hosts(table, into.web);
  into.consoles = table.path_or("consoles", {});
  const std::string& glass = into.glass_origin = table.text_or("glass_origin", "");
  if (glass.empty()) return;
  if (!web::is_origin(glass))
    table.refuse("glass_origin",
                 "must be scheme://host or scheme://host:port in lower case and no more, as "
                 "https://vault.example.jp:8443");
  // The console holds the vault's glass in a frame; nothing else may be framed.
  into.web.content_security_policy += "; frame-src " + glass;
}

void read_rpc(Config table, Settings& into) {
  into.rpc_listen = table.text_or("listen", "");
  into.exchange_address = table.text("exchange");
  into.vault_address = table.text("vault");
  into.rpc_authority = table.path_or("authority", {});
  into.rpc_certificate = table.path_or("certificate", {});
  into.rpc_key = table.path_or("key", {});
  for (const char* key : {"authority", "certificate", "key"})
    if (!table.has(key)) table.refuse(key, "is missing");
}

void read_accounts(Config table, Settings& into) {
  into.session_length = std::chrono::hours(table.integer_or("session_hours", 12, 1, 24));
  into.first_administrator = table.text_or("first_administrator", "");
  into.first_password = table.text_or("first_password", "");
  if (into.first_administrator.empty() != into.first_password.empty())
    table.refuse("first_password", "first_administrator and first_password go together");
}

void read_speech(Config table, Settings& into) {
  into.speech.enabled = table.flag_or("enabled", false);
  into.speech.program = table.text_or("program", "espeak-ng");
  into.speech.reader = table.text_or("reader", "mecab");
  into.speech.words_per_minute =
      static_cast<int>(table.integer_or("words_per_minute", 150, 80, 400));
}

void read_demo(Config table, Settings& into) {
  into.demo.ring_me = table.flag_or("ring_me", false);
  into.demo.vault_passwords = table.flag_or("vault_passwords", false);
  into.demo.caller_text = table.text_or(
      "caller_text", "お手紙をいただいた者ですが、今後どうしたらいいのか、教えていただけますか。");
}

// Browsers refuse to make any connection when one of these is wrong (W3C WebRTC, 4.4.1.6).
IceServer read_ice(Config& table) {
  IceServer server{table.texts_or("urls", {}), table.text_or("username", ""),
                   table.text_or("credential", "")};
  const auto begins = [](const std::string& url, std::initializer_list<std::string_view> schemes) {
    return std::any_of(schemes.begin(), schemes.end(), [&](std::string_view scheme) {
      return url.starts_with(scheme) && url.size() > scheme.size();
    });
  };
  for (const std::string& url : server.urls) {
    const bool turn = begins(url, {"turn:", "turns:"});
    if ((!turn && !begins(url, {"stun:", "stuns:"})) || url.find('/') != std::string::npos)
      table.refuse("urls", fmt::format("\"{}\" is none, it looks like stun:host:3478 or "
                                       "turn:host:3478?transport=tcp",
                                       url));
    if (turn && (server.username.empty() || server.credential.empty()))
      table.refuse("username", "turn: needs username and credential");
  }
  if (server.urls.empty()) table.refuse("urls", "must name one server at least");
  return server;
}

void read_choices(Config& root, Settings& into) {
  std::set<std::string> ids;
  for (Config& table : root.tables("disposition")) {
    Choice choice{table.text("id"), table.text("ja"), table.text("en")};
    if (!is_valid_id(choice.id)) table.refuse("id", "an id has 1 to 64 characters of A-Z a-z 0-9");
    if (!ids.insert(choice.id).second) table.refuse("id", "stands here twice");
    into.dispositions.push_back(std::move(choice));
  }
  if (into.dispositions.empty())
    into.dispositions = {{"answered", "回答済み", "Answered"},
                         {"guided", "一般案内", "General guidance"},
                         {"second_line", "二次対応へ", "To second line"},
                         {"promise", "折り返しお約束", "Callback agreed"},
                         {"wrong_number", "間違い電話", "Wrong number"},
                         {"silent", "無言・切断", "Silent or cut"},
                         {"other", "その他", "Other"}};
  for (Config& table : root.tables("ice_server")) into.ice_servers.push_back(read_ice(table));
}

void read_staff(Config& root, Settings& into) {
  std::set<std::string> names, ids, phones;
  for (Config& table : root.tables("operator")) {
    StaffSettings staff;
    staff.id = read_id<OperatorTag>(table, "id");
    staff.name = table.text_or("name", staff.id.text());
    staff.display_name = table.text_or("display_name", staff.name);
    staff.password = table.text("password");
    if (table.has("password") && staff.password.size() < 10)
      table.refuse("password", "needs 10 characters or more");
    const auto role = role_from_name(table.text_or("role", "operator"));
    if (!role) table.refuse("role", "must be operator, supervisor, administrator or client");
    staff.role = role.value_or(Role::kOperator);
    for (const std::string& group : table.texts_or("groups", {})) {
      if (!into.floor.groups.contains(GroupId(group)))
        table.refuse("groups", fmt::format("there is no group \"{}\"", group));
      staff.groups.emplace_back(group);
    }
    const std::string organisation = table.text_or("organisation", "");
    if (staff.role == Role::kClient &&
        !into.floor.organisations.contains(OrganisationId(organisation)))
      table.refuse("organisation", "must name the organisation of a client's account");
    staff.organisation = OrganisationId(organisation);
    staff.phone_user = table.text_or("phone_user", "");
    staff.phone_password = table.text_or("phone_password", "");
    if (staff.phone_user.empty() != staff.phone_password.empty())
      table.refuse("phone_password", "phone_user and phone_password go together");
    if (!ids.insert(staff.id.text()).second) table.refuse("id", "stands here twice");
    if (!names.insert(staff.name).second) table.refuse("name", "stands here twice");
    if (!staff.phone_user.empty() && !phones.insert(staff.phone_user).second)
      table.refuse("phone_user", "stands here twice");
    into.staff.push_back(std::move(staff));
  }
}

void read_texts(Config table, DeskPart& into) {
  for (std::size_t i = 0; i < kSounds; ++i)
    into.texts[i] = table.text_or(name_of(static_cast<Sound>(i)), "");
  into.place_text = table.text_or("place", "");
  if (!into.place_text.empty() && into.words_for_place(1).empty())
    table.refuse("place", "must have {n} where the place in the queue is said");
}

Micros read_seconds(Config& table, std::string_view key, Micros fallback, std::int64_t most,
                    std::int64_t least = 0) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(fallback).count();
  return std::chrono::seconds(table.integer_or(key, seconds, least, most));
}

DeskPart read_desk(Config& table, const Settings& settings, std::set<std::string>& numbers) {
  DeskPart part;
  routing::Desk& desk = part.routing;
  desk.id = read_id<DeskTag>(table, "id");
  part.name = table.text("name");
  desk.organisation = read_id<OrganisationTag>(table, "organisation");
  if (!settings.floor.organisations.contains(desk.organisation))
    table.refuse("organisation",
                 fmt::format("there is no organisation \"{}\"", desk.organisation.text()));
  desk.group = read_id<GroupTag>(table, "group");
  if (!settings.floor.groups.contains(desk.group))
    table.refuse("group", fmt::format("there is no group \"{}\"", desk.group.text()));
  desk.numbers = table.texts_or("numbers", {});
  if (desk.numbers.empty()) table.refuse("numbers", "a desk needs one number at least");
  for (const std::string& number : desk.numbers) {
    if (!is_number(number))
      table.refuse("numbers", fmt::format("\"{}\" is none, it looks like +81312345678", number));
    if (!numbers.insert(number).second)
      table.refuse("numbers", fmt::format("{} belongs to another desk already", number));
  }
  part.shown_number =
      table.text_or("shown_number", desk.numbers.empty() ? "" : desk.numbers.front());
  if (!part.shown_number.empty() && !is_number(part.shown_number))
    table.refuse("shown_number", "a number looks like +81312345678");
  desk.answer = read_name(table, "answer", routing::AnswerMode::kAtOnce);
  desk.callback = read_name(table, "callback", routing::CallbackPolicy::kAsk);
  desk.wrap_up_end = read_name(table, "wrap_up_end", routing::WrapUpEnd::kStay);
  desk.announce_place = table.flag_or("announce_place", false);
  part.place_every = std::max(read_seconds(table, "place_every_s", part.place_every, 3600),
                              Micros(std::chrono::seconds(10)));
  part.recorded = table.flag_or("recorded", true);
  desk.ring_limit = read_seconds(table, "ring_limit_s", desk.ring_limit, 300, kLeastRing);
  desk.wrap_up_limit = read_seconds(table, "wrap_up_limit_s", desk.wrap_up_limit, 86'400);
  desk.promise_within = read_seconds(table, "promise_within_s", desk.promise_within, 864'000);
  desk.promise_repeat = read_seconds(table, "promise_repeat_s", desk.promise_repeat, 864'000);
  desk.promise_attempts = static_cast<int>(table.integer_or("promise_attempts", 5, 1, 20));
  part.callback_offer_every = read_seconds(table, "callback_offer_every_s", Micros(0), 3600);
  if (table.has("hours")) {
    Config hours = table.table("hours");
    desk.hours = calendar::OpeningHours::from_config(hours);
    if (!desk.hours.ever_opens())
      table.refuse("hours",
                   "the desk would never be open: name its days, e.g. mon = "
                   "[\"09:00-18:00\"], or leave the table out for always");
  }
  read_texts(table.table("texts"), part);
  return part;
}

void read_floor(Config& root, Settings& into) {
  for (Config& table : root.tables("organisation")) {
    const auto id = read_id<OrganisationTag>(table, "id");
    if (!into.floor.organisations.insert({id, {id, table.text("name")}}).second)
      table.refuse("id", "stands here twice");
  }
  for (Config& table : root.tables("group")) {
    const auto id = read_id<GroupTag>(table, "id");
    if (!into.floor.groups.insert({id, {id, table.text("name")}}).second)
      table.refuse("id", "stands here twice");
  }
  std::set<std::string> numbers;
  for (Config& table : root.tables("desk")) {
    DeskPart part = read_desk(table, into, numbers);
    const DeskId id = part.routing.id;
    if (!into.floor.desks.emplace(id, std::move(part)).second)
      table.refuse("id", "stands here twice");
  }
}

}  // namespace

Result<Settings> Settings::from_file(const std::filesystem::path& file) {
  auto config = Config::from_file(file);
  if (!config) return tl::unexpected<Error>(config.error());
  return from_config(std::move(*config));
}

Result<Settings> Settings::from_config(Config config) {
  Settings settings;
  settings.database = config.text("database");
  settings.data = config.path_or("data", {});
  if (settings.data.empty()) config.refuse("data", "must be the folder for spoken prompts");
  settings.guarantee = config.text_or("guarantee", "");
  read_web(config.table("web"), settings);
  read_rpc(config.table("rpc"), settings);
  read_accounts(config.table("accounts"), settings);
  read_speech(config.table("speech"), settings);
  read_demo(config.table("demo"), settings);
  read_choices(config, settings);
  read_floor(config, settings);
  read_staff(config, settings);
  if (auto good = config.finish(); !good) return tl::unexpected<Error>(good.error());
  return settings;
}

}  // namespace madoguchi::centre
