// Header values taken apart: Via, name-addr, CSeq, RAck, Session-Expires, Replaces, media types,
// credentials. All are views into the text they were parsed from (a Message's buffer, usually):
// they live as long as that text stays unchanged. parse() gives nullopt for what RFC 3261's grammar
// does not allow; nothing allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sip/method.h"
#include "sip/text.h"
#include "sip/uri.h"

namespace madoguchi::sip {

// "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK...;rport"
struct Via {
  std::string_view transport;  // as written: "UDP", "TLS", or one we do not know
  std::string_view host;       // sent-by; IPv6 keeps its brackets
  std::uint16_t port = 0;      // 0: none written
  Params params;
  bool clean = true;  // false: readable enough to answer, but its parameters are malformed

  static std::optional<Via> parse(std::string_view element);
  [[nodiscard]] std::string_view branch() const { return params.value("branch").value_or(""); }
  // RFC 3261's magic cookie followed by something: the branch alone names the transaction.
  [[nodiscard]] bool has_magic_cookie() const;
};

// "\"A. Person\" <sip:a@example.com;lr>;tag=1" or "sip:a@example.com;tag=1", of From, To, Contact,
// Route, Record-Route, Refer-To, P-Asserted-Identity... In the bare form all parameters are the
// header's.
struct NameAddr {
  std::string_view display;  // as written, quotes on; display_text() resolves it
  std::string_view uri;      // text of the URI; checked by parse_uri()
  Params params;
  bool is_star = false;  // "Contact: *"
  bool bracketed = false;

  static std::optional<NameAddr> parse(std::string_view element);
  [[nodiscard]] std::string_view tag() const { return params.value("tag").value_or(""); }
  [[nodiscard]] std::string display_text() const { return unquote(display); }
  [[nodiscard]] std::optional<Uri> parse_uri() const { return Uri::parse(uri); }
  // q of a contact in thousandths, 1000 when absent or unreadable.
  [[nodiscard]] int q_thousandths() const;
  // ;expires= of a contact.
  [[nodiscard]] std::optional<std::uint32_t> expires() const;
};

// "name <uri>;tag=..." put together; `display` is plain text, left out when empty; likewise the
// tag.
std::string format_name_addr(std::string_view display, std::string_view uri,
                             std::string_view tag = {});

struct CSeq {
  std::uint32_t number = 0;
  Method method = Method::kOther;
  std::string_view method_name;

  static std::optional<CSeq> parse(std::string_view value);
};

// RFC 3262, 7.2: "776656 1 INVITE".
struct RAck {
  std::uint32_t rseq = 0;
  std::uint32_t cseq = 0;
  Method method = Method::kOther;

  static std::optional<RAck> parse(std::string_view value);
};

// RFC 4028, 4. Also reads Min-SE, which has no refresher.
struct SessionExpires {
  enum class Refresher : std::uint8_t { kUnspecified, kUac, kUas };
  std::uint32_t seconds = 0;
  Refresher refresher = Refresher::kUnspecified;

  static std::optional<SessionExpires> parse(std::string_view value);
};

// RFC 3891, 6.1.
struct Replaces {
  std::string_view call_id;
  std::string_view to_tag;
  std::string_view from_tag;
  bool early_only = false;

  static std::optional<Replaces> parse(std::string_view value);
};

// "application/sdp;charset=utf-8", of Content-Type and Accept.
struct MediaType {
  std::string_view type;
  std::string_view subtype;
  Params params;

  static std::optional<MediaType> parse(std::string_view value);
  [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype) const;
};

// "Digest realm=\"x\", nonce=\"y\"": a challenge (WWW-Authenticate, Proxy-Authenticate) or
// credentials (Authorization, Proxy-Authorization). One header field holds exactly one, commas
// separate its parameters.
struct AuthValue {
  std::string_view scheme;
  std::string_view params_text;

  static std::optional<AuthValue> parse(std::string_view value);
  [[nodiscard]] bool is_digest() const { return iequals(scheme, "Digest"); }
  // Unquoted and unescaped; nullopt when absent.
  [[nodiscard]] std::optional<std::string> param(std::string_view name) const;
};

// RFC 3326: "Q.850;cause=16;text=\"Terminated\"".
struct Reason {
  std::string_view protocol;
  std::optional<std::uint32_t> cause;
  std::string_view text;  // as written, quotes on

  static std::optional<Reason> parse(std::string_view element);
};

}  // namespace madoguchi::sip
