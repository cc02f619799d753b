#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/log_tools.h"
#include "base/config.h"
#include "base/log.h"
#include "base/notify.h"
#include "ledger/files.h"
#include "ledger/witness.h"
#include "web/server.h"

namespace madoguchi::app {
namespace {

namespace fs = std::filesystem;
using ledger::NoteSigner;
using ledger::VerifierKey;

struct WitnessSettings {
  std::string name;
  fs::path data;
  std::vector<VerifierKey> logs;
  web::ServerSettings server;
};

Result<WitnessSettings> read_settings(const fs::path& file) {
  auto config = Config::from_file(file);
  if (!config) return tl::unexpected<Error>(config.error());
  WitnessSettings settings;
  settings.name = config->text("name");
  settings.data = config->path_or("data", "witness-data");
  settings.server.address = config->text_or("address", "127.0.0.1");
  settings.server.port = static_cast<std::uint16_t>(config->integer_or("port", 8090, 0, 65'535));
  settings.server.hosts = config->texts_or("hosts", {});
  const fs::path certificate = config->path_or("certificate", "");
  const fs::path key = config->path_or("certificate_key", "");
  if (!certificate.empty()) settings.server.certificate = web::CertificateFiles{certificate, key};
  for (const std::string& text : config->texts_or("logs", {})) {
    auto log = VerifierKey::parse(text, ledger::KeyType::kEd25519);
    if (log)
      settings.logs.push_back(std::move(*log));
    else
      config->refuse("logs", log.error().message);
  }
  if (auto right = config->finish(); !right) return tl::unexpected<Error>(right.error());
  return settings;
}

// The seed in a file of its owner's (0600), made at the first start.
Result<SigningKey> own_key(const fs::path& data) {
  const fs::path file = data / "witness.key";
  auto kept = ledger::read_whole(file, 256);
  if (kept) {
    struct stat status {};
    if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: others may read it; chmod 600 it, or remove it and hand out the "
                              "new key",
                              file.string()));
    std::string_view text = as_text(*kept);
    while (text.ends_with('\n')) text.remove_suffix(1);
    auto seed = from_base64(text);
    wipe(std::span(*kept));
    if (!seed || seed->size() != kSigningSeedBytes)
      return fail(
          ErrorCode::kCorrupt,
          fmt::format("{}: is no key of a witness; restore it from a backup", file.string()));
    auto key = SigningKey::of_seed(*seed);
    wipe(std::span(*seed));
    return key;
  }
  if (kept.error().code != ErrorCode::kNotFound) return tl::unexpected<Error>(kept.error());
  SigningKey key = SigningKey::fresh();
  std::string text = to_base64(key.seed()) + "\n";
  const mode_t before = ::umask(077);
  std::error_code error;
  fs::create_directories(data, error);
  const auto written = ledger::write_durably(file, as_bytes(text));
  ::umask(before);
  wipe(text);
  if (!written) return tl::unexpected<Error>(written.error());
  return key;
}

void wait_for_end() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  int which = 0;
  sigwait(&signals, &which);
}

void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

Result<void> witness_command(const WitnessOptions& options) {
  auto settings = read_settings(options.config);
  if (!settings) return tl::unexpected<Error>(settings.error());
  auto key = own_key(settings->data);
  if (!key) return tl::unexpected<Error>(key.error());
  auto signer = NoteSigner::make(settings->name, ledger::KeyType::kCosignature, std::move(*key));
  if (!signer) return tl::unexpected<Error>(signer.error());
  const std::string verifier = signer->verifier().text();
  if (options.print_key) {
    fmt::print("{}\n", verifier);
    return {};
  }
  block_signals();  // before any thread is started
  start_log("witness", LogLevel::kInfo);
  const SystemClock clock;
  ledger::FolderMemory memory(settings->data / "seen");
  ledger::Witness witness(settings->logs, std::move(*signer), memory,
                          [](const std::string& line) { log_warn("{}", line); });
  web::Routes routes;
  // Answered on the server's thread, fsync and all: one after another is what a witness promises.
  routes.add(
      {web::Method::kPost, "/add-checkpoint",
       [&](const web::Request& request, const web::Reply& reply) {
         auto answer = witness.add_checkpoint(request.body, clock.now());
         reply.send({answer.status, std::move(answer.body), std::move(answer.content_type), {}});
       },
       ledger::kMostAddCheckpoint});
  auto server = web::Server::start(settings->server, std::move(routes));
  if (!server) return tl::unexpected<Error>(server.error());
  log_info("{} listens on {}:{} for {} logs; its key is {}", settings->name,
           settings->server.address, (*server)->port(), settings->logs.size(), verifier);
  notify_ready("cosigning");
  wait_for_end();
  notify_stopping();
  return {};
}

}  // namespace madoguchi::app
