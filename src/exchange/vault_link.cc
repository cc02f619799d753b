#include "exchange/vault_link.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "vault.grpc.pb.h"
#include "wire/credentials.h"

namespace madoguchi::exchange {
namespace {

constexpr std::chrono::milliseconds kLeastPause{100};
constexpr std::chrono::milliseconds kMostPause{2000};

}  // namespace

class VaultLink::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::shared_ptr<grpc::Channel> channel, std::function<void()> wake)
      : channel_(std::move(channel)), wake_(std::move(wake)) {}

  void start() {
    opener_ = std::thread([this] { keep_open(); });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
      if (stream_ != nullptr && stream_->started) stream_->context.TryCancel();
    }
    changed_.notify_all();
    opener_.join();
  }

  Taken take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(taken_, {});
  }
  bool connected() {
    const std::lock_guard lock(mutex_);
    return stream_ != nullptr && stream_->heard;
  }
  bool ready() {
    const std::lock_guard lock(mutex_);
    return stream_ != nullptr && stream_->heard && !stream_->writing && !stream_->broken;
  }
  void send(wire::ExchangeAsks asks) {
    const std::lock_guard lock(mutex_);
    if (stream_ == nullptr || stream_->writing || stream_->broken) return;
    stream_->out = std::move(asks);
    stream_->writing = true;
    stream_->StartWrite(&stream_->out);
  }

 private:
  struct Stream final : grpc::ClientBidiReactor<wire::ExchangeAsks, wire::VaultTells> {
    explicit Stream(std::shared_ptr<Impl> of) : link(std::move(of)) {}
    void OnReadDone(bool ok) override { link->read_done(*this, ok); }
    void OnWriteDone(bool ok) override { link->write_done(*this, ok); }
    void OnDone(const grpc::Status&) override { link->done(this); }

    std::shared_ptr<Impl> link;  // the stream may outlive the exchange's own hold on the link
    grpc::ClientContext context;
    wire::ExchangeAsks out;
    wire::VaultTells in;
    bool started = false;
    bool heard = false;
    bool writing = false;
    bool broken = false;
  };

  void keep_open() {
    // The channel dies with this thread, after its last stream: never on a thread of gRPC's own.
    const auto channel = std::move(channel_);
    const auto stub = wire::VaultForExchange::NewStub(channel);
    auto pause = kLeastPause;
    std::unique_lock lock(mutex_);
    while (!stop_) {
      stream_ = new Stream(shared_from_this());  // gRPC's until OnDone, which deletes it
      Stream* opened = stream_;
      stub->async()->Attach(&opened->context, opened);
      opened->AddHold();  // writes come from the loop thread
      opened->StartRead(&opened->in);
      lock.unlock();
      opened->StartCall();
      lock.lock();
      if (stream_ == opened) {
        opened->started = true;
        if (stop_) opened->context.TryCancel();
      }
      bool was_heard = false;
      changed_.wait(lock, [&] {
        was_heard = was_heard || (stream_ == opened && opened->heard);
        return stream_ != opened;
      });
      pause = was_heard ? kLeastPause : std::min(pause * 2, kMostPause);
      changed_.wait_for(lock, pause, [this] { return stop_; });
    }
  }

  void read_done(Stream& stream, bool ok) {
    {
      const std::lock_guard lock(mutex_);
      if (!ok) {
        break_off(stream);
      } else {
        if (!std::exchange(stream.heard, true)) taken_.connected = true;
        taken_.tells.push_back(std::move(stream.in));
        stream.in.Clear();
        stream.StartRead(&stream.in);
      }
    }
    changed_.notify_all();
    wake_();
  }

  void write_done(Stream& stream, bool ok) {
    {
      const std::lock_guard lock(mutex_);
      stream.writing = false;
      if (!ok) break_off(stream);
    }
    wake_();
  }

  static void break_off(Stream& stream) {
    if (std::exchange(stream.broken, true)) return;
    stream.context.TryCancel();
    stream.RemoveHold();
  }

  void done(Stream* stream) {
    const auto self = stream->link;  // the link outlives this call, whoever lets go of it meanwhile
    wake_();  // while the opener still waits for this stream, its owner is there
    std::unique_ptr<Stream> gone(stream);
    {
      const std::lock_guard lock(mutex_);
      if (stream_ == stream) stream_ = nullptr;
      gone.reset();
    }
    changed_.notify_all();
  }

  std::shared_ptr<grpc::Channel> channel_;  // as gRPC gives them out; until keep_open() has it
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Stream* stream_ = nullptr;
  Taken taken_;
  bool stop_ = false;
  std::thread opener_;
};

VaultLink::VaultLink(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
VaultLink::~VaultLink() {
  impl_->stop();
}

Result<std::unique_ptr<VaultLink>> VaultLink::open(const Settings& settings,
                                                   std::function<void()> wake) {
  const auto credentials = wire::channel_credentials(
      {settings.rpc_authority, settings.rpc_certificate, settings.rpc_key});
  if (!credentials) return tl::unexpected(credentials.error());
  auto impl = std::make_shared<Impl>(
      wire::open_channel(settings.vault_address, "vault", *credentials), std::move(wake));
  impl->start();
  return std::unique_ptr<VaultLink>(new VaultLink(std::move(impl)));
}

VaultLink::Taken VaultLink::take() {
  return impl_->take();
}
bool VaultLink::connected() const {
  return impl_->connected();
}
bool VaultLink::ready() const {
  return impl_->ready();
}
void VaultLink::send(wire::ExchangeAsks asks) {
  impl_->send(std::move(asks));
}

}  // namespace madoguchi::exchange
