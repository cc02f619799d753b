#include "vault/mandate_service.h"

#include "vault/mandate_json.h"
#include "vault/rpc.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kRole = "admin";

}  // namespace

grpc::Status MandateService::ListMandates(grpc::ServerContext* context,
                                          const wire::ListMandatesRequest*,
                                          wire::ListMandatesReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  std::vector<MandateId> ids;
  authority_.with([&](Authority& authority, Time now) {
    for (const auto& [id, entry] : authority.mandates().all()) {
      wire::MandateListed& one = *reply->add_mandates();
      ids.push_back(id);
      one.set_json(to_json(entry.versions.back()));
      for (const OrganisationId& owner : entry.versions.back().owners) {
        wire::MandateOwner& standing = *one.add_owners();
        standing.set_owner(owner.text());
        standing.set_state(std::string(state_of(entry, owner, now)));
        const auto mine = entry.signatures.find(owner);
        if (mine == entry.signatures.end()) continue;
        standing.set_signed_version(mine->second.back().version);
        standing.set_signed_by(mine->second.back().by.text());
        standing.set_signed_us(to_micros(mine->second.back().at));
      }
    }
  });
  for (std::size_t i = 0; i < ids.size(); ++i)
    for (wire::MandateOwner& owner :
         *reply->mutable_mandates(static_cast<int>(i))->mutable_owners())
      for (const RetentionStanding& standing : retention_.of_owner(OrganisationId(owner.owner())))
        if (standing.term.mandate == ids[i])
          owner.set_retention_state(std::string(name_of(standing.state)));
  return grpc::Status::OK;
}

grpc::Status MandateService::ListDestructions(grpc::ServerContext* context,
                                              const wire::ListDestructionsRequest*,
                                              wire::ListDestructionsReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  for (const DestructionRow& row : retention_.destructions()) {
    wire::DestructionListed& one = *reply->add_destructions();
    one.set_destruction_id(row.id.text());
    one.set_owner(row.owner.text());
    one.set_done(row.done);
    one.set_certificate_json(row.certificate);
  }
  return grpc::Status::OK;
}

grpc::Status MandateService::ReadCertificate(grpc::ServerContext* context,
                                             const wire::ReadCertificateRequest* request,
                                             wire::ReadCertificateReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto id = DestructionId::parse(request->destruction_id());
  const auto certificate = id ? retention_.certificate(*id)
                              : Result<ledger::Certificate>(tl::unexpected<Error>(id.error()));
  const auto text = certificate ? certificate->text()
                                : Result<std::string>(tl::unexpected<Error>(certificate.error()));
  if (text)
    reply->set_json(*text);
  else if (is_callers(text.error()))
    reply->set_error(text.error().message);
  else
    return status_of(text.error());
  return grpc::Status::OK;
}

}  // namespace madoguchi::vault
