#include "centre/exchange_client.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "centre/exchange_wire.h"
#include "proto/exchange.grpc.pb.h"

namespace madoguchi::centre {
namespace {

constexpr int kMostUnsent = 20'000;  // commands; beyond that the stream is given up and begun anew
constexpr int kMostOnLoop = 64;      // batches; then the exchange has to wait
constexpr Micros kLeastPause = std::chrono::milliseconds(100);
constexpr Micros kMostPause = std::chrono::milliseconds(500);

FromExchange translate(const wire::EventBatch& batch) {
  FromExchange out;
  out.epoch = batch.epoch();
  if (batch.has_snapshot()) out.snapshot = from_wire(batch.snapshot(), batch.epoch());
  for (const wire::Event& event : batch.events()) {
    out.events.push_back(from_wire(event));
    if (event.has_seat_opened()) {
      const auto& seat = event.seat_opened();
      out.seats.push_back(
          {OperatorId(seat.operator_id()), LegId(seat.leg_id()), seat.sdp_answer(), seat.error()});
    } else if (event.has_trouble()) {
      out.troubles.push_back({event.trouble().kind(), event.trouble().text(),
                              event.trouble().over(), time_from_micros(event.time_us())});
    }
  }
  return out;
}

}  // namespace

// One stream, from Attach to its end. gRPC's threads call the On… functions; the loop calls the
// rest. It keeps itself alive until OnDone.
class ExchangeClient::Attachment final
    : public grpc::ClientBidiReactor<wire::CommandBatch, wire::EventBatch>,
      public std::enable_shared_from_this<Attachment> {
 public:
  Attachment(Loop& loop, std::function<void(FromExchange)> on_batch,
             std::function<void(const std::string&)> on_end)
      : loop_(loop), on_batch_(std::move(on_batch)), on_end_(std::move(on_end)) {}

  void begin(wire::Exchange::Stub& stub) {
    self_ = shared_from_this();
    context_.set_wait_for_ready(true);  // attaches the moment that the exchange is there
    stub.async()->Attach(&context_, this);
    AddHold();  // reads and writes are started from the loop, outside gRPC's reactions
    StartRead(&incoming_);
    StartCall();
  }

  // False when the stream has ended or is too far behind.
  bool send(wire::CommandBatch batch) {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (writing_) {
      if (waiting_.commands_size() + batch.commands_size() > kMostUnsent) {
        context_.TryCancel();
        return false;
      }
      waiting_.set_acknowledged(std::max(waiting_.acknowledged(), batch.acknowledged()));
      for (wire::Command& command : *batch.mutable_commands())
        waiting_.add_commands()->Swap(&command);
      has_waiting_ = true;
      return true;
    }
    outgoing_ = std::move(batch);
    writing_ = true;
    StartWrite(&outgoing_);
    return true;
  }

  // Whatever the loop has been given is worked in: as much again may come.
  void read_on() {
    const std::lock_guard lock(mutex_);
    on_loop_ -= given_;
    given_ = 0;
    if (!read_paused_ || closed_) return;
    read_paused_ = false;
    StartRead(&incoming_);
  }

  // No callback comes after this, and gRPC has let go of it: the last of a channel must not be left
  // to a thread of gRPC's own.
  void abandon() {
    std::unique_lock lock(mutex_);
    abandoned_ = true;
    context_.TryCancel();
    close_locked();
    const auto end = end_;
    lock.unlock();
    std::unique_lock end_lock(end->mutex);
    end->changed.wait(end_lock, [&] { return end->reached; });
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) {
      const std::lock_guard lock(mutex_);
      close_locked();
      return;
    }
    auto batch = std::make_shared<FromExchange>(translate(incoming_));  // jobs must be copyable
    post([this, self = self_, batch] {
      {
        const std::lock_guard lock(mutex_);
        ++given_;
      }
      on_batch_(std::move(*batch));
    });
    const std::lock_guard lock(mutex_);
    read_paused_ = ++on_loop_ >= kMostOnLoop;
    if (!read_paused_ && !closed_) StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) {
      close_locked();
      return;
    }
    if (!has_waiting_ || closed_) return;
    outgoing_.Swap(&waiting_);
    waiting_.Clear();
    has_waiting_ = false;
    writing_ = true;
    StartWrite(&outgoing_);
  }

  void OnDone(const grpc::Status& status) override {
    const std::string why = status.ok() ? "the exchange ended the stream" : status.error_message();
    post([this, self = self_, why] { on_end_(why); });
    const auto end = end_;
    self_.reset();
    const std::lock_guard lock(end->mutex);
    end->reached = true;
    end->changed.notify_all();
  }

  struct End {
    std::mutex mutex;
    std::condition_variable changed;
    bool reached = false;
  };

  void close_locked() {
    if (closed_) return;
    closed_ = true;
    context_.TryCancel();
    RemoveHold();
  }

  void post(Loop::Task task) {
    {
      const std::lock_guard lock(mutex_);
      if (abandoned_) return;
    }
    loop_.post([this, self = self_, task = std::move(task)] {
      bool gone = false;
      {
        const std::lock_guard lock(mutex_);
        gone = abandoned_;
      }
      if (!gone) task();
    });
  }

  Loop& loop_;
  const std::function<void(FromExchange)> on_batch_;
  const std::function<void(const std::string&)> on_end_;
  grpc::ClientContext context_;
  wire::EventBatch incoming_;
  const std::shared_ptr<End> end_ = std::make_shared<End>();  // outlives OnDone's last line
  std::shared_ptr<Attachment> self_;  // gRPC holds a plain pointer until OnDone

  std::mutex mutex_;
  wire::CommandBatch outgoing_;  // belongs to gRPC while writing_
  wire::CommandBatch waiting_;
  bool has_waiting_ = false;
  int on_loop_ = 0;  // batches on their way to the loop, or not yet released by it
  int given_ = 0;    // of those, the ones it has seen
  bool read_paused_ = false;
  bool writing_ = false;
  bool closed_ = false;
  bool abandoned_ = false;
};

struct ExchangeClient::Inner {
  Inner(Loop& on, Callbacks to) : loop(on), callbacks(std::move(to)) {}

  Loop& loop;
  Callbacks callbacks;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<wire::Exchange::Stub> stub;
  std::shared_ptr<Attachment> attachment;  // shared with gRPC until its end
  wire::CommandBatch batch;
  std::uint64_t acknowledged = 0;
  std::uint64_t acknowledged_sent = 0;
  bool attached = false;
  std::string detail = "not yet attached";
  std::optional<Time> retry_at;
  Micros pause = kLeastPause;
  bool lost = true;
  Worker prompts{1, 256};

  void ended(const std::string& why) {
    attachment.reset();
    detail = why;
    lost = true;
    batch.Clear();
    if (std::exchange(attached, false)) {
      pause = kLeastPause;
      callbacks.on_lost();
    }
  }
};

ExchangeClient::ExchangeClient(const std::string& address,
                               const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                               Loop& loop, Callbacks callbacks)
    : inner_(std::make_unique<Inner>(loop, std::move(callbacks))) {
  inner_->channel = wire::open_channel(address, "exchange", credentials);
  inner_->stub = wire::Exchange::NewStub(inner_->channel);
}

ExchangeClient::~ExchangeClient() {
  if (inner_->attachment) inner_->attachment->abandon();
}

void ExchangeClient::clock_was_set(Micros by) {
  if (inner_->retry_at) *inner_->retry_at += by;
}

void ExchangeClient::tick(Time now) {
  Inner& inner = *inner_;
  if (!inner.lost) return;
  if (!inner.retry_at) inner.retry_at = now + inner.pause;
  if (now < *inner.retry_at) return;
  inner.retry_at.reset();
  inner.pause = std::min(inner.pause * 2, kMostPause);
  inner.lost = false;
  inner.acknowledged = inner.acknowledged_sent = 0;
  inner.attachment = std::make_shared<Attachment>(
      inner.loop,
      [this](FromExchange batch) {
        if (!inner_->attached) {
          // Events that come first would hide those before them, which follow the snapshot.
          if (!batch.snapshot) return read_on();
          inner_->attached = true;
          inner_->pause = kLeastPause;
          inner_->detail.clear();
        }
        inner_->callbacks.on_batch(std::move(batch));
      },
      [this](const std::string& why) { inner_->ended(why); });
  inner.attachment->begin(*inner.stub);
}

void ExchangeClient::send(const std::vector<ExchangeCommand>& commands) {
  for (const ExchangeCommand& command : commands) *inner_->batch.add_commands() = to_wire(command);
}

void ExchangeClient::set_phones(const std::vector<PhoneSettings>& phones,
                                const std::string& command_id) {
  wire::Command& command = *inner_->batch.add_commands();
  command.set_command_id(command_id);
  command.mutable_set_phones()->set_version(1);
  for (const PhoneSettings& phone : phones) {
    wire::Phone& to = *command.mutable_set_phones()->add_phones();
    to.set_operator_id(phone.who.text());
    to.set_user(phone.user);
    to.set_ha1_md5(phone.ha1_md5);
    to.set_ha1_sha256(phone.ha1_sha256);
  }
}

void ExchangeClient::open_seat(const OperatorId& who, const LegId& leg,
                               const std::string& sdp_offer, const std::string& command_id) {
  wire::Command& command = *inner_->batch.add_commands();
  command.set_command_id(command_id);
  command.mutable_open_seat()->set_operator_id(who.text());
  command.mutable_open_seat()->set_leg_id(leg.text());
  command.mutable_open_seat()->set_sdp_offer(sdp_offer);
}

void ExchangeClient::close_seat(const OperatorId& who, const std::string& command_id) {
  wire::Command& command = *inner_->batch.add_commands();
  command.set_command_id(command_id);
  command.mutable_close_seat()->set_operator_id(who.text());
}

void ExchangeClient::acknowledge(std::uint64_t sequence) {
  inner_->acknowledged = std::max(inner_->acknowledged, sequence);
}

void ExchangeClient::flush() {
  Inner& inner = *inner_;
  if (!inner.attached || !inner.attachment) {
    inner.batch.Clear();
    return;
  }
  if (inner.batch.commands_size() == 0 && inner.acknowledged == inner.acknowledged_sent) return;
  inner.batch.set_acknowledged(inner.acknowledged);
  inner.acknowledged_sent = inner.acknowledged;
  // A refusal means that the stream is ending; attaching again makes good what was not sent.
  static_cast<void>(inner.attachment->send(std::exchange(inner.batch, {})));
}

void ExchangeClient::read_on() {
  if (inner_->attachment) inner_->attachment->read_on();
}

bool ExchangeClient::attached() const {
  return inner_->attached;
}

std::string ExchangeClient::detail() const {
  return inner_->detail;
}

void ExchangeClient::read_counters(std::function<void(Result<Counters>)> then) {
  const bool taken = inner_->prompts.post([this, then] {
    grpc::ClientContext context;
    context.set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(5, GPR_TIMESPAN)));
    wire::StatusReply reply;
    const grpc::Status status = inner_->stub->Status(&context, {}, &reply);
    Result<Counters> counters = Counters(reply.counters().begin(), reply.counters().end());
    if (status.ok()) {
      (*counters)["live_calls"] = reply.live_calls();
      (*counters)["spool_waiting"] = reply.spool_waiting();
    } else {
      counters = fail(ErrorCode::kUnavailable, "the exchange is away: it is tried again by itself");
    }
    inner_->loop.post([then, counters = std::move(counters)] { then(counters); });
  });
  if (!taken) then(fail(ErrorCode::kExhausted, "too much waits to be asked of the exchange"));
}

void ExchangeClient::put_prompt(const std::string& id, Bytes wav,
                                std::function<void(std::string)> then) {
  const bool taken = inner_->prompts.post([this, id, wav = std::move(wav), then] {
    grpc::ClientContext context;
    context.set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(30, GPR_TIMESPAN)));
    wire::PromptStored stored;
    const auto writer = inner_->stub->PutPrompt(&context, &stored);
    wire::PromptPart part;
    part.set_prompt_id(id);
    bool open = writer->Write(part);
    constexpr std::size_t kPart = 256 * 1024;
    std::size_t at = 0;
    do {  // at least one: an empty sound is told too
      const auto piece = ByteView(wav).subspan(at, std::min(kPart, wav.size() - at));
      part.set_wav(piece.data(), piece.size());
      open = open && writer->Write(part);
      at += piece.size();
    } while (open && at < wav.size());
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    const std::string error = status.ok() ? stored.error() : status.error_message();
    inner_->loop.post([then, error] { then(error); });
  });
  if (!taken) then("too many sounds wait to be sent to the exchange");
}

void ExchangeClient::forget_prompt(const std::string& id, std::function<void(std::string)> then) {
  put_prompt(id, {}, std::move(then));
}

}  // namespace madoguchi::centre
