// All logs of one vault: derives and shows what was committed, serves it, proves entries. Owned by
// the vault's process. publish() runs on one thread at a time (Publisher below brings one);
// serve(), prove() and verifier_of() on any thread.
//
// Promises: a log that is in trouble does not hold up the others, and says so in the round's
// troubles until it is mended. After a crash publish() simply goes on.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/rounds.h"
#include "base/time.h"
#include "ledger/log.h"
#include "ledger/log_store.h"
#include "ledger/proof_file.h"

namespace madoguchi::ledger {

// Who holds the logs' signing keys: one for each log, made when the log is first asked for. The
// signer's name must be `origin`.
class SignerSource {
 public:
  virtual ~SignerSource() = default;
  virtual Result<NoteSigner> signer_of(std::string_view log, const std::string& origin) = 0;
};

// A checkpoint that is signed and not yet shown; its tiles are in place.
struct SignedLog {
  const Log* log = nullptr;
  SignedHead head;
  Note note;
};

// Has witnesses cosign checkpoints. Called by whoever publishes.
class Cosigning {
 public:
  virtual ~Cosigning() = default;
  // Puts the cosignatures that come soon under the notes. Logs wait for it.
  virtual void cosign(std::span<SignedLog> round) = 0;
  // Notes that were given out by cosign() and have got more cosignatures since, once each.
  virtual std::vector<SignedLog> late() = 0;
};

struct LogsSettings {
  std::filesystem::path folder;       // each log in a folder of its id
  std::string origin_prefix;          // "vault.example.jp/log": origins are "<prefix>/<id>"
  std::string path_prefix = "/log/";  // of the web site's paths
};

struct LogTrouble {
  std::string log;
  Error error;
};

struct PublishedRound {
  std::size_t logs = 0;  // that got a new checkpoint
  std::uint64_t entries = 0;
  std::vector<LogTrouble> troubles;
};

// A resource as a web server sends it.
struct Resource {
  Bytes bytes;
  std::string content_type;
  bool immutable = false;  // may be cached for ever; else never
};

class Logs {
 public:
  // `store` and `signers` outlive it.
  Logs(LogStore& store, SignerSource& signers, LogsSettings settings);
  ~Logs();
  Logs(const Logs&) = delete;
  Logs& operator=(const Logs&) = delete;

  // Shows all that is committed: tiles, then the signed sizes in one transaction, then checkpoints.
  // An error is one of the store as a whole.
  Result<PublishedRound> publish(Time now);
  // Before the first publish(); outlives it.
  void set_cosigning(Cosigning& cosigning) { cosigning_ = &cosigning; }

  // "/log/sakura/checkpoint", "/log/sakura/tile/0/000.p/5". nullopt: no such thing; every path is
  // checked before a file is touched.
  [[nodiscard]] std::optional<Resource> serve(std::string_view path) const;

  // From what is shown. kNotFound: the entry is not there yet.
  Result<ProofFile> prove(std::string_view log, std::uint64_t index) const;
  // Several at once, all leading to one checkpoint: those of `indexes` (ascending) that it covers.
  struct Proofs {
    std::uint64_t size = 0;  // of the checkpoint's tree
    std::vector<ProofFile> files;
  };
  Result<Proofs> prove_all(std::string_view log, std::span<const std::uint64_t> indexes) const;

  // What a client checks the log with; handed over once, in writing.
  Result<VerifierKey> verifier_of(std::string_view log);

 private:
  Result<Log*> log_of(std::string_view id);
  void show_late(PublishedRound& round);
  [[nodiscard]] std::filesystem::path folder_of(std::string_view id) const;

  LogStore& store_;
  SignerSource& signers_;
  const LogsSettings settings_;
  Cosigning* cosigning_ = nullptr;
  mutable std::mutex mutex_;  // guards the map; a Log itself belongs to whoever publishes
  std::map<std::string, std::unique_ptr<Log>, std::less<>> logs_;
};

// Publishes on a thread of its own, every so often; under a load that makes a round take long, less
// often, so that it has a tenth of the time at most, and every five seconds at least. Troubles and
// errors are handed to `report` each round, on that thread; of the last one on its owner's.
class Publisher {
 public:
  using Report = std::function<void(const Result<PublishedRound>&)>;
  // `logs` and `clock` outlive it.
  Publisher(Logs& logs, const Clock& clock, std::chrono::milliseconds every, Report report);
  ~Publisher();  // does one last round itself
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

 private:
  Rounds::Rest round();

  Logs& logs_;
  const Clock& clock_;
  const std::chrono::milliseconds every_;
  const Report report_;
  Rounds rounds_;  // last: it uses the others
};

}  // namespace madoguchi::ledger
