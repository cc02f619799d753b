// VaultStaffForCentre: what the centre may end of staff here. gRPC's threads call it.
#pragma once

#include "staff.grpc.pb.h"
#include "vault/rpc.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class StaffService final : public wire::VaultStaffForCentre::Service {
 public:
  StaffService(VaultStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  grpc::Status EndStaffSessions(grpc::ServerContext* context,
                                const wire::EndStaffSessionsRequest* request,
                                wire::EndStaffSessionsReply* reply) override {
    if (auto refused = require_role(*context, "centre"); !refused.ok()) return refused;
    const auto id = OperatorId::parse(request->operator_id());
    const auto ended = id ? end_sessions(*id) : Result<void>(tl::unexpected<Error>(id.error()));
    if (ended) return grpc::Status::OK;
    if (!is_callers(ended.error())) return status_of(ended.error());
    reply->set_error(ended.error().message);
    return grpc::Status::OK;
  }

 private:
  Result<void> end_sessions(const OperatorId& id) {
    const Time now = clock_.now();
    const auto there = store_.signed_in({id}, now);
    if (!there) return tl::unexpected<Error>(there.error());
    if (there->empty()) return {};
    return store_.commit(now,
                         {{DropSessionsOf{id}}, {{"sessions_ended", {{"operator", id.text()}}}}});
  }

  VaultStore& store_;
  const Clock& clock_;
};

}  // namespace madoguchi::vault
