// The table of transactions, keys, timers and queues. The state machines are in
// client_transaction.cc and server_transaction.cc.
#include "sip/transaction.h"

#include <algorithm>
#include <memory>

#include "sip/transaction_state.h"

namespace madoguchi::sip {

TransactionLayer::TransactionLayer(TransactionOptions options, Entropy& entropy)
    : options_(std::move(options)), hash_(entropy) {}

TransactionLayer::~TransactionLayer() = default;

// --- keys

Hash128 TransactionLayer::client_key(std::string_view branch, std::string_view method) const {
  scratch_.assign("c").append(branch).append("\n").append(method);
  return hash_(scratch_);
}

Hash128 TransactionLayer::server_key(const Message& request, Method as) const {
  const auto via = request.via();
  if (via && via->has_magic_cookie()) {
    // RFC 3261, 17.2.3: branch, sent-by and method.
    scratch_.assign("s").append(via->branch()).append("\n");
    for (const char c : via->host) scratch_.push_back(lower(c));
    scratch_.push_back(':');
    append_number(scratch_, via->port);
  } else {
    // The same section's rule for RFC 2543: To tags are left out, ACK has one where INVITE had
    // none.
    scratch_.assign("o").append(request.target().text()).append("\n");
    scratch_.append(request.from_tag()).append("\n").append(request.call_id()).append("\n");
    const auto cseq = request.cseq();
    append_number(scratch_, cseq ? cseq->number : 0);
    scratch_.append("\n").append(request.first(Header::kVia).value_or(""));
  }
  scratch_.append("\n").append(as == Method::kOther ? request.method_name() : name_of(as));
  return hash_(scratch_);
}

Hash128 TransactionLayer::merge_key(const Message& request) const {
  scratch_.assign("m").append(request.from_tag()).append("\n").append(request.call_id());
  scratch_.append("\n").append(request.first(Header::kCSeq).value_or(""));
  return hash_(scratch_);
}

std::string TransactionLayer::tag_of(const Hash128& key) const {
  scratch_.assign("t");
  append_number(scratch_, key.low);
  scratch_.push_back('.');
  append_number(scratch_, key.high);
  return hash_(scratch_).short_text();
}

std::string TransactionLayer::fresh_token() {
  scratch_.assign("f");
  append_number(scratch_, ++tokens_made_);
  return hash_(scratch_).short_text();
}

// --- table

TransactionLayer::Transaction* TransactionLayer::create(Kind kind, const Hash128& key,
                                                        const Flow& flow) {
  if (live_ >= options_.max_transactions) return nullptr;
  SlotIndex index = 0;
  if (free_.empty()) {
    index = static_cast<SlotIndex>(slots_.size());
    slots_.push_back(std::make_unique<Transaction>());
    slots_.back()->index = index;
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Transaction& transaction = *slots_[index];
  if (++transaction.generation == 0) ++transaction.generation;
  transaction.live = true;
  transaction.kind = kind;
  transaction.key = key;
  transaction.flow = flow;
  by_key_[key] = index;
  track_connection(flow.connection, 1);
  ++live_;
  return &transaction;
}

void TransactionLayer::destroy(Transaction& transaction) {
  timers_.cancel(transaction.index);
  const auto drop = [&](Table& table, const Hash128& key) {
    const auto at = table.find(key);
    if (at != table.end() && at->second == transaction.index) table.erase(at);
  };
  drop(by_key_, transaction.key);
  if (transaction.in_merge_table) drop(by_merge_key_, transaction.merge_key);
  track_connection(transaction.flow.connection, -1);
  const SlotIndex index = transaction.index;
  const std::uint32_t generation = transaction.generation;
  // In place, and not by assigning: a string that is assigned to keeps its memory, and with it the
  // number of whoever called.
  std::destroy_at(&transaction);
  std::construct_at(&transaction);
  transaction.index = index;
  transaction.generation = generation;
  free_.push_back(index);
  --live_;
}

TransactionLayer::Transaction* TransactionLayer::find(std::uint64_t ref) const {
  const auto index = static_cast<SlotIndex>(ref);
  if (ref == 0 || index >= slots_.size()) return nullptr;
  Transaction* transaction = slots_[index].get();
  return transaction->live && transaction->ref() == ref ? transaction : nullptr;
}

TransactionLayer::Transaction* TransactionLayer::find_key(const Hash128& key) const {
  const auto at = by_key_.find(key);
  return at == by_key_.end() ? nullptr : slots_[at->second].get();
}

void TransactionLayer::track_connection(ConnectionId connection, int change) {
  if (connection == 0) return;
  const auto at = on_connection_.try_emplace(connection, 0).first;
  at->second += static_cast<std::uint32_t>(change);
  if (at->second == 0) on_connection_.erase(at);
}

bool TransactionLayer::alive(ServerId transaction) const {
  return find(transaction.value);
}
bool TransactionLayer::alive(ClientId transaction) const {
  return find(transaction.value);
}

std::optional<Flow> TransactionLayer::flow(ServerId id) const {
  const Transaction* transaction = find(id.value);
  return transaction == nullptr ? std::nullopt : std::optional(transaction->flow);
}

std::optional<Flow> TransactionLayer::flow(ClientId id) const {
  const Transaction* transaction = find(id.value);
  return transaction == nullptr ? std::nullopt : std::optional(transaction->flow);
}

// --- receiving

void TransactionLayer::receive(std::string bytes, const Flow& flow, MonoTime now) {
  if (bytes.find_first_not_of(std::string_view("\r\n\0", 3)) == std::string::npos) {
    ++counters_.keep_alives;
    return;
  }
  const Framing framing = is_reliable(flow.transport) ? Framing::kStream : Framing::kDatagram;
  receive(parse_message(std::move(bytes), framing), flow, now);
}

void TransactionLayer::receive(Parsed parsed, const Flow& flow, MonoTime now) {
  if (parsed.ok()) {
    receive(std::move(parsed.message), flow, now);
    return;
  }
  if (!parsed.answerable) {
    ++counters_.malformed_dropped;
    return;
  }
  ++counters_.malformed_refused;
  refuse(parsed.message, flow, Refusal{parsed.refuse_with, parsed.problem, {}});
}

void TransactionLayer::receive(Message message, const Flow& flow, MonoTime now) {
  if (message.is_request())
    receive_request(std::move(message), flow, now);
  else
    receive_response(std::move(message), flow, now);
}

void TransactionLayer::send_failed(std::uint64_t origin, MonoTime) {
  Transaction* transaction = find(origin);
  if (transaction == nullptr) return;
  ++counters_.send_failures;
  if (transaction->is_client())
    client_send_failed(*transaction);
  else
    server_send_failed(*transaction);
}

void TransactionLayer::connection_closed(ConnectionId connection, MonoTime) {
  if (connection == 0 || !on_connection_.contains(connection)) return;
  for (const auto& slot : slots_) {
    if (!slot->live || slot->flow.connection != connection) continue;
    if (slot->is_client())
      client_send_failed(*slot);
    else
      server_send_failed(*slot);
  }
}

// --- time

void TransactionLayer::arm(Transaction& transaction) {
  const MonoTime due = std::min(transaction.retransmit_at, transaction.expire_at);
  if (due == kNever)
    timers_.cancel(transaction.index);
  else
    timers_.set(transaction.index, due);
}

void TransactionLayer::advance(MonoTime now) {
  while (const auto index = timers_.pop_due(now)) {
    Transaction& transaction = *slots_[*index];
    if (transaction.is_client())
      client_timer(transaction, now);
    else
      server_timer(transaction, now);
  }
}

// --- out

void TransactionLayer::output(const Flow& flow, std::string bytes, std::uint64_t origin) {
  outputs_.push_back({flow, std::move(bytes), origin});
}

void TransactionLayer::send_raw(std::string bytes, const Flow& flow) {
  output(flow, std::move(bytes), 0);
}

std::optional<TransactionEvent> TransactionLayer::poll_event() {
  if (events_.empty()) return std::nullopt;
  std::optional<TransactionEvent> event(std::move(events_.front()));
  events_.pop_front();
  return event;
}

std::optional<Outgoing> TransactionLayer::poll_output() {
  if (outputs_.empty()) return std::nullopt;
  std::optional<Outgoing> outgoing(std::move(outputs_.front()));
  outputs_.pop_front();
  return outgoing;
}

}  // namespace madoguchi::sip
