#include "app/up.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/supervisor.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "base/sealing.h"

namespace madoguchi::app {
namespace {

void print_for_people(const Deployment& deployment,
                      const std::map<std::string, std::string>& states) {
  fmt::print("\nMadoguchi is up.\n\n  console   {}\n  glass     {}\n  SIP       sip:{}:{}\n",
             deployment.console_url(), deployment.glass_url(),
             host_text(deployment.options().address), deployment.options().sip_port);
  for (const auto& [name, state] : states)
    if (!state.empty()) fmt::print("  {:<9} {}\n", name, state);
  const auto people = deployment.sign_ins();
  if (!people.empty()) {
    fmt::print("\nSign-ins (kept in {}; delete that file once you know them)\n",
               (deployment.options().data / "sign-ins.txt").string());
    for (const SignIn& one : people)
      fmt::print("  {:<14} {:<8} {}\n", one.role, one.name, one.password);
  }
  fmt::print("\n{}\n", Deployment::guarantee());
  if (deployment.options().certificate.empty())
    fmt::print("Without --certificate and --key only this machine itself may connect.\n");
  fmt::print("Stop with Ctrl-C: calls end politely.\n");
  std::fflush(stdout);
}

void print_for_programs(const Deployment& deployment,
                        const std::map<std::string, std::string>& states) {
  nlohmann::json people = nlohmann::json::array();
  for (const SignIn& one : deployment.sign_ins())
    people.push_back({{"role", one.role}, {"name", one.name}, {"password", one.password}});
  const nlohmann::json ready = {{"ready", true},
                                {"console_url", deployment.console_url()},
                                {"glass_url", deployment.glass_url()},
                                {"sip_port", deployment.options().sip_port},
                                {"data", deployment.options().data.string()},
                                {"sign_ins", people},
                                {"processes", states},
                                {"guarantee", Deployment::guarantee()}};
  fmt::print("{}\n", ready.dump());
  std::fflush(stdout);
}

// Two on one folder would take each other's ports and files away, without end.
Result<FileLock> lock_folder(const std::filesystem::path& data) {
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error)
    return fail(ErrorCode::kInvalid, fmt::format("{}: cannot be made a folder ({}); give another "
                                                 "with --data",
                                                 data.string(), error.message()));
  auto lock = FileLock::take(data / "up.lock");
  if (!lock && lock.error().code == ErrorCode::kConflict)
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: another `madoguchi up` uses this folder; stop it, or give another "
                            "with --data",
                            data.string()));
  return lock;
}

}  // namespace

Result<void> up(const UpOptions& options) {
  SystemClock clock;
  SystemEntropy entropy;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  Deployment deployment(options, program);
  // All that can be refused is refused before anything is written or started.
  const Start start = deployment.start();
  const auto notes = deployment.heed_settings();
  if (!notes) return tl::unexpected<Error>(notes.error());
  for (const std::string& note : *notes) fmt::print(stderr, "madoguchi: {}\n", note);
  if (auto good = deployment.check_options(); !good) return good;
  if (auto different = check_different(deployment.ports(), start); !different) return different;
  Result<FileLock> lock;
  if (start == Start::kLater) lock = lock_folder(deployment.options().data);
  if (!lock) return tl::unexpected<Error>(lock.error());
  if (auto free = check_free(deployment.ports(), start); !free) {
    if (start == Start::kFirst) return free;
    log_warn("{}; trying until it is free", free.error().message);
  }
  if (start == Start::kFirst) lock = lock_folder(deployment.options().data);
  if (!lock) return tl::unexpected<Error>(lock.error());
  if (auto ready = deployment.prepare(clock.now(), entropy); !ready) return ready;
  if (const std::string note = deployment.first_note(); start == Start::kFirst && !note.empty())
    fmt::print(stderr, "madoguchi: {}\n", note);

  std::vector<Program> programs;
  for (const char* name : {"vault", "exchange", "centre"})
    programs.push_back({name,
                        {name, "--config", deployment.settings_of(name).string()},
                        deployment.options().data.string()});
  // The exchange first, so that calls end politely while the others can still take the last events.
  Supervisor supervisor(std::move(programs), {"exchange", "centre", "vault"}, clock);
  supervisor.when_ready([&](const std::map<std::string, std::string>& states) {
    options.json ? print_for_programs(deployment, states) : print_for_people(deployment, states);
  });
  return supervisor.run();
}

}  // namespace madoguchi::app
