#include "centre/admin_door.h"

#include <fmt/format.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/log.h"
#include "proto/centre.grpc.pb.h"
#include "wire/confinement_service.h"

namespace madoguchi::centre {
namespace {

constexpr std::chrono::milliseconds kAnswerWithin{30'000};
constexpr std::chrono::milliseconds kSlice{200};
constexpr std::size_t kMostAskedBy = 100;

// Where one answer arrives; the asking thread waits here.
class Waiting final : public web::Reply::Channel {
 public:
  ~Waiting() override = default;

  void send(web::Response response) override {
    const std::lock_guard lock(mutex_);
    if (!answer_) answer_ = std::move(response);
    changed_.notify_all();
  }
  void upgrade(web::Reply::OnSocket) override {
    send(web::error_response(426, "upgrade_required", "this is for browsers"));
  }
  // In slices: whoever asks may go, and so may the centre.
  web::Response wait(const grpc::ServerContext& context) {
    std::unique_lock lock(mutex_);
    for (auto waited = kSlice; !answer_ && waited < kAnswerWithin; waited += kSlice) {
      changed_.wait_for(lock, kSlice, [this] { return answer_.has_value(); });
      if (context.IsCancelled()) break;
    }
    if (answer_) return *answer_;
    return web::error_response(503, "unavailable", "the centre did not answer in time");
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<web::Response> answer_;
};

web::Method method_of(std::string_view name) {
  for (const auto method :
       {web::Method::kGet, web::Method::kPost, web::Method::kPut, web::Method::kDelete})
    if (web::name_of(method) == name) return method;
  return web::Method::kOther;
}

class Service final : public wire::CentreForAdmin::Service {
 public:
  explicit Service(AdminDoor::Ask ask) : ask_(std::move(ask)) {}

  grpc::Status Ask(grpc::ServerContext* context, const wire::AdminAsk* asked,
                   wire::AdminAnswer* answer) override {
    if (wire::peer_role(*context) != "admin")
      return {grpc::StatusCode::PERMISSION_DENIED, "this service is for the role admin"};
    web::Request request;
    request.method = method_of(asked->method());
    request.path = asked->path();
    request.query = {asked->query().begin(), asked->query().end()};
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = asked->body();
    if (request.body.size() > web::kUsualBody)
      return {grpc::StatusCode::INVALID_ARGUMENT, "the body is too large"};
    if (request.method != web::Method::kGet)
      log_info("at the command line {}: {} {}", asked->asked_by().substr(0, kMostAskedBy),
               asked->method(), asked->path().substr(0, kMostAskedBy));
    const auto waiting = std::make_shared<Waiting>();  // shared with whoever answers, maybe late
    ask_(std::move(request), web::Reply(waiting));
    const web::Response response = waiting->wait(*context);
    answer->set_status(static_cast<std::uint32_t>(response.status));
    answer->set_body(response.body);
    return grpc::Status::OK;
  }

 private:
  const AdminDoor::Ask ask_;
};

}  // namespace

struct AdminDoor::Inner {
  explicit Inner(AdminDoor::Ask ask) : service(std::move(ask)) {}
  Service service;
  wire::ConfinementService confinement;
  std::unique_ptr<grpc::Server> server;
};

AdminDoor::AdminDoor(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}

AdminDoor::~AdminDoor() {
  inner_->server->Shutdown(std::chrono::system_clock::time_point());  // long past: cancel all
  inner_->server->Wait();
}

Result<std::unique_ptr<AdminDoor>> AdminDoor::open(const std::string& listen,
                                                   const wire::TlsFiles& tls, Ask ask) {
  const auto credentials = wire::server_credentials(tls);
  if (!credentials) return tl::unexpected<Error>(credentials.error());
  auto inner = std::make_unique<Inner>(std::move(ask));
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(listen, *credentials, &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // An administrator asks rarely: one thread waits.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  builder.RegisterService(&inner->service);
  builder.RegisterService(&inner->confinement);
  inner->server = builder.BuildAndStart();
  if (!inner->server || port == 0)
    return fail(ErrorCode::kUnavailable,
                fmt::format("rpc.listen: {} cannot be listened on; is it taken?", listen));
  return std::unique_ptr<AdminDoor>(new AdminDoor(std::move(inner)));
}

}  // namespace madoguchi::centre
