// VaultStaffForCentre: what the centre may end of staff here. gRPC's threads call it.
#pragma once

#include "staff.grpc.pb.h"
#include "vault/rpc.h"
#include "vault/staff.h"

namespace madoguchi::vault {

class StaffService final : public wire::VaultStaffForCentre::Service {
 public:
  explicit StaffService(Staff& staff) : staff_(staff) {}

  grpc::Status EndStaffSessions(grpc::ServerContext* context,
                                const wire::EndStaffSessionsRequest* request,
                                wire::EndStaffSessionsReply* reply) override {
    if (auto refused = require_role(*context, "centre"); !refused.ok()) return refused;
    const auto id = OperatorId::parse(request->operator_id());
    const auto ended =
        id ? staff_.end_sessions(*id) : Result<void>(tl::unexpected<Error>(id.error()));
    if (ended) return grpc::Status::OK;
    if (!is_callers(ended.error())) return status_of(ended.error());
    reply->set_error(ended.error().message);
    return grpc::Status::OK;
  }

 private:
  Staff& staff_;
};

}  // namespace madoguchi::vault
