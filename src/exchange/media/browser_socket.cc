#include "exchange/media/browser_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace madoguchi::exchange {

struct BrowserSocket::Batch {
  std::array<std::array<std::uint8_t, kRoom>, kBatch> buffers;
  std::array<sockaddr_storage, kBatch> names{};
  std::array<iovec, kBatch> vectors{};
  std::array<mmsghdr, kBatch> messages{};
  std::array<rtp::Address, kBatch> addresses{};
  std::size_t count = 0;

  Batch() {
    for (std::size_t n = 0; n < kBatch; ++n) {
      vectors[n] = {buffers[n].data(), buffers[n].size()};
      messages[n].msg_hdr.msg_iov = &vectors[n];
      messages[n].msg_hdr.msg_iovlen = 1;
      messages[n].msg_hdr.msg_name = &names[n];
    }
  }
};

BrowserSocket::BrowserSocket(UdpSocket socket, std::unique_ptr<rtp::BrowserPort> port)
    : socket_(std::move(socket)),
      port_(std::move(port)),
      in_(std::make_unique<Batch>()),
      out_(std::make_unique<Batch>()) {}
BrowserSocket::~BrowserSocket() = default;
BrowserSocket::BrowserSocket(BrowserSocket&&) noexcept = default;

int BrowserSocket::fd() const {
  return socket_.fd();
}
rtp::BrowserPort& BrowserSocket::port() {
  return *port_;
}

std::size_t BrowserSocket::read() {
  for (std::size_t n = 0; n < kBatch; ++n) {
    in_->vectors[n].iov_len = rtp::kMaxDatagram;
    in_->messages[n].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
  const int got = ::recvmmsg(socket_.fd(), in_->messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  in_->count = static_cast<std::size_t>(std::max(got, 0));
  for (std::size_t n = 0; n < in_->count; ++n) in_->addresses[n] = from_kernel(in_->names[n]);
  return in_->count;
}

rtp::MutableBytes BrowserSocket::datagram(std::size_t n) {
  return rtp::MutableBytes(in_->buffers[n]).first(in_->messages[n].msg_len);
}
const rtp::Address& BrowserSocket::from(std::size_t n) const {
  return in_->addresses[n];
}

rtp::MutableBytes BrowserSocket::room() {
  if (out_->count == kBatch) refused_ += flush();
  return out_->buffers[out_->count];
}

void BrowserSocket::send(std::size_t size, const rtp::Address& to) {
  const std::size_t n = out_->count;
  const unsigned length = to_kernel(to, socket_.is_v4(), out_->names[n]);
  if (length == 0) {
    ++refused_;
    return;
  }
  out_->messages[n].msg_hdr.msg_namelen = length;
  out_->vectors[n].iov_len = size;
  ++out_->count;
}

void BrowserSocket::send(ByteView datagram, const rtp::Address& to) {
  const rtp::MutableBytes into = room();
  if (datagram.size() > into.size()) return;
  std::copy(datagram.begin(), datagram.end(), into.begin());
  send(datagram.size(), to);
}

std::size_t BrowserSocket::flush() {
  std::size_t refused = std::exchange(refused_, 0);
  std::size_t done = 0;
  while (done < out_->count) {
    const int sent = ::sendmmsg(socket_.fd(), out_->messages.data() + done,
                                static_cast<unsigned>(out_->count - done), MSG_DONTWAIT);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
      continue;
    }
    ++refused;  // that one is given up, the others are tried
    ++done;
  }
  out_->count = 0;
  return refused;
}

}  // namespace madoguchi::exchange
