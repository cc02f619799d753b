#include "exchange/loop.h"

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <csignal>
#include <map>
#include <thread>
#include <utility>

namespace madoguchi::exchange {

class Loop::Impl {
 public:
  Impl(const Clock& clock, std::chrono::microseconds rest)
      : clock_(clock), rest_(rest), deadline_timer_(context_) {}

  void run(std::function<std::optional<MonoTime>()> pump) {
    pump_ = std::move(pump);
    wake();
    context_.run();
    for (auto& [fd, watched] : watched_) watched.stream->release();  // their owners close them
    watched_.clear();
  }

  void wake() {
    if (wanted_.exchange(true)) return;
    asio::post(context_, [this] { schedule(); });
  }

  void schedule() {
    // After a rest there is nothing to wait for; in a rush the pause gathers the next batch. It is
    // slept rather than waited for, so that what comes meanwhile wakes nobody; what then is ready
    // on connections is read before the pass.
    const auto since = clock_.mono() - last_pump_;
    if (since >= rest_) return run_pump();
    std::this_thread::sleep_for(rest_ - since);
    asio::post(context_, [this] { asio::post(context_, [this] { run_pump(); }); });
  }

  void run_pump() {
    wanted_ = false;
    const auto next = pump_();
    last_pump_ = clock_.mono();
    if (!next) {
      deadline_timer_.cancel();
      deadline_.reset();
      return;
    }
    if (deadline_ && *deadline_ <= *next && *deadline_ > last_pump_) return;  // wakes soon enough
    deadline_ = *next;
    deadline_timer_.expires_after(std::max(*next - last_pump_, Micros(0)));
    deadline_timer_.async_wait([this](const asio::error_code& stopped) {
      if (stopped) return;
      deadline_.reset();
      wake();
    });
  }

  void watch_once(int descriptor) {
    Watched& watched = watched_[descriptor];
    if (!watched.stream)
      watched.stream = std::make_unique<asio::posix::stream_descriptor>(context_, descriptor);
    if (std::exchange(watched.armed, true)) return;
    watched.stream->async_wait(asio::posix::stream_descriptor::wait_read,
                               [this, &watched](const asio::error_code& stopped) {
                                 if (stopped) return;
                                 watched.armed = false;
                                 wake();
                               });
  }

  void on_signal(std::function<void()> act) {
    signals_ = std::make_unique<asio::signal_set>(context_, SIGTERM, SIGINT);
    signals_->async_wait([act = std::move(act)](const asio::error_code& stopped, int) {
      if (!stopped) act();
    });
  }

  asio::io_context context_{1};

 private:
  struct Watched {
    std::unique_ptr<asio::posix::stream_descriptor> stream;
    bool armed = false;
  };

  const Clock& clock_;
  const std::chrono::microseconds rest_;
  std::function<std::optional<MonoTime>()> pump_;
  asio::steady_timer deadline_timer_;
  std::optional<MonoTime> deadline_;
  MonoTime last_pump_{Micros(-1'000'000)};
  std::atomic<bool> wanted_{false};
  std::map<int, Watched> watched_;  // its elements stay where they are
  std::unique_ptr<asio::signal_set> signals_;
};

Loop::Loop(const Clock& clock, std::chrono::microseconds rest)
    : impl_(std::make_unique<Impl>(clock, rest)) {}
Loop::~Loop() = default;
void Loop::run(std::function<std::optional<MonoTime>()> pump) {
  impl_->run(std::move(pump));
}
void Loop::stop() {
  impl_->context_.stop();
}
void Loop::wake() {
  impl_->wake();
}
void Loop::post(std::function<void()> work) {
  asio::post(impl_->context_, std::move(work));
}
void Loop::watch_once(int descriptor) {
  impl_->watch_once(descriptor);
}
void Loop::on_signal(std::function<void()> act) {
  impl_->on_signal(std::move(act));
}
asio::io_context& Loop::context() {
  return impl_->context_;
}

}  // namespace madoguchi::exchange
