// The centre's settings, read once at start from its TOML file; a plain value afterwards. Every
// error is one line naming file, key and cause. docs/settings-centre.md describes each key. Holds
// first passwords: nobody logs a Settings.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "centre/floor_settings.h"
#include "web/server.h"

namespace madoguchi::centre {

struct Choice {
  std::string id;
  std::string ja;
  std::string en;
};

struct IceServer {
  std::vector<std::string> urls;
  std::string username;
  std::string credential;
};

// An account that the settings want to exist. The password is used once, when it is made.
struct StaffSettings {
  OperatorId id;
  std::string name;
  std::string display_name;
  std::string password;
  Role role = Role::kOperator;
  std::vector<GroupId> groups;
  OrganisationId organisation;
  std::string phone_user;  // of a SIP telephone; empty: the browser only
  std::string phone_password;
};

struct SpeechSettings {
  bool enabled = false;
  std::string program = "espeak-ng";
  std::string reader = "mecab";  // gives the reading of Japanese text; empty: none
  int words_per_minute = 150;
};

struct DemoSettings {
  bool ring_me = false;          // the exchange allows demo calls
  bool vault_passwords = false;  // the vault's settings say demo: it takes our staff's passwords
  std::string caller_text;       // what the demo caller says
};

struct Settings {
  std::string database;
  std::filesystem::path data;  // cache of spoken prompts
  std::string guarantee;       // what this deployment gives, in words for people
  web::ServerSettings web;
  std::string glass_origin;  // of the vault's glass, for the console's frame; empty: none
  std::filesystem::path
      consoles;  // folder with one folder of built files per console; may be empty

  std::string rpc_listen;  // for the administrator's command line; empty: none
  std::string exchange_address;
  std::string vault_address;
  std::filesystem::path rpc_authority, rpc_certificate, rpc_key;

  std::chrono::hours session_length{12};
  std::string first_administrator;
  std::string first_password;

  SpeechSettings speech;
  DemoSettings demo;
  std::vector<IceServer> ice_servers;
  std::vector<Choice> dispositions;
  std::vector<StaffSettings> staff;
  FloorParts floor;

  static Result<Settings> from_file(const std::filesystem::path& file);
  static Result<Settings> from_config(Config config);
};

}  // namespace madoguchi::centre
