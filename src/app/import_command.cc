#include "app/import_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/command_family.h"
#include "app/import_records.h"
#include "base/config.h"

namespace madoguchi::app {
namespace {

struct Words {
  ImportAsked asked;
  std::filesystem::path data = "madoguchi-data";
  std::filesystem::path config;
  bool list = false;
  std::string withdraw;
  bool yes = false;
};

// The vault whose settings these are. The administrator's certificate lies beside the authority's.
Result<ProcessAccess> vault_of(const std::filesystem::path& settings) {
  auto config = Config::from_file(settings);
  if (!config) return tl::unexpected<Error>(config.error());
  Config rpc = config->table("rpc");
  const std::filesystem::path authority = rpc.path_or("authority", {});
  const std::string listen = rpc.text("listen");
  if (authority.empty() || listen.empty())
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: rpc.listen and rpc.authority are missing: is it the vault's?",
                            settings.string()));
  const auto folder = authority.parent_path();
  return ProcessAccess{listen, {authority, folder / "admin.pem", folder / "admin.key"}};
}

Result<void> list(const ProcessAccess& vault, const ImportAsked& asked) {
  const auto all = list_imports(vault, asked.organisation);
  if (!all) return tl::unexpected<Error>(all.error());
  for (const ImportSeen& one : *all)
    if (asked.json)
      fmt::print("{}\n", nlohmann::json{{"import", one.import_id},
                                        {"state", one.state},
                                        {"file_sha256", one.digest},
                                        {"rows", one.rows},
                                        {"bad_rows", one.bad_rows},
                                        {"changed", one.changed},
                                        {"unchanged", one.unchanged},
                                        {"began", format_utc(one.began)},
                                        {"ended", one.ended ? format_utc(*one.ended) : ""}}
                             .dump());
    else
      fmt::print("{}  {:<11}  {} rows, {}{} bad  {}  file {}…\n", one.import_id, one.state,
                 one.rows,
                 one.changed + one.unchanged == 0
                     ? ""
                     : fmt::format("{} changed, {} unchanged, ", one.changed, one.unchanged),
                 one.bad_rows, format_utc(one.began), one.digest.substr(0, 12));
  return {};
}

Result<void> withdraw(const ProcessAccess& vault, const ImportAsked& asked, const Words& words) {
  const auto gone = withdraw_import(vault, asked, words.withdraw, words.yes);
  if (!gone) return tl::unexpected<Error>(gone.error());
  if (asked.json)
    fmt::print("{}\n",
               nlohmann::json{{"import", words.withdraw}, {"taken_away", gone->taken_away}}.dump());
  else
    fmt::print("import {} is withdrawn: {} records destroyed{}\n", words.withdraw, gone->taken_away,
               gone->changed == 0 ? ""
                                  : fmt::format("; {} people whom it changed stay as it made them",
                                                gone->changed));
  return {};
}

void tell_done(const ImportAsked& asked, const Imported& done) {
  if (asked.json) {
    nlohmann::json told{{"import", done.import_id},
                        {"rows", done.rows},
                        {"bad_rows", done.bad_rows},
                        {"report", done.report.string()}};
    if (asked.update) {
      told["changed"] = done.changed;
      told["unchanged"] = done.unchanged;
    }
    fmt::print("{}\n", told.dump());
  } else if (asked.update) {
    fmt::print("{} people added, {} changed, {} unchanged (import {}); {} tells of each row\n",
               done.rows, done.changed, done.unchanged, done.import_id, done.report.string());
  } else {
    fmt::print("{} rows imported (import {})\n", done.rows, done.import_id);
  }
}

Result<void> import(const Words& words) {
  const auto access = words.config.empty() ? ProcessAccess::of_deployment(words.data, "vault")
                                           : vault_of(words.config);
  if (!access) return tl::unexpected<Error>(access.error());
  ImportAsked asked = words.asked;
  asked.asked_by = who_asks();
  if (words.list) return list(*access, asked);
  if (!words.withdraw.empty()) return withdraw(*access, asked, words);
  if (asked.file.empty())
    return fail(ErrorCode::kInvalid, "import: name a file, or say --list or --withdraw ID");
  const auto done = import_records(*access, asked);
  if (!done) return tl::unexpected<Error>(done.error());
  tell_done(asked, *done);
  if (done->bad_rows == 0) return {};
  if (done->rows + done->changed + done->unchanged == 0)
    return fail(ErrorCode::kInvalid,
                fmt::format("not one of {} rows could be taken, so nothing was imported; {} tells "
                            "line and reason of each: mend the file and import it again",
                            done->bad_rows, done->report.string()));
  return fail(ErrorCode::kConflict,
              fmt::format("{} rows were not imported; {} tells line and reason of each",
                          done->bad_rows, done->report.string()));
}

}  // namespace

void add_import(CLI::App& app, Chosen& chosen) {
  const auto words = std::make_shared<Words>();  // lives as long as CLI11's callback
  CLI::App* command = app.add_subcommand(
      "import", "A client's file of records (CSV, JSON Lines) into the running vault");
  command->add_option("file", words->asked.file, "UTF-8 or CP932; told apart by itself")
      ->check(CLI::ExistingFile);
  command->add_option("--organisation", words->asked.organisation, "Whose records")->required();
  command->add_option("--map", words->asked.mapping, "TOML: which column is which field")
      ->check(CLI::ExistingFile);
  command->add_option("--source", words->asked.source, "Where the data was obtained");
  command->add_option("--given-for", words->asked.given_for, "Purpose that people gave it for");
  command->add_option("--obtained-on", words->asked.obtained_on, "Day, 2024-05-31");
  command->add_option("--obtained-by", words->asked.obtained_by, "By whom it was taken down");
  command->add_flag("--update", words->asked.update,
                    "Change the people who are in already, found by their customer number");
  command->add_flag("--strict", words->asked.strict, "One bad row refuses the whole file");
  command->add_option("--report", words->asked.report,
                      "Bad rows: line and reason; of --update, every row");
  command->add_flag("--list", words->list, "Only show the organisation's imports and their state");
  command->add_option("--withdraw", words->withdraw,
                      "Destroy the records of this import, one that was cut off");
  command->add_flag("--yes", words->yes, "Withdraw an import that is done, too");
  command->add_flag("--json", words->asked.json, "One line of JSON");
  auto* config = command->add_option("--config", words->config, "The vault's settings")
                     ->check(CLI::ExistingFile);
  add_data_option(*command, words->data)->excludes(config);
  command->callback([words, &chosen] { chosen = [words] { return import(*words); }; });
}

}  // namespace madoguchi::app
