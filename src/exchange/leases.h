// The leases that the exchange holds out to the vault: new and changed ones go whole, at once; all
// that hold are renewed together every few seconds; all go whole again on a new stream. Bounded by
// the calls that are up. Loop thread; pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "vault.pb.h"

namespace madoguchi::exchange {

class Leases {
 public:
  static constexpr std::chrono::milliseconds kRenewEvery{3500};  // the vault waits for ten seconds

  void put(const wire::CallLease& lease);
  void end(const std::string& call);
  // The other side knows nothing any more.
  void again();

  [[nodiscard]] bool has_news() const { return !fresh_.empty() || !ended_.empty(); }
  [[nodiscard]] std::optional<MonoTime> renewal_due() const;

  // Puts what is to be said now into `asks`.
  void fill(wire::ExchangeAsks& asks, MonoTime now);

 private:
  std::map<std::string, wire::CallLease> held_;
  std::set<std::string> fresh_;
  std::vector<std::string> ended_;
  MonoTime renewed_{};
};

}  // namespace madoguchi::exchange
