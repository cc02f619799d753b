// One dialog (RFC 3261, 12): identifiers, sequence numbers, route set and where to send. A plain
// value owned by its Session; it makes requests within the dialog and judges the order of those
// received.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/flow.h"
#include "sip/message.h"

namespace madoguchi::sip {

inline constexpr std::size_t kMaxRouteSet = 32;

class Dialog {
 public:
  // The called side: from the INVITE; `local_tag` is what our responses carry. nullopt when the
  // request has a Contact that cannot be sent to, or too long a route set. One without any is taken
  // as RFC 2543's (RFC 4475, 3.4.1).
  static std::optional<Dialog> called(const Message& request, const Flow& flow,
                                      std::string_view local_tag);
  // The calling side: from our INVITE and a response to it with a To tag.
  static std::optional<Dialog> calling(const Message& request, const Message& response,
                                       const Flow& flow);

  // A new request within the dialog, with the next CSeq (ACK and CANCEL never come from here).
  Message request(Method method);
  // ACK for a 2xx to the INVITE of that CSeq (RFC 3261, 13.2.2.4).
  [[nodiscard]] Message ack(std::uint32_t cseq) const;

  // RFC 3261, 12.2.2: false for a request out of order (500). Remembers the number.
  bool accept_cseq(std::uint32_t number);
  // A target refresh (INVITE, UPDATE and their 2xx): takes the Contact if it has a usable one.
  void refresh_target(const Message& message);
  // The final response settles the route set that a provisional may have had otherwise (13.2.2.4).
  void settle_route(const Message& response);

  [[nodiscard]] const std::string& call_id() const { return call_id_; }
  [[nodiscard]] const std::string& local_tag() const { return local_tag_; }
  [[nodiscard]] const std::string& remote_tag() const { return remote_tag_; }
  [[nodiscard]] const Uri& remote_target() const { return remote_target_; }
  [[nodiscard]] std::uint32_t local_cseq() const { return local_cseq_; }
  void set_local_cseq(std::uint32_t number) { local_cseq_ = number; }

  // The URI the next request is sent towards: the first route, else the remote target.
  [[nodiscard]] const Uri& next_hop() const { return route_.empty() ? remote_target_ : first_hop_; }
  // Where requests come from and, as long as next_hop() says nothing better, go to.
  [[nodiscard]] const Flow& flow() const { return flow_; }
  void set_flow(const Flow& flow) { flow_ = flow; }

 private:
  bool take_route(const Message& message, bool reverse);
  [[nodiscard]] Message make(Method method, std::uint32_t cseq) const;

  std::string call_id_;
  std::string local_tag_, remote_tag_;
  std::string local_field_, remote_field_;  // whole From and To values of our requests
  std::uint32_t local_cseq_ = 0;
  std::optional<std::uint32_t> remote_cseq_;
  Uri remote_target_;
  std::vector<std::string> route_;  // Route values, in sending order
  Uri first_hop_;
  Flow flow_;
};

// Where to send when the connection by which the peer came is closed: nobody listens at the port it
// came from, so to the address and port of `next_hop` (RFC 3261, 18.1.1); to `known`'s address
// where that is a name, or private behind a NAT.
Flow flow_without_connection(const Uri& next_hop, const Flow& known);

// Where to send a request for `next_hop` when `known` is a flow that is known to reach the peer:
// the known flow if it leads to the same address (streams are reused), if the URI names a private
// address behind a NAT, or a host that would need a look-up; otherwise the URI's own numeric
// address, by a socket of ours of that transport (`sockets` holds the transports by index).
Flow flow_towards(const Uri& next_hop, const Flow& known, const std::vector<Transport>& sockets);

}  // namespace madoguchi::sip
