// VaultRecordsForAdmin: files of records coming in by the administrator's command line, and taken
// back by it. One import an organisation at a time; as it begins, as it ends and as it is
// withdrawn, each has an entry in the organisation's log and a line in the journal, before it
// counts. gRPC's threads call it.
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "records.grpc.pb.h"
#include "vault/invented_people.h"
#include "vault/records/importer.h"
#include "vault/records/records.h"
#include "vault/registry.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class ImportService final : public wire::VaultRecordsForAdmin::Service {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    Records& records;
    const InventedPeople& invented;  // who stays when an import is withdrawn
    const Registry& registry;
  };
  explicit ImportService(const Parts& parts) : parts_(parts) {}

  grpc::Status ReadSchema(grpc::ServerContext* context, const wire::ReadSchemaRequest* request,
                          wire::ReadSchemaReply* reply) override;
  grpc::Status Import(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<wire::ImportTells, wire::ImportPart>* stream) override;
  grpc::Status ListImports(grpc::ServerContext* context, const wire::ListImportsRequest* request,
                           wire::ListImportsReply* reply) override;
  grpc::Status WithdrawImport(grpc::ServerContext* context,
                              const wire::WithdrawImportRequest* request,
                              wire::WithdrawImportReply* reply) override;

 private:
  // Entries in the organisation's log and the journal, told as asked for by this person.
  std::function<Result<void>(const ImportTerms&, const ImportStanding&)> noting(
      std::string asked_by);

  // An entry about each of them, and who asked for it stands in the journal beside the import.
  Result<void> tell_changed(const OrganisationId& owner, const std::string& import_id,
                            std::span<const ChangedPerson> people);
  ImportCallbacks callbacks_for(const ImportTerms& terms, const std::string& asked_by,
                                const std::function<void(const wire::ImportTells&)>& tell);

  const Parts parts_;
  std::mutex mutex_;  // guards the next one
  std::set<OrganisationId> busy_;
};

}  // namespace madoguchi::vault
