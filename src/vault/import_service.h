// VaultRecordsForAdmin: files of records coming in by the administrator's command line. One import
// an organisation at a time; as it begins and as it ends, each has an entry in the organisation's
// log and a line in the journal, before it counts. gRPC's threads call it.
#pragma once

#include <mutex>
#include <set>

#include "records.grpc.pb.h"
#include "vault/records/records.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class ImportService final : public wire::VaultRecordsForAdmin::Service {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Records& records;
  };
  explicit ImportService(const Parts& parts) : parts_(parts) {}

  grpc::Status ReadSchema(grpc::ServerContext* context, const wire::ReadSchemaRequest* request,
                          wire::ReadSchemaReply* reply) override;
  grpc::Status Import(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<wire::ImportTells, wire::ImportPart>* stream) override;

 private:
  const Parts parts_;
  std::mutex mutex_;  // guards the next one
  std::set<OrganisationId> busy_;
};

}  // namespace madoguchi::vault
