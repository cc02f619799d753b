// Engine over RESTinio, for either kind of connection. Included by engine_plain.cc and
// engine_tls.cc alone. One thread runs the io_context: everything below that is not atomic belongs
// to it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <mutex>
#include <restinio/all.hpp>
#include <restinio/websocket/websocket.hpp>
#include <thread>

#include "base/process.h"
#include "base/utf8.h"
#include "web/engine.h"
#include "web/engine_limits.h"
#include "web/hosts.h"
#include "web/last_word.h"
#include "web/response_head.h"

namespace madoguchi::web {

struct AtomicCounters {
  std::atomic<std::uint64_t> requests{0}, refused_host{0}, refused_origin{0}, malformed{0},
      too_large{0}, sockets_opened{0}, sockets_too_slow{0};
};

// What RESTinio's parser refuses never reaches a handler: its log alone tells of it, and is
// counted.
class RefusalCounter {
 public:
  explicit RefusalCounter(std::shared_ptr<AtomicCounters> counters)
      : counters_(std::move(counters)) {}

  template <typename Build>
  void trace(Build&&) const {}
  template <typename Build>
  void info(Build&&) const {}
  template <typename Build>
  void warn(Build&&) const {}
  template <typename Build>
  void error(Build&& build) const {
    if (std::string_view(build()).find("] parser error ") != std::string_view::npos)
      ++counters_->malformed;
  }

 private:
  std::shared_ptr<AtomicCounters> counters_;
};

// RESTinio would read whatever length a client announces into memory, so a socket is never read at
// all: clients have nothing to say on it. That a client has gone shows when a heartbeat can't be
// written.
class EngineSocket final : public Socket {
 public:
  EngineSocket(restinio::websocket::basic::ws_handle_t handle, std::size_t most_unsent,
               std::shared_ptr<AtomicCounters> counters)
      : handle_(std::move(handle)), most_unsent_(most_unsent), counters_(std::move(counters)) {}

  bool send(std::shared_ptr<const std::string> text) override {
    if (!open_) return false;
    const std::size_t size = text->size();
    if (unsent_->load() + size > most_unsent_) {
      ++counters_->sockets_too_slow;
      kill();
      return false;
    }
    *unsent_ += size;
    const std::lock_guard lock(mutex_);
    if (!handle_) return false;
    handle_->send_message(restinio::websocket::basic::final_frame,
                          restinio::websocket::basic::opcode_t::text_frame,
                          restinio::writable_item_t(std::move(text)),
                          [unsent = unsent_, open = open_flag_, size](const auto& error) {
                            *unsent -= size;
                            if (error) *open = false;
                          });
    return true;
  }

  void close() override { kill(); }
  bool is_open() const override { return open_ && *open_flag_; }

  // Called at every heartbeat: one that finds the previous heartbeat unsent means a dead client.
  void beat(const std::shared_ptr<const std::string>& heartbeat) {
    if (*unsent_ > 0 && unsent_before_ == *unsent_) {
      ++counters_->sockets_too_slow;
      kill();
      return;
    }
    unsent_before_ = *unsent_;
    send(heartbeat);
  }

 private:
  void kill() {
    open_ = false;
    const std::lock_guard lock(mutex_);
    if (handle_) handle_->kill();
    handle_.reset();
  }

  std::mutex mutex_;
  restinio::websocket::basic::ws_handle_t handle_;  // shared with the library's connection
  const std::size_t most_unsent_;
  const std::shared_ptr<AtomicCounters> counters_;
  std::atomic<bool> open_{true};
  // Shared with the library's write notifications, which may come after this object has gone.
  const std::shared_ptr<std::atomic<std::size_t>> unsent_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  const std::shared_ptr<std::atomic<bool>> open_flag_ = std::make_shared<std::atomic<bool>>(true);
  std::size_t unsent_before_ = 0;
};

// What the engine keeps for replies that outlive it: a handler may still hold one at shutdown.
struct Shared {
  explicit Shared(const ServerSettings& given) : settings(given) {}
  ServerSettings settings;
  std::vector<std::string> hosts = allowed_hosts(settings);
  std::shared_ptr<AtomicCounters> counters = std::make_shared<AtomicCounters>();
  asio::io_context io;
  std::atomic<bool> stopped{false};
  std::vector<std::weak_ptr<EngineSocket>> sockets;
};

template <typename Traits>
class EngineReply final : public Reply::Channel {
 public:
  EngineReply(restinio::request_handle_t request, std::shared_ptr<Shared> shared, Body body)
      : request_(std::move(request)), shared_(std::move(shared)), body_(body) {}

  ~EngineReply() override {
    if (!answered_) send(error_response(500, "internal", "no answer was made; please report it"));
  }

  void send(Response response) override {
    if (answered_.exchange(true) || shared_->stopped) return;
    write(*request_, std::move(response), *shared_, body_);
  }

  void upgrade(Reply::OnSocket ready) override {
    if (answered_.exchange(true) || shared_->stopped) return;
    asio::post(shared_->io, [request = request_, shared = shared_, ready = std::move(ready)] {
      open(*request, *shared, ready);
    });
  }

  static void write(restinio::request_t& request, Response response, const Shared& shared,
                    Body body) {
    restinio::http_status_line_t status(
        restinio::http_status_code_t(static_cast<std::uint16_t>(response.status)),
        std::string(reason_of(response.status)));
    const auto add_headers = [&](auto& builder) {
      for (auto& [name, value] : headers_of(response, shared.settings))
        builder.header().add_field(std::move(name), std::move(value));
    };
    if (body == Body::kLeftOut) {
      auto builder = request.create_response<restinio::user_controlled_output_t>(std::move(status));
      add_headers(builder);
      builder.set_content_length(response.body.size());
      builder.done();
      return;
    }
    auto builder = request.create_response(std::move(status));
    add_headers(builder);
    builder.set_body(std::move(response.body));
    builder.done();
  }

 private:
  static void open(restinio::request_t& request, Shared& shared, const Reply::OnSocket& ready) {
    if (request.header().connection() != restinio::http_connection_header_t::upgrade ||
        !request.header().has_field(restinio::http_field::sec_websocket_key)) {
      write(request, error_response(426, "upgrade_required", "this path is a WebSocket"), shared,
            Body::kSent);
      return;
    }
    namespace ws = restinio::websocket::basic;
    auto handle = ws::upgrade<Traits>(request, ws::activation_t::delayed,
                                      [](const ws::ws_handle_t&, const ws::message_handle_t&) {});
    auto socket = std::make_shared<EngineSocket>(std::move(handle), shared.settings.most_unsent,
                                                 shared.counters);
    ++shared.counters->sockets_opened;
    shared.sockets.push_back(socket);
    ready(std::move(socket));
  }

  const restinio::request_handle_t request_;  // shared with the library
  const std::shared_ptr<Shared> shared_;
  const Body body_;
  std::atomic<bool> answered_{false};
};

inline Method method_of(const restinio::http_request_header_t& header) {
  const auto method = header.method();
  if (method == restinio::http_method_get()) return Method::kGet;
  if (method == restinio::http_method_head()) return Method::kHead;
  if (method == restinio::http_method_post()) return Method::kPost;
  if (method == restinio::http_method_put()) return Method::kPut;
  if (method == restinio::http_method_delete()) return Method::kDelete;
  return Method::kOther;
}

inline Body body_for(const restinio::http_request_header_t& header) {
  return method_of(header) == Method::kHead ? Body::kLeftOut : Body::kSent;
}

// std::nullopt: the path is malformed.
inline std::optional<Request> to_request(const restinio::request_t& from, bool secure) {
  Request request;
  request.method = method_of(from.header());
  // First, and by a name that no client can send (RFC 9113, 8.3.1).
  request.headers.emplace_back(":path", from.header().request_target());
  const auto path = percent_decode(
      std::string_view(from.header().path().data(), from.header().path().size()), PlusIsSpace::kNo);
  if (!path || !path->starts_with('/') || !is_clean_utf8(*path)) return std::nullopt;
  request.path = *path;
  request.query =
      parse_form(std::string_view(from.header().query().data(), from.header().query().size()));
  from.header().for_each_field(
      [&](const auto& field) { request.headers.emplace_back(field.name(), field.value()); });
  request.body = from.body();
  request.remote = from.remote_endpoint().address().to_string();
  request.secure = secure;
  request.wants_socket = from.header().connection() == restinio::http_connection_header_t::upgrade;
  return request;
}

template <typename Traits>
class RestinioEngine final : public Engine {
 public:
  using Settings = restinio::server_settings_t<Traits>;

  RestinioEngine(const ServerSettings& settings, Routes routes)
      : shared_(std::make_shared<Shared>(settings)), routes_(std::move(routes)) {}

  ~RestinioEngine() override {
    if (!thread_.joinable()) return;
    asio::post(shared_->io, [this] {
      shared_->stopped = true;
      heartbeat_.cancel();
      for (const auto& weak : shared_->sockets)
        if (const auto socket = weak.lock()) socket->close();
      server_->close_sync();
      shared_->io.stop();
    });
    thread_.join();
  }

  // `prepare` adds what the kind of connection needs.
  template <typename Prepare>
  Result<void> start_with(const Prepare& prepare) {
    try {
      server_ = std::make_unique<restinio::http_server_t<Traits>>(
          restinio::external_io_context(shared_->io), [&](Settings& to) {
            fill(to);
            prepare(to);
          });
      server_->open_sync();
    } catch (const std::exception& error) {
      const auto& settings = shared_->settings;
      return fail(
          ErrorCode::kUnavailable,
          fmt::format("cannot serve on {}:{}: {}", settings.address, settings.port, error.what()));
    }
    beat_later();
    thread_ = std::thread([this] { shared_->io.run(); });
    return {};
  }

  Result<void> start() override;
  std::uint16_t port() const override { return port_; }

  ServerCounters counters() const override {
    const AtomicCounters& now = *shared_->counters;
    return {now.requests,  now.refused_host,   now.refused_origin,  now.malformed,
            now.too_large, now.sockets_opened, now.sockets_too_slow};
  }

  const ServerSettings& settings() const { return shared_->settings; }

 private:
  void fill(Settings& to) {
    const ServerSettings& from = shared_->settings;
    to.address(from.address)
        .port(from.port)
        .protocol(from.address.find(':') == std::string::npos ? asio::ip::tcp::v4()
                                                              : asio::ip::tcp::v6())
        .logger(shared_->counters)
        .buffer_size(8 * 1024)
        .read_next_http_message_timelimit(from.request_within)
        .handle_request_timeout(from.response_within)
        .write_http_response_timelimit(from.response_within)
        .max_pipelined_requests(4)
        .max_parallel_connections(std::min(from.most_connections, most_open_files() / 2))
        .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t()
                                      .max_url_size(kMostUrl)
                                      .max_field_name_size(kMostFieldName)
                                      .max_field_value_size(kMostFieldValue)
                                      .max_field_count(kMostFields)
                                      .max_body_size(routes_.most_body() + 64 * 1024))
        .acceptor_options_setter([](restinio::acceptor_options_t& options) {
          options.set_option(asio::ip::tcp::acceptor::reuse_address(true));
        })
        .socket_options_setter([](restinio::socket_options_t& options) {
          options.set_option(asio::ip::tcp::no_delay(true));
        })
        .acceptor_post_bind_hook(
            [this](asio::ip::tcp::acceptor& acceptor) { port_ = acceptor.local_endpoint().port(); })
        .request_handler([this](restinio::request_handle_t request) {
          handle(std::move(request));
          return restinio::request_accepted();
        });
  }

  void handle(restinio::request_handle_t from) {
    AtomicCounters& counters = *shared_->counters;
    ++counters.requests;
    auto request = to_request(*from, shared_->settings.certificate.has_value());
    if (const auto* status = from->header().try_get_field(kRefusedField)) {
      ++counters.too_large;
      refuse(*from, too_large(*status, request));
      return;
    }
    const Body body = body_for(from->header());
    const Reply reply(std::make_shared<EngineReply<Traits>>(std::move(from), shared_, body));
    if (!request) {
      ++counters.malformed;
      reply.send(error_response(400, "invalid", "the path is not well-formed"));
    } else if (!host_allowed(request->header("Host"), shared_->hosts)) {
      ++counters.refused_host;
      reply.send(error_response(
          421, "wrong_host", "this server has another name; it is set as `hosts` in its settings"));
    } else if (request->wants_socket &&
               !origin_allowed(request->header("Origin"), request->header("Host"))) {
      ++counters.refused_origin;
      reply.send(error_response(403, "wrong_origin", "a page of another site may not do this"));
    } else {
      routes_.dispatch(std::move(*request), reply);
    }
  }

  Response too_large(const std::string& status, const std::optional<Request>& request) const {
    if (status == "414")
      return error_response(414, "too_large",
                            fmt::format("path and query may have {} bytes; send what is longer in "
                                        "the body",
                                        kMostUrl));
    if (status == "431")
      return error_response(
          431, "too_large",
          fmt::format("the headers are too large: there may be {}, of {} bytes each and {} "
                      "together; cookies of other programs under this host name are the usual "
                      "cause: delete them",
                      kMostFields, kMostFieldValue, kMostHead));
    return routes_.too_large(request.value_or(Request{}), std::nullopt);
  }

  // RESTinio gives the connection away as it does to a WebSocket.
  void refuse(restinio::request_t& from, Response response) {
    const Body body = body_for(from.header());
    const auto connection = std::move(restinio::impl::access_req_connection(from));
    if (!connection) return;
    auto& given = dynamic_cast<restinio::impl::connection_t<Traits>&>(*connection);
    const ServerSettings& settings = shared_->settings;
    // Shared by the handlers of what is under way on it.
    std::make_shared<LastWord<Traits>>(given.move_upgrade_internals(),
                                       last_response(response, settings, body),
                                       HearOut{settings.request_within, settings.most_heard_out})
        ->say();
  }

  void beat_later() {
    heartbeat_.expires_after(shared_->settings.heartbeat_every);
    heartbeat_.async_wait([this](const asio::error_code& error) {
      if (error) return;
      std::vector<std::weak_ptr<EngineSocket>> alive;
      for (const auto& weak : shared_->sockets) {
        const auto socket = weak.lock();
        if (!socket || !socket->is_open()) continue;
        socket->beat(heartbeat_text_);
        alive.push_back(weak);
      }
      shared_->sockets = std::move(alive);
      beat_later();
    });
  }

  const std::shared_ptr<Shared> shared_;  // shared with replies that handlers still hold
  const Routes routes_;
  const std::shared_ptr<const std::string> heartbeat_text_ =
      std::make_shared<const std::string>(shared_->settings.heartbeat);
  std::uint16_t port_ = 0;
  asio::steady_timer heartbeat_{shared_->io};
  std::unique_ptr<restinio::http_server_t<Traits>> server_;
  std::thread thread_;
};

}  // namespace madoguchi::web
