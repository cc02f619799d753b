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
  std::array<std::uint8_t, kBatch> slots{};  // of those that count, in order
  std::array<bool, kBatch> by_side{};
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

void BrowserSocket::set_side(UdpSocket socket) {
  refused_ += flush();
  side_ = std::move(socket);
  at_side_.clear();
}

void BrowserSocket::hear_at_side(std::vector<rtp::Address> neighbours) {
  neighbours_ = std::move(neighbours);
}

// Into the slots from `first` on; how many are filled then.
std::size_t BrowserSocket::receive(const UdpSocket& socket, std::size_t first) {
  for (std::size_t n = first; n < kBatch; ++n) {
    in_->vectors[n].iov_len = rtp::kMaxDatagram;
    in_->messages[n].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
  const int got = ::recvmmsg(socket.fd(), in_->messages.data() + first,
                             static_cast<unsigned>(kBatch - first), MSG_DONTWAIT, nullptr);
  const std::size_t end = first + static_cast<std::size_t>(std::max(got, 0));
  for (std::size_t n = first; n < end; ++n) in_->addresses[n] = from_kernel(in_->names[n]);
  return end;
}

void BrowserSocket::receive_at_side() {
  const std::size_t first = in_->count;
  const std::size_t end = receive(side_, first);
  for (std::size_t n = first; n < end; ++n) {
    const rtp::Address& from = in_->addresses[n];
    const auto is_sender = [&](const rtp::Address& one) { return one.same_ip(from); };
    if (std::none_of(neighbours_.begin(), neighbours_.end(), is_sender)) continue;
    if (at_side_.size() >= kMostAtSide) at_side_.clear();
    at_side_.insert(from);
    in_->slots[in_->count++] = static_cast<std::uint8_t>(n);
  }
}

std::size_t BrowserSocket::read() {
  in_->count = receive(socket_, 0);
  for (std::size_t n = 0; n < in_->count; ++n) {
    in_->slots[n] = static_cast<std::uint8_t>(n);
    if (!at_side_.empty()) at_side_.erase(in_->addresses[n]);
  }
  if (side_.open() && in_->count < kBatch) receive_at_side();
  return in_->count;
}

rtp::MutableBytes BrowserSocket::datagram(std::size_t n) {
  const std::size_t slot = in_->slots[n];
  return rtp::MutableBytes(in_->buffers[slot]).first(in_->messages[slot].msg_len);
}
const rtp::Address& BrowserSocket::from(std::size_t n) const {
  return in_->addresses[in_->slots[n]];
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
  out_->by_side[n] = !at_side_.empty() && at_side_.contains(to);
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
    std::size_t end = done + 1;  // of those that go by one door
    while (end < out_->count && out_->by_side[end] == out_->by_side[done]) ++end;
    const UdpSocket& door = out_->by_side[done] ? side_ : socket_;
    const int sent = ::sendmmsg(door.fd(), out_->messages.data() + done,
                                static_cast<unsigned>(end - done), MSG_DONTWAIT);
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
