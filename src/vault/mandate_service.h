// VaultMandatesForAdmin: mandates as they stand, and the certificates of what was destroyed. gRPC's
// threads call it.
#pragma once

#include "mandates.grpc.pb.h"
#include "vault/authority_desk.h"
#include "vault/retention.h"

namespace madoguchi::vault {

class MandateService final : public wire::VaultMandatesForAdmin::Service {
 public:
  // Both outlive it.
  MandateService(AuthorityDesk& authority, Retention& retention)
      : authority_(authority), retention_(retention) {}

  grpc::Status ListMandates(grpc::ServerContext* context, const wire::ListMandatesRequest* request,
                            wire::ListMandatesReply* reply) override;
  grpc::Status ListDestructions(grpc::ServerContext* context,
                                const wire::ListDestructionsRequest* request,
                                wire::ListDestructionsReply* reply) override;
  grpc::Status ReadCertificate(grpc::ServerContext* context,
                               const wire::ReadCertificateRequest* request,
                               wire::ReadCertificateReply* reply) override;

 private:
  AuthorityDesk& authority_;
  Retention& retention_;
};

}  // namespace madoguchi::vault
