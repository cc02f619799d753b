#include "exchange/centre_link.h"

#include <fmt/format.h>
#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>
#include <sys/stat.h>

#include <filesystem>
#include <mutex>
#include <utility>

#include "base/id.h"
#include "exchange.grpc.pb.h"
#include "wire/confinement_service.h"
#include "wire/credentials.h"

namespace madoguchi::exchange {
namespace {

constexpr std::size_t kMostPromptBytes = 64 << 20;
constexpr std::size_t kMostWaiting = 10'000;  // batches; a centre that floods is cut off

}  // namespace

class CentreLink::Impl final : public wire::Exchange::CallbackService {
 public:
  explicit Impl(std::function<void()> wake) : wake_(std::move(wake)) {}
  ~Impl() override {
    if (!server_) return;
    end_attachment(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the exchange is stopping"));
    server_->Shutdown(
        gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(1, GPR_TIMESPAN)));
    server_->Wait();
  }

  Result<void> listen(const Settings& settings);

  Taken take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(taken_, {});
  }

  bool ready() {
    const std::lock_guard lock(mutex_);
    return may_write();
  }
  bool attached() {
    const std::lock_guard lock(mutex_);
    return current_ != nullptr;
  }

  void send(wire::EventBatch batch) {
    const std::lock_guard lock(mutex_);
    if (!may_write()) return;
    current_->out = std::move(batch);
    current_->writing = true;
    current_->StartWrite(&current_->out);
  }

  grpc::ServerBidiReactor<wire::CommandBatch, wire::EventBatch>* Attach(
      grpc::CallbackServerContext* context) override {
    auto reactor = std::make_unique<Attachment>(*this);
    if (wire::peer_role(*context) != "centre") {
      reactor->finished = true;
      reactor->Finish(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "only the centre"));
      return reactor.release();  // deletes itself in OnDone, as gRPC wants
    }
    end_attachment(grpc::Status(grpc::StatusCode::ABORTED, "a newer centre has attached"));
    {
      const std::lock_guard lock(mutex_);
      current_ = reactor.get();
      taken_.attached = true;
      taken_.batches.clear();  // of the older one: it repeats what was not acknowledged
      current_->StartRead(&current_->in);
    }
    wake_();
    return reactor.release();
  }

  grpc::ServerReadReactor<wire::PromptPart>* PutPrompt(grpc::CallbackServerContext* context,
                                                       wire::PromptStored* reply) override {
    auto upload = std::make_unique<Upload>(*this, *reply);
    if (wire::peer_role(*context) != "centre")
      upload->Finish(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "only the centre"));
    else
      upload->StartRead(&upload->part);
    return upload.release();
  }

  grpc::ServerUnaryReactor* Status(grpc::CallbackServerContext* context, const wire::StatusRequest*,
                                   wire::StatusReply* reply) override {
    auto* reactor = context->DefaultReactor();
    const std::string role = wire::peer_role(*context);
    if (role != "centre" && role != "admin") {
      reactor->Finish(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "only the centre"));
      return reactor;
    }
    {
      const std::lock_guard lock(mutex_);
      taken_.status.push_back([reactor, reply](wire::StatusReply status) {
        *reply = std::move(status);
        reactor->Finish(grpc::Status::OK);
      });
    }
    wake_();
    return reactor;
  }

 private:
  struct Attachment final : grpc::ServerBidiReactor<wire::CommandBatch, wire::EventBatch> {
    explicit Attachment(Impl& of) : link(of) {}
    void OnReadDone(bool ok) override { link.read_done(*this, ok); }
    void OnWriteDone(bool ok) override { link.write_done(*this, ok); }
    void OnCancel() override {}
    void OnDone() override { link.done(this); }

    Impl& link;
    wire::CommandBatch in;
    wire::EventBatch out;
    bool writing = false;
    bool finished = false;
  };
  struct Upload final : grpc::ServerReadReactor<wire::PromptPart> {
    Upload(Impl& of, wire::PromptStored& to) : link(of), reply(to) {}
    void OnReadDone(bool ok) override { link.upload_read(*this, ok); }
    void OnDone() override { delete this; }

    Impl& link;
    wire::PromptStored& reply;
    wire::PromptPart part;
    std::string id;
    std::string wav;
    bool has_wav = false;
  };

  // With mutex_ held. What was made before the owner knew of this attachment is not for it: its
  // snapshot comes first.
  [[nodiscard]] bool may_write() const {
    return current_ != nullptr && !taken_.attached && !current_->writing && !current_->finished;
  }

  void end_attachment(const grpc::Status& why) {
    const std::lock_guard lock(mutex_);
    if (current_ == nullptr) return;
    if (!std::exchange(current_->finished, true)) current_->Finish(why);
    current_ = nullptr;
  }

  void read_done(Attachment& attachment, bool ok) {
    {
      const std::lock_guard lock(mutex_);
      const bool flood = taken_.batches.size() >= kMostWaiting;
      if (!ok || flood || attachment.finished) {
        if (!std::exchange(attachment.finished, true))
          attachment.Finish(flood ? grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too fast")
                                  : grpc::Status::OK);
        if (current_ == &attachment) current_ = nullptr;
        return;
      }
      if (current_ == &attachment) taken_.batches.push_back(std::move(attachment.in));
      attachment.in.Clear();
      attachment.StartRead(&attachment.in);
    }
    wake_();
  }

  void write_done(Attachment& attachment, bool ok) {
    {
      const std::lock_guard lock(mutex_);
      attachment.writing = false;
      if (!ok && !std::exchange(attachment.finished, true)) attachment.Finish(grpc::Status::OK);
      if (!ok && current_ == &attachment) current_ = nullptr;
    }
    wake_();
  }

  void done(Attachment* attachment) {
    {
      const std::lock_guard lock(mutex_);
      if (current_ == attachment) current_ = nullptr;
    }
    delete attachment;
  }

  void upload_read(Upload& upload, bool ok) {
    const auto refuse = [&](const std::string& why) {
      upload.reply.set_prompt_id(upload.id);
      upload.reply.set_error(why);
      upload.Finish(grpc::Status::OK);
    };
    if (ok) {
      if (upload.part.has_prompt_id()) upload.id = upload.part.prompt_id();
      upload.has_wav = upload.has_wav || upload.part.has_wav();
      upload.wav += upload.part.wav();
      if (upload.wav.size() > kMostPromptBytes) return refuse("a prompt has at most 64 MiB");
      return upload.StartRead(&upload.part);
    }
    if (!is_valid_id(upload.id)) return refuse("the first part must hold the prompt's id");
    // A centre that was killed amid it: its end must not pass for a sound to be forgotten.
    if (!upload.has_wav) return refuse("a part with the sound must follow, an empty one for none");
    {
      const std::lock_guard lock(mutex_);
      taken_.prompts.push_back(
          {upload.id, std::move(upload.wav), [&upload](wire::PromptStored how) {
             upload.reply = std::move(how);
             upload.Finish(grpc::Status::OK);
           }});
    }
    wake_();
  }

  const std::function<void()> wake_;
  wire::ConfinementService confinement_;
  std::mutex mutex_;
  Taken taken_;
  Attachment* current_ = nullptr;  // owned by gRPC until OnDone
  std::unique_ptr<grpc::Server> server_;
};

Result<void> CentreLink::Impl::listen(const Settings& settings) {
  const auto credentials = wire::server_credentials(
      {settings.rpc_authority, settings.rpc_certificate, settings.rpc_key});
  if (!credentials) return tl::unexpected(credentials.error());
  std::string address = settings.rpc_listen;
  if (address.starts_with("unix:")) {
    std::error_code ignored;  // of a run that was killed; one that lives holds the spool's lock
    std::filesystem::remove(address.substr(5), ignored);
  }
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, *credentials, &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  wire::tune_streams(builder);
  builder.SetMaxReceiveMessageSize(16 << 20);
  builder.RegisterService(this);
  builder.RegisterService(&confinement_);
  server_ = builder.BuildAndStart();
  if (!server_ || port == 0)
    return fail(ErrorCode::kConflict, fmt::format("rpc.listen: cannot listen at {}", address));
  if (address.starts_with("unix:")) ::chmod(address.substr(5).c_str(), 0600);
  return {};
}

CentreLink::CentreLink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CentreLink::~CentreLink() = default;

Result<std::unique_ptr<CentreLink>> CentreLink::listen(const Settings& settings,
                                                       std::function<void()> wake) {
  auto impl = std::make_unique<Impl>(std::move(wake));
  if (auto listening = impl->listen(settings); !listening) return tl::unexpected(listening.error());
  return std::unique_ptr<CentreLink>(new CentreLink(std::move(impl)));
}

CentreLink::Taken CentreLink::take() {
  return impl_->take();
}
bool CentreLink::ready() const {
  return impl_->ready();
}
bool CentreLink::attached() const {
  return impl_->attached();
}
void CentreLink::send(wire::EventBatch batch) {
  impl_->send(std::move(batch));
}

}  // namespace madoguchi::exchange
