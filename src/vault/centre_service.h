// VaultForCentre: organisations, staff, tickets, who is signed in. Thin: the domain decides. gRPC's
// threads call it.
#pragma once

#include "vault.grpc.pb.h"
#include "vault/authority_desk.h"
#include "vault/dial_gate.h"
#include "vault/refusals.h"
#include "vault/registry.h"
#include "vault/staff.h"

namespace madoguchi::vault {

class CentreService final : public wire::VaultForCentre::Service {
 public:
  // All outlive it.
  struct Parts {
    Registry& registry;
    DialGate& gate;
    Staff& staff;
    AuthorityDesk& authority;
    Refusals& refusals;
  };
  explicit CentreService(const Parts& parts)
      : registry_(parts.registry),
        gate_(parts.gate),
        staff_(parts.staff),
        authority_(parts.authority),
        refusals_(parts.refusals) {}

  grpc::Status PutOrganisation(grpc::ServerContext* context,
                               const wire::PutOrganisationRequest* request,
                               wire::PutOrganisationReply* reply) override;
  grpc::Status AskDialTicket(grpc::ServerContext* context,
                             const wire::AskDialTicketRequest* request,
                             wire::AskDialTicketReply* reply) override;
  grpc::Status SettleWishes(grpc::ServerContext* context, const wire::SettleWishesRequest* request,
                            wire::SettleWishesReply* reply) override;
  grpc::Status PutStaff(grpc::ServerContext* context, const wire::PutStaffRequest* request,
                        wire::PutStaffReply* reply) override;
  grpc::Status SignedIn(grpc::ServerContext* context, const wire::SignedInRequest* request,
                        wire::SignedInReply* reply) override;
  grpc::Status AskOpeningTicket(grpc::ServerContext* context,
                                const wire::AskOpeningTicketRequest* request,
                                wire::OpeningTicketReply* reply) override;
  grpc::Status ExtendOpeningTicket(grpc::ServerContext* context,
                                   const wire::ExtendOpeningTicketRequest* request,
                                   wire::OpeningTicketReply* reply) override;
  grpc::Status EndOpeningTicket(grpc::ServerContext* context,
                                const wire::EndOpeningTicketRequest* request,
                                wire::EndOpeningTicketReply* reply) override;

 private:
  void refuse(std::string asked, std::string_view why, const wire::AskOpeningTicketRequest& of);

  Registry& registry_;
  DialGate& gate_;
  Staff& staff_;
  AuthorityDesk& authority_;
  Refusals& refusals_;
};

}  // namespace madoguchi::vault
