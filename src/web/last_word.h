// The end of a connection whose request is refused before all of it was heard: says the response,
// then hears out what the client is still sending, and drops it. Closing at once would make the
// client's system throw away the response unread (a TCP reset). Keeps itself alive until then;
// bounded in time and bytes. Included by engine_impl.h alone; runs on the server's thread.
#pragma once

#include <array>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <restinio/all.hpp>
#include <string>
#include <utility>

namespace madoguchi::web {

struct HearOut {
  std::chrono::seconds within;
  std::size_t most;  // bytes
};

template <typename Traits>
class LastWord final : public std::enable_shared_from_this<LastWord<Traits>> {
 public:
  // What RESTinio gives away of a connection; counts as one of its connections as long as it lives.
  using Taken = typename restinio::impl::connection_t<Traits>::upgrade_internals_t;

  LastWord(Taken taken, std::string text, HearOut bounds)
      : taken_(std::move(taken)),
        text_(std::move(text)),
        most_(bounds.most),
        timer_(taken_.m_socket.get_executor(), bounds.within) {}

  void say() {
    const auto self = this->shared_from_this();  // kept by each handler until the end
    timer_.async_wait([self](const asio::error_code& error) {
      if (!error) self->end();
    });
    asio::async_write(
        taken_.m_socket, asio::buffer(text_), [self](const asio::error_code& error, std::size_t) {
          if (error) return self->end();
          asio::error_code ignored;
          self->taken_.m_socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
          self->hear();
        });
  }

 private:
  void hear() {
    taken_.m_socket.async_read_some(
        asio::buffer(dropped_),
        [self = this->shared_from_this()](const asio::error_code& error, std::size_t count) {
          self->heard_ += count;
          if (error || self->heard_ > self->most_)
            self->end();
          else
            self->hear();
        });
  }

  void end() {
    timer_.cancel();
    asio::error_code ignored;
    taken_.m_socket.close(ignored);
  }

  Taken taken_;
  const std::string text_;
  const std::size_t most_;
  std::size_t heard_ = 0;
  asio::steady_timer timer_;
  std::array<char, 16 * 1024> dropped_;
};

}  // namespace madoguchi::web
