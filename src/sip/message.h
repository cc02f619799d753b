// One SIP message, received or being built: start line, header fields in order, body. It owns one
// buffer and an index of fields into it, so a received message costs few allocations and unknown
// methods and headers are kept as they came. Not thread-safe; a plain value to copy and move.
//
// Views handed out (names, values, typed values) point into the buffer: they are dead after any
// change to the message, and after moving it. Values passed in are copied; CR, LF and NUL in them
// become spaces, so no caller can inject a header. A message holds personal data: it has no
// operator<< on purpose.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/header_values.h"
#include "sip/method.h"
#include "sip/uri.h"

namespace madoguchi::sip {

inline constexpr std::size_t kMaxMessageBytes = 64 * 1024;
inline constexpr std::size_t kMaxHeaderFields = 256;

class Message {
 public:
  struct Field {
    Header id = Header::kOther;
    std::string_view name;   // as written
    std::string_view value;  // trimmed, folded lines joined by spaces
  };

  Message() = default;

  // --- making
  static Message request(Method method, const Uri& target);
  static Message request(std::string_view method, const Uri& target);
  // A bare status line; an empty reason takes default_reason(status).
  static Message response(int status, std::string_view reason = {});
  // RFC 3261, 8.2.6: with the request's Via, From, To, Call-ID and CSeq (and Timestamp for a 100).
  // When status > 100 and To has no tag, `to_tag` is added (nothing is added when it is empty).
  // Record-Route is not copied.
  static Message response_to(const Message& request, int status, std::string_view reason = {},
                             std::string_view to_tag = {});

  // --- start line
  [[nodiscard]] bool is_request() const { return status_ == 0; }
  [[nodiscard]] bool is_response() const { return status_ != 0; }
  [[nodiscard]] Method method() const { return method_; }      // of a response: CSeq's
  [[nodiscard]] std::string_view method_name() const;          // likewise
  [[nodiscard]] const Uri& target() const { return target_; }  // the Request-URI
  [[nodiscard]] int status() const { return status_; }         // 0 for a request
  [[nodiscard]] std::string_view reason() const { return view(reason_); }
  void set_target(const Uri& target) { target_ = target; }

  // --- fields, raw
  [[nodiscard]] std::size_t field_count() const { return fields_.size(); }
  [[nodiscard]] Field field(std::size_t index) const;
  [[nodiscard]] bool has(Header header) const;
  [[nodiscard]] std::size_t count(Header header) const;
  // Value of the first field of that name.
  [[nodiscard]] std::optional<std::string_view> first(Header header) const;
  [[nodiscard]] std::optional<std::string_view> first(std::string_view name) const;
  // Values of all fields of that name, those of list headers split at their commas, in order.
  [[nodiscard]] std::vector<std::string_view> values(Header header) const;
  // Whether a list of tokens (Require, Supported, Allow, Privacy...) holds one, without regard to
  // case.
  [[nodiscard]] bool lists(Header header, std::string_view token) const;

  void add(Header header, std::string_view value);
  void add(std::string_view name, std::string_view value);
  void add_first(Header header, std::string_view value);  // before every other field: Via, Route
  void set(Header header, std::string_view value);        // one field in place of all of that name
  void remove(Header header);
  void remove_first_value(Header header);  // the first element of a list: top Route
  // RFC 3261, 18.2.1 and RFC 3581, 4: notes in the topmost Via where the request really came from:
  // received= (when asked for rport, or when sent-by differs), and rport's value.
  void stamp_source(std::string_view ip, std::uint16_t port);
  // Copies all fields of that name from another message, in order, after ours.
  void copy(Header header, const Message& from);

  // --- fields, taken apart. nullopt: absent or malformed; has() tells which.
  [[nodiscard]] std::optional<Via> via() const;  // the topmost
  [[nodiscard]] std::optional<NameAddr> from() const { return name_addr(Header::kFrom); }
  [[nodiscard]] std::optional<NameAddr> to() const { return name_addr(Header::kTo); }
  [[nodiscard]] std::string_view from_tag() const;  // "" when there is none
  [[nodiscard]] std::string_view to_tag() const;
  [[nodiscard]] std::string_view call_id() const;  // "" when absent
  [[nodiscard]] std::optional<CSeq> cseq() const;
  [[nodiscard]] std::optional<NameAddr> contact() const { return name_addr(Header::kContact); }
  [[nodiscard]] std::optional<NameAddr> refer_to() const { return name_addr(Header::kReferTo); }
  [[nodiscard]] std::optional<NameAddr> name_addr(Header header) const;  // the first element
  // Contact, Route, Record-Route, P-Asserted-Identity, Path...: nullopt when any element is
  // malformed.
  [[nodiscard]] std::optional<std::vector<NameAddr>> name_addrs(Header header) const;
  // Expires, Min-Expires, Max-Forwards, RSeq, Retry-After (its comment and parameters aside).
  [[nodiscard]] std::optional<std::uint32_t> number(Header header) const;
  [[nodiscard]] std::optional<std::uint32_t> max_forwards() const {
    return number(Header::kMaxForwards);
  }
  [[nodiscard]] std::optional<std::uint32_t> expires() const { return number(Header::kExpires); }
  [[nodiscard]] std::optional<std::uint32_t> rseq() const { return number(Header::kRSeq); }
  [[nodiscard]] std::optional<RAck> rack() const;
  [[nodiscard]] std::optional<SessionExpires> session_expires() const;
  [[nodiscard]] std::optional<std::uint32_t> min_se() const;
  [[nodiscard]] std::optional<Replaces> replaces() const;
  [[nodiscard]] std::optional<MediaType> content_type() const;
  // RFC 3323: the priv-values of Privacy ("id", "user", "none"...), which semicolons separate.
  [[nodiscard]] bool asks_privacy(std::string_view value) const;

  // --- body
  [[nodiscard]] std::string_view body() const { return view(body_); }
  // Sets Content-Type too; an empty type removes it. Content-Length is written by write_to().
  void set_body(std::string_view content_type, std::string_view body);

  // --- writing. Always with a right Content-Length, whatever field was read or added.
  void write_to(std::string& out) const;  // appends
  [[nodiscard]] std::string to_bytes() const;

 private:
  friend class MessageParser;
  struct Span {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  struct Slot {  // one field, by place in the buffer
    std::uint32_t name_at = 0;
    std::uint32_t value_at = 0;
    std::uint32_t value_size = 0;
    std::uint16_t name_size = 0;
    Header id = Header::kOther;
  };
  [[nodiscard]] std::string_view view(Span span) const {
    return std::string_view(buffer_).substr(span.at, span.size);
  }
  [[nodiscard]] std::string_view value_of(const Slot& slot) const {
    return std::string_view(buffer_).substr(slot.value_at, slot.value_size);
  }
  [[nodiscard]] const Slot* find(Header header) const;
  Span keep(std::string_view text);        // appends to the buffer as it is
  Span keep_clean(std::string_view text);  // CR, LF and NUL become spaces
  Slot make_slot(Header id, std::string_view name, std::string_view value);

  std::string buffer_;
  std::vector<Slot> fields_;
  Uri target_;
  Span method_name_;  // of a request of unknown method
  Span reason_;
  Span body_;
  int status_ = 0;
  Method method_ = Method::kOther;
};

// --- reading

// A datagram's message ends with the datagram (RFC 3261, 18.3: bytes past Content-Length are
// dropped, a length greater than what came is an error). A stream's must say Content-Length;
// StreamFramer cut it already.
enum class Framing : std::uint8_t { kDatagram, kStream };

// What reading gave. A message with a problem is for answering or counting only.
struct Parsed {
  Message message;
  int refuse_with = 0;       // 0: well-formed; otherwise 400, 505 (bad version) or 513 (too large)
  const char* problem = "";  // reason phrase naming what is wrong, e.g. "Bad CSeq"
  // Whether `refuse_with` can be sent: a request, not ACK, with readable Via, and with From, To,
  // Call-ID and CSeq to copy. False for responses and what is no SIP: those are dropped and
  // counted.
  bool answerable = false;

  [[nodiscard]] bool ok() const { return refuse_with == 0; }
};

// Never fails otherwise than by Parsed::refuse_with; bounded by kMaxMessageBytes and
// kMaxHeaderFields. Checked here: the start line, every field's form, and the grammar of Via, From,
// To, Call-ID, CSeq, Max-Forwards, Content-Length, Contact, Route, Record-Route; what only matters
// to who uses it (Session-Expires, RAck, Date...) is not.
[[nodiscard]] Parsed parse_message(std::string bytes, Framing framing);

}  // namespace madoguchi::sip
