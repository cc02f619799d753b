// ProcessStatus: the vault's counters, for the administrator's command line. gRPC's threads call
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "status.grpc.pb.h"
#include "vault/rpc.h"

namespace madoguchi::vault {

class StatusService final : public wire::ProcessStatus::Service {
 public:
  using Counters = std::function<std::map<std::string, std::uint64_t>()>;
  explicit StatusService(Counters counters) : counters_(std::move(counters)) {}

  grpc::Status Read(grpc::ServerContext* context, const wire::ProcessStatusAsk*,
                    wire::ProcessStatusTold* told) override {
    if (auto refused = require_role(*context, "admin"); !refused.ok()) return refused;
    for (const auto& [name, count] : counters_()) (*told->mutable_counters())[name] = count;
    return grpc::Status::OK;
  }

 private:
  const Counters counters_;
};

}  // namespace madoguchi::vault
