#include "sip/locate.h"

#include <algorithm>

namespace madoguchi::sip {
namespace {

constexpr std::size_t kMaxRecords = 32;
constexpr std::size_t kMaxQuestions = 64;
constexpr std::size_t kMaxOut = 1024;

std::string srv_name(Transport transport, const std::string& host) {
  switch (transport) {
    case Transport::kUdp:
      return "_sip._udp." + host;
    case Transport::kTcp:
      return "_sip._tcp." + host;
    case Transport::kTls:
      return "_sips._tcp." + host;
  }
  return {};
}

std::optional<Transport> naptr_transport(std::string_view service) {
  if (iequals(service, "SIP+D2U")) return Transport::kUdp;
  if (iequals(service, "SIP+D2T")) return Transport::kTcp;
  if (iequals(service, "SIPS+D2T")) return Transport::kTls;
  return std::nullopt;
}

}  // namespace

Locate::Locate(const Uri& target, LocateOptions options, Entropy& entropy)
    : options_(std::move(options)), entropy_(entropy) {
  host_ = std::string(target.param("maddr").value_or(target.host()));
  secure_ = target.scheme() == Uri::Scheme::kSips;
  fallback_ = secure_ ? Transport::kTls : Transport::kUdp;
  if (!target.is_sip_or_sips() || host_.empty()) return;
  std::optional<Transport> said;
  if (const auto word = target.param("transport")) {
    said = transport_from(*word);
    if (!said) return;                                               // sctp, ws: not ours
    if (secure_ && said == Transport::kTcp) said = Transport::kTls;  // RFC 3261, 26.2.2
  }
  const std::uint16_t port = target.port();
  const Transport transport = said.value_or(fallback_);
  if (const auto address = IpAddress::parse(host_)) {
    if (!supports(transport)) return;
    const std::uint16_t at = port != 0 ? port : default_port(transport);
    targets_.push_back({transport, {*address, at}, host_});
    return;
  }
  if (port != 0) {
    step_ = Step::kAddresses;
    if (supports(transport)) ask_host(transport, host_, port);
  } else if (said) {
    if (supports(transport)) ask_services({{transport, srv_name(transport, host_)}});
  } else {
    step_ = Step::kNaptr;
    ask(DnsType::kNaptr, host_);
  }
}

bool Locate::supports(Transport transport) const {
  const auto& all = options_.transports;
  if (secure_ && transport != Transport::kTls) return false;
  return std::find(all.begin(), all.end(), transport) != all.end();
}

std::vector<Locate::Service> Locate::default_services() const {
  std::vector<Service> services;
  for (const Transport transport : options_.transports)
    if (supports(transport)) services.push_back({transport, srv_name(transport, host_)});
  return services;
}

void Locate::ask(DnsType type, const std::string& name) {
  const DnsQuestion question{type, name};
  if (std::find(unanswered_.begin(), unanswered_.end(), question) != unanswered_.end()) return;
  if (unanswered_.size() >= kMaxQuestions) return;
  unanswered_.push_back(question);
  to_ask_.push_back(question);
}

void Locate::ask_services(std::vector<Service> services) {
  step_ = Step::kSrv;
  services_ = std::move(services);
  for (const Service& service : services_) ask(DnsType::kSrv, service.name);
  if (done()) take_services();
}

void Locate::ask_host(Transport transport, const std::string& name, std::uint16_t port) {
  if (hosts_.size() >= options_.max_targets) return;
  hosts_.push_back({transport, name, port, {}, {}});
  if (options_.ipv6) ask(DnsType::kAaaa, name);
  ask(DnsType::kA, name);
}

std::optional<DnsQuestion> Locate::poll_question() {
  if (to_ask_.empty()) return std::nullopt;
  DnsQuestion question = std::move(to_ask_.front());
  to_ask_.pop_front();
  return question;
}

void Locate::answer(const DnsQuestion& question, DnsAnswer answer) {
  const auto asked = std::find(unanswered_.begin(), unanswered_.end(), question);
  if (asked == unanswered_.end()) return;
  unanswered_.erase(asked);
  std::erase(to_ask_, question);
  switch (question.type) {
    case DnsType::kNaptr:
      take_naptr(std::move(answer.naptr));
      return;
    case DnsType::kSrv:
      if (answer.srv.size() > kMaxRecords) answer.srv.resize(kMaxRecords);
      srv_[question.name] = std::move(answer.srv);
      break;
    case DnsType::kA:
    case DnsType::kAaaa:
      if (answer.addresses.size() > kMaxRecords) answer.addresses.resize(kMaxRecords);
      for (Host& host : hosts_) {
        if (host.name != question.name) continue;
        (question.type == DnsType::kA ? host.v4 : host.v6) = answer.addresses;
      }
      break;
  }
  if (!done()) return;
  if (step_ == Step::kSrv) take_services();
  if (step_ == Step::kAddresses && done()) finish();
}

void Locate::take_naptr(std::vector<NaptrRecord> records) {
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return std::tie(a.order, a.preference) < std::tie(b.order, b.preference);
  });
  std::vector<Service> services;
  for (const NaptrRecord& record : records) {
    const auto transport = naptr_transport(record.service);
    if (!iequals(record.flags, "s") || !transport || !supports(*transport)) continue;
    if (record.replacement.empty() || services.size() >= kMaxRecords) continue;
    services.push_back({*transport, record.replacement});
  }
  ask_services(services.empty() ? default_services() : std::move(services));
}

// RFC 2782: within a priority, each next record is drawn with a chance proportional to its weight.
void Locate::order_by_weight(std::vector<SrvRecord>& records) {
  std::stable_sort(records.begin(), records.end(),
                   [](const auto& a, const auto& b) { return a.priority < b.priority; });
  for (std::size_t at = 0; at < records.size(); ++at) {
    std::size_t end = at;
    std::uint64_t sum = 0;
    while (end < records.size() && records[end].priority == records[at].priority)
      sum += records[end++].weight;
    if (sum == 0 || end - at == 1) continue;
    std::uint64_t drawn = 0;
    entropy_.fill(&drawn, sizeof drawn);
    drawn %= sum;
    std::size_t chosen = at;
    while (chosen + 1 < end && drawn >= records[chosen].weight) drawn -= records[chosen++].weight;
    std::rotate(records.begin() + static_cast<std::ptrdiff_t>(at),
                records.begin() + static_cast<std::ptrdiff_t>(chosen),
                records.begin() + static_cast<std::ptrdiff_t>(chosen) + 1);
  }
}

void Locate::take_services() {
  step_ = Step::kAddresses;
  bool any = false;
  for (const Service& service : services_) {
    auto& records = srv_[service.name];
    order_by_weight(records);
    for (const SrvRecord& record : records) {
      any = true;
      if (record.target.empty() || record.target == "." || record.port == 0) continue;
      ask_host(service.transport, record.target, record.port);
    }
  }
  // RFC 3263, 4.1 and 4.2: no SRV at all means the host itself, at the transport's own port.
  if (!any) {
    const Transport transport = services_.size() == 1 ? services_[0].transport : fallback_;
    if (supports(transport)) ask_host(transport, host_, default_port(transport));
  }
}

void Locate::finish() {
  for (const Host& host : hosts_) {
    for (const auto* addresses : {&host.v6, &host.v4}) {
      for (const IpAddress& address : *addresses) {
        const LocatedTarget target{host.transport, {address, host.port}, host_};
        if (targets_.size() >= options_.max_targets) return;
        if (std::find(targets_.begin(), targets_.end(), target) == targets_.end())
          targets_.push_back(target);
      }
    }
  }
}

std::optional<LocatedTarget> FailOver::choose(const std::vector<LocatedTarget>& targets,
                                              MonoTime now) const {
  const LocatedTarget* soonest = nullptr;
  MonoTime soonest_until{};
  for (const LocatedTarget& target : targets) {
    const auto out = out_.find(target);
    if (out == out_.end() || out->second.until <= now) return target;
    if (soonest != nullptr && soonest_until <= out->second.until) continue;
    soonest = &target;
    soonest_until = out->second.until;
  }
  if (soonest == nullptr) return std::nullopt;
  return *soonest;
}

void FailOver::failed(const LocatedTarget& target, MonoTime now) {
  if (out_.size() >= kMaxOut && !out_.contains(target)) {
    out_.erase(std::min_element(out_.begin(), out_.end(), [](const auto& a, const auto& b) {
      return a.second.until < b.second.until;
    }));
  }
  Out& out = out_[target];
  const auto pause = std::chrono::seconds(30) * (1U << std::min(out.failures, 4U));
  out.until = now + std::min<Micros>(pause, std::chrono::minutes(5));
  ++out.failures;
}

}  // namespace madoguchi::sip
