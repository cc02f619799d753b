// Where to send a request for a SIP URI (RFC 3263, RFC 2782): a pure engine that asks for NAPTR,
// SRV, A and AAAA records and yields targets in the order to try them. The process resolves; it
// owns one Locate per look-up and drops it when done. DNS answers are input from anyone: bounded,
// and never looped over.
//
//   Locate locate(uri, options, entropy);
//   while (auto question = locate.poll_question()) resolve(*question, ...);   // later:
//   locate.answer() if (locate.done()) use(locate.targets());                                 //
//   empty: no such host
//
// FailOver remembers, across look-ups, which targets did not answer; one per process or trunk.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "sip/flow.h"
#include "sip/uri.h"

namespace madoguchi::sip {

enum class DnsType : std::uint8_t { kNaptr, kSrv, kA, kAaaa };

struct DnsQuestion {
  DnsType type = DnsType::kA;
  std::string name;
  friend bool operator==(const DnsQuestion&, const DnsQuestion&) = default;
};

struct NaptrRecord {
  std::uint16_t order = 0;
  std::uint16_t preference = 0;
  std::string flags;        // "s" for SIP
  std::string service;      // "SIP+D2U", "SIP+D2T", "SIPS+D2T"
  std::string replacement;  // the name to ask SRV for
};

struct SrvRecord {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;  // "." means: no such service here
};

// Records of the kind that was asked for; all empty when there are none or the look-up failed.
struct DnsAnswer {
  std::vector<NaptrRecord> naptr;
  std::vector<SrvRecord> srv;
  std::vector<IpAddress> addresses;
};

struct LocatedTarget {
  Transport transport = Transport::kUdp;
  Endpoint remote;
  std::string tls_name;  // what the peer's certificate must be for: the URI's host (RFC 5922, 4)
  friend auto operator<=>(const LocatedTarget&, const LocatedTarget&) = default;
};

struct LocateOptions {
  std::vector<Transport> transports{Transport::kUdp, Transport::kTcp, Transport::kTls};
  bool ipv6 = true;
  std::size_t max_targets = 32;
};

class Locate {
 public:
  Locate(const Uri& target, LocateOptions options, Entropy& entropy);

  // The next question to put to the resolver; several may be out at once.
  std::optional<DnsQuestion> poll_question();
  // The resolver's answer; one that was not asked for is ignored.
  void answer(const DnsQuestion& question, DnsAnswer answer);
  [[nodiscard]] bool done() const { return unanswered_.empty() && to_ask_.empty(); }
  // In the order to try; complete only when done().
  [[nodiscard]] const std::vector<LocatedTarget>& targets() const { return targets_; }

 private:
  struct Service {  // a name to ask SRV for
    Transport transport;
    std::string name;
  };
  struct Host {  // a name to ask addresses for
    Transport transport;
    std::string name;
    std::uint16_t port;
    std::vector<IpAddress> v4, v6;
  };
  void ask(DnsType type, const std::string& name);
  void ask_services(std::vector<Service> services);
  void ask_host(Transport transport, const std::string& name, std::uint16_t port);
  void take_naptr(std::vector<NaptrRecord> records);
  void take_services();
  void finish();
  [[nodiscard]] bool supports(Transport transport) const;
  [[nodiscard]] std::vector<Service> default_services() const;
  void order_by_weight(std::vector<SrvRecord>& records);

  LocateOptions options_;
  Entropy& entropy_;
  std::string host_;
  bool secure_ = false;
  Transport fallback_ = Transport::kUdp;  // where no record says otherwise
  enum class Step : std::uint8_t { kNaptr, kSrv, kAddresses } step_ = Step::kNaptr;
  std::vector<Service> services_;
  std::map<std::string, std::vector<SrvRecord>> srv_;
  std::vector<Host> hosts_;
  std::deque<DnsQuestion> to_ask_;
  std::vector<DnsQuestion> unanswered_;
  std::vector<LocatedTarget> targets_;
};

// Which of several targets to use now. A target that failed is left out for a while, growing from
// 30 s to 5 min with each failure in a row; when all are out, the one that is due first is tried.
class FailOver {
 public:
  [[nodiscard]] std::optional<LocatedTarget> choose(const std::vector<LocatedTarget>& targets,
                                                    MonoTime now) const;
  void failed(const LocatedTarget& target, MonoTime now);
  void succeeded(const LocatedTarget& target) { out_.erase(target); }

 private:
  struct Out {
    MonoTime until{};
    std::uint32_t failures = 0;
  };
  std::map<LocatedTarget, Out> out_;  // bounded: the one due first is forgotten above kMaxOut
};

}  // namespace madoguchi::sip
