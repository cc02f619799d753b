// All of a running vault but the process around it: domain, services, gRPC server, glass. Tests
// start one as the process does. Owned by one thread; made in order and taken apart in reverse.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "vault/people_records.h"
#include "vault/settings.h"
#include "vault/staff.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class RunningVault {
 public:
  // As run() says; without stores for records nothing about people is served. `clock` and `entropy`
  // outlive it.
  static Result<std::unique_ptr<RunningVault>> start(
      const Settings& settings, std::unique_ptr<VaultStore> store, const Clock& clock,
      Entropy& entropy, HashingCost cost = HashingCost::kUsual, OpenedRecordStores records = {},
      const std::vector<TokenSecret>* token_secrets = nullptr);
  ~RunningVault();

  // To be called every second: what holds already and could not be written down yet.
  void second();
  // To be called every minute or so: what is journalled as counts.
  void minute();

  // Where it serves, for people.
  [[nodiscard]] std::string status() const;
  [[nodiscard]] std::uint16_t glass_port() const;

 private:
  struct Parts;
  static Result<void> start_logs(const Settings& settings, const Master& master, const Clock& clock,
                                 Entropy& entropy, Parts& parts);
  static Result<void> start_exports(const Settings& settings, const Clock& clock, Entropy& entropy,
                                    Parts& parts);
  static Result<void> start_upkeep(const Settings& settings, const Master& master,
                                   const Clock& clock, Entropy& entropy, Parts& parts);
  explicit RunningVault(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace madoguchi::vault
