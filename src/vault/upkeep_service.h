// VaultUpkeepForAdmin: an organisation's keys replaced, its own fields, and its numbers when they
// become another's. Each act has an entry in the organisation's log and a line in the journal.
// gRPC's threads call it.
#pragma once

#include <mutex>

#include "upkeep.grpc.pb.h"
#include "vault/authority_desk.h"
#include "vault/master_rotation.h"
#include "vault/records/records.h"
#include "vault/refusals.h"
#include "vault/registry.h"
#include "vault/rotations.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class UpkeepService final : public wire::VaultUpkeepForAdmin::Service {
 public:
  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Registry& registry;
    AuthorityDesk& authority;
    Refusals& refusals;
    Records& records;
    Rotations& rotations;
    RotationClock& clock_of_rotations;
    MasterRotation& master;
  };
  explicit UpkeepService(const Parts& parts) : parts_(parts) {}

  grpc::Status RotateKeys(grpc::ServerContext* context, const wire::RotateKeysRequest* request,
                          wire::RotateKeysReply* reply) override;
  grpc::Status ReadMasterKey(grpc::ServerContext* context,
                             const wire::ReadMasterKeyRequest* request,
                             wire::ReadMasterKeyReply* reply) override;
  grpc::Status RotateMasterKey(grpc::ServerContext* context,
                               const wire::RotateMasterKeyRequest* request,
                               wire::RotateMasterKeyReply* reply) override;
  grpc::Status ListKeys(grpc::ServerContext* context, const wire::ListKeysRequest* request,
                        wire::ListKeysReply* reply) override;
  grpc::Status AddField(grpc::ServerContext* context, const wire::AddFieldRequest* request,
                        wire::AddFieldReply* reply) override;
  grpc::Status ListFields(grpc::ServerContext* context, const wire::ListFieldsRequest* request,
                          wire::ListFieldsReply* reply) override;
  grpc::Status ReleaseNumber(grpc::ServerContext* context,
                             const wire::ReleaseNumberRequest* request,
                             wire::ReleaseNumberReply* reply) override;

 private:
  Result<OrganisationId> known(const std::string& id) const;
  Result<MasterRotation::Replaced> rotate_master(const wire::RotateMasterKeyRequest& request);
  Result<void> add_field(const wire::AddFieldRequest& request);

  const Parts parts_;
  std::mutex mutex_;  // a schema is read, extended and kept by one at a time
};

}  // namespace madoguchi::vault
