#include "vault/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.h"
#include "web/hosts.h"
#include "web/settings.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kLongestUrl = 500;
constexpr std::size_t kMostWitnesses = 32;  // a thread for each

void read_glass(Config table, GlassSettings& into) {
  into.enabled = true;
  web::read_listening(table, 8444, into.web);
  into.host = table.text_or("host", "vault.localhost");
  if (!web::is_host(into.host))
    table.refuse("host", "must be a host name in lower case, without port");
  into.web.hosts = {into.host};
  into.pages = table.path_or("pages", {});
  if (into.pages.empty()) table.refuse("pages", "must be the folder of the built glass");
  into.parents = table.texts_or("parents", {});
  for (const std::string& origin : into.parents)
    if (!web::is_origin(origin))
      table.refuse("parents", "must be origins of consoles, as https://desk.example.jp:8080");
}

// https://name[:port][/path]; http only on the machine itself.
bool is_witness_url(std::string_view text) {
  const bool secure = text.starts_with("https://");
  if (!secure && !text.starts_with("http://")) return false;
  const std::string_view rest = text.substr(secure ? 8 : 7);
  const std::string_view place = rest.substr(0, rest.find('/'));
  const std::string_view path = rest.substr(place.size());
  const auto is_plain = [](char c) { return c > ' ' && c <= '~' && c != '?' && c != '#'; };
  if (text.size() > kLongestUrl || !std::all_of(path.begin(), path.end(), is_plain)) return false;
  const bool has_port = place.find(':') != std::string_view::npos;
  const std::string_view host = place.substr(0, place.find(':'));
  if (!web::is_origin(text.substr(0, text.size() - path.size())) || (has_port && host.empty()))
    return false;
  return secure || host == "localhost" || host == "127.0.0.1";
}

WitnessSettings read_witness(Config table) {
  WitnessSettings witness;
  witness.url = table.text("url");
  while (witness.url.ends_with('/')) witness.url.pop_back();
  if (!is_witness_url(witness.url))
    table.refuse("url",
                 "must be https://name, perhaps with port and path; http:// on this machine "
                 "only (127.0.0.1)");
  if (auto key = ledger::VerifierKey::parse(table.text("key"), ledger::KeyType::kCosignature); !key)
    table.refuse("key", key.error().message);
  else
    witness.key = std::move(*key);
  witness.organisations = table.texts_or("organisations", {});
  const auto is_short = [](const std::string& id) { return is_valid_id(id); };
  if (witness.organisations.empty() ||
      !std::all_of(witness.organisations.begin(), witness.organisations.end(), is_short))
    table.refuse("organisations", "must be ids of the organisations whose logs it cosigns");
  witness.authorities = table.path_or("authorities", {});
  return witness;
}

void read_witnesses(Config& config, Settings& into) {
  for (Config& table : config.tables("witness"))
    into.witnesses.push_back(read_witness(std::move(table)));
  if (into.witnesses.size() > kMostWitnesses)
    config.refuse("witness", fmt::format("at most {} are asked", kMostWitnesses));
  if (!into.witnesses.empty() && !into.glass.enabled)
    config.refuse("witness", "logs are published where there is a [glass] only");
}

void read_rate(Config& table, std::string_view key, std::uint32_t& into) {
  into = static_cast<std::uint32_t>(table.integer_or(key, into, 1, 4'000'000'000));
}

void read_rates(Config table, Rates& into) {
  read_rate(table, "per_minute", into.per_minute);
  read_rate(table, "per_hour", into.per_hour);
  read_rate(table, "per_day", into.per_day);
}

TokenPlace read_token(Config table) {
  TokenPlace token;
  token.module = table.text("module");
  token.label = table.text("label");
  token.pin_file = table.text("pin_file");
  token.key = table.text_or("key", "madoguchi-master");
  constexpr std::size_t kMostLabel = 32;  // of a token, in PKCS#11
  if (token.label.size() > kMostLabel)
    table.refuse("label", "a token's label has at most 32 bytes");
  constexpr std::size_t kMostKey = 200;
  if (token.key.empty() || token.key.size() > kMostKey)
    table.refuse("key", "the key's label has 1 to 200 bytes");
  return token;
}

// "…/vault" gives "…/vault-erasures".
std::filesystem::path beside(std::filesystem::path data) {
  if (!data.has_filename()) data = data.parent_path();
  data += "-erasures";
  return data;
}

bool lies_in(const std::filesystem::path& file, const std::filesystem::path& folder) {
  const auto way = file.lexically_normal().lexically_relative(folder.lexically_normal());
  return !way.empty() && *way.begin() != "..";
}

}  // namespace

Result<Settings> Settings::from_file(const std::filesystem::path& file) {
  auto config = Config::from_file(file);
  if (!config) return tl::unexpected<Error>(config.error());
  return from_config(std::move(*config));
}

Result<Settings> Settings::from_config(Config config) {
  Settings settings;
  settings.data = config.text("data");
  settings.master_key = config.path_or("master_key", settings.data / "master.key");
  if (config.has("token")) settings.token = read_token(config.table("token"));
  settings.database = config.text_or("database", "sqlite:" + (settings.data / "vault.db").string());
  settings.records = config.text_or("records", "sqlite:" + (settings.data / "records.db").string());
  settings.subject_keys =
      config.text_or("subject_keys", "sqlite:" + (settings.data / "subject-keys.db").string());
  settings.recordings = config.path_or("recordings", {});
  Config erasures = config.table("erasures");
  settings.erasures = erasures.path_or("file", beside(settings.data) / "list");
  if (lies_in(settings.erasures, settings.data))
    erasures.refuse("file",
                    "lies in the data folder: a backup that is put back would bring back "
                    "who was erased since; give it a folder of its own");
  Config rpc = config.table("rpc");
  settings.listen = rpc.text("listen");
  settings.rpc_authority = rpc.text("authority");
  settings.rpc_certificate = rpc.text("certificate");
  settings.rpc_key = rpc.text("key");
  if (config.has("glass")) read_glass(config.table("glass"), settings.glass);
  read_witnesses(config, settings);
  Config tokens = config.table("tokens");
  read_rate(tokens, "per_minute", settings.token_rates.per_minute);
  read_rate(tokens, "per_hour", settings.token_rates.per_hour);
  read_rate(tokens, "per_day", settings.token_rates.per_day);
  Config trace = config.table("trace");
  read_rate(trace, "lines_per_day", settings.trace_lines_per_day);
  Config limits = config.table("limits");
  read_rates(limits.table("by_operator"), settings.usual_limits.by_operator);
  read_rates(limits.table("on_desk"), settings.usual_limits.on_desk);
  read_rates(limits.table("in_all"), settings.usual_limits.in_all);
  Config staff = config.table("staff");
  settings.demo_passwords = staff.flag_or("demo_passwords", false);
  settings.session = std::chrono::hours(staff.integer_or("session_hours", 12, 1, 24));
  Config cases = config.table("cases");
  settings.cases.life = std::chrono::hours(24 * cases.integer_or("days", 30, 1, 366));
  settings.cases.most_open = static_cast<std::size_t>(cases.integer_or("most_open", 100, 1, 1000));
  Config watching = config.table("watching");
  settings.watching_rules = watching.path_or("rules", {});
  Config sign_in = config.table("sign_in");
  const std::string passwords =
      sign_in.text_or("passwords", settings.demo_passwords ? "demo" : "refused");
  if (passwords != "demo" && passwords != "refused")
    sign_in.refuse("passwords", "must be \"refused\", or \"demo\" where nothing is at stake");
  settings.glass.passwords = passwords == "demo";
  if (config.has("demo")) {
    Config demo = config.table("demo");
    for (const char* organisation : {"sakura", "wakaba"})
      settings.demo_owners[organisation] = demo.text(fmt::format("{}_owner", organisation));
    const std::int64_t month = std::chrono::seconds(kRetentionWarning).count();
    settings.retention_warning =
        std::chrono::seconds(demo.integer_or("warning_seconds", month, 1, month));
  }
  if (auto good = config.finish(); !good) return tl::unexpected<Error>(good.error());
  return settings;
}

Master::Source Settings::master_source(const std::vector<TokenSecret>* token_secrets) const {
  Master::Source source{master_key, token_secrets};
  if (token) source.token = token->label;
  return source;
}

}  // namespace madoguchi::vault
