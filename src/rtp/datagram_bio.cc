#include "rtp/datagram_bio.h"

#include <openssl/opensslv.h>
#include <sys/types.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace madoguchi::rtp {
namespace {

// BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT passes a pointer to the connection's own deadline. From 3.2 on it
// is a copy; there the timer must be driven another way.
static_assert(
    OPENSSL_VERSION_NUMBER < 0x30200000L,
    "DatagramBio steers the DTLS timer of OpenSSL 3.0; look at it again for this version");

constexpr long kUdpOverhead = 28;           // IPv4 and UDP headers
constexpr time_t kBeyondReach = 1LL << 40;  // some 35,000 years

DatagramBio* self(BIO* bio) {
  return static_cast<DatagramBio*>(BIO_get_data(bio));
}

}  // namespace

int DatagramBio::read(BIO* bio, char* into, int size) {
  DatagramBio* datagrams = self(bio);
  BIO_clear_retry_flags(bio);
  if (datagrams->incoming_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(datagrams->incoming_.size(), static_cast<std::size_t>(size));
  std::memcpy(into, datagrams->incoming_.data(), count);
  datagrams->incoming_ = {};
  return static_cast<int>(count);
}

int DatagramBio::write(BIO* bio, const char* from, int size) {
  DatagramBio* datagrams = self(bio);
  BIO_clear_retry_flags(bio);
  // A full queue loses datagrams as a network would; the timer mends it.
  if (datagrams->outgoing_.size() < kMostWaiting) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(from);
    datagrams->outgoing_.emplace_back(begin, begin + size);
  }
  return size;
}

void DatagramBio::timer_set(timeval* deadline) {
  deadline_ = deadline;
  if (deadline->tv_sec == 0 && deadline->tv_usec == 0) {
    change_ = Timer::kStopped;
  } else {
    change_ = Timer::kStarted;
    deadline->tv_sec = kBeyondReach;
  }
}

void DatagramBio::fire_timer() {
  if (deadline_ != nullptr) *deadline_ = timeval{1, 0};
}

DatagramBio::Timer DatagramBio::take_timer_change() {
  return std::exchange(change_, Timer::kUntouched);
}

long DatagramBio::control(BIO* bio, int command, long /*number*/, void* pointer) {
  DatagramBio* datagrams = self(bio);
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
    case BIO_CTRL_DGRAM_GET_MTU:
      return static_cast<long>(datagrams->mtu_);
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
      return kUdpOverhead;
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
      datagrams->timer_set(static_cast<timeval*>(pointer));
      return 1;
    default:
      return 0;
  }
}

BIO_METHOD* DatagramBio::method() {
  struct Free {
    void operator()(BIO_METHOD* made) const { BIO_meth_free(made); }
  };
  static const std::unique_ptr<BIO_METHOD, Free> shared = [] {
    std::unique_ptr<BIO_METHOD, Free> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams"));
    if (made) {
      BIO_meth_set_read(made.get(), &DatagramBio::read);
      BIO_meth_set_write(made.get(), &DatagramBio::write);
      BIO_meth_set_ctrl(made.get(), &DatagramBio::control);
    }
    return made;
  }();
  return shared.get();
}

BIO* DatagramBio::make() {
  BIO* bio = method() == nullptr ? nullptr : BIO_new(method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace madoguchi::rtp
