// What OpenSSL reads and writes through, in place of a socket: one datagram in, a bounded queue of
// datagrams out, and the handshake's retransmission timer, which OpenSSL 3.0 can only run on the
// machine's clock. The engine owns time, so the timer is taken out of OpenSSL's hands here:
// whenever it is set, it is moved beyond reach, and fire_timer() makes it due.
#pragma once

#include <openssl/bio.h>
#include <sys/time.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "base/bytes.h"

namespace madoguchi::rtp {

class DatagramBio {
 public:
  // A flight of a handshake is two to six datagrams.
  static constexpr std::size_t kMostWaiting = 32;

  explicit DatagramBio(std::size_t mtu) : mtu_(mtu) {}

  // A BIO that belongs to whoever it is given to (SSL_set_bio), and refers to this object, which
  // must outlive it. Null if OpenSSL is out of memory.
  BIO* make();

  void set_incoming(ByteView datagram) { incoming_ = datagram; }
  std::deque<Bytes>& outgoing() { return outgoing_; }

  enum class Timer { kUntouched, kStarted, kStopped };
  Timer take_timer_change();

  // Makes OpenSSL believe its timer ran out; DTLSv1_handle_timeout() then sends the flight again.
  void fire_timer();

 private:
  static int read(BIO* bio, char* into, int size);
  static int write(BIO* bio, const char* from, int size);
  static long control(BIO* bio, int command, long number, void* pointer);
  static BIO_METHOD* method();
  void timer_set(timeval* deadline);

  std::size_t mtu_;
  ByteView incoming_;
  std::deque<Bytes> outgoing_;
  timeval* deadline_ = nullptr;  // OpenSSL's own, inside its connection
  Timer change_ = Timer::kUntouched;
};

}  // namespace madoguchi::rtp
