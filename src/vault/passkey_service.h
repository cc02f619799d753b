// VaultPasskeysForAdmin: the administrator's enrolment codes. gRPC's threads call it.
#pragma once

#include "passkeys.grpc.pb.h"
#include "vault/authority_desk.h"
#include "vault/passkeys.h"
#include "vault/rpc.h"
#include "vault/staff.h"

namespace madoguchi::vault {

class PasskeyService final : public wire::VaultPasskeysForAdmin::Service {
 public:
  struct Parts {
    Passkeys& passkeys;
    Staff& staff;
    AuthorityDesk& authority;
  };
  explicit PasskeyService(const Parts& parts) : parts_(parts) {}

  grpc::Status MakeEnrolmentCode(grpc::ServerContext* context,
                                 const wire::MakeEnrolmentCodeRequest* request,
                                 wire::MakeEnrolmentCodeReply* reply) override {
    if (auto refused = require_role(*context, "admin"); !refused.ok()) return refused;
    const auto id = OperatorId::parse(request->operator_id());
    const auto code = id ? code_for(*id) : Result<std::string>(tl::unexpected<Error>(id.error()));
    if (code) {
      reply->set_code(*code);
      return grpc::Status::OK;
    }
    if (!is_callers(code.error())) return status_of(code.error());
    reply->set_unknown(code.error().code == ErrorCode::kNotFound);
    reply->set_error(code.error().message);
    return grpc::Status::OK;
  }

 private:
  // An owner's people have a place at the vault, and no account at the centre that would tell of
  // them.
  Result<std::string> code_for(const OperatorId& who) {
    auto code = parts_.passkeys.make_code(who);
    if (code || code.error().code != ErrorCode::kNotFound || !parts_.authority.place_of(who))
      return code;
    if (auto put = parts_.staff.put(who, who.text(), ""); !put)
      return tl::unexpected<Error>(put.error());
    return parts_.passkeys.make_code(who);
  }

  const Parts parts_;
};

}  // namespace madoguchi::vault
