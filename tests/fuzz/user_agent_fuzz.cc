// Any sequence of datagrams at a user agent that rings, answers and calls: the input is cut at NUL
// bytes; between two datagrams time passes. Whatever comes, each session ends once and nothing is
// left over.
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "sip/user_agent.h"

using namespace madoguchi;
using namespace madoguchi::sip;

namespace {

constexpr std::string_view kSdp =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0\r\n";

void must(bool holds) {
  if (!holds) std::abort();
}

// The same bytes each time, so that tags and branches in the corpus stay valid.
class FixedEntropy final : public Entropy {
 public:
  void fill(void* bytes, std::size_t count) override {
    auto* at = static_cast<unsigned char*>(bytes);
    for (std::size_t i = 0; i < count; ++i) at[i] = static_cast<unsigned char>(next_ += 37);
  }

 private:
  unsigned next_ = 0;
};

class Open final : public Policy {
 public:
  Admission admit(const Message&, const Flow&, MonoTime) override {
    return Admission::accept(Trust::kTrusted);
  }
};

struct Owner {
  UserAgent& agent;
  std::set<SessionId> sessions;
  unsigned turn = 0;

  void begin(SessionId id) { must(sessions.insert(id).second); }

  void hear(const UserAgentEvent& event, MonoTime now) {
    const std::string sdp(kSdp);
    ++turn;
    if (const auto* call = std::get_if<IncomingCall>(&event)) {
      begin(call->session);
      (void)agent.provisional(call->session, 183, turn % 3 == 0 ? sdp : std::string(), now);
      if (turn % 2 == 0) (void)agent.accept(call->session, sdp, now);
    } else if (const auto* end = std::get_if<SessionEnded>(&event)) {
      must(sessions.erase(end->session) == 1);
    } else if (const auto* offer = std::get_if<OfferReceived>(&event)) {
      (void)agent.answer_offer(offer->session, sdp, now);
    } else if (const auto* wanted = std::get_if<OfferWanted>(&event)) {
      (void)agent.answer_offer(wanted->session, sdp, now);
    } else if (const auto* answered = std::get_if<CallAnswered>(&event)) {
      if (answered->role == SdpRole::kOffer) (void)agent.answer_offer(answered->session, sdp, now);
      (void)agent.offer(answered->session, sdp, OfferBy::kUpdate, now);
    } else if (const auto* refer = std::get_if<ReferReceived>(&event)) {
      (void)agent.accept_refer(refer->session, now);
    }
  }

  void drain(MonoTime now) {
    while (const auto event = agent.poll_event()) hear(*event, now);
    while (agent.poll_transmit()) {
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  UserAgentOptions options;
  options.sockets = {{Transport::kUdp, "192.0.2.1", 5060}};
  options.max_sessions = 64;
  FixedEntropy entropy;
  Open policy;
  UserAgent agent(options, policy, entropy);
  Owner owner{agent, {}, 0};
  MonoTime now{};
  const Flow flow{Transport::kUdp, 0, *Endpoint::parse("192.0.2.2:5060"), 0};
  OutgoingCall call;
  call.target = *Uri::parse("sip:1@192.0.2.2");
  call.from = *Uri::parse("sip:2@192.0.2.1");
  call.flow = flow;
  call.sdp = std::string(kSdp);
  if (const auto id = agent.invite(call, now)) owner.begin(*id);
  for (int i = 0; i < 64 && !input.empty(); ++i) {
    const auto end = std::min(input.find('\0'), input.size());
    agent.receive(flow, std::string(input.substr(0, end)), now);
    input.remove_prefix(std::min(end + 1, input.size()));
    owner.drain(now);
    now += std::chrono::milliseconds(300);
    agent.advance(now);
    owner.drain(now);
    must(owner.sessions.size() <= options.max_sessions);
    must(owner.sessions.size() == agent.session_count());
  }
  for (const SessionId id : agent.sessions()) (void)agent.hang_up(id, now);
  owner.drain(now);
  must(owner.sessions.empty());
  now += std::chrono::minutes(10);
  for (int i = 0; i < 100000 && agent.next_deadline(); ++i) {
    agent.advance(std::min(now, *agent.next_deadline()));
    owner.drain(now);
  }
  must(agent.transaction_count() == 0);
  return 0;
}
