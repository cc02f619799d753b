// What a call costs the SIP engine as the called side: INVITE, 180, 200, ACK, BYE, 200, at a steady
// rate in simulated time, so that sessions and transactions live as long as they would (64*T1).
// Prints one JSON line. The caller's messages are made outside the measured time; only receiving,
// events, commands, timers and the bytes to send are inside.
//
// usage: sip_calls [calls (50000)] [calls per simulated second (200)] [seconds talked (60)]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <random>
#include <string>

#include "sip/user_agent.h"

namespace {

using namespace madoguchi;
using namespace madoguchi::sip;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class Dice final : public Entropy {
 public:
  void fill(void* bytes, std::size_t count) override {
    auto* at = static_cast<unsigned char*>(bytes);
    for (std::size_t i = 0; i < count; ++i) at[i] = static_cast<unsigned char>(engine_());
  }

 private:
  std::mt19937_64 engine_{1};
};

class Open final : public Policy {
 public:
  Admission admit(const Message&, const Flow&, MonoTime) override {
    return Admission::accept(Trust::kTrusted);
  }
};

const std::string kSdp =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n";

std::string request(std::string_view method, int call, int cseq, const std::string& to_tag) {
  const std::string number = std::to_string(call);
  std::string text(method);
  text += " sip:0120000000@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-" +
          number + "-" + std::string(method) + ";rport\r\nFrom: <sip:0312345678@192.0.2.1>;tag=c" +
          number + "\r\nTo: <sip:0120000000@192.0.2.2>" + (to_tag.empty() ? "" : ";tag=" + to_tag) +
          "\r\nCall-ID: " + number + "@192.0.2.1\r\nCSeq: " + std::to_string(cseq) + " " +
          std::string(method) +
          "\r\nMax-Forwards: 70\r\nContact: <sip:0312345678@192.0.2.1:5060>\r\n"
          "P-Asserted-Identity: <sip:0312345678@192.0.2.1>\r\nSupported: timer\r\n"
          "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n";
  const std::string body = method == "INVITE" ? kSdp : std::string();
  if (!body.empty()) text += "Content-Type: application/sdp\r\n";
  return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Talking {
  int call = 0;
  std::string to_tag;
  MonoTime until;
};

class Load {
 public:
  Load() : agent_(options(), policy_, dice_) {}

  void run(int calls, int per_second, int talk_seconds) {
    const Micros gap(1'000'000 / per_second);
    for (int call = 0; call < calls || !talking_.empty(); ++call) {
      now_ += gap;
      if (call < calls) begin(call, now_ + std::chrono::seconds(talk_seconds));
      while (!talking_.empty() && talking_.front().until <= now_) end();
      timed([&] {
        if (const auto due = agent_.next_deadline(); due && *due <= now_) agent_.advance(now_);
        drain();
      });
    }
  }

  double spent = 0;
  std::uint64_t confirmed = 0, ended = 0, failed = 0;
  std::size_t most_sessions = 0;

 private:
  static UserAgentOptions options() {
    UserAgentOptions options;
    options.sockets = {{Transport::kUdp, "192.0.2.2", 5060}};
    return options;
  }

  template <typename Work>
  void timed(Work work) {
    const double before = cpu_seconds();
    work();
    spent += cpu_seconds() - before;
  }

  void drain() {
    while (const auto event = agent_.poll_event()) {
      if (const auto* call = std::get_if<IncomingCall>(&*event)) {
        bool good = agent_.provisional(call->session, 180, {}, now_, ReliableProvisionals::kOff)
                        .has_value();
        good = good && agent_.accept(call->session, kSdp, now_).has_value();
        if (!good) ++failed;
      } else if (std::holds_alternative<CallConfirmed>(*event)) {
        ++confirmed;
      } else if (std::holds_alternative<SessionEnded>(*event)) {
        ++ended;
      }
    }
    while (const auto out = agent_.poll_transmit()) last_sent_ = out->bytes;
  }

  void receive(std::string bytes) {
    timed([&] {
      agent_.receive(flow_, std::move(bytes), now_);
      drain();
    });
  }

  void begin(int call, MonoTime until) {
    receive(request("INVITE", call, 1, {}));
    const auto at = last_sent_.find(";tag=", last_sent_.find("To:")) + 5;
    const std::string tag = last_sent_.substr(at, last_sent_.find('\r', at) - at);
    receive(request("ACK", call, 1, tag));
    talking_.push_back({call, tag, until});
    most_sessions = std::max(most_sessions, agent_.session_count());
  }

  void end() {
    const Talking over = std::move(talking_.front());
    talking_.pop_front();
    receive(request("BYE", over.call, 2, over.to_tag));
  }

  Dice dice_;
  Open policy_;
  UserAgent agent_;
  Flow flow_{Transport::kUdp, 0, *Endpoint::parse("192.0.2.1:5060"), 0};
  MonoTime now_{};
  std::string last_sent_;
  std::deque<Talking> talking_;
};

}  // namespace

int main(int argc, char** argv) {
  const int calls = argc > 1 ? std::atoi(argv[1]) : 50000;
  const int per_second = argc > 2 ? std::atoi(argv[2]) : 200;
  const int talk_seconds = argc > 3 ? std::atoi(argv[3]) : 60;
  if (calls < 1 || per_second < 1 || talk_seconds < 0) {
    std::fprintf(stderr, "sip_calls: the three arguments are positive numbers\n");
    return 2;
  }
  Load load;
  load.run(calls, per_second, talk_seconds);
  const auto wanted = static_cast<std::uint64_t>(calls);
  if (load.confirmed != wanted || load.ended != wanted) load.failed += wanted - load.ended;
  std::printf("{\"calls\":%d,\"failed\":%llu,\"cpu_us_per_call\":%.1f,\"sessions\":%zu}\n", calls,
              static_cast<unsigned long long>(load.failed), load.spent * 1e6 / calls,
              load.most_sessions);
  return load.failed == 0 ? 0 : 1;
}
