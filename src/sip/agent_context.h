// What the parts of a UserAgent share: its options, the transaction layer, the queue of events, and
// the tables that lead from transactions and tags back to sessions. Owned by UserAgent's core;
// sessions hold a reference. Internal to this module.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "sip/session_events.h"
#include "sip/transaction.h"
#include "sip/user_agent.h"

namespace madoguchi::sip {

// Why a request of ours was sent.
enum class Purpose : std::uint8_t {
  kInvite,
  kReInvite,
  kUpdate,
  kPrack,
  kBye,
  kInfo,
  kNotify,
  kProbe,
  kAlone
};

struct ClientUse {
  SessionId session{};
  Purpose purpose = Purpose::kAlone;
  RequestId request{};                // kAlone
  std::optional<Message> challenged;  // the request as it was, while a login could repeat it
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

class AgentContext {
 public:
  AgentContext(UserAgentOptions options, Entropy& entropy);

  // Sends within a session or alone; the id is not valid when the layer is full.
  ClientId send(ClientUse use, Message request, const Flow& flow, MonoTime now);
  void send_ack(Message& ack, const Flow& flow);
  void emit(UserAgentEvent event) { events.push_back(std::move(event)); }

  [[nodiscard]] const std::string& contact_field(const Flow& flow) const;
  [[nodiscard]] std::string_view sent_by(const Flow& flow) const;
  // Contact, Allow, Supported, User-Agent: what every INVITE and UPDATE says of us.
  void describe_us(Message& request, const Flow& flow) const;
  // The same for a response: Contact, Allow, Supported, Server.
  void describe_us_in_response(Message& response, const Flow& flow) const;
  // Allow, Accept, Supported, of a 200 to OPTIONS.
  void describe_abilities(Message& response) const;

  [[nodiscard]] Entropy& entropy() { return entropy_; }
  // Uniform in [0, limit).
  std::uint64_t random_below(std::uint64_t limit);

  const UserAgentOptions options;
  std::vector<Transport> transports;  // of our sockets, by index
  TransactionLayer layer;
  std::deque<UserAgentEvent> events;
  UserAgentCounters counters;
  std::size_t live_sessions = 0;  // those without SessionEnded
  std::unordered_map<ClientId, ClientUse> clients;
  std::unordered_map<ServerId, SessionId> invites;  // INVITEs received, while CANCEL may come
  std::unordered_map<std::string, SessionId, TextHash, std::equal_to<>> by_local_tag;

 private:
  struct Self {
    std::string contact_field;
    std::string sent_by;
  };
  [[nodiscard]] const Self& self(const Flow& flow) const;

  Entropy& entropy_;
  std::vector<Self> selves_;  // by socket; one at least
  std::string allow_;
};

// The description a message carries, also as one part of a multipart body; empty if none.
std::string sdp_in(const Message& message);

// The digit in an application/dtmf-relay or application/dtmf body (RFC 2833's names 10 and 11
// included).
std::optional<char> digit_in(const Message& message);

}  // namespace madoguchi::sip
