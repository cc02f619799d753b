#include "app/deployment.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/program.h"
#include "wire/authority.h"

namespace madoguchi::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSignIns = "sign-ins.txt";

constexpr std::string_view kDemoTrunk =
    "# The machine itself may call in, so that a softphone on it reaches the demo's desks.\n"
    "[[trunk]]\nname = \"local\"\naddresses = [\"127.0.0.0/8\", \"::1\"]\n"
    "trusted = true\n";
// 架空 花子 of the vault's invented people.
constexpr std::string_view kDemoCaller = "demo_caller = \"09000001001\"\n";
constexpr std::string_view kTrunkExample =
    "# Who may call in, and by whom we call out:\n"
    "# [[trunk]]\n# name = \"carrier\"\n# addresses = [\"198.51.100.0/24\"]\n# trusted = true\n"
    "# target = \"sip:sip.example.jp\"\n";

Result<void> write_private(const fs::path& file, const std::string& text) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) close(fd);
  if (written) return {};
  return fail(
      ErrorCode::kUnavailable,
      fmt::format("{}: cannot be written; check the folder's owner and free space", file.string()));
}

// A text in TOML's quotes.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

bool is_everywhere(const std::string& address) {
  in_addr fourth{};
  if (inet_pton(AF_INET, address.c_str(), &fourth) == 1) return fourth.s_addr == INADDR_ANY;
  in6_addr sixth{};
  return inet_pton(AF_INET6, address.c_str(), &sixth) == 1 && IN6_IS_ADDR_UNSPECIFIED(&sixth);
}

std::string host_text(const std::string& address) {
  return address.find(':') == std::string::npos ? address : fmt::format("[{}]", address);
}

Deployment::Deployment(UpOptions options, fs::path program_folder)
    : options_(std::move(options)), program_folder_(std::move(program_folder)) {
  options_.data = fs::absolute(options_.data).lexically_normal();
  if (!options_.data.has_filename()) options_.data = options_.data.parent_path();
  // Never in `data`: a backup of it that is put back must not bring the list of then.
  options_.erasures = options_.erasures.empty()
                          ? fs::path(options_.data.string() + "-erasures") / "list"
                          : fs::absolute(options_.erasures).lexically_normal();
  // Whoever listens at one address is found there, unless told otherwise.
  if (!options_.given.contains("--public-address") && !is_everywhere(options_.address))
    options_.public_address = options_.address;
  if (!options_.certificate.empty()) options_.certificate = fs::absolute(options_.certificate);
  if (!options_.key.empty()) options_.key = fs::absolute(options_.key);
}

fs::path Deployment::part(std::string_view name) const {
  return options_.data / name;
}

fs::path Deployment::settings_of(std::string_view process) const {
  return part(fmt::format("{}.toml", process));
}

std::string Deployment::console_url() const {
  std::string host = options_.console_host;
  const bool here = options_.address == "127.0.0.1" || options_.address == "::1";
  if (host.empty()) host = here ? "localhost" : host_text(options_.address);
  return fmt::format("{}://{}:{}", scheme(), host, options_.web_port);
}

std::string Deployment::glass_url() const {
  return fmt::format("{}://{}:{}", scheme(), options_.glass_host, options_.glass_port);
}

Result<void> Deployment::prepare(Time now, Entropy& entropy) {
  for (const std::string_view folder :
       {"", "tls", "run", "exchange", "exchange/recordings", "vault", "centre"}) {
    std::error_code error;
    fs::create_directories(part(folder), error);
    if (error)
      return fail(ErrorCode::kInvalid,
                  fmt::format("--data: {} cannot be made ({}); name a folder that you may write in",
                              part(folder).lexically_normal().string(), error.message()));
    chmod(part(folder).c_str(), 0700);
  }
  if (auto made = prepare_erasures(); !made) return made;
  const std::vector<std::string> roles{"exchange", "vault", "centre", "admin"};
  if (auto made = wire::ensure_certificates(part("tls"), roles, now); !made) return made;

  const auto write_missing = [&](std::string_view process, const std::string& text) {
    return fs::exists(settings_of(process)) ? Result<void>{}
                                            : write_private(settings_of(process), text);
  };
  if (auto done = write_missing("exchange", exchange_settings()); !done) return done;
  const bool known = fs::exists(settings_of("centre"));
  const std::vector<SignIn> people = known ? sign_ins() : fresh_sign_ins(options_.empty, entropy);
  if (auto done = write_missing("vault", vault_settings(people)); !done) return done;
  if (known) return {};

  std::string list;
  for (const SignIn& one : people)
    list += fmt::format("{}\t{}\t{}\n", one.role, one.name, one.password);
  fs::remove(part(kSignIns));
  if (auto done = write_private(part(kSignIns), list); !done) return done;
  return write_missing("centre", centre_settings(people));
}

// Of the first start: settings that are there say where the list is.
Result<void> Deployment::prepare_erasures() const {
  if (fs::exists(settings_of("vault"))) return {};
  const fs::path folder = options_.erasures.parent_path();
  std::error_code error;
  if (fs::create_directories(folder, error)) chmod(folder.c_str(), 0700);
  if (!error) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("--erasures: {} cannot be made ({}); name a file that no backup of {} "
                          "contains",
                          folder.string(), error.message(), options_.data.string()));
}

std::vector<SignIn> Deployment::sign_ins() const {
  std::vector<SignIn> people;
  std::ifstream in(part(kSignIns));
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    SignIn one;
    if (std::getline(fields, one.role, '\t') && std::getline(fields, one.name, '\t') &&
        std::getline(fields, one.password))
      people.push_back(std::move(one));
  }
  return people;
}

std::string Deployment::rpc_lines(std::string_view process) const {
  return fmt::format("authority = {}\ncertificate = {}\nkey = {}\n",
                     toml_text((part("tls") / "authority.pem").string()),
                     toml_text((part("tls") / fmt::format("{}.pem", process)).string()),
                     toml_text((part("tls") / fmt::format("{}.key", process)).string()));
}

std::string Deployment::exchange_settings() const {
  // Sockets are named relative to <data>, where the processes run: a socket's path is short by law
  // of the kernel.
  std::string sip = fmt::format("udp = [\"{0}:{1}\"]\ntcp = [\"{0}:{1}\"]\n",
                                host_text(options_.address), options_.sip_port);
  if (options_.sip_tls_port != 0)
    sip += fmt::format("tls = [\"{}:{}\"]\ntls_certificate = {}\ntls_key = {}\n",
                       host_text(options_.address), options_.sip_tls_port,
                       toml_text(options_.certificate.string()), toml_text(options_.key.string()));
  return fmt::format(
      "# The exchange of this machine. Written at the first start; yours to edit.\n"
      "data = {}\npublic_address = {}\nallow_demo_calls = {}\n{}\n"
      "[sip]\n{}\n"
      "[sound]\nbind = \"{}\"\nfirst_port = {}\nlast_port = {}\n\n"
      "[browser]\nbind = \"{}\"\nport = {}\naddresses = [{}]\n\n"
      "[rpc]\nlisten = \"unix:run/exchange.sock\"\nvault = \"unix:run/vault.sock\"\n{}\n"
      "[out]\npermitted = [\"+81\"]\n\n{}",
      toml_text(part("exchange").string()), toml_text(options_.public_address), !options_.empty,
      options_.empty ? "" : kDemoCaller, sip, options_.address, options_.first_sound_port,
      options_.last_sound_port, options_.address, options_.browser_port,
      toml_text(options_.public_address), rpc_lines("exchange"),
      options_.empty ? kTrunkExample : kDemoTrunk);
}

std::string Deployment::vault_settings(const std::vector<SignIn>& people) const {
  std::string databases;
  for (const auto& [key, url] : {std::pair("database", &options_.vault_database),
                                 std::pair("records", &options_.vault_records),
                                 std::pair("subject_keys", &options_.vault_subject_keys)})
    if (!url->empty()) databases += fmt::format("{} = {}\n", key, toml_text(*url));
  return fmt::format(
      "# The vault of this machine. Written at the first start; yours to edit.\n"
      "data = {}\nrecordings = {}\n{}\n"
      "# Who was erased; keep it out of backups that are put back.\n"
      "[erasures]\nfile = {}\n\n"
      "[rpc]\nlisten = \"unix:run/vault.sock\"\n{}\n"
      "[glass]\naddress = \"{}\"\nport = {}\nhost = \"{}\"\npages = {}\nparents = [{}]\n{}\n"
      "# Into the glass by passkey (refused), or by password too (demo).\n"
      "[sign_in]\npasswords = \"{}\"\n\n[staff]\ndemo_passwords = {}\n{}",
      toml_text(part("vault").string()), toml_text(part("exchange/recordings").string()), databases,
      toml_text(options_.erasures.string()), rpc_lines("vault"), options_.address,
      options_.glass_port, options_.glass_host, toml_text((program_folder_ / "glass").string()),
      toml_text(console_url()), web_certificate(), options_.empty ? "refused" : "demo",
      !options_.empty, options_.empty ? "" : demo_owners(people));
}

std::string Deployment::web_certificate() const {
  if (options_.certificate.empty()) return {};
  return fmt::format("certificate = {}\nkey = {}\n", toml_text(options_.certificate.string()),
                     toml_text(options_.key.string()));
}

std::string Deployment::centre_settings(const std::vector<SignIn>& people) const {
  const std::string database = options_.database.empty()
                                   ? "sqlite:" + (part("centre") / "centre.db").string()
                                   : options_.database;
  std::string settings = fmt::format(
      "# The centre of this machine. Written at the first start; yours to edit.\n"
      "database = {}\ndata = {}\nguarantee = {}\n\n"
      "[web]\naddress = \"{}\"\nport = {}\n{}consoles = {}\nglass_origin = {}\n{}\n"
      "[rpc]\nlisten = \"unix:run/centre.sock\"\nexchange = \"unix:run/exchange.sock\"\nvault = "
      "\"unix:run/vault.sock\"\n{}\n",
      toml_text(database), toml_text((part("centre") / "spoken").string()), toml_text(guarantee()),
      options_.address, options_.web_port,
      options_.console_host.empty()
          ? ""
          : fmt::format("hosts = [{}]\n", toml_text(options_.console_host)),
      toml_text((program_folder_ / "consoles").string()), toml_text(glass_url()), web_certificate(),
      rpc_lines("centre"));
  settings += fmt::format("[accounts]\nfirst_administrator = {}\nfirst_password = {}\n\n",
                          toml_text(people.front().name), toml_text(people.front().password));
  settings += fmt::format(
      "# Desks' words are spoken by espeak-ng; without it only sounds that staff choose are "
      "heard.\n"
      "[speech]\nenabled = {}\n",
      is_program(options_.voice));
  if (!options_.empty) settings += demo_hotline(people);
  return settings;
}

std::string Deployment::first_note() const {
  if (is_program(options_.voice)) return {};
  return fmt::format(
      "{} is not installed: no desk's words are spoken; install it (apt install espeak-ng mecab "
      "mecab-ipadic-utf8), set enabled = true in [speech] of {} and start again",
      options_.voice, settings_of("centre").string());
}

std::string Deployment::guarantee() {
  return "This deployment keeps everything on one machine. Stolen disks, databases and backups "
         "show ciphertext. "
         "Who takes over the exchange sees the numbers and speech passing now, no record. Root on "
         "this machine "
         "sees everything: for more, run the vault on a host of other administrators.";
}

}  // namespace madoguchi::app
