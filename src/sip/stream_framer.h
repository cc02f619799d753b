// Cuts the byte stream of one TCP or TLS connection into SIP messages (RFC 3261, 18.3:
// Content-Length decides) and keep-alives (RFC 5626, 3.5.1). One per connection, owned by the
// thread that reads it. Memory is bounded by kMaxMessageBytes plus what one append() brings.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sip/message.h"

namespace madoguchi::sip {

class StreamFramer {
 public:
  enum class Kind : std::uint8_t {
    kMessage,  // give it to the transaction layer
    kPing,     // answer with one CRLF
    kPong,     // the answer to our own ping
    // The stream can no longer be cut (no readable Content-Length, or too large). `bytes` holds the
    // head, if there is a whole one: the transaction layer answers it with 400 or 513. Then close
    // the connection.
    kBroken,
  };
  struct Item {
    Kind kind = Kind::kMessage;
    std::string bytes;
  };

  // After kBroken further bytes are ignored.
  void append(std::string_view bytes);
  // Drain after each append().
  std::optional<Item> next();
  // We sent a ping (double CRLF): the next lone CRLF is its pong.
  void expect_pong() { pong_expected_ = true; }
  // Something is begun and not complete: a peer that dawdles over it may be cut off.
  [[nodiscard]] bool mid_message() const { return !broken_ && at_ < buffer_.size(); }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::optional<Item> take_blank_lines();
  Item break_off(std::size_t head_size);
  void drop(std::size_t count);

  std::string buffer_;
  std::size_t at_ = 0;       // start of what is not handed out yet
  std::size_t scanned_ = 0;  // from at_: no end of a head before here
  std::size_t wanted_ = 0;   // size of the message begun at at_, once its head is read; 0 before
  bool pong_expected_ = false;
  bool broken_ = false;
};

}  // namespace madoguchi::sip
