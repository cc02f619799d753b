#include "exchange/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"

namespace madoguchi::exchange {
namespace {

constexpr std::size_t kMostQuestions = 256;

std::string text_of(const unsigned char* bytes) {
  return bytes == nullptr ? "" : reinterpret_cast<const char*>(bytes);
}

void read_naptr(unsigned char* reply, int size, sip::DnsAnswer& answer) {
  ares_naptr_reply* first = nullptr;
  if (ares_parse_naptr_reply(reply, size, &first) != ARES_SUCCESS) return;
  for (const ares_naptr_reply* at = first; at != nullptr; at = at->next)
    answer.naptr.push_back({at->order, at->preference, text_of(at->flags), text_of(at->service),
                            at->replacement == nullptr ? "" : at->replacement});
  ares_free_data(first);
}

void read_srv(unsigned char* reply, int size, sip::DnsAnswer& answer) {
  ares_srv_reply* first = nullptr;
  if (ares_parse_srv_reply(reply, size, &first) != ARES_SUCCESS) return;
  for (const ares_srv_reply* at = first; at != nullptr; at = at->next)
    answer.srv.push_back({at->priority, at->weight, at->port, at->host == nullptr ? "" : at->host});
  ares_free_data(first);
}

}  // namespace

class Resolver::Impl {
 public:
  explicit Impl(OnAnswer on_answer)
      : on_answer_(std::move(on_answer)), questions_(kMostQuestions) {}
  ~Impl() {
    stop_ = true;
    if (wake_fd_ >= 0) wake();
    if (thread_.joinable()) thread_.join();
    if (channel_ != nullptr) ares_destroy(channel_);
    if (wake_fd_ >= 0) ::close(wake_fd_);
  }

  Result<void> start() {
    ares_options options{};
    options.timeout = 1000;
    options.tries = 2;
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS ||
        ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS)
      return fail(ErrorCode::kUnavailable, "the DNS resolver cannot start");
    wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_fd_ < 0) return fail(ErrorCode::kUnavailable, "no eventfd for the DNS resolver");
    thread_ = std::thread([this] { run(); });
    return {};
  }

  bool ask(const sip::DnsQuestion& question) {
    if (!questions_.push(question)) return false;
    wake();
    return true;
  }

 private:
  struct Asked {
    Impl* self;
    sip::DnsQuestion question;
  };

  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t wrote = ::write(wake_fd_, &one, sizeof one);
  }

  void answer(const Asked& asked, sip::DnsAnswer found) {
    if (!stop_) on_answer_(asked.question, std::move(found));
  }

  static void on_record(void* argument, int status, int, unsigned char* reply, int size) {
    const std::unique_ptr<Asked> asked(static_cast<Asked*>(argument));
    sip::DnsAnswer found;
    if (status == ARES_SUCCESS && asked->question.type == sip::DnsType::kNaptr)
      read_naptr(reply, size, found);
    if (status == ARES_SUCCESS && asked->question.type == sip::DnsType::kSrv)
      read_srv(reply, size, found);
    asked->self->answer(*asked, std::move(found));
  }

  static void on_host(void* argument, int status, int, hostent* host) {
    const std::unique_ptr<Asked> asked(static_cast<Asked*>(argument));
    sip::DnsAnswer found;
    if (status == ARES_SUCCESS && host != nullptr) {
      for (char** at = host->h_addr_list; *at != nullptr; ++at) {
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), *at, host->h_addrtype == AF_INET ? 4 : 16);
        found.addresses.push_back(host->h_addrtype == AF_INET
                                      ? sip::IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]})
                                      : sip::IpAddress::v6(bytes));
      }
    }
    asked->self->answer(*asked, std::move(found));
  }

  void put(const sip::DnsQuestion& question) {
    auto* asked =
        std::make_unique<Asked>(Asked{this, question}).release();  // freed by its callback
    const char* name = asked->question.name.c_str();
    switch (question.type) {
      case sip::DnsType::kNaptr:
        return ares_query(channel_, name, ns_c_in, ns_t_naptr, on_record, asked);
      case sip::DnsType::kSrv:
        return ares_query(channel_, name, ns_c_in, ns_t_srv, on_record, asked);
      case sip::DnsType::kA:
        return ares_gethostbyname(channel_, name, AF_INET, on_host, asked);
      case sip::DnsType::kAaaa:
        return ares_gethostbyname(channel_, name, AF_INET6, on_host, asked);
    }
  }

  void run() {
    std::vector<sip::DnsQuestion> questions;
    while (!stop_) {
      questions_.drain(questions);
      for (const sip::DnsQuestion& question : questions) put(question);
      std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
      const int wanted = ares_getsock(channel_, sockets.data(), ARES_GETSOCK_MAXNUM);
      std::vector<pollfd> polled{{wake_fd_, POLLIN, 0}};
      for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
        short events = 0;
        if (ARES_GETSOCK_READABLE(wanted, i)) events |= POLLIN;
        if (ARES_GETSOCK_WRITABLE(wanted, i)) events |= POLLOUT;
        if (events != 0) polled.push_back({sockets[static_cast<std::size_t>(i)], events, 0});
      }
      timeval most{3600, 0};
      timeval left{};
      const timeval* until = ares_timeout(channel_, &most, &left);
      const auto ms = static_cast<int>(until->tv_sec * 1000 + until->tv_usec / 1000 + 1);
      if (::poll(polled.data(), polled.size(), ms) < 0) continue;
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t cleared = ::read(wake_fd_, &count, sizeof count);
      for (std::size_t i = 1; i < polled.size(); ++i)
        ares_process_fd(channel_,
                        (polled[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0 ? polled[i].fd
                                                                                : ARES_SOCKET_BAD,
                        (polled[i].revents & POLLOUT) != 0 ? polled[i].fd : ARES_SOCKET_BAD);
      ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // what timed out
    }
  }

  const OnAnswer on_answer_;
  BoundedQueue<sip::DnsQuestion> questions_;
  ares_channel channel_ = nullptr;
  int wake_fd_ = -1;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

Resolver::Resolver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Resolver::~Resolver() = default;

Result<std::unique_ptr<Resolver>> Resolver::start(OnAnswer on_answer) {
  auto impl = std::make_unique<Impl>(std::move(on_answer));
  if (auto started = impl->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<Resolver>(new Resolver(std::move(impl)));
}

bool Resolver::ask(const sip::DnsQuestion& question) {
  return impl_->ask(question);
}

}  // namespace madoguchi::exchange
