#include "app/log_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/admin_stub.h"
#include "app/command_family.h"
#include "base/time.h"
#include "logs.grpc.pb.h"

namespace madoguchi::app {
namespace {

namespace pb = madoguchi::wire;
using nlohmann::json;

struct Words {
  std::filesystem::path data = "madoguchi-data";
  std::string organisation;
  bool json = false;
};

Result<pb::ListLogsTold> asked(const Words& words) {
  const auto stub = stub_in<pb::VaultLogsForAdmin>(words.data);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::ListLogsAsk request;
  request.set_organisation_id(words.organisation);
  pb::ListLogsTold told;
  if (auto done = answered((*stub)->List(&context, request, &told)); !done)
    return tl::unexpected<Error>(done.error());
  if (!told.error().empty()) return fail(ErrorCode::kNotFound, told.error());
  return told;
}

Result<void> key_command(const Words& words) {
  const auto told = asked(words);
  if (!told) return tl::unexpected<Error>(told.error());
  for (const pb::ListedLog& one : told->logs())
    if (words.json)
      fmt::print("{}\n", json{{"organisation", one.organisation_id()},
                              {"origin", one.origin()},
                              {"key", one.key()},
                              {"entries", one.entries()}}
                             .dump());
    else if (one.key().empty())
      fmt::print("{:<12} has {} entries and no key: there is no such organisation\n",
                 one.organisation_id(), one.entries());
    else if (words.organisation.empty())
      fmt::print("{:<12} {}\n", one.organisation_id(), one.key());
    else
      fmt::print("{}\n", one.key());
  return {};
}

json json_of(const pb::ListedLog& log, const pb::ListedWitness& one) {
  return {{"organisation", log.organisation_id()},
          {"witness", one.name()},
          {"state", one.state()},
          {"since", format_utc(time_from_micros(one.since_us()))},
          {"size", one.size()},
          {"cosigned", one.cosigned()},
          {"seen_at",
           one.seen_us() == 0 ? json(nullptr) : json(format_utc(time_from_micros(one.seen_us())))},
          {"trouble", one.trouble()}};
}

Result<void> witnesses_command(const Words& words) {
  const auto told = asked(words);
  if (!told) return tl::unexpected<Error>(told.error());
  for (const pb::ListedLog& log : told->logs())
    for (const pb::ListedWitness& one : log.witnesses())
      if (words.json)
        fmt::print("{}\n", json_of(log, one).dump());
      else
        fmt::print("{:<12} {:<28} {:<15} {} of {} entries{}{}\n", log.organisation_id(), one.name(),
                   one.state(), one.cosigned(), one.size(), one.trouble().empty() ? "" : "; ",
                   one.trouble());
  return {};
}

}  // namespace

void add_log(CLI::App& app, Chosen& chosen) {
  const auto words = std::make_shared<Words>();  // shared by the parser's callbacks
  CLI::App* log =
      app.add_subcommand("log", "The clients' access logs, as the vault publishes them");
  log->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, Result<void> (*run)(const Words&)) {
    CLI::App* command = log->add_subcommand(name, help);
    command->add_option("--organisation", words->organisation,
                        "Whose log; else all that have entries");
    add_data_option(*command, words->data);
    command->add_flag("--json", words->json, "One line of JSON for each");
    command->callback([&chosen, words, run] { chosen = [words, run] { return run(*words); }; });
  };
  add("key", "The keys that the logs are verified with, to hand to clients in writing",
      key_command);
  add("witnesses", "How those stand who cosign the logs", witnesses_command);
}

}  // namespace madoguchi::app
