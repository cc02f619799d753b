// VaultForAdmin: the administrator's command line. Exports pass through a sealed, unnamed file on
// disk, never as a whole through memory. gRPC's threads call it.
#pragma once

#include <filesystem>

#include "vault.grpc.pb.h"
#include "vault/authority_desk.h"
#include "vault/dial_gate.h"
#include "vault/recordings.h"
#include "vault/records/records.h"
#include "vault/staff.h"

namespace madoguchi::vault {

class AdminService final : public wire::VaultForAdmin::Service {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Registry& registry;
    DialGate& gate;
    Recordings& recordings;
    Staff& staff;
    AuthorityDesk& authority;
    std::filesystem::path folder;  // for sealed files while they are exported
  };
  explicit AdminService(const Parts& parts) : parts_(parts) {}

  // Before it serves: fields that a mandate names are looked up. Outlives it.
  void know(Records& records) { records_ = &records; }

  grpc::Status ExportRecording(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<wire::WavPart, wire::RecordingPart>* stream) override;
  grpc::Status ReadJournal(grpc::ServerContext* context, const wire::ReadJournalRequest* request,
                           grpc::ServerWriter<wire::JournalLine>* writer) override;
  grpc::Status SetStaffPassword(grpc::ServerContext* context,
                                const wire::SetStaffPasswordRequest* request,
                                wire::SetStaffPasswordReply* reply) override;
  grpc::Status SetStaffPhone(grpc::ServerContext* context,
                             const wire::SetStaffPhoneRequest* request,
                             wire::SetStaffPhoneReply* reply) override;
  grpc::Status DisableStaff(grpc::ServerContext* context, const wire::DisableStaffRequest* request,
                            wire::DisableStaffReply* reply) override;
  grpc::Status BindNumber(grpc::ServerContext* context, const wire::BindNumberRequest* request,
                          wire::BindNumberReply* reply) override;
  grpc::Status ListOrganisations(grpc::ServerContext* context,
                                 const wire::ListOrganisationsRequest* request,
                                 wire::ListOrganisationsReply* reply) override;
  grpc::Status SetStaffPlace(grpc::ServerContext* context,
                             const wire::SetStaffPlaceRequest* request,
                             wire::SetStaffPlaceReply* reply) override;
  grpc::Status DraftMandate(grpc::ServerContext* context, const wire::DraftMandateRequest* request,
                            wire::DraftMandateReply* reply) override;

 private:
  const Parts parts_;
  Records* records_ = nullptr;
};

}  // namespace madoguchi::vault
