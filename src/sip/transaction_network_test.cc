// Two transaction layers over a network that loses, doubles and reorders, driven by one seed in
// simulated time. Whatever the network does, each side learns every outcome exactly once and both
// tables end empty.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "sip/transaction.h"
#include "sip/transaction_testing.h"

namespace madoguchi::sip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Weather {
  double lost = 0;
  double doubled = 0;
  int delay_ms = 20;  // up to, evenly spread: what reorders
  Transport transport = Transport::kUdp;
};

// What one side heard of one call.
struct Heard {
  int arrived = 0;    // RequestArrived
  int cancelled = 0;  // CancelArrived
  int acks = 0;       // AckArrived
  int finals = 0;     // first final response of each transaction
  int timeouts = 0;
  int ended = 0;
};

class Network {
 public:
  Network(std::uint64_t seed, Weather weather)
      : random_(seed),
        weather_(weather),
        entropy_(seed),
        caller_({}, entropy_),
        callee_({}, entropy_) {}

  void call(int number, int final_status, bool cancel) {
    plan_[name(number)] = final_status;
    Message invite = make(Method::kInvite, number);
    const ClientId id = caller_.send_request(std::move(invite), to_callee(), "192.0.2.1", now_);
    calls_[id.value] = number;
    if (cancel) caller_.cancel(id, now_);
  }
  void ask(int number) {
    const ClientId id =
        caller_.send_request(make(Method::kOptions, number), to_callee(), "192.0.2.1", now_);
    calls_[id.value] = number;
    plan_[name(number)] = 200;
  }
  void run(Micros time) {
    const MonoTime until = now_ + time;
    while (now_ < until) {
      collect();
      MonoTime next = until;
      if (!wire_.empty()) next = std::min(next, wire_.begin()->first);
      for (const TransactionLayer* layer : {&caller_, &callee_})
        if (const auto due = layer->next_deadline()) next = std::min(next, *due);
      if (!answers_.empty()) next = std::min(next, answers_.begin()->first);
      if (!repeats_.empty()) next = std::min(next, repeats_.begin()->first);
      now_ = std::max(now_, next);
      deliver();
      answer();
      caller_.advance(now_);
      callee_.advance(now_);
    }
    collect();
  }

  std::map<int, Heard> caller_heard;
  std::map<std::string, Heard> callee_heard;
  [[nodiscard]] const TransactionLayer& caller() const { return caller_; }
  [[nodiscard]] const TransactionLayer& callee() const { return callee_; }
  static std::string name(int number) { return "call-" + std::to_string(number); }

 private:
  struct Packet {
    bool to_callee = false;
    std::string bytes;
  };
  struct Answer {
    ServerId transaction;
    Message request;
    int status = 0;
  };

  struct Repeat {
    ServerId transaction;
    std::string call;
    Micros interval = milliseconds(500);
  };

  [[nodiscard]] Flow to_callee() const {
    return {weather_.transport, 0, *Endpoint::parse("192.0.2.2:5060"), stream() ? 1U : 0U};
  }
  [[nodiscard]] Flow to_caller() const {
    return {weather_.transport, 0, *Endpoint::parse("192.0.2.1:5060"), stream() ? 2U : 0U};
  }
  [[nodiscard]] bool stream() const { return is_reliable(weather_.transport); }
  bool chance(double p) { return std::uniform_real_distribution<>(0, 1)(random_) < p; }

  static Message make(Method method, int number) {
    Message message = Message::request(method, Uri::sip("desk", "192.0.2.2"));
    message.add(Header::kFrom, "<sip:caller@192.0.2.1>;tag=f" + std::to_string(number));
    message.add(Header::kTo, "<sip:desk@192.0.2.2>");
    message.add(Header::kCallId, name(number));
    message.add(Header::kCSeq, "1 " + std::string(name_of(method)));
    message.add(Header::kContact, "<sip:caller@192.0.2.1>");
    return message;
  }

  void send(bool to_callee, std::string bytes) {
    if (stream()) {  // in order, nothing lost
      last_ = std::max(last_, now_ + milliseconds(weather_.delay_ms));
      wire_.emplace(last_, Packet{to_callee, std::move(bytes)});
      return;
    }
    const int copies = chance(weather_.lost) ? 0 : chance(weather_.doubled) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      const auto delay = milliseconds(random_() % (weather_.delay_ms + 1));
      wire_.emplace(now_ + delay, Packet{to_callee, bytes});
    }
  }
  void deliver() {
    while (!wire_.empty() && wire_.begin()->first <= now_) {
      Packet packet = std::move(wire_.begin()->second);
      wire_.erase(wire_.begin());
      if (packet.to_callee)
        callee_.receive(std::move(packet.bytes), to_caller(), now_);
      else
        caller_.receive(std::move(packet.bytes), to_callee(), now_);
      collect();
    }
  }
  void answer() {
    while (!answers_.empty() && answers_.begin()->first <= now_) {
      const Answer due = std::move(answers_.begin()->second);
      answers_.erase(answers_.begin());
      const bool sent =
          callee_.respond(due.transaction, Message::response_to(due.request, due.status), now_);
      if (sent && due.status < 300 && due.request.method() == Method::kInvite)
        repeats_.emplace(now_ + milliseconds(500),
                         Repeat{due.transaction, std::string(due.request.call_id())});
    }
    // What a dialog does (RFC 3261, 13.3.1.4): repeat the 2xx until its ACK.
    while (!repeats_.empty() && repeats_.begin()->first <= now_) {
      Repeat due = std::move(repeats_.begin()->second);
      repeats_.erase(repeats_.begin());
      if (callee_heard[due.call].acks > 0 || !callee_.resend(due.transaction)) continue;
      due.interval = std::min<Micros>(2 * due.interval, seconds(4));
      repeats_.emplace(now_ + due.interval, due);
    }
  }
  void collect() {
    while (auto out = caller_.poll_output()) send(true, std::move(out->bytes));
    while (auto out = callee_.poll_output()) send(false, std::move(out->bytes));
    while (auto event = caller_.poll_event()) on_caller(*event);
    while (auto event = callee_.poll_event()) on_callee(*event);
    while (auto out = caller_.poll_output()) send(true, std::move(out->bytes));
    while (auto out = callee_.poll_output()) send(false, std::move(out->bytes));
  }
  void on_caller(const TransactionEvent& event) {
    if (const auto* response = std::get_if<ResponseArrived>(&event)) {
      if (response->message.status() < 200) return;
      if (finals_.insert(response->transaction.value).second)
        ++caller_heard[calls_.at(response->transaction.value)].finals;
      if (response->message.method() != Method::kInvite || response->message.status() >= 300)
        return;
      Message ack = make(Method::kAck, calls_.at(response->transaction.value));
      ack.set(Header::kTo, response->message.first(Header::kTo).value());
      caller_.send_ack(ack, to_callee(), "192.0.2.1");
    } else if (const auto* timed_out = std::get_if<ClientTimedOut>(&event)) {
      ++caller_heard[calls_.at(timed_out->transaction.value)].timeouts;
    } else if (const auto* ended = std::get_if<ClientEnded>(&event)) {
      ++caller_heard[calls_.at(ended->transaction.value)].ended;
    }
  }
  void on_callee(TransactionEvent& event) {
    if (auto* arrived = std::get_if<RequestArrived>(&event)) {
      const std::string call(arrived->message.call_id());
      ++callee_heard[call].arrived;
      if (arrived->message.method() == Method::kInvite) {
        callee_.respond(arrived->transaction, Message::response_to(arrived->message, 180), now_);
        by_transaction_[arrived->transaction.value] = arrived->message;
      }
      answers_.emplace(now_ + seconds(1),
                       Answer{arrived->transaction, arrived->message, plan_.at(call)});
    } else if (const auto* cancelled = std::get_if<CancelArrived>(&event)) {
      ++callee_heard[std::string(cancelled->message.call_id())].cancelled;
      callee_.respond(cancelled->invite,
                      Message::response_to(by_transaction_.at(cancelled->invite.value), 487), now_);
    } else if (const auto* ack = std::get_if<AckArrived>(&event)) {
      ++callee_heard[std::string(ack->message.call_id())].acks;
    }
  }

  std::mt19937_64 random_;
  Weather weather_;
  SeededEntropy entropy_;
  TransactionLayer caller_;
  TransactionLayer callee_;
  MonoTime now_{seconds(100)};
  MonoTime last_{};
  std::multimap<MonoTime, Packet> wire_;
  std::multimap<MonoTime, Answer> answers_;
  std::multimap<MonoTime, Repeat> repeats_;
  std::map<std::string, int> plan_;
  std::map<std::uint64_t, int> calls_;
  std::set<std::uint64_t> finals_;
  std::map<std::uint64_t, Message> by_transaction_;
};

void expect_whole(Network& network, int calls, std::uint64_t seed) {
  for (int i = 0; i < calls; ++i) {
    const Heard& caller = network.caller_heard[i];
    const Heard& callee = network.callee_heard[Network::name(i)];
    EXPECT_EQ(caller.finals + caller.timeouts, 1) << "call " << i << " seed " << seed;
    EXPECT_EQ(caller.ended, 1) << "call " << i << " seed " << seed;
    EXPECT_LE(callee.arrived, 1) << "call " << i << " seed " << seed;
    EXPECT_LE(callee.cancelled, 1) << "call " << i << " seed " << seed;
  }
  EXPECT_EQ(network.caller().size(), 0U) << "seed " << seed;
  EXPECT_EQ(network.callee().size(), 0U) << "seed " << seed;
}

constexpr int kCalls = 60;

void play(Network& network) {
  constexpr int kFinals[] = {200, 486, 302, 603};
  for (int i = 0; i < kCalls; ++i) {
    if (i % 5 == 4)
      network.ask(i);
    else
      network.call(i, kFinals[i % 4], i % 7 == 3);
    network.run(milliseconds(50));
  }
  network.run(seconds(150));
}

TEST(TransactionsOverANetwork, EndWholeOnAGoodOne) {
  Network network(1, {});
  play(network);
  expect_whole(network, kCalls, 1);
  for (int i = 0; i < kCalls; ++i) {
    EXPECT_EQ(network.caller_heard[i].finals, 1);
    EXPECT_EQ(network.callee_heard[Network::name(i)].arrived, 1);
    EXPECT_EQ(network.callee_heard[Network::name(i)].cancelled, i % 5 != 4 && i % 7 == 3 ? 1 : 0);
  }
  EXPECT_EQ(network.callee().counters().no_ack, 0U);
}

TEST(TransactionsOverANetwork, EndWholeOnAStream) {
  Network network(2, {.delay_ms = 30, .transport = Transport::kTcp});
  play(network);
  expect_whole(network, kCalls, 2);
  EXPECT_EQ(network.caller().counters().retransmissions, 0U);
  EXPECT_EQ(network.callee().counters().retransmissions, 0U);
}

TEST(TransactionsOverANetwork, EndWholeWhateverIsLostDoubledOrReordered) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    Network network(seed, {.lost = 0.2, .doubled = 0.1, .delay_ms = 700});
    play(network);
    expect_whole(network, kCalls, seed);
  }
}

TEST(TransactionsOverANetwork, TimeOutAndEmptyOnADeadOne) {
  Network network(3, {.lost = 1.0});
  play(network);
  for (int i = 0; i < kCalls; ++i) {
    EXPECT_EQ(network.caller_heard[i].timeouts, 1);
    EXPECT_EQ(network.caller_heard[i].ended, 1);
  }
  EXPECT_EQ(network.caller().size(), 0U);
}

}  // namespace
}  // namespace madoguchi::sip
