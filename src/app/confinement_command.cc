#include "app/confinement_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/admin_stub.h"
#include "app/command_family.h"
#include "status.grpc.pb.h"

namespace madoguchi::app {
namespace {

namespace pb = madoguchi::wire;

struct Wanted {
  std::filesystem::path data = "madoguchi-data";
  std::vector<std::filesystem::path> files;
  bool json = false;
};

Result<pb::ConfinementTold> ask(const Wanted& wanted, const std::string& process) {
  const auto stub = stub_in<pb::ProcessConfinement>(wanted.data, process);
  if (!stub) return tl::unexpected<Error>(stub.error());
  pb::ConfinementAsk request;
  for (const auto& file : wanted.files) request.add_files(std::filesystem::absolute(file).string());
  grpc::ClientContext context;
  pb::ConfinementTold told;
  const grpc::Status status = (*stub)->Try(&context, request, &told);
  if (!status.ok())
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: {}; is it running?", process, status.error_message()));
  return told;
}

void print(const std::string& process, const pb::Trial& trial, bool as_json) {
  if (as_json)
    fmt::print("{}\n", nlohmann::json{{"process", process},
                                      {"what", trial.what()},
                                      {"file", trial.file()},
                                      {"denied", trial.denied()},
                                      {"answer", trial.answer()}}
                           .dump());
  else
    fmt::print("{:<9} {:<17} {:<7} {:<7} {}\n", process, trial.what(),
               trial.denied() ? "denied" : "ALLOWED", trial.answer(), trial.file());
}

Result<void> confinement_command(const Wanted& wanted) {
  for (const std::string process : {"exchange", "vault", "centre"}) {
    const auto told = ask(wanted, process);
    if (!told) return tl::unexpected<Error>(told.error());
    for (const pb::Trial& trial : told->trials()) print(process, trial, wanted.json);
  }
  return {};
}

}  // namespace

void add_confinement(CLI::App& app, Chosen& chosen) {
  const auto wanted = std::make_shared<Wanted>();  // shared by the parser's callbacks
  CLI::App* command = app.add_subcommand(
      "confinement", "What each running process may not do, tried by itself at this moment");
  add_data_option(*command, wanted->data);
  command->add_option("FILE", wanted->files, "Files that each tries to open for reading");
  command->add_flag("--json", wanted->json, "One line of JSON for each trial");
  command->callback(
      [&chosen, wanted] { chosen = [wanted] { return confinement_command(*wanted); }; });
}

}  // namespace madoguchi::app
