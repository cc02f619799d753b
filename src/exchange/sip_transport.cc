#include "exchange/sip_transport.h"

#include <fmt/format.h>

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/ssl.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include "exchange/datagrams.h"
#include "sip/stream_framer.h"

namespace madoguchi::exchange {
namespace {

using asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket>;

constexpr std::size_t kMostConnections = 1024;
constexpr std::size_t kMostConnectionsPerAddress = 64;
constexpr std::size_t kMostQueuedBytes = 1 << 20;
constexpr std::size_t kMostInbox = 20'000;
constexpr std::size_t kMostDatagramsAPump = 2048;
constexpr std::chrono::seconds kDawdle{32};  // for the handshake, and for each message begun
constexpr std::chrono::minutes kIdle{30};

tcp::endpoint tcp_endpoint(const sip::Endpoint& at) {
  return {asio::ip::make_address(at.address.text()), at.port};
}

}  // namespace

class SipTransport::Impl {
 public:
  Impl(Loop& loop, const Clock& clock)
      : loop_(loop),
        clock_(clock),
        server_tls_(asio::ssl::context::tls_server),
        client_tls_(asio::ssl::context::tls_client),
        sweep_timer_(loop.context()) {}

  Result<void> open(const Settings& settings);
  void receive(const OnMessage& message, const OnSendFailed& failed, const OnClosed& closed);
  void send(const sip::Flow& flow, std::string bytes, std::uint64_t origin);
  void flush();
  std::optional<sip::Flow> flow_to(sip::Transport transport, const sip::Endpoint& remote) const;

  struct Socket {
    sip::Transport transport = sip::Transport::kUdp;
    bool v4 = true;
    std::unique_ptr<Datagrams> datagrams;
    std::unique_ptr<tcp::acceptor> acceptor;
  };
  std::vector<Socket> sockets_;
  std::map<sip::Endpoint, std::string> names_;
  TransportCounters counters_;
  InUse in_use_;

 private:
  struct Connection {
    sip::Flow flow;
    std::unique_ptr<tcp::socket> plain;
    std::unique_ptr<TlsStream> tls;
    sip::StreamFramer framer;
    std::array<char, 16 * 1024> buffer;
    std::deque<std::string> out;
    std::vector<std::uint64_t> origins;  // of what is not written yet
    std::size_t out_bytes = 0;
    bool ready = false;
    bool writing = false;
    MonoTime since{};  // the last whole message, or the start

    tcp::socket& socket() { return tls ? tls->next_layer() : *plain; }
  };
  // Shared with the handlers that are out: a connection may be closed while they wait.
  using Held = std::shared_ptr<Connection>;
  struct Inbox {
    sip::Flow flow;
    std::string bytes;
  };

  Result<void> set_up_tls(const Settings& settings);
  Result<void> listen(const SipListen& at, std::uint16_t index);
  void accept(std::uint16_t index);
  bool admit(const sip::Endpoint& remote);
  Held make(const sip::Flow& flow, tcp::socket socket, asio::ssl::context* tls);
  void handshake(const Held& connection, TlsStream::handshake_type type);
  void connect(const sip::Flow& flow, std::string bytes, std::uint64_t origin);
  void began(const Held& connection);
  void read(const Held& connection);
  void take(const Held& connection, std::string_view bytes);
  void write(const Held& connection);
  void queue(const Held& connection, std::string bytes, std::uint64_t origin = 0);
  void close(const Held& connection);
  void sweep();
  void spare_those_in_use(std::vector<Held>& idle) const;

  Loop& loop_;
  const Clock& clock_;
  asio::ssl::context server_tls_;
  asio::ssl::context client_tls_;
  asio::steady_timer sweep_timer_;
  sip::ConnectionId next_id_ = 1;
  std::unordered_map<sip::ConnectionId, Held> connections_;
  std::map<std::pair<sip::Transport, sip::Endpoint>, sip::ConnectionId> by_remote_;
  std::vector<Inbox> inbox_;
  std::vector<std::uint64_t> failed_;
  std::vector<sip::ConnectionId> closed_;
};

Result<void> SipTransport::Impl::set_up_tls(const Settings& settings) {
  asio::error_code problem;
  client_tls_.set_default_verify_paths(problem);
  client_tls_.set_verify_mode(asio::ssl::verify_peer, problem);
  if (!settings.tls_authority.empty()) {
    client_tls_.load_verify_file(settings.tls_authority.string(), problem);
    if (problem)
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: {}", settings.tls_authority.string(), problem.message()));
  }
  if (settings.tls_certificate.empty()) return {};
  server_tls_.use_certificate_chain_file(settings.tls_certificate.string(), problem);
  if (problem)
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: {}", settings.tls_certificate.string(), problem.message()));
  server_tls_.use_private_key_file(settings.tls_key.string(), asio::ssl::context::pem, problem);
  if (problem)
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: {}", settings.tls_key.string(), problem.message()));
  return {};
}

Result<void> SipTransport::Impl::open(const Settings& settings) {
  if (auto tls = set_up_tls(settings); !tls) return tls;
  for (std::size_t i = 0; i < settings.sip.size(); ++i)
    if (auto listening = listen(settings.sip[i], static_cast<std::uint16_t>(i)); !listening)
      return listening;
  sweep();
  return {};
}

Result<void> SipTransport::Impl::listen(const SipListen& at, std::uint16_t index) {
  Socket& socket = sockets_.emplace_back();
  socket.transport = at.transport;
  socket.v4 = at.at.address.is_v4();
  if (at.transport == sip::Transport::kUdp) {
    auto datagrams = Datagrams::bind(at.at);
    if (!datagrams) return tl::unexpected(datagrams.error());
    socket.datagrams = *std::move(datagrams);
    loop_.watch_once(socket.datagrams->descriptor());
    return {};
  }
  socket.acceptor = std::make_unique<tcp::acceptor>(loop_.context());
  const tcp::endpoint endpoint = tcp_endpoint(at.at);
  asio::error_code problem;
  socket.acceptor->open(endpoint.protocol(), problem);
  if (!problem) socket.acceptor->set_option(tcp::acceptor::reuse_address(true), problem);
  if (!problem && !at.at.address.is_v4())  // as Datagrams::bind
    socket.acceptor->set_option(asio::ip::v6_only(true), problem);
  if (!problem) socket.acceptor->bind(endpoint, problem);
  if (!problem) socket.acceptor->listen(asio::socket_base::max_listen_connections, problem);
  if (problem)
    return fail(ErrorCode::kConflict,
                fmt::format("SIP over {} cannot listen at {}: {}", sip::name_of(at.transport),
                            at.at.text(), problem.message()));
  accept(index);
  return {};
}

bool SipTransport::Impl::admit(const sip::Endpoint& remote) {
  if (connections_.size() >= kMostConnections) return false;
  std::size_t same = 0;
  for (const auto& [id, connection] : connections_)
    if (connection->flow.remote.address == remote.address) ++same;
  return same < kMostConnectionsPerAddress;
}

void SipTransport::Impl::accept(std::uint16_t index) {
  sockets_[index].acceptor->async_accept(
      [this, index](const asio::error_code& problem, tcp::socket socket) {
        if (problem == asio::error::operation_aborted) return;
        if (!problem) {
          asio::error_code unknown;
          const auto from = socket.remote_endpoint(unknown);
          const auto address = sip::IpAddress::parse(from.address().to_string());
          if (unknown || !address || !admit({*address, from.port()})) {
            ++counters_.connections_refused;
          } else {
            const sip::Transport transport = sockets_[index].transport;
            sip::Flow flow{transport, index, {*address, from.port()}, next_id_++};
            const bool tls = transport == sip::Transport::kTls;
            const Held connection = make(flow, std::move(socket), tls ? &server_tls_ : nullptr);
            if (tls)
              handshake(connection, TlsStream::server);
            else
              began(connection);
          }
        }
        accept(index);
      });
}

SipTransport::Impl::Held SipTransport::Impl::make(const sip::Flow& flow, tcp::socket socket,
                                                  asio::ssl::context* tls) {
  auto connection = std::make_shared<Connection>();
  connection->flow = flow;
  connection->since = clock_.mono();
  if (tls != nullptr)
    connection->tls = std::make_unique<TlsStream>(std::move(socket), *tls);
  else
    connection->plain = std::make_unique<tcp::socket>(std::move(socket));
  connections_[flow.connection] = connection;
  by_remote_[{flow.transport, flow.remote}] = flow.connection;
  return connection;
}

void SipTransport::Impl::handshake(const Held& connection, TlsStream::handshake_type type) {
  connection->tls->async_handshake(type, [this, connection](const asio::error_code& problem) {
    if (problem) return close(connection);
    began(connection);
  });
}

void SipTransport::Impl::connect(const sip::Flow& wanted, std::string bytes, std::uint64_t origin) {
  if (connections_.size() >= kMostConnections) {
    failed_.push_back(origin);
    return loop_.wake();
  }
  sip::Flow flow = wanted;
  flow.connection = next_id_++;
  const bool tls = flow.transport == sip::Transport::kTls;
  const Held connection = make(flow, tcp::socket(loop_.context()), tls ? &client_tls_ : nullptr);
  queue(connection, std::move(bytes), origin);
  if (tls) {
    const auto name = names_.find(flow.remote);
    const std::string expected = name == names_.end() ? flow.remote.address.text() : name->second;
    connection->tls->set_verify_callback(asio::ssl::host_name_verification(expected));
    SSL_set_tlsext_host_name(connection->tls->native_handle(), expected.c_str());
  }
  connection->socket().async_connect(tcp_endpoint(flow.remote),
                                     [this, connection](const asio::error_code& problem) {
                                       if (problem) return close(connection);
                                       if (connection->tls)
                                         return handshake(connection, TlsStream::client);
                                       began(connection);
                                     });
}

void SipTransport::Impl::began(const Held& connection) {
  connection->ready = true;
  connection->since = clock_.mono();
  asio::error_code ignored;
  connection->socket().set_option(tcp::no_delay(true), ignored);
  write(connection);
  read(connection);
}

void SipTransport::Impl::read(const Held& connection) {
  const auto done = [this, connection](const asio::error_code& problem, std::size_t count) {
    if (problem) return close(connection);
    take(connection, {connection->buffer.data(), count});
  };
  if (connection->tls)
    connection->tls->async_read_some(asio::buffer(connection->buffer), done);
  else
    connection->plain->async_read_some(asio::buffer(connection->buffer), done);
}

void SipTransport::Impl::take(const Held& connection, std::string_view bytes) {
  if (!connections_.contains(connection->flow.connection)) return;
  connection->framer.append(bytes);
  bool broken = false;
  while (auto item = connection->framer.next()) {
    switch (item->kind) {
      case sip::StreamFramer::Kind::kBroken:
        broken = true;
        [[fallthrough]];
      case sip::StreamFramer::Kind::kMessage:
        connection->since = clock_.mono();
        ++counters_.received;
        if (inbox_.size() >= kMostInbox) broken = true;
        if (!item->bytes.empty()) inbox_.push_back({connection->flow, std::move(item->bytes)});
        break;
      case sip::StreamFramer::Kind::kPing:
        connection->since = clock_.mono();
        queue(connection, "\r\n");
        break;
      case sip::StreamFramer::Kind::kPong:
        break;
    }
    if (broken) break;
  }
  loop_.wake();
  if (broken) {
    ++counters_.connections_cut;
    // The answer to what broke it goes out with this pump; then the sweep closes.
    connection->since = MonoTime(Micros(-1));
    return;
  }
  read(connection);
}

void SipTransport::Impl::queue(const Held& connection, std::string bytes, std::uint64_t origin) {
  if (origin != 0) connection->origins.push_back(origin);
  if (connection->out_bytes + bytes.size() > kMostQueuedBytes) {
    ++counters_.connections_cut;
    return close(connection);
  }
  connection->out_bytes += bytes.size();
  connection->out.push_back(std::move(bytes));
  if (connection->ready) write(connection);
}

void SipTransport::Impl::write(const Held& connection) {
  if (connection->writing || connection->out.empty()) return;
  connection->writing = true;
  // One write for all that waits.
  auto all = std::make_shared<std::string>();  // shared with the handler, which outlives this call
  for (std::string& bytes : connection->out) *all += bytes;
  connection->out.clear();
  const auto done = [this, connection, all](const asio::error_code& problem, std::size_t) {
    connection->writing = false;
    connection->out_bytes -= std::min(connection->out_bytes, all->size());
    if (problem) return close(connection);
    if (connection->out.empty()) connection->origins.clear();
    write(connection);
  };
  if (connection->tls)
    asio::async_write(*connection->tls, asio::buffer(*all), done);
  else
    asio::async_write(*connection->plain, asio::buffer(*all), done);
}

void SipTransport::Impl::close(const Held& connection) {
  const sip::Flow flow = connection->flow;
  if (connections_.erase(flow.connection) == 0) return;
  const auto remote = by_remote_.find({flow.transport, flow.remote});
  if (remote != by_remote_.end() && remote->second == flow.connection) by_remote_.erase(remote);
  asio::error_code ignored;
  connection->socket().close(ignored);
  failed_.insert(failed_.end(), connection->origins.begin(), connection->origins.end());
  closed_.push_back(flow.connection);
  loop_.wake();
}

void SipTransport::Impl::spare_those_in_use(std::vector<Held>& idle) const {
  std::set<sip::ConnectionId> used;
  for (const sip::Flow& flow : in_use_()) {
    if (flow.connection != 0) {
      used.insert(flow.connection);
    } else if (const auto at = by_remote_.find({flow.transport, flow.remote});
               at != by_remote_.end()) {
      used.insert(at->second);
    }
  }
  std::erase_if(idle, [&](const Held& held) { return used.contains(held->flow.connection); });
}

void SipTransport::Impl::sweep() {
  const MonoTime now = clock_.mono();
  std::vector<Held> old;
  std::vector<Held> idle;
  for (const auto& [id, connection] : connections_) {
    const bool dawdles = !connection->ready || connection->framer.mid_message();
    if ((dawdles && now - connection->since > kDawdle) || connection->since < MonoTime(Micros(0)))
      old.push_back(connection);
    else if (!dawdles && now - connection->since > kIdle)
      idle.push_back(connection);
  }
  if (!idle.empty() && in_use_) spare_those_in_use(idle);
  for (const Held& connection : old) close(connection);
  for (const Held& connection : idle) close(connection);
  sweep_timer_.expires_after(std::chrono::seconds(2));
  sweep_timer_.async_wait([this](const asio::error_code& stopped) {
    if (!stopped) sweep();
  });
}

void SipTransport::Impl::receive(const OnMessage& message, const OnSendFailed& failed,
                                 const OnClosed& closed) {
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (!sockets_[i].datagrams) continue;
    const auto index = static_cast<std::uint16_t>(i);
    const bool more = sockets_[i].datagrams->receive(
        kMostDatagramsAPump, [&](const sip::Endpoint& from, std::string bytes) {
          ++counters_.received;
          message({sip::Transport::kUdp, index, from, 0}, std::move(bytes));
        });
    if (more) loop_.wake();
    loop_.watch_once(sockets_[i].datagrams->descriptor());
  }
  auto inbox = std::exchange(inbox_, {});
  for (Inbox& item : inbox) message(item.flow, std::move(item.bytes));
  const auto origins = std::exchange(failed_, {});
  for (const std::uint64_t origin : origins) failed(origin);
  const auto connections = std::exchange(closed_, {});
  for (const sip::ConnectionId connection : connections) closed(connection);
}

void SipTransport::Impl::send(const sip::Flow& flow, std::string bytes, std::uint64_t origin) {
  ++counters_.sent;
  if (flow.transport == sip::Transport::kUdp) {
    if (flow.socket < sockets_.size() && sockets_[flow.socket].datagrams)
      sockets_[flow.socket].datagrams->queue(flow.remote, std::move(bytes), origin);
    return;
  }
  auto found = connections_.find(flow.connection);
  if (found == connections_.end()) {
    const auto remote = by_remote_.find({flow.transport, flow.remote});
    if (remote != by_remote_.end()) found = connections_.find(remote->second);
  }
  if (found == connections_.end()) return connect(flow, std::move(bytes), origin);
  const Held connection = found->second;
  queue(connection, std::move(bytes), origin);
}

void SipTransport::Impl::flush() {
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (!sockets_[i].datagrams) continue;
    sockets_[i].datagrams->flush([&](std::uint64_t origin) {
      ++counters_.send_failed;
      if (origin == 0) return;
      failed_.push_back(origin);
      loop_.wake();
    });
  }
}

std::optional<sip::Flow> SipTransport::Impl::flow_to(sip::Transport transport,
                                                     const sip::Endpoint& remote) const {
  std::optional<sip::Flow> found;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (sockets_[i].transport != transport) continue;
    const bool of_its_family = sockets_[i].v4 == remote.address.is_v4();
    if (!found || of_its_family)
      found = sip::Flow{transport, static_cast<std::uint16_t>(i), remote, 0};
    if (of_its_family) break;
  }
  return found;
}

SipTransport::SipTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SipTransport::~SipTransport() = default;

Result<std::unique_ptr<SipTransport>> SipTransport::open(Loop& loop, const Clock& clock,
                                                         const Settings& settings) {
  auto impl = std::make_unique<Impl>(loop, clock);
  if (auto opened = impl->open(settings); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<SipTransport>(new SipTransport(std::move(impl)));
}

void SipTransport::receive(const OnMessage& message, const OnSendFailed& failed,
                           const OnClosed& closed) {
  impl_->receive(message, failed, closed);
}
void SipTransport::send(const sip::Flow& flow, std::string bytes, std::uint64_t origin) {
  impl_->send(flow, std::move(bytes), origin);
}
void SipTransport::flush() {
  impl_->flush();
}
void SipTransport::keep_open(InUse in_use) {
  impl_->in_use_ = std::move(in_use);
}
void SipTransport::expect_name(const sip::Endpoint& remote, std::string name) {
  impl_->names_[remote] = std::move(name);
}
std::optional<sip::Flow> SipTransport::flow_to(sip::Transport transport,
                                               const sip::Endpoint& remote) const {
  return impl_->flow_to(transport, remote);
}
std::uint16_t SipTransport::port(std::size_t socket) const {
  const auto& at = impl_->sockets_.at(socket);
  return at.datagrams ? at.datagrams->port() : at.acceptor->local_endpoint().port();
}
const TransportCounters& SipTransport::counters() const {
  return impl_->counters_;
}

}  // namespace madoguchi::exchange
