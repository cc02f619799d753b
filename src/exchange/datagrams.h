// One UDP socket of SIP, read and written many datagrams at a time. Non-blocking; loop thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sip/flow.h"

namespace madoguchi::exchange {

sockaddr_storage to_sockaddr(const sip::Endpoint& endpoint, socklen_t& size);
sip::Endpoint to_endpoint(const sockaddr_storage& address);

class Datagrams {
 public:
  static Result<std::unique_ptr<Datagrams>> bind(const sip::Endpoint& at);
  ~Datagrams();
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

  // At most `most` datagrams. True: there may be more.
  bool receive(std::size_t most,
               const std::function<void(const sip::Endpoint& from, std::string bytes)>& take);
  void queue(const sip::Endpoint& to, std::string bytes, std::uint64_t origin);
  // What the kernel refused, by its origin.
  void flush(const std::function<void(std::uint64_t origin)>& failed);

  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Outgoing {
    sip::Endpoint to;
    std::string bytes;
    std::uint64_t origin = 0;
  };
  struct Buffers;
  explicit Datagrams(int fd);

  const int fd_;
  const std::unique_ptr<Buffers> buffers_;
  std::vector<Outgoing> out_;
};

}  // namespace madoguchi::exchange
