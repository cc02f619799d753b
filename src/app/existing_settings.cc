// A deployment that is started again: its settings files win over the command line, and whoever
// gave an option that they contradict is told so.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "app/deployment.h"
#include "base/config.h"
#include "web/hosts.h"

namespace madoguchi::app {
namespace {

namespace fs = std::filesystem;

// One settings file, read for what `up` itself must know.
class Existing {
 public:
  Existing(fs::path file, const std::set<std::string>& given, std::vector<std::string>& notes)
      : file_(std::move(file)), given_(given), notes_(notes) {}

  void port(Config& table, const char* where, const char* key, const char* option,
            std::uint16_t& into) {
    if (!table.has(key)) return;
    const auto says = static_cast<std::uint16_t>(table.integer_or(key, into, 0, 65535));
    take(where, key, option, says, into);
  }
  void text(Config& table, const char* where, const char* key, const char* option,
            std::string& into) {
    if (table.has(key)) take(where, key, option, table.text_or(key, into), into);
  }
  void file(Config& table, const char* where, const char* key, const char* option, fs::path& into) {
    const fs::path says = table.path_or(key, {});
    take(where, key, option, says, into);
  }
  // The port of the first "address:port" of a list.
  void listened(Config& table, const char* key, const char* option, std::uint16_t& into) {
    const auto texts = table.texts_or(key, {});
    if (texts.empty()) return;
    const std::string_view text = texts.front();
    const std::string_view digits = text.substr(std::min(text.rfind(':'), text.size() - 1) + 1);
    std::uint16_t says = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), says);
    take("sip", key, option, says, into);
  }
  template <typename T>
  void take(const char* where, const char* key, const char* option, const T& says, T& into) {
    if (says != into && given_.contains(option))
      notes_.push_back(fmt::format("{} is not heeded: {} is there already; change {}{}{} in it",
                                   option, file_.string(), where, *where == '\0' ? "" : ".", key));
    into = says;
  }

 private:
  const fs::path file_;
  const std::set<std::string>& given_;
  std::vector<std::string>& notes_;
};

bool names_database(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://") ||
         url.starts_with("sqlite:");
}

}  // namespace

Start Deployment::start() const {
  for (const char* process : {"exchange", "vault", "centre"})
    if (fs::exists(settings_of(process))) return Start::kLater;
  return Start::kFirst;
}

Result<std::vector<std::string>> Deployment::heed_settings() {
  std::vector<std::string> notes;
  const auto open = [&](const char* process) { return Config::from_file(settings_of(process)); };
  const auto existing = [&](const char* process) {
    return Existing(settings_of(process), options_.given, notes);
  };
  if (fs::exists(settings_of("centre"))) {
    auto config = open("centre");
    if (!config) return tl::unexpected<Error>(config.error());
    Existing file = existing("centre");
    Config web = config->table("web");
    file.port(web, "web", "port", "--web-port", options_.web_port);
    file.text(web, "web", "address", "--address", options_.address);
    file.file(web, "web", "certificate", "--certificate", options_.certificate);
    file.file(web, "web", "key", "--key", options_.key);
    const auto hosts = web.texts_or("hosts", {});
    file.take("web", "hosts", "--console-host", hosts.empty() ? std::string() : hosts.front(),
              options_.console_host);
    if (options_.given.contains("--database"))
      file.text(*config, "", "database", "--database", options_.database);
    const bool demo = config->table("demo").flag_or("ring_me", false);
    if (options_.empty && demo) file.take("demo", "ring_me", "--empty", false, options_.empty);
  }
  if (fs::exists(settings_of("vault"))) {
    auto config = open("vault");
    if (!config) return tl::unexpected<Error>(config.error());
    Existing file = existing("vault");
    Config glass = config->table("glass");
    file.port(glass, "glass", "port", "--glass-port", options_.glass_port);
    file.text(glass, "glass", "host", "--glass-host", options_.glass_host);
    if (options_.given.contains("--erasures")) {
      Config erasures = config->table("erasures");
      file.file(erasures, "erasures", "file", "--erasures", options_.erasures);
    }
    if (options_.given.contains("--vault-database"))
      file.text(*config, "", "database", "--vault-database", options_.vault_database);
    if (options_.given.contains("--vault-records"))
      file.text(*config, "", "records", "--vault-records", options_.vault_records);
    if (options_.given.contains("--vault-subject-keys"))
      file.text(*config, "", "subject_keys", "--vault-subject-keys", options_.vault_subject_keys);
  }
  if (fs::exists(settings_of("exchange"))) {
    auto config = open("exchange");
    if (!config) return tl::unexpected<Error>(config.error());
    Existing file = existing("exchange");
    Config sip = config->table("sip");
    Config sound = config->table("sound");
    Config browser = config->table("browser");
    file.listened(sip, "udp", "--sip-port", options_.sip_port);
    file.listened(sip, "tls", "--sip-tls-port", options_.sip_tls_port);
    file.port(browser, "browser", "port", "--browser-port", options_.browser_port);
    file.port(sound, "sound", "first_port", "--first-sound-port", options_.first_sound_port);
    file.port(sound, "sound", "last_port", "--last-sound-port", options_.last_sound_port);
    file.text(*config, "", "public_address", "--public-address", options_.public_address);
  }
  return notes;
}

Result<void> Deployment::check_options() const {
  in_addr v4{};
  in6_addr v6{};
  const auto is_address = [&](const std::string& text) {
    return inet_pton(AF_INET, text.c_str(), &v4) == 1 ||
           inet_pton(AF_INET6, text.c_str(), &v6) == 1;
  };
  if (!is_address(options_.address))
    return fail(ErrorCode::kInvalid,
                fmt::format("--address: {} is no IP address", options_.address));
  const bool first = start() == Start::kFirst;
  const auto way = options_.erasures.lexically_relative(options_.data);
  if (first && (way.empty() || *way.begin() != ".."))
    return fail(ErrorCode::kInvalid,
                fmt::format("--erasures: {} lies in {}: a backup that is put back would bring back "
                            "who was erased since",
                            options_.erasures.string(), options_.data.string()));
  // Later it is the settings' word, which the exchange checks itself.
  if (first && !is_address(options_.public_address))
    return fail(ErrorCode::kInvalid,
                fmt::format("--public-address: {} is no IP address", options_.public_address));
  if (first && is_everywhere(options_.public_address))
    return fail(ErrorCode::kInvalid,
                fmt::format("--public-address: {} is no address that others can send to",
                            options_.public_address));
  for (const auto& [option, url] :
       {std::pair("--database", &options_.database),
        std::pair("--vault-database", &options_.vault_database),
        std::pair("--vault-records", &options_.vault_records),
        std::pair("--vault-subject-keys", &options_.vault_subject_keys)})
    if (first && !url->empty() && !names_database(*url))
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: {} is no postgresql://user@host/base", option, *url));
  for (const auto& [option, host] : {std::pair("--console-host", &options_.console_host),
                                     std::pair("--glass-host", &options_.glass_host)})
    if (first && !host->empty() && !web::is_host(*host))
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: {} is no name in lower case without scheme and port, as "
                              "desk.example.jp",
                              option, *host));
  if (options_.certificate.empty() && !web::is_loopback(options_.address))
    return fail(ErrorCode::kInvalid,
                fmt::format("--address: without --certificate and --key only this machine itself "
                            "may connect: give them, or use 127.0.0.1 instead of {}",
                            options_.address));
  if (first && is_everywhere(options_.address) && !options_.given.contains("--public-address"))
    return fail(ErrorCode::kInvalid,
                fmt::format("--public-address: must be given with --address {}: it is where others "
                            "send their sound",
                            options_.address));
  const bool sixth = options_.address.find(':') != std::string::npos;
  if (first && sixth != (options_.public_address.find(':') != std::string::npos))
    return fail(ErrorCode::kInvalid,
                fmt::format("--public-address: {} is of another family than --address {}: sound "
                            "goes by one of IPv4 and IPv6",
                            options_.public_address, options_.address));
  if (first && sixth && !web::is_loopback(options_.address) && options_.console_host.empty())
    return fail(ErrorCode::kInvalid,
                "--console-host: must be given with an IPv6 address, which browsers can't name "
                "where the glass says whose frame it is in");
  if (options_.certificate.empty() && options_.sip_tls_port != 0 && first)
    return fail(ErrorCode::kInvalid, "--sip-tls-port: needs --certificate and --key");
  if (options_.first_sound_port % 2 != 0 || options_.last_sound_port <= options_.first_sound_port)
    return fail(ErrorCode::kInvalid,
                "--first-sound-port must be even and less than --last-sound-port");
  return {};
}

std::vector<WantedPort> Deployment::ports() const {
  using Kind = WantedPort::Kind;
  const std::string& at = options_.address;
  const std::string exchange = settings_of("exchange").string();
  std::vector<WantedPort> ports{
      {Kind::kUdp, at, options_.sip_port, "SIP", "--sip-port", exchange, "sip.udp"},
      {Kind::kTcp, at, options_.sip_port, "SIP", "--sip-port", exchange, "sip.tcp"},
      {Kind::kUdp, at, options_.browser_port, "browsers' audio", "--browser-port", exchange,
       "browser.port"},
      {Kind::kTcp, at, options_.web_port, "consoles", "--web-port", settings_of("centre").string(),
       "web.port"},
      {Kind::kTcp, at, options_.glass_port, "glass", "--glass-port", settings_of("vault").string(),
       "glass.port"}};
  if (options_.sip_tls_port != 0)
    ports.push_back({Kind::kTcp, at, options_.sip_tls_port, "SIP over TLS", "--sip-tls-port",
                     exchange, "sip.tls"});
  return ports;
}

}  // namespace madoguchi::app
