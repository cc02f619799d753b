// The one binary: reads the command line, runs the command. Exit codes: 0 done, 1 failed, 2 wrong
// use or settings.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "app/admin_client.h"
#include "app/administration.h"
#include "app/command_family.h"
#include "app/confinement_command.h"
#include "app/export_command.h"
#include "app/import_command.h"
#include "app/log_command.h"
#include "app/log_tools.h"
#include "app/mandate_command.h"
#include "app/master_key_command.h"
#include "app/processes.h"
#include "app/recording_command.h"
#include "app/trace_command.h"
#include "app/up.h"
#include "app/upkeep_command.h"

namespace madoguchi::app {
namespace {

int report(const Result<void>& result) {
  if (result) return 0;
  fmt::print(stderr, "madoguchi: {}\n", result.error().message);
  return result.error().code == ErrorCode::kInvalid || result.error().code == ErrorCode::kNotFound
             ? 2
             : 1;
}

int unheard(int code) {
  fmt::print(stderr,
             "madoguchi: what this command says cannot be written to standard output; give it a "
             "file or a disk with room. What it was to do may be done\n");
  return code == 0 ? 1 : code;
}

// Of a command whose output is read: what nobody could read is no success.
int heard(int code) {
  std::cout.flush();
  const bool written = std::cout.good() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  return written ? code : unheard(code);
}

// A command that ends, and whose output is read. Not for processes: what they throw is no word
// about their output.
template <typename Act>
int command(Act act) {
  try {
    return heard(act());
  } catch (const std::system_error& error) {  // fmt's of standard output, or a path's
    if (std::ferror(stdout) != 0) return unheard(1);
    fmt::print(stderr, "madoguchi: {}\n", error.what());
    return 1;
  }
}

Result<void> journal_command(const std::filesystem::path& data) {
  const auto vault = ProcessAccess::of_deployment(data, "vault");
  if (!vault) return tl::unexpected<Error>(vault.error());
  return read_journal(*vault, 0, [](std::string_view line) { fmt::print("{}\n", line); });
}

CLI::App* add_up(CLI::App& app, UpOptions& options) {
  CLI::App* up_command =
      app.add_subcommand("up", "Start everything on this machine and keep it running");
  add_data_option(*up_command, options.data, "Folder for keys, databases, recordings, settings");
  up_command->add_flag("--empty", options.empty, "No invented demo hotline");
  up_command->add_flag("--json", options.json, "One line of JSON when ready");
  up_command->add_option("--address", options.address, "Address to listen on")
      ->capture_default_str();
  up_command->add_option("--public-address", options.public_address, "Address told in SIP and SDP")
      ->capture_default_str();
  up_command->add_option("--web-port", options.web_port, "Consoles")->capture_default_str();
  up_command->add_option("--glass-port", options.glass_port, "The vault's glass")
      ->capture_default_str();
  up_command->add_option("--glass-host", options.glass_host, "Host name of the glass")
      ->capture_default_str();
  up_command->add_option("--console-host", options.console_host,
                         "DNS name by which browsers ask for the consoles; else the address");
  up_command->add_option("--sip-port", options.sip_port, "SIP over UDP and TCP")
      ->capture_default_str();
  up_command->add_option("--sip-tls-port", options.sip_tls_port, "SIP over TLS; 0 for none")
      ->capture_default_str();
  up_command->add_option("--browser-port", options.browser_port, "Browsers' audio, UDP")
      ->capture_default_str();
  up_command->add_option("--first-sound-port", options.first_sound_port)->capture_default_str();
  up_command->add_option("--last-sound-port", options.last_sound_port)->capture_default_str();
  auto* certificate =
      up_command->add_option("--certificate", options.certificate, "PEM file for HTTPS")
          ->check(CLI::ExistingFile);
  auto* key =
      up_command->add_option("--key", options.key, "PEM file of its key")->check(CLI::ExistingFile);
  certificate->needs(key);
  key->needs(certificate);
  up_command->add_option("--database", options.database, "postgresql://… for the centre");
  up_command->add_option("--vault-database", options.vault_database,
                         "postgresql://… for the vault");
  up_command->add_option("--vault-records", options.vault_records,
                         "postgresql://… for the vault's sealed records");
  up_command->add_option("--vault-subject-keys", options.vault_subject_keys,
                         "postgresql://… for the keys of those");
  up_command->add_option("--erasures", options.erasures,
                         "File of who was erased, outside --data [<data>-erasures/list]");
  return up_command;
}

void add_verify(CLI::App& app, VerifyOptions& options) {
  CLI::App* verify = app.add_subcommand(
      "verify", "Check a client's log, or one proof of it, without trusting whoever keeps it");
  verify->add_option("--log", options.log, "URL or folder of the log");
  verify->add_option("--key", options.key, "The log's verifier key (name+hash+base64)")->required();
  verify->add_option("--witness", options.witnesses, "Key of a witness that must have cosigned");
  verify->add_option("--state", options.state,
                     "File that remembers the last check, to see a log that was cut or rewritten "
                     "since, and to read only what is new; \"none\" for no memory. Without it "
                     "~/.local/state/madoguchi/verify remembers, and small logs are read whole");
  verify->add_option("--proof", options.proof,
                     "A proof file (.tlog-proof) instead, or the file about one person that an "
                     "owner gives out; with --log, also that nothing about them is missing in it");
  verify->add_option("--entry", options.entry, "The entry it proves, where the file has none");
  verify->add_option("--ca", options.authorities, "PEM file of the authority of its certificate")
      ->check(CLI::ExistingFile);
  verify->add_flag("--json", options.json, "One line of JSON");
  verify->footer(
      "Exit code: 0 all is well, 1 something is wrong with it, 2 wrong use, 3 it could not be "
      "checked.");
}

void add_report(CLI::App& app, ReportOptions& options) {
  CLI::App* report = app.add_subcommand(
      "report", "Count a month of a client's log, verified while it is read, into a PDF");
  report->add_option("--log", options.verify.log, "URL or folder of the log")->required();
  report->add_option("--key", options.verify.key, "The log's verifier key")->required();
  report->add_option("--witness", options.verify.witnesses,
                     "Key of a witness that must have cosigned");
  report->add_option("--ca", options.verify.authorities,
                     "PEM file of the authority of its certificate");
  report->add_option("--month", options.month, "The month, as 2026-11, by Japan's clocks")
      ->required();
  report->add_option("--language", options.language, "ja or en")->capture_default_str();
  report->add_option("--out", options.out, "The PDF to write")->required();
}

void add_witness(CLI::App& app, WitnessOptions& options) {
  CLI::App* witness = app.add_subcommand(
      "witness",
      "Cosign logs that only ever grow (C2SP tlog-witness), for a client or its friends");
  witness->add_option("--config", options.config, "Its settings, TOML")->required();
  witness->add_flag("--print-key", options.print_key,
                    "Only print its verifier key, making it first where there is none");
}

// The exchange holds callers' numbers for a call's length and no longer: whatever it frees is
// overwritten. jemalloc wants to know that before the process begins, so it begins once more.
void begin_forgetful(char** argv) {
  constexpr const char* kSetting = "MALLOC_CONF";
  if (std::getenv(kSetting) != nullptr) return;
  ::setenv(kSetting, "junk:free", 1);
  ::execv("/proc/self/exe", argv);  // without it, it goes on as it is
}

// The parser says "a subcommand is required" of one that it does not know.
Result<void> check_command(CLI::App& app, const std::vector<std::string>& words) {
  CLI::App* within = &app;
  std::string all;
  for (const std::string& word : words) {
    if (word.empty() || word.front() == '-' || within->get_require_subcommand_min() == 0) break;
    all += (all.empty() ? "" : " ") + word;
    const auto found = within->get_subcommands(
        [&](const CLI::App* command) { return command->get_name() == word; });
    if (found.empty())
      return fail(ErrorCode::kInvalid,
                  fmt::format("there is no command \"{}\"; `madoguchi {}--help` lists them", all,
                              within == &app ? "" : within->get_name() + " "));
    within = found.front();
  }
  return {};
}

int run(int argc, char** argv) {
  CLI::App app{
      "Madoguchi: a contact centre in which every call is answered, no record is opened "
      "unseen, no complaint is dropped"};
  app.set_version_flag("--version", MADOGUCHI_VERSION);
  app.require_subcommand(1);

  UpOptions up_options;
  const CLI::App* up_words = add_up(app, up_options);
  std::filesystem::path config;
  for (const char* name : {"exchange", "vault", "centre"})
    app.add_subcommand(name, fmt::format("Run the {} alone", name))
        ->add_option("--config", config, "Its settings, TOML")
        ->required();
  VerifyOptions verify;
  add_verify(app, verify);
  ReportOptions report_options;
  add_report(app, report_options);
  WitnessOptions witness;
  add_witness(app, witness);
  std::filesystem::path journal_of = "madoguchi-data";
  CLI::App* journal_words =
      app.add_subcommand("journal", "Print the vault's journal, one line of JSON each");
  add_data_option(*journal_words, journal_of);

  Chosen administer;
  add_administration(app, administer);
  add_confinement(app, administer);
  add_import(app, administer);
  add_recording(app, administer);
  add_master_key(app, administer);
  add_export(app, administer);
  add_trace(app, administer);
  add_log(app, administer);
  add_mandates(app, administer);
  add_upkeep(app, administer, token_of);

  if (auto known = check_command(app, {argv + 1, argv + argc}); !known) return report(known);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return heard(app.exit(error) == 0 ? 0 : 2);
  }
  const CLI::App* chosen = app.get_subcommands().front();
  if (chosen->get_name() == "up") {
    for (const CLI::Option* option : up_words->get_options())
      if (option->count() > 0) up_options.given.insert(option->get_name());
    return report(up(up_options));
  }
  if (administer) return command([&] { return report(administer()); });
  if (chosen->get_name() == "journal")
    return command([&] { return report(journal_command(journal_of)); });
  if (chosen->get_name() == "verify") return command([&] { return verify_log_command(verify); });
  if (chosen->get_name() == "report")
    return command([&] { return report_command(report_options); });
  if (chosen->get_name() == "witness") return report(witness_command(witness));
  if (chosen->get_name() == "exchange") begin_forgetful(argv);
  return report(run_process(chosen->get_name(), config));
}

}  // namespace
}  // namespace madoguchi::app

int main(int argc, char** argv) {
  return madoguchi::app::run(argc, argv);
}
