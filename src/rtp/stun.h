// STUN messages (RFC 8489) as far as ICE uses them: binding requests and responses, short-term
// credentials, fingerprint. Views and writers over the caller's bytes; any thread, no allocation.
// Every length is checked before it is believed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "rtp/address.h"
#include "rtp/packet.h"

namespace madoguchi::rtp {

enum class StunClass : std::uint8_t { kRequest, kIndication, kSuccess, kError };

using StunTransaction = std::array<std::uint8_t, 12>;

inline constexpr std::uint16_t kStunBinding = 0x001;
inline constexpr std::size_t kStunHeaderSize = 20;

enum class StunAttribute : std::uint16_t {
  kMappedAddress = 0x0001,
  kUsername = 0x0006,
  kMessageIntegrity = 0x0008,
  kErrorCode = 0x0009,
  kUnknownAttributes = 0x000a,
  kXorMappedAddress = 0x0020,
  kPriority = 0x0024,
  kUseCandidate = 0x0025,
  kSoftware = 0x8022,
  kFingerprint = 0x8028,
  kIceControlled = 0x8029,
  kIceControlling = 0x802a,
};

struct StunView {
  static constexpr std::size_t kMaxUnknown = 8;

  ByteView message;
  StunClass message_class = StunClass::kRequest;
  std::uint16_t method = 0;
  StunTransaction transaction{};

  std::optional<std::string_view> username;
  std::optional<std::size_t> integrity_at;  // where the attribute begins
  bool has_fingerprint = false;             // and it is right: a wrong one is no STUN
  bool use_candidate = false;
  std::optional<std::uint32_t> priority;
  std::optional<std::uint64_t> controlling;
  std::optional<std::uint64_t> controlled;
  std::optional<Address> mapped;  // XOR-MAPPED-ADDRESS
  std::optional<int> error;

  std::size_t unknown_count =
      0;  // attributes that we had to understand (type below 0x8000) and don't
  std::array<std::uint16_t, kMaxUnknown> unknown{};

  // Nothing if it is no STUN message, malformed, or its fingerprint is wrong. What follows
  // MESSAGE-INTEGRITY is ignored but for the fingerprint (RFC 8489, 14.5); of an attribute that
  // comes twice the first counts.
  static std::optional<StunView> parse(ByteView datagram);

  // HMAC-SHA1 with the short-term credential's password; false without the attribute.
  [[nodiscard]] bool integrity_is(std::string_view password) const;
};

class StunWriter {
 public:
  StunWriter(MutableBytes out, StunClass message_class, std::uint16_t method,
             const StunTransaction& transaction);

  void username(std::string_view name);
  void software(std::string_view name);
  void priority(std::uint32_t value);
  void use_candidate();
  void controlling(std::uint64_t tie_breaker);
  void controlled(std::uint64_t tie_breaker);
  void xor_mapped_address(const Address& address);
  void error_code(int code, std::string_view reason);
  void unknown_attributes(const std::uint16_t* types, std::size_t count);

  // An attribute of any type, without content, as a stranger might send it.
  void unknown(std::uint16_t type);

  // These two last, in this order.
  void integrity(std::string_view password);
  void fingerprint();

  [[nodiscard]] std::size_t size() const { return overflow_ ? 0 : used_; }  // 0: it did not fit

 private:
  std::uint8_t* attribute(StunAttribute type, std::size_t size);
  void text(StunAttribute type, std::string_view value);
  void number(StunAttribute type, std::uint64_t value);
  void set_length();

  MutableBytes out_;
  std::size_t used_ = 0;
  bool overflow_ = false;
};

}  // namespace madoguchi::rtp
