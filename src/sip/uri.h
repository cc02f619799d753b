// A URI as SIP uses them: sip, sips and tel taken apart, any other scheme kept whole (RFC 3261, 19;
// RFC 3966). A value that owns its text; reading never allocates, changing rebuilds the text.
// Escapes stay as written unless a function says "decoded". It may name a person: never print one
// into a log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sip/text.h"

namespace madoguchi::sip {

class Uri {
 public:
  enum class Scheme : std::uint8_t { kSip, kSips, kTel, kOther };

  Uri() = default;  // empty; text() is ""

  // nullopt when the text is no URI at all, or is sip/sips/tel and malformed. Spaces are never
  // allowed.
  static std::optional<Uri> parse(std::string_view text);

  // Whether parse() would succeed, without the copy.
  static bool is_valid(std::string_view text);

  // "sip:user@host:port"; `user` is plain text and is escaped here; port 0 leaves it out. An IPv6
  // host comes with or without brackets.
  static Uri sip(std::string_view user, std::string_view host, std::uint16_t port = 0);
  static Uri sips(std::string_view user, std::string_view host, std::uint16_t port = 0);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] Scheme scheme() const { return parts_.scheme; }
  [[nodiscard]] bool is_sip_or_sips() const {
    return scheme() == Scheme::kSip || scheme() == Scheme::kSips;
  }
  [[nodiscard]] std::string_view scheme_text() const;

  // Of sip and sips. For tel, user() is the number as written and host() is empty. For others all
  // are empty.
  [[nodiscard]] std::string_view user() const;      // as written, escapes and ;user-params included
  [[nodiscard]] std::string user_decoded() const;   // escapes resolved
  [[nodiscard]] std::string_view password() const;  // what stands after ':' in the user part
  [[nodiscard]] std::string_view host() const;      // IPv6 keeps its brackets
  [[nodiscard]] std::uint16_t port() const { return parts_.port; }  // 0: none written
  [[nodiscard]] Params params() const;                              // ";lr;transport=tcp"
  [[nodiscard]] std::optional<std::string_view> param(std::string_view name) const;
  [[nodiscard]] bool has_param(std::string_view name) const { return params().has(name); }
  [[nodiscard]] std::string_view headers() const;  // after '?', as written; empty when none

  void set_user(std::string_view plain);  // escapes it
  void set_host(std::string_view host);
  void set_port(std::uint16_t port);                              // 0 removes it
  void set_param(std::string_view name, std::string_view value);  // empty value: a bare ";name"
  void remove_param(std::string_view name);
  void remove_headers();

  // Same text.
  friend bool operator==(const Uri& a, const Uri& b) { return a.text_ == b.text_; }
  // Same resource by RFC 3261, 19.1.4 (tel: RFC 3966, 4, visual separators aside).
  [[nodiscard]] bool equivalent(const Uri& other) const;

 private:
  struct Part {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  struct Parts {
    Part user, password, host, params, headers;
    Part hostport;  // host and ":port"
    std::uint16_t port = 0;
    Scheme scheme = Scheme::kOther;
  };
  static bool take_apart(std::string_view text, Parts& parts);
  static bool take_apart_sip(std::string_view text, std::size_t at, Parts& parts);
  static bool take_apart_tel(std::string_view text, std::size_t at, Parts& parts);
  static Uri build(std::string_view scheme, std::string_view user, std::string_view host,
                   std::uint16_t port);
  [[nodiscard]] std::string_view view(Part part) const {
    return std::string_view(text_).substr(part.at, part.size);
  }
  // Keeps the old text when the new one would be no URI.
  void replace(Part part, std::string_view with);

  std::string text_;
  Parts parts_;
};

}  // namespace madoguchi::sip
