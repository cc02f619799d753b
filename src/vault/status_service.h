// ProcessStatus: the vault's counters and troubles, for the administrator's command line. gRPC's
// threads call it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "status.grpc.pb.h"
#include "vault/rpc.h"

namespace madoguchi::vault {

class StatusService final : public wire::ProcessStatus::Service {
 public:
  using Counters = std::function<std::map<std::string, std::uint64_t>()>;
  struct Trouble {
    std::string text;
    Time since;
  };
  using Troubles = std::function<std::vector<Trouble>()>;
  StatusService(Counters counters, Troubles troubles)
      : counters_(std::move(counters)), troubles_(std::move(troubles)) {}

  grpc::Status Read(grpc::ServerContext* context, const wire::ProcessStatusAsk*,
                    wire::ProcessStatusTold* told) override {
    if (auto refused = require_role(*context, "admin"); !refused.ok()) return refused;
    for (const auto& [name, count] : counters_()) (*told->mutable_counters())[name] = count;
    for (const Trouble& one : troubles_()) {
      wire::ProcessTrouble& trouble = *told->add_troubles();
      trouble.set_text(one.text);
      trouble.set_since_us(to_micros(one.since));
    }
    return grpc::Status::OK;
  }

 private:
  const Counters counters_;
  const Troubles troubles_;
};

}  // namespace madoguchi::vault
