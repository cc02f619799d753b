// The clients' logs as the vault publishes them: signs each with a key of its own, which is kept in
// the vault's key table under the master key, has witnesses cosign, and shows what was committed
// every second, as files under the vault's data that the glass's site serves. Owned by
// RunningVault; logs() is for any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/signing.h"
#include "ledger/logs.h"
#include "ledger/witness_desk.h"
#include "vault/master.h"
#include "vault/registry.h"
#include "vault/settings.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

// A log's key is made when the log is first asked for, never changed, and only for organisations
// that the vault knows.
class LogSigners final : public ledger::SignerSource {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    const Registry& registry;
  };
  LogSigners(const Parts& parts, std::shared_ptr<KeyWrapping> wrapping)
      : parts_(parts), wrapping_(std::move(wrapping)) {}

  // One thread at a time: ledger::Logs sees to that.
  Result<ledger::NoteSigner> signer_of(std::string_view log, const std::string& origin) override;

 private:
  Result<SigningKey> make(const OrganisationId& organisation, const Secret& wrapping);

  const Parts parts_;
  const std::shared_ptr<KeyWrapping> wrapping_;  // as Master has it
};

class ClientLogs {
 public:
  // All that is referred to outlives it.
  struct Parts {
    LogSigners::Parts signers;
    ledger::LogStore& log;
    std::string host;              // of the glass: origins are "<host>/log/<organisation>"
    std::filesystem::path folder;  // for the files
    const Master& master;
    const std::vector<WitnessSettings>& witnesses;  // for the constructor only
  };
  explicit ClientLogs(const Parts& parts);

  ledger::Logs& logs() { return logs_; }
  // Null where none is named.
  [[nodiscard]] const ledger::WitnessDesk* witnesses() const { return witnesses_.get(); }

 private:
  void report(const Result<ledger::PublishedRound>& round);

  const Registry& registry_;
  LogSigners signers_;
  const std::unique_ptr<ledger::WitnessDesk> witnesses_;
  ledger::Logs logs_;
  std::string trouble_;                         // told last; the publisher's thread
  std::optional<ledger::Publisher> publisher_;  // last: it uses the others
};

}  // namespace madoguchi::vault
