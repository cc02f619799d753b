#include "centre/vault_client.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <utility>

#include "proto/vault.grpc.pb.h"

namespace madoguchi::centre {
namespace {

constexpr int kAnswerWithinS = 5;

template <typename Request, typename Reply>
struct Ask {
  grpc::ClientContext context;
  Request request;
  Reply reply;
};

}  // namespace

struct VaultClient::Inner {
  explicit Inner(Loop& on) : loop(on) {}
  Loop& loop;
  std::atomic<bool> gone{false};
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<wire::VaultForCentre::Stub> stub;
};

VaultClient::VaultClient(const std::string& address,
                         const std::shared_ptr<grpc::ChannelCredentials>& credentials, Loop& loop)
    : inner_(std::make_shared<Inner>(loop)) {
  inner_->channel = wire::open_channel(address, "vault", credentials);
  inner_->stub = wire::VaultForCentre::NewStub(inner_->channel);
}

VaultClient::~VaultClient() {
  inner_->gone = true;
}

bool VaultClient::connected() {
  return inner_->channel->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY;
}

namespace {

// Starts a call and has `then(status, reply)` run on the loop, unless the client has gone.
template <typename Request, typename Reply, typename Inner, typename Start, typename Then>
void ask(const std::shared_ptr<Inner>& inner, Request request, const Start& start, Then then) {
  // Shared with gRPC until it answers.
  const auto asked = std::make_shared<Ask<Request, Reply>>();
  asked->request = std::move(request);
  asked->context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                           gpr_time_from_seconds(kAnswerWithinS, GPR_TIMESPAN)));
  start(*inner->stub->async(), &asked->context, &asked->request, &asked->reply,
        [inner, asked, then = std::move(then)](const grpc::Status& status) {
          if (inner->gone) return;
          inner->loop.post([inner, asked, then, status] {
            if (!inner->gone) then(status, asked->reply);
          });
        });
}

template <typename Reply>
std::string error_of(const grpc::Status& status, const Reply& reply) {
  return status.ok() ? reply.error() : status.error_message();
}

}  // namespace

void VaultClient::put_organisation(const OrganisationId& id, const std::string& name,
                                   const std::vector<std::string>& numbers, Done done) {
  wire::PutOrganisationRequest request;
  request.set_organisation_id(id.text());
  request.set_name(name);
  for (const std::string& number : numbers) request.add_numbers_called(number);
  ask<wire::PutOrganisationRequest, wire::PutOrganisationReply>(
      inner_, std::move(request),
      [](auto& stub, auto... parts) { stub.PutOrganisation(std::move(parts)...); },
      [done = std::move(done)](const grpc::Status& status,
                               const wire::PutOrganisationReply& reply) {
        done(error_of(status, reply));
      });
}

void VaultClient::put_staff(const OperatorId& who, const std::string& display_name,
                            const std::string& password_hash, Done done) {
  wire::PutStaffRequest request;
  request.set_operator_id(who.text());
  request.set_display_name(display_name);
  request.set_password_hash(password_hash);
  ask<wire::PutStaffRequest, wire::PutStaffReply>(
      inner_, std::move(request),
      [](auto& stub, auto... parts) { stub.PutStaff(std::move(parts)...); },
      [done = std::move(done)](const grpc::Status& status, const wire::PutStaffReply& reply) {
        done(error_of(status, reply));
      });
}

void VaultClient::ask_ticket(const TicketWanted& wanted,
                             std::function<void(Result<TicketAnswer>)> then) {
  wire::AskDialTicketRequest request;
  request.set_wish_id(wanted.wish.text());
  request.set_organisation_id(wanted.organisation.text());
  request.set_line_token(wanted.line.text());
  request.set_operator_id(wanted.who.text());
  request.set_desk_id(wanted.desk.text());
  request.set_promise_id(wanted.promise.text());
  ask<wire::AskDialTicketRequest, wire::AskDialTicketReply>(
      inner_, std::move(request),
      [](auto& stub, auto... parts) { stub.AskDialTicket(std::move(parts)...); },
      [then = std::move(then)](const grpc::Status& status, const wire::AskDialTicketReply& reply) {
        if (!status.ok())
          then(fail(ErrorCode::kUnavailable, "the vault is away: " + status.error_message()));
        else
          then(TicketAnswer{TicketId(reply.ticket_id()), reply.denied(), reply.why()});
      });
}

}  // namespace madoguchi::centre
