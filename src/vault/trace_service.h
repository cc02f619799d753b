// VaultExportsForAdmin: a found file in, what is known of it out. gRPC's threads call it.
#pragma once

#include "exports.grpc.pb.h"
#include "vault/tracing.h"

namespace madoguchi::vault {

class TraceService final : public wire::VaultExportsForAdmin::Service {
 public:
  explicit TraceService(const Tracing::Parts& parts) : tracing_(parts) {}

  grpc::Status Trace(grpc::ServerContext* context,
                     grpc::ServerReaderWriter<wire::TraceReply, wire::TracePart>* stream) override;

 private:
  Tracing tracing_;
};

}  // namespace madoguchi::vault
