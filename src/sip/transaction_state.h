// One transaction, as the layer keeps it; private to the files that make up TransactionLayer.
#pragma once

#include <string>

#include "sip/transaction.h"

namespace madoguchi::sip {

enum class TransactionLayer::Kind : std::uint8_t {
  kClientInvite,
  kClientOther,
  kClientCancel,  // like kClientOther, but the layer's own: no events
  kServerInvite,
  kServerOther,
};

enum class TransactionLayer::State : std::uint8_t {
  kCalling,     // client INVITE sent, nothing came
  kTrying,      // non-INVITE: nothing came (client), nothing answered (server)
  kProceeding,  // a provisional came or went; a server INVITE begins here
  kAccepted,    // INVITE with a 2xx (RFC 6026)
  kCompleted,   // other final response; repeats are absorbed
  kConfirmed,   // server INVITE whose non-2xx got its ACK
};

inline constexpr MonoTime kNever = MonoTime::max();

struct TransactionLayer::Transaction {
  SlotIndex index = 0;
  std::uint32_t generation = 0;  // part of the id, so that a stale id matches nothing
  bool live = false;
  Kind kind = Kind::kClientOther;
  State state = State::kTrying;
  Hash128 key;
  Hash128 merge_key;
  bool in_merge_table = false;

  Flow flow;      // client: where the request went; server: where responses go
  Flow fallback;  // server on a stream: the address its Via names, should the connection be gone
  bool fell_back = false;

  MonoTime retransmit_at = kNever;  // timers A, E, G, and the 200 ms before a 100 Trying
  MonoTime expire_at = kNever;      // timers B, D, F, H, I, J, K, L, M
  Micros interval{0};               // until the retransmission after the next

  std::string
      bytes;  // what a retransmission sends: request, ACK (client INVITE completed), last response
  Message invite;   // client INVITE: what ACK and CANCEL are made from
  std::string tag;  // server: To tag of responses
  std::string cancel_reason;
  bool trying_due = false;     // server INVITE: `bytes` holds a 100 not sent yet
  bool cancel_wanted = false;  // client INVITE: cancel() came before any provisional
  bool cancelled = false;      // client: CANCEL was sent; server: CANCEL has come

  [[nodiscard]] std::uint64_t ref() const { return (std::uint64_t{generation} << 32) | index; }
  [[nodiscard]] bool is_client() const {
    return kind != Kind::kServerInvite && kind != Kind::kServerOther;
  }
  [[nodiscard]] bool reliable() const { return is_reliable(flow.transport); }
};

}  // namespace madoguchi::sip
