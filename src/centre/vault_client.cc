#include "centre/vault_client.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "proto/staff.grpc.pb.h"
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

// Which questions are open. gRPC must not be left holding the last of a channel on a thread of its
// own, so whoever destroys the client cancels them and waits here.
struct Open {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<grpc::ClientContext*> contexts;
  bool gone = false;
  std::vector<std::shared_ptr<void>> answered_late;  // freed by whoever destroys the client
};

struct VaultClient::Inner {
  explicit Inner(Loop& on) : loop(on) {}
  Loop& loop;
  const std::shared_ptr<Open> open = std::make_shared<Open>();  // shared with answers under way
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<wire::VaultForCentre::Stub> stub;
  std::unique_ptr<wire::VaultStaffForCentre::Stub> staff;
};

VaultClient::VaultClient(const std::string& address,
                         const std::shared_ptr<grpc::ChannelCredentials>& credentials, Loop& loop)
    : inner_(std::make_shared<Inner>(loop)) {
  inner_->channel = wire::open_channel(address, "vault", credentials);
  inner_->stub = wire::VaultForCentre::NewStub(inner_->channel);
  inner_->staff = wire::VaultStaffForCentre::NewStub(inner_->channel);
}

VaultClient::~VaultClient() {
  Open& open = *inner_->open;
  std::unique_lock lock(open.mutex);
  open.gone = true;
  for (grpc::ClientContext* context : open.contexts) context->TryCancel();
  open.changed.wait(lock, [&] { return open.contexts.empty(); });
  const auto late = std::exchange(open.answered_late, {});
  lock.unlock();
}

bool VaultClient::connected() {
  return inner_->channel->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY;
}

namespace {

// Starts a call and has `then(status, reply)` run on the loop, unless the client has gone.
template <typename Request, typename Reply, typename Inner, typename Start, typename Then>
void ask(Inner& inner, Request request, const Start& start, Then then) {
  // Shared with gRPC until it answers, then with the loop's task.
  auto asked = std::make_shared<Ask<Request, Reply>>();
  asked->request = std::move(request);
  asked->context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                           gpr_time_from_seconds(kAnswerWithinS, GPR_TIMESPAN)));
  {
    const std::lock_guard lock(inner.open->mutex);
    inner.open->contexts.insert(&asked->context);
  }
  Ask<Request, Reply>& fields = *asked;
  start(*inner.stub->async(), &fields.context, &fields.request, &fields.reply,
        [open = inner.open, loop = &inner.loop, asked = std::move(asked),
         then = std::move(then)](const grpc::Status& status) mutable {
          const std::lock_guard lock(open->mutex);
          const auto mine = std::move(asked);
          const bool posted = !open->gone && loop->post([open, mine, then, status] {
            bool gone = false;
            {
              const std::lock_guard inner_lock(open->mutex);
              gone = open->gone;
            }
            if (!gone) then(status, mine->reply);
          });
          if (!posted) open->answered_late.push_back(mine);
          open->contexts.erase(&mine->context);
          open->changed.notify_all();
        });
}

template <typename Reply>
std::string error_of(const grpc::Status& status, const Reply& reply) {
  return status.ok() ? reply.error() : status.error_message();
}

}  // namespace

void VaultClient::put_organisation(const OrganisationId& id, const std::string& name,
                                   const std::vector<std::string>& numbers, Numbers which,
                                   Done done) {
  wire::PutOrganisationRequest request;
  request.set_what_can_be(which == Numbers::kThoseThatCanBe);
  request.set_organisation_id(id.text());
  request.set_name(name);
  for (const std::string& number : numbers) request.add_numbers_called(number);
  ask<wire::PutOrganisationRequest, wire::PutOrganisationReply>(
      *inner_, std::move(request),
      [](auto& stub, grpc::ClientContext* context, auto... parts) {
        // At a start the connection may be a moment away; somebody at the command line can wait.
        context->set_wait_for_ready(true);
        stub.PutOrganisation(context, std::move(parts)...);
      },
      [done = std::move(done)](const grpc::Status& status,
                               const wire::PutOrganisationReply& reply) {
        done(error_of(status, reply));
      });
}

void VaultClient::settle_wish(const WishId& wish, std::string_view outcome, Done done) {
  wire::SettleWishesRequest request;
  request.add_wish_ids(wish.text());
  request.set_outcome(std::string(outcome));
  ask<wire::SettleWishesRequest, wire::SettleWishesReply>(
      *inner_, std::move(request),
      [](auto& stub, auto... parts) { stub.SettleWishes(std::move(parts)...); },
      [done = std::move(done)](const grpc::Status& status, const wire::SettleWishesReply& reply) {
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
      *inner_, std::move(request),
      [](auto& stub, auto... parts) { stub.PutStaff(std::move(parts)...); },
      [done = std::move(done)](const grpc::Status& status, const wire::PutStaffReply& reply) {
        done(error_of(status, reply));
      });
}

void VaultClient::end_staff_sessions(const OperatorId& who, Done done) {
  wire::EndStaffSessionsRequest request;
  request.set_operator_id(who.text());
  ask<wire::EndStaffSessionsRequest, wire::EndStaffSessionsReply>(
      *inner_, std::move(request),
      [staff = inner_->staff.get()](auto&, auto... parts) {
        staff->async()->EndStaffSessions(std::move(parts)...);
      },
      [done = std::move(done)](const grpc::Status& status,
                               const wire::EndStaffSessionsReply& reply) {
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
  request.set_own_phone(wanted.own_phone);
  ask<wire::AskDialTicketRequest, wire::AskDialTicketReply>(
      *inner_, std::move(request),
      [](auto& stub, auto... parts) { stub.AskDialTicket(std::move(parts)...); },
      [then = std::move(then)](const grpc::Status& status, const wire::AskDialTicketReply& reply) {
        if (!status.ok())
          then(fail(ErrorCode::kUnavailable, "the vault is away: " + status.error_message()));
        else
          then(TicketAnswer{TicketId(reply.ticket_id()), reply.denied(), reply.why()});
      });
}

void VaultClient::ask_opening(const OperatorId& who, const DeskId& desk, const CallId& call,
                              Answered then) {
  wire::AskOpeningTicketRequest request;
  request.set_operator_id(who.text());
  request.set_desk_id(desk.text());
  request.set_call_id(call.text());
  ask<wire::AskOpeningTicketRequest, wire::OpeningTicketReply>(
      *inner_, std::move(request),
      [](auto& stub, auto... parts) { stub.AskOpeningTicket(std::move(parts)...); },
      [then = std::move(then)](const grpc::Status& status, const wire::OpeningTicketReply& reply) {
        then(TicketId(reply.ticket_id()), status.ok() ? reply.denied() : "away");
      });
}

void VaultClient::extend_opening(const TicketId& ticket, Micros by) {
  wire::ExtendOpeningTicketRequest request;
  request.set_ticket_id(ticket.text());
  request.set_by_us(by.count());
  ask<wire::ExtendOpeningTicketRequest, wire::OpeningTicketReply>(
      *inner_, std::move(request),
      [](auto& stub, auto... parts) { stub.ExtendOpeningTicket(std::move(parts)...); },
      [](const grpc::Status&, const wire::OpeningTicketReply&) {});
}

void VaultClient::end_opening(const TicketId& ticket) {
  wire::EndOpeningTicketRequest request;
  request.set_ticket_id(ticket.text());
  ask<wire::EndOpeningTicketRequest, wire::EndOpeningTicketReply>(
      *inner_, std::move(request),
      [](auto& stub, auto... parts) { stub.EndOpeningTicket(std::move(parts)...); },
      [](const grpc::Status&, const wire::EndOpeningTicketReply&) {});
}

}  // namespace madoguchi::centre
