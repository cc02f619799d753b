// RTP packets (RFC 3550, 5.1; RFC 8285's extension as opaque bytes) read and written in place, and
// the first look at a datagram that may be STUN, DTLS, RTP or RTCP. Values and views only: any
// thread, no allocation; a view lives as long as the bytes it looks at. Bytes from the network may
// be anything: what is malformed is not parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace madoguchi::rtp {

using MutableBytes = std::span<std::uint8_t>;

inline constexpr std::size_t kRtpHeaderSize = 12;
inline constexpr std::size_t kMaxDatagram =
    1500;  // longer ones are not ours; receive into this much

enum class PacketKind { kUnknown, kStun, kDtls, kRtp, kRtcp };

// By the first byte (RFC 7983, 7) and, for 128..191, by the packet type (RFC 5761, 4): 192..223 in
// the second byte is RTCP. Too short for its kind is kUnknown.
PacketKind classify(ByteView datagram);

inline std::uint16_t read_u16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
inline std::uint32_t read_u32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
         static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}
inline void write_u16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
inline void write_u32(std::uint8_t* at, std::uint32_t value) {
  write_u16(at, static_cast<std::uint16_t>(value >> 16));
  write_u16(at + 2, static_cast<std::uint16_t>(value));
}

// What changes from packet to packet; the rest of the fixed header is constant for us.
struct RtpHeader {
  std::uint8_t payload_type = 0;  // 0..127
  bool marker = false;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
};

struct RtpView {
  RtpHeader header;
  std::uint8_t csrc_count = 0;          // 0..15
  std::uint16_t extension_profile = 0;  // meaningful if `extension` is not empty, or has_extension
  bool has_extension = false;
  ByteView csrcs;                // csrc_count * 4 bytes
  ByteView extension;            // the extension's content, without its four-byte head
  ByteView payload;              // without padding
  std::size_t header_size = 0;   // up to the payload
  std::size_t padding_size = 0;  // includes the count byte

  // Nothing unless version is 2 and all lengths fit.
  static std::optional<RtpView> parse(ByteView packet);
};

// Writes the twelve bytes of a header without CSRCs and extension. `out` holds at least
// kRtpHeaderSize.
void write_rtp_header(MutableBytes out, const RtpHeader& header);

// Rewrites the fixed fields of a packet that parse() accepted; CSRCs, extension, payload and
// padding stay.
void rewrite_rtp_header(MutableBytes packet, const RtpHeader& header);

// A whole packet; its size, or 0 if `out` is too small.
std::size_t write_rtp(MutableBytes out, const RtpHeader& header, ByteView payload);

// Signed distance from `from` to `to` on the circle of sequence numbers or timestamps (RFC 1982).
inline std::int32_t distance(std::uint16_t from, std::uint16_t to) {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(to - from));
}
inline std::int32_t distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

}  // namespace madoguchi::rtp
