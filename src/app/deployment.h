// One machine's deployment: where its files are, and the settings of its processes, written at the
// first start of `madoguchi up` and the administrator's to edit afterwards (an existing file is
// never overwritten).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/ports_in_use.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"

namespace madoguchi::app {

// All addresses of the machine, of one family: "0.0.0.0", "::".
bool is_everywhere(const std::string& address);
// As it stands before ":port": IPv6 in brackets.
std::string host_text(const std::string& address);

struct UpOptions {
  std::filesystem::path data = "madoguchi-data";
  bool empty = false;  // no demo hotline
  std::string address = "127.0.0.1";
  std::uint16_t web_port = 8080;
  std::uint16_t glass_port = 8081;
  std::uint16_t sip_port = 5060;
  std::uint16_t sip_tls_port = 0;  // 0: none
  std::uint16_t browser_port = 34780;
  std::uint16_t first_sound_port = 20000;
  std::uint16_t last_sound_port = 29999;
  std::string public_address = "127.0.0.1";  // told in SIP and SDP
  std::string console_host;                  // DNS name of the consoles; empty: the address
  std::string glass_host = "vault.localhost";
  std::filesystem::path certificate;  // HTTPS for consoles and glass; empty: this machine only
  std::filesystem::path key;
  std::string database;                           // of the centre; empty: SQLite beneath `data`
  std::string vault_database;                     // of the vault; empty: SQLite beneath `data`
  std::string vault_records, vault_subject_keys;  // the same for its other two databases
  std::filesystem::path erasures;  // the list of who was erased; empty: beside `data`
  bool json = false;
  std::string voice = "espeak-ng";  // the program that speaks desks' words
  std::set<std::string> given;      // options that stood on the command line, "--web-port"
};

// A person who can sign in after the first start, as printed and kept in <data>/sign-ins.txt (mode
// 0600).
struct SignIn {
  std::string role;
  std::string name;
  std::string password;
};

class Deployment {
 public:
  Deployment(UpOptions options, std::filesystem::path program_folder);

  // Options that contradict themselves or this machine. kInvalid; looks only.
  [[nodiscard]] Result<void> check_options() const;

  [[nodiscard]] Start start() const;
  [[nodiscard]] std::vector<WantedPort> ports() const;

  // Settings that are there already win over options: takes from them what `up` tells and checks. A
  // line for each option that is given and not heeded. kInvalid: a file that can't be read.
  Result<std::vector<std::string>> heed_settings();

  // Makes folders, certificates and the settings that are missing.
  Result<void> prepare(Time now, Entropy& entropy);

  [[nodiscard]] const UpOptions& options() const { return options_; }
  [[nodiscard]] std::string scheme() const {
    return options_.certificate.empty() ? "http" : "https";
  }
  [[nodiscard]] std::string console_url() const;
  [[nodiscard]] std::string glass_url() const;
  [[nodiscard]] std::filesystem::path settings_of(std::string_view process) const;

  // Those of the first start; read back from the file later. Empty once the administrator deleted
  // it.
  [[nodiscard]] std::vector<SignIn> sign_ins() const;

  // What whoever starts it first must hear of besides; empty: nothing.
  [[nodiscard]] std::string first_note() const;

  // What this deployment protects from and what not (DESIGN's table, first column).
  [[nodiscard]] static std::string guarantee();

 private:
  [[nodiscard]] std::string exchange_settings() const;
  [[nodiscard]] std::string vault_settings(const std::vector<SignIn>& people) const;
  [[nodiscard]] std::string centre_settings(const std::vector<SignIn>& sign_ins) const;
  [[nodiscard]] std::string web_certificate() const;
  [[nodiscard]] std::string rpc_lines(std::string_view process) const;
  [[nodiscard]] Result<void> prepare_erasures() const;
  [[nodiscard]] std::filesystem::path part(std::string_view name) const;

  UpOptions options_;
  std::filesystem::path program_folder_;  // consoles and glass lie beside the program
};

// The invented hotline, as TOML for the centre: organisations, groups, desks, staff, texts.
std::string demo_hotline(const std::vector<SignIn>& sign_ins);
// The vault's part of it: the invented owners' passwords.
std::string demo_owners(const std::vector<SignIn>& sign_ins);
// Who signs in where there is a demo; without one only the administrator.
std::vector<SignIn> fresh_sign_ins(bool empty, Entropy& entropy);

}  // namespace madoguchi::app
