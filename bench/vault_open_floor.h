// A vault at work, for vault_open: its process, clients with their records, a mandate of all of
// them, and operators who are each in a call, signed in to the glass with a ticket. The caller
// plays administrator, centre and exchange with the certificates of those roles.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "bench/support/https_client.h"

namespace madoguchi::bench {

struct FloorOptions {
  std::uint64_t rows = 9'280'000;
  std::uint64_t clients = 69;
  int operators = 600;
  std::filesystem::path folder;  // records that an earlier run left here are used again
  std::filesystem::path binary;  // madoguchi
};

struct OperatorAtWork {
  HttpsClient glass;
  std::string ticket;
};

// An imported record, by what it is found by.
struct RecordNamed {
  std::string organisation;
  std::string customer_number;
};

class VaultFloor {
 public:
  explicit VaultFloor(FloorOptions options);
  ~VaultFloor();  // ends the process
  VaultFloor(const VaultFloor&) = delete;

  // Each step says what went wrong.
  Result<void> start();
  Result<void> fill();  // imports what is not in yet
  Result<void> put_staff();
  Result<std::vector<OperatorAtWork>> sign_in();  // calls begin; leases are renewed from now on

  [[nodiscard]] RecordNamed record(std::uint64_t dice) const;

 private:
  struct Rpc;
  void lease();

  FloorOptions options_;
  pid_t vault_ = 0;
  std::unique_ptr<Rpc> rpc_;
  std::atomic<bool> over_ = false;
  std::thread leasing_;
};

}  // namespace madoguchi::bench
