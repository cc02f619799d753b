// For tests only: user agents on a simulated network that loses, repeats, delays and reorders
// datagrams as a seed decides, in simulated time. A Party is one agent with the events it has told;
// Sim carries bytes between parties by their address.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "sip/offer_answer.h"
#include "sip/transaction_testing.h"
#include "sip/user_agent.h"

namespace madoguchi::sip {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct Weather {
  int lost_percent = 0;
  int repeated_percent = 0;
  Micros least_delay = milliseconds(5);
  Micros most_delay = milliseconds(5);
};

class Party final : public Policy {
 public:
  Party(std::string_view address, std::uint64_t seed, UserAgentOptions options = {})
      : endpoint{*IpAddress::parse(address), 5060}, entropy(seed) {
    if (options.sockets.empty()) options.sockets = {{Transport::kUdp, std::string(address), 5060}};
    agent = std::make_unique<UserAgent>(std::move(options), *this, entropy);
  }

  Admission admit(const Message& request, const Flow& flow, MonoTime now) override {
    return admission ? admission(request, flow, now) : Admission::accept(Trust::kTrusted);
  }

  [[nodiscard]] Flow flow_to(const Party& other) const {
    return {Transport::kUdp, 0, other.endpoint, 0};
  }
  [[nodiscard]] Uri uri(std::string_view user) const {
    return Uri::sip(user, endpoint.address.text(), endpoint.port);
  }

  Endpoint endpoint;
  SeededEntropy entropy;
  std::unique_ptr<UserAgent> agent;
  std::deque<UserAgentEvent> events;
  std::function<Admission(const Message&, const Flow&, MonoTime)> admission;
  std::function<void(const UserAgentEvent&)> on_event;  // reacts at once; the event is kept as well
  std::vector<std::string> sent;                        // every message sent, for looking at
  bool keep_sent = true;
};

class Sim {
 public:
  explicit Sim(std::uint64_t seed, Weather given = {}) : weather(given), random_(seed) {}

  void join(Party& party) { parties_[party.endpoint] = &party; }

  // Carries what the parties have to say and applies their events, without letting time pass.
  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& [endpoint, party] : parties_) {
        while (auto out = party->agent->poll_transmit()) {
          busy = true;
          post(*party, *out);
        }
        while (auto event = party->agent->poll_event()) {
          busy = true;
          party->events.push_back(*event);
          if (party->on_event) party->on_event(*event);
        }
      }
    }
  }

  // One step: the next packet or deadline. False when nothing is left to happen before `limit`.
  bool step(MonoTime limit) {
    settle();
    MonoTime next = flying_.empty() ? MonoTime::max() : flying_.begin()->first;
    for (const auto& [endpoint, party] : parties_)
      if (const auto due = party->agent->next_deadline()) next = std::min(next, *due);
    if (next > limit) {
      now = limit;
      return false;
    }
    now = std::max(now, next);
    while (!flying_.empty() && flying_.begin()->first <= now) {
      Packet packet = std::move(flying_.begin()->second);
      flying_.erase(flying_.begin());
      const auto to = parties_.find(packet.to);
      if (to == parties_.end()) continue;
      if (drop && drop(packet.bytes)) continue;
      if (change) change(packet.bytes);
      to->second->agent->receive({Transport::kUdp, 0, packet.from, 0}, packet.bytes, now);
      settle();
    }
    for (auto& [endpoint, party] : parties_) party->agent->advance(now);
    settle();
    return true;
  }

  void run_for(Micros time) {
    const MonoTime limit = now + time;
    while (step(limit)) {
    }
  }

  template <typename Event>
  std::optional<Event> take(Party& party) {
    for (auto at = party.events.begin(); at != party.events.end(); ++at) {
      if (!std::holds_alternative<Event>(*at)) continue;
      Event event = std::get<Event>(std::move(*at));
      party.events.erase(at);
      return event;
    }
    return std::nullopt;
  }

  // Runs until the party has told such an event, and takes it.
  template <typename Event>
  Event wait(Party& party, Micros most = minutes(3)) {
    const MonoTime limit = now + most;
    for (;;) {
      settle();
      if (auto event = take<Event>(party)) return *std::move(event);
      if (!step(limit)) throw std::runtime_error(std::string("no ") + typeid(Event).name());
    }
  }

  MonoTime now{};
  Weather weather;
  std::function<bool(const std::string&)> drop;  // looked at on arrival
  std::function<void(std::string&)> change;      // likewise
  std::uint64_t carried = 0;

 private:
  struct Packet {
    Endpoint from, to;
    std::string bytes;
  };

  void post(Party& from, const Transmit& out) {
    if (from.keep_sent) from.sent.push_back(out.bytes);
    const int copies = percent(weather.repeated_percent) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (percent(weather.lost_percent)) continue;
      const Micros spread = weather.most_delay - weather.least_delay;
      const Micros delay =
          weather.least_delay + Micros(spread.count() == 0 ? 0 : random_() % spread.count());
      ++carried;
      flying_.emplace(now + delay, Packet{from.endpoint, out.flow.remote, out.bytes});
    }
  }
  bool percent(int chance) { return static_cast<int>(random_() % 100) < chance; }

  std::mt19937_64 random_;
  std::map<Endpoint, Party*> parties_;
  std::multimap<MonoTime, Packet> flying_;
};

// Two parties, the caller "alice" at 192.0.2.1 and the called "bob" at 192.0.2.2.
struct TwoParties {
  explicit TwoParties(std::uint64_t seed = 1, Weather weather = {}, UserAgentOptions options = {})
      : sim(seed, weather),
        alice("192.0.2.1", 2 * seed, options),
        bob("192.0.2.2", 2 * seed + 1, options) {
    sim.join(alice);
    sim.join(bob);
  }

  [[nodiscard]] OutgoingCall call(std::optional<std::string> sdp) const {
    OutgoingCall call;
    call.target = bob.uri("0120000000");
    call.flow = alice.flow_to(bob);
    call.from = alice.uri("0312345678");
    call.sdp = std::move(sdp);
    return call;
  }

  SessionId invite(std::optional<std::string> sdp) { return invite(call(std::move(sdp))); }
  SessionId invite(OutgoingCall outgoing) {
    return alice.agent->invite(std::move(outgoing), sim.now).value();
  }

  // A whole call set up; both sessions confirmed.
  void connect() {
    a = invite(offer_text());
    b = sim.wait<IncomingCall>(bob).session;
    EXPECT_TRUE(bob.agent->accept(b, answer_text(), sim.now));
    sim.wait<CallAnswered>(alice);
    sim.wait<CallConfirmed>(bob);
  }

  static std::string description(std::string_view what, int port) {
    return "v=0\r\no=" + std::string(what) +
           " 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\n" + "t=0 0\r\nm=audio " +
           std::to_string(port) + " RTP/AVP 0\r\n";
  }
  static std::string offer_text() { return description("offer", 4000); }
  static std::string answer_text() { return description("answer", 5000); }

  // Nothing is left anywhere once all timers have run out.
  void expect_clean() {
    sim.run_for(minutes(10));
    for (Party* party : {&alice, &bob}) {
      EXPECT_EQ(party->agent->session_count(), 0u);
      EXPECT_EQ(party->agent->transaction_count(), 0u);
      EXPECT_FALSE(party->agent->next_deadline());
    }
  }

  Sim sim;
  Party alice, bob;
  SessionId a{}, b{};
};

// How many of a party's messages begin so.
inline int count_sent(const Party& party, std::string_view start) {
  return static_cast<int>(
      std::count_if(party.sent.begin(), party.sent.end(),
                    [&](const std::string& bytes) { return bytes.starts_with(start); }));
}

}  // namespace madoguchi::sip
