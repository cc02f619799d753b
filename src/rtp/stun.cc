#include "rtp/stun.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>

namespace madoguchi::rtp {
namespace {

constexpr std::array<std::uint8_t, 4> kCookie{0x21, 0x12, 0xa4, 0x42};
constexpr std::size_t kAttributeHead = 4;
constexpr std::size_t kIntegritySize = 20;
constexpr std::uint32_t kFingerprintMask = 0x5354554e;
constexpr std::uint16_t kComprehensionOptional = 0x8000;
constexpr std::uint8_t kFamilyV4 = 1;
constexpr std::uint8_t kFamilyV6 = 2;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1) != 0 ? 0xedb88320 ^ (value >> 1) : value >> 1;
    table[i] = value;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

// The message up to an attribute, with the length field that the attribute's author saw: as if the
// message ended right behind that attribute (RFC 8489, 14.5 and 14.7).
struct LengthAs {
  std::array<std::uint8_t, kStunHeaderSize> header;
  ByteView rest;

  LengthAs(ByteView message, std::size_t attribute_at, std::size_t attribute_size)
      : rest(message.subspan(kStunHeaderSize, attribute_at - kStunHeaderSize)) {
    std::memcpy(header.data(), message.data(), header.size());
    write_u16(&header[2],
              static_cast<std::uint16_t>(attribute_at + attribute_size - kStunHeaderSize));
  }
};

std::uint32_t fingerprint_of(ByteView message, std::size_t at) {
  const LengthAs seen(message, at, kAttributeHead + 4);
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : seen.header) crc = kCrcTable[(crc ^ byte) & 0xff] ^ (crc >> 8);
  for (const std::uint8_t byte : seen.rest) crc = kCrcTable[(crc ^ byte) & 0xff] ^ (crc >> 8);
  return ~crc ^ kFingerprintMask;
}

// HMAC wants one piece; checks are short, longer messages than this are none of ours.
constexpr std::size_t kMaxMessage = 1024;

bool integrity_of(ByteView message, std::size_t at, std::string_view password,
                  std::array<std::uint8_t, kIntegritySize>& digest) {
  const LengthAs seen(message, at, kAttributeHead + kIntegritySize);
  std::array<std::uint8_t, kMaxMessage> whole{};
  if (at > whole.size()) return false;
  std::memcpy(whole.data(), seen.header.data(), seen.header.size());
  if (!seen.rest.empty())
    std::memcpy(whole.data() + seen.header.size(), seen.rest.data(), seen.rest.size());
  unsigned int size = 0;
  return HMAC(EVP_sha1(), password.data(), static_cast<int>(password.size()), whole.data(), at,
              digest.data(), &size) != nullptr &&
         size == digest.size();
}

std::uint64_t read_u64(const std::uint8_t* at) {
  return static_cast<std::uint64_t>(read_u32(at)) << 32 | read_u32(at + 4);
}

std::optional<Address> read_xor_address(ByteView value, const StunTransaction& transaction) {
  if (value.size() < 8) return std::nullopt;
  std::array<std::uint8_t, 16> mask{};
  std::copy(kCookie.begin(), kCookie.end(), mask.begin());
  std::copy(transaction.begin(), transaction.end(), mask.begin() + kCookie.size());
  const auto port = static_cast<std::uint16_t>(read_u16(&value[2]) ^ read_u16(mask.data()));
  const std::size_t size = value[1] == kFamilyV4 ? 4 : 16;
  if ((value[1] != kFamilyV4 && value[1] != kFamilyV6) || value.size() != 4 + size)
    return std::nullopt;
  std::array<std::uint8_t, 16> ip{};
  for (std::size_t i = 0; i < size; ++i) ip[i] = value[4 + i] ^ mask[i];
  if (size == 16) return Address::v6(ip, port);
  return Address::v4(std::array<std::uint8_t, 4>{ip[0], ip[1], ip[2], ip[3]}, port);
}

void note_unknown(StunView& view, std::uint16_t type) {
  if (type >= kComprehensionOptional || view.unknown_count == StunView::kMaxUnknown) return;
  view.unknown[view.unknown_count++] = type;
}

template <typename T>
void set_once(std::optional<T>& slot, T value) {
  if (!slot) slot = value;
}

// False if the value has not the size its type demands.
bool read_attribute(StunView& view, std::uint16_t type, ByteView value) {
  switch (static_cast<StunAttribute>(type)) {
    case StunAttribute::kUsername:
      if (value.size() > 513) return false;  // RFC 8489, 14.3
      set_once(view.username, as_text(value));
      return true;
    case StunAttribute::kPriority:
      if (value.size() != 4) return false;
      set_once(view.priority, read_u32(value.data()));
      return true;
    case StunAttribute::kUseCandidate:
      view.use_candidate = true;
      return value.empty();
    case StunAttribute::kIceControlling:
      if (value.size() != 8) return false;
      set_once(view.controlling, read_u64(value.data()));
      return true;
    case StunAttribute::kIceControlled:
      if (value.size() != 8) return false;
      set_once(view.controlled, read_u64(value.data()));
      return true;
    case StunAttribute::kXorMappedAddress:
      if (!view.mapped) view.mapped = read_xor_address(value, view.transaction);
      return view.mapped.has_value();
    case StunAttribute::kErrorCode:
      if (value.size() < 4) return false;
      set_once(view.error, (value[2] & 7) * 100 + value[3]);
      return true;
    case StunAttribute::kMappedAddress:
    case StunAttribute::kUnknownAttributes:
    case StunAttribute::kSoftware:
    case StunAttribute::kMessageIntegrity:
    case StunAttribute::kFingerprint:
      return true;
  }
  note_unknown(view, type);
  return true;
}

bool read_header(StunView& view, ByteView datagram) {
  if (datagram.size() < kStunHeaderSize || datagram.size() > kMaxMessage) return false;
  const std::uint16_t type = read_u16(datagram.data());
  if (type >= 0x4000 || !std::equal(kCookie.begin(), kCookie.end(), datagram.begin() + 4))
    return false;
  const std::size_t length = read_u16(&datagram[2]);
  if (length % 4 != 0 || kStunHeaderSize + length != datagram.size()) return false;
  view.message = datagram;
  view.message_class = static_cast<StunClass>((type >> 7 & 2) | (type >> 4 & 1));
  view.method =
      static_cast<std::uint16_t>((type & 0x000f) | (type >> 1 & 0x0070) | (type >> 2 & 0x0f80));
  std::memcpy(view.transaction.data(), &datagram[8], view.transaction.size());
  return true;
}

}  // namespace

std::optional<StunView> StunView::parse(ByteView datagram) {
  StunView view;
  if (!read_header(view, datagram)) return std::nullopt;
  std::size_t at = kStunHeaderSize;
  while (at < datagram.size()) {
    if (datagram.size() - at < kAttributeHead) return std::nullopt;
    const std::uint16_t type = read_u16(&datagram[at]);
    const std::size_t size = read_u16(&datagram[at + 2]);
    const std::size_t padded = (size + 3) & ~std::size_t{3};
    if (datagram.size() - at - kAttributeHead < padded) return std::nullopt;
    const ByteView value = datagram.subspan(at + kAttributeHead, size);
    const std::size_t next = at + kAttributeHead + padded;
    if (type == static_cast<std::uint16_t>(StunAttribute::kFingerprint)) {
      // The last attribute (RFC 8489, 14.7).
      if (size != 4 || next != datagram.size()) return std::nullopt;
      if (read_u32(value.data()) != fingerprint_of(datagram, at)) return std::nullopt;
      view.has_fingerprint = true;
    } else if (type == static_cast<std::uint16_t>(StunAttribute::kMessageIntegrity)) {
      if (size != kIntegritySize) return std::nullopt;
      if (!view.integrity_at) view.integrity_at = at;
    } else if (!view.integrity_at && !read_attribute(view, type, value)) {
      return std::nullopt;
    }
    at = next;
  }
  return view;
}

bool StunView::integrity_is(std::string_view password) const {
  if (!integrity_at) return false;
  std::array<std::uint8_t, kIntegritySize> digest{};
  return integrity_of(message, *integrity_at, password, digest) &&
         CRYPTO_memcmp(digest.data(), &message[*integrity_at + kAttributeHead], digest.size()) == 0;
}

StunWriter::StunWriter(MutableBytes out, StunClass message_class, std::uint16_t method,
                       const StunTransaction& transaction)
    : out_(out) {
  if (out_.size() < kStunHeaderSize) {
    overflow_ = true;
    return;
  }
  const unsigned bits = static_cast<unsigned>(message_class);
  const unsigned type = (method & 0x000fU) | (method & 0x0070U) << 1 | (method & 0x0f80U) << 2 |
                        (bits & 1) << 4 | (bits & 2) << 7;
  write_u16(out_.data(), static_cast<std::uint16_t>(type));
  write_u16(&out_[2], 0);
  std::copy(kCookie.begin(), kCookie.end(), out_.begin() + 4);
  std::copy(transaction.begin(), transaction.end(), out_.begin() + 8);
  used_ = kStunHeaderSize;
}

void StunWriter::set_length() {
  write_u16(&out_[2], static_cast<std::uint16_t>(used_ - kStunHeaderSize));
}

std::uint8_t* StunWriter::attribute(StunAttribute type, std::size_t size) {
  const std::size_t padded = (size + 3) & ~std::size_t{3};
  if (overflow_ || out_.size() - used_ < kAttributeHead + padded) {
    overflow_ = true;
    return nullptr;
  }
  std::uint8_t* at = &out_[used_];
  write_u16(at, static_cast<std::uint16_t>(type));
  write_u16(at + 2, static_cast<std::uint16_t>(size));
  std::memset(at + kAttributeHead, 0, padded);
  used_ += kAttributeHead + padded;
  set_length();
  return at + kAttributeHead;
}

void StunWriter::text(StunAttribute type, std::string_view value) {
  std::uint8_t* at = attribute(type, value.size());
  if (at != nullptr && !value.empty()) std::memcpy(at, value.data(), value.size());
}

void StunWriter::number(StunAttribute type, std::uint64_t value) {
  std::uint8_t* at = attribute(type, 8);
  if (at == nullptr) return;
  write_u32(at, static_cast<std::uint32_t>(value >> 32));
  write_u32(at + 4, static_cast<std::uint32_t>(value));
}

void StunWriter::username(std::string_view name) {
  text(StunAttribute::kUsername, name);
}
void StunWriter::software(std::string_view name) {
  text(StunAttribute::kSoftware, name);
}
void StunWriter::use_candidate() {
  attribute(StunAttribute::kUseCandidate, 0);
}
void StunWriter::controlling(std::uint64_t tie) {
  number(StunAttribute::kIceControlling, tie);
}
void StunWriter::controlled(std::uint64_t tie) {
  number(StunAttribute::kIceControlled, tie);
}

void StunWriter::priority(std::uint32_t value) {
  if (std::uint8_t* at = attribute(StunAttribute::kPriority, 4)) write_u32(at, value);
}

void StunWriter::xor_mapped_address(const Address& address) {
  const std::size_t size = address.is_v4() ? 4 : 16;
  std::uint8_t* at = attribute(StunAttribute::kXorMappedAddress, 4 + size);
  if (at == nullptr) return;
  // The mask is the magic cookie and the transaction id as they stand in the header.
  const std::uint8_t* mask = &out_[4];
  at[1] = size == 4 ? kFamilyV4 : kFamilyV6;
  write_u16(at + 2, static_cast<std::uint16_t>(address.port ^ read_u16(mask)));
  const std::uint8_t* ip = address.ip.data() + (16 - size);
  for (std::size_t i = 0; i < size; ++i) at[4 + i] = ip[i] ^ mask[i];
}

void StunWriter::error_code(int code, std::string_view reason) {
  std::uint8_t* at = attribute(StunAttribute::kErrorCode, 4 + reason.size());
  if (at == nullptr) return;
  at[2] = static_cast<std::uint8_t>(code / 100);
  at[3] = static_cast<std::uint8_t>(code % 100);
  if (!reason.empty()) std::memcpy(at + 4, reason.data(), reason.size());
}

void StunWriter::unknown_attributes(const std::uint16_t* types, std::size_t count) {
  std::uint8_t* at = attribute(StunAttribute::kUnknownAttributes, count * 2);
  if (at == nullptr) return;
  for (std::size_t i = 0; i < count; ++i) write_u16(at + 2 * i, types[i]);
}

void StunWriter::unknown(std::uint16_t type) {
  attribute(static_cast<StunAttribute>(type), 0);
}

void StunWriter::integrity(std::string_view password) {
  std::uint8_t* at = attribute(StunAttribute::kMessageIntegrity, kIntegritySize);
  if (at == nullptr) return;
  std::array<std::uint8_t, kIntegritySize> digest{};
  const std::size_t begin = used_ - kAttributeHead - kIntegritySize;
  if (!integrity_of(out_.first(used_), begin, password, digest)) {
    overflow_ = true;
    return;
  }
  std::memcpy(at, digest.data(), digest.size());
}

void StunWriter::fingerprint() {
  std::uint8_t* at = attribute(StunAttribute::kFingerprint, 4);
  if (at == nullptr) return;
  write_u32(at, fingerprint_of(out_.first(used_), used_ - kAttributeHead - 4));
}

}  // namespace madoguchi::rtp
