#include "vault/centre_service.h"

#include "vault/rpc.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kRole = "centre";
constexpr int kMostIds = 10'000;

template <typename Reply>
grpc::Status told(const Result<void>& outcome, Reply* reply) {
  if (outcome) return grpc::Status::OK;
  if (!is_callers(outcome.error())) return status_of(outcome.error());
  reply->set_error(outcome.error().message);
  return grpc::Status::OK;
}

// Absent is allowed, malformed is not.
bool may_be_id(const std::string& text) {
  return text.empty() || is_valid_id(text);
}

}  // namespace

grpc::Status CentreService::PutOrganisation(grpc::ServerContext* context,
                                            const wire::PutOrganisationRequest* request,
                                            wire::PutOrganisationReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto id = OrganisationId::parse(request->organisation_id());
  if (!id) return told(tl::unexpected<Error>(id.error()), reply);
  const auto put = registry_.put_organisation(
      *id, request->name(), {request->numbers_called().begin(), request->numbers_called().end()},
      RegisteredBy::kCentre, request->what_can_be() ? Binding::kWhatCanBe : Binding::kAllOrNone);
  if (!put && put.error().code == ErrorCode::kConflict)
    for (const std::string& number : request->numbers_called())
      if (auto owner = registry_.owner_of_number(number); !owner.empty() && owner != *id)
        refusals_.note({"number", "bound", std::string(kRole), std::move(owner), {}, {}, {}});
  return told(put, reply);
}

grpc::Status CentreService::AskDialTicket(grpc::ServerContext* context,
                                          const wire::AskDialTicketRequest* request,
                                          wire::AskDialTicketReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  for (const std::string* text :
       {&request->wish_id(), &request->organisation_id(), &request->line_token(),
        &request->operator_id(), &request->desk_id(), &request->promise_id()})
    if (!may_be_id(*text)) return {grpc::StatusCode::INVALID_ARGUMENT, "one of the ids is none"};
  const auto answer = gate_.ask(
      {WishId(request->wish_id()), request->own_phone(), OrganisationId(request->organisation_id()),
       LineToken(request->line_token()), OperatorId(request->operator_id()),
       DeskId(request->desk_id()), PromiseId(request->promise_id())});
  if (!answer) return status_of(answer.error());
  if (answer->refused) {
    reply->set_denied(answer->refused->word);
    reply->set_why(answer->refused->why);
  } else {
    reply->set_ticket_id(answer->ticket.text());
    reply->set_expires_us(to_micros(answer->expires));
  }
  return grpc::Status::OK;
}

grpc::Status CentreService::SettleWishes(grpc::ServerContext* context,
                                         const wire::SettleWishesRequest* request,
                                         wire::SettleWishesReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  if (request->wish_ids_size() > kMostIds)
    return {grpc::StatusCode::INVALID_ARGUMENT, "too many wishes at once"};
  for (const std::string& text : request->wish_ids()) {
    const auto id = WishId::parse(text);
    if (!id) return told(tl::unexpected<Error>(id.error()), reply);
    const auto settled = gate_.settle(*id, request->outcome());
    if (!settled) return told(settled, reply);
  }
  return grpc::Status::OK;
}

grpc::Status CentreService::PutStaff(grpc::ServerContext* context,
                                     const wire::PutStaffRequest* request,
                                     wire::PutStaffReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto id = OperatorId::parse(request->operator_id());
  if (!id) return told(tl::unexpected<Error>(id.error()), reply);
  const auto put = staff_.put(*id, request->display_name(), request->password_hash());
  if (!put && put.error().code == ErrorCode::kDenied)
    refusals_.note({"password", "not_demo", std::string(kRole), {}, *id, {}, {}});
  return told(put, reply);
}

grpc::Status CentreService::SignedIn(grpc::ServerContext* context,
                                     const wire::SignedInRequest* request,
                                     wire::SignedInReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  if (request->operator_ids_size() > kMostIds)
    return {grpc::StatusCode::INVALID_ARGUMENT, "too many operators at once"};
  std::vector<OperatorId> ids;
  for (const std::string& text : request->operator_ids()) ids.emplace_back(text);
  const auto signed_in = staff_.signed_in(ids);
  if (!signed_in) return status_of(signed_in.error());
  for (const OperatorId& id : *signed_in) reply->add_operator_ids(id.text());
  return grpc::Status::OK;
}

// The call's own client is told, where there is such a call. Anyone may read what it is told, so of
// the centre's words only those stand there that the vault knows: a person's, a desk's.
void CentreService::refuse(std::string asked, std::string_view why,
                           const wire::AskOpeningTicketRequest& of) {
  const CallId call(of.call_id());
  RefusedAsk ask{std::move(asked), std::string(why), std::string(kRole), {}, {}, {}, {}};
  authority_.with([&](Authority& authority, Time) {
    const CallLease* lease = authority.leases().known(call);
    const OperatorId who(of.operator_id());
    const DeskId desk(of.desk_id());
    if (authority.places().find(who) != nullptr) ask.who = who;
    if ((lease != nullptr && lease->desk == desk) || authority.mandates().names_desk(desk, {}))
      ask.desk = desk;
    ask.call = call;
    if (lease != nullptr) ask.owner = lease->called;
  });
  refusals_.note(std::move(ask));
}

grpc::Status CentreService::AskOpeningTicket(grpc::ServerContext* context,
                                             const wire::AskOpeningTicketRequest* request,
                                             wire::OpeningTicketReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  for (const std::string* text :
       {&request->operator_id(), &request->desk_id(), &request->call_id()})
    if (!is_valid_id(*text)) {
      refusals_.note({"ticket", "malformed", std::string(kRole), {}, {}, {}, {}});
      return {grpc::StatusCode::INVALID_ARGUMENT, "one of the ids is none"};
    }
  if (!may_be_id(request->purpose())) {
    refusals_.note({"ticket", "malformed", std::string(kRole), {}, {}, {}, {}});
    return {grpc::StatusCode::INVALID_ARGUMENT, "the purpose is no id"};
  }
  const auto ticket =
      authority_.issue(OperatorId(request->operator_id()), DeskId(request->desk_id()),
                       CallId(request->call_id()), request->purpose());
  if (ticket) {
    reply->set_ticket_id(ticket->id.text());
  } else {
    refuse("ticket", name_of(ticket.error()), *request);
    reply->set_denied(std::string(name_of(ticket.error())));
  }
  return grpc::Status::OK;
}

grpc::Status CentreService::ExtendOpeningTicket(grpc::ServerContext* context,
                                                const wire::ExtendOpeningTicketRequest* request,
                                                wire::OpeningTicketReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto state =
      authority_.extend(OpeningTicketId(request->ticket_id()), Micros(request->by_us()));
  reply->set_ticket_id(request->ticket_id());
  if (!state) {
    refusals_.note(
        {"extension", std::string(name_of(state.error())), std::string(kRole), {}, {}, {}, {}});
    reply->set_denied(std::string(name_of(state.error())));
  } else if (state->until)
    reply->set_ends_us(to_micros(*state->until));
  return grpc::Status::OK;
}

grpc::Status CentreService::EndOpeningTicket(grpc::ServerContext* context,
                                             const wire::EndOpeningTicketRequest* request,
                                             wire::EndOpeningTicketReply*) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  authority_.end_ticket(OpeningTicketId(request->ticket_id()));
  return grpc::Status::OK;
}

}  // namespace madoguchi::vault
