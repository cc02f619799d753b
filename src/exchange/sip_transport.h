// The sockets of SIP: UDP in batches of many datagrams per system call, TCP and TLS connections in
// a bounded table. Loop thread only; what comes in waits until the pump asks for it. Nothing of SIP
// is understood here but where a message ends in a stream.
//
// Promises: reading and writing never block; a connection that is idle and of no use, dawdles over
// a message, floods or does not read what we send is closed; at the table's limit new connections
// are closed at once. Outgoing TLS is verified against the name the target was looked up by (RFC
// 5922).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "exchange/loop.h"
#include "exchange/settings.h"
#include "sip/flow.h"

namespace madoguchi::exchange {

struct TransportCounters {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t send_failed = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t connections_cut = 0;  // dawdling, flooding, broken streams
};

class SipTransport {
 public:
  using OnMessage = std::function<void(const sip::Flow& flow, std::string bytes)>;
  using OnSendFailed = std::function<void(std::uint64_t origin)>;
  using OnClosed = std::function<void(sip::ConnectionId connection)>;
  using InUse = std::function<std::vector<sip::Flow>()>;

  // Binds every socket of `settings.sip`; Flow::socket is the index in that list. kConflict: a port
  // is taken, naming it.
  static Result<std::unique_ptr<SipTransport>> open(Loop& loop, const Clock& clock,
                                                    const Settings& settings);
  ~SipTransport();

  // Hands over all that came in: messages, what could not be sent, connections that ended.
  void receive(const OnMessage& message, const OnSendFailed& failed, const OnClosed& closed);
  // Queued until flush(). `origin` comes back when it could not be sent.
  void send(const sip::Flow& flow, std::string bytes, std::uint64_t origin);
  void flush();

  // Connections on which nothing came for long are closed, but not those that `in_use` names, by
  // connection or (connection 0) by where they lead: calls, telephones and registrations live
  // longer than that without a word. Asked only when some connection is that old.
  void keep_open(InUse in_use);

  // The name that certificates at `remote` must be for; without one, the address itself.
  void expect_name(const sip::Endpoint& remote, std::string name);
  // The flow by which a target is reached: which of our sockets. nullopt: none of that transport.
  [[nodiscard]] std::optional<sip::Flow> flow_to(sip::Transport transport,
                                                 const sip::Endpoint& remote) const;
  [[nodiscard]] std::uint16_t port(std::size_t socket) const;  // as bound
  [[nodiscard]] const TransportCounters& counters() const;

 private:
  class Impl;
  explicit SipTransport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace madoguchi::exchange
