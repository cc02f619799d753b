#include "rtp/packet.h"

#include <cstring>

namespace madoguchi::rtp {
namespace {

constexpr std::uint8_t kPaddingBit = 0x20;
constexpr std::uint8_t kExtensionBit = 0x10;
constexpr std::size_t kStunHeaderSize = 20;
constexpr std::size_t kDtlsRecordHeaderSize = 13;
constexpr std::size_t kRtcpHeaderSize = 8;  // the common header and one SSRC

}  // namespace

PacketKind classify(ByteView datagram) {
  if (datagram.size() < 2) return PacketKind::kUnknown;
  const std::uint8_t first = datagram[0];
  if (first <= 3)
    return datagram.size() >= kStunHeaderSize ? PacketKind::kStun : PacketKind::kUnknown;
  if (first >= 20 && first <= 63)
    return datagram.size() >= kDtlsRecordHeaderSize ? PacketKind::kDtls : PacketKind::kUnknown;
  if (first < 128 || first > 191) return PacketKind::kUnknown;
  if (datagram[1] >= 192 && datagram[1] <= 223)
    return datagram.size() >= kRtcpHeaderSize ? PacketKind::kRtcp : PacketKind::kUnknown;
  return datagram.size() >= kRtpHeaderSize ? PacketKind::kRtp : PacketKind::kUnknown;
}

std::optional<RtpView> RtpView::parse(ByteView packet) {
  if (packet.size() < kRtpHeaderSize || packet[0] >> 6 != 2) return std::nullopt;
  RtpView view;
  view.header.marker = (packet[1] & 0x80) != 0;
  view.header.payload_type = packet[1] & 0x7f;
  view.header.sequence = read_u16(&packet[2]);
  view.header.timestamp = read_u32(&packet[4]);
  view.header.ssrc = read_u32(&packet[8]);
  view.csrc_count = packet[0] & 0x0f;

  std::size_t used = kRtpHeaderSize + view.csrc_count * std::size_t{4};
  if (packet.size() < used) return std::nullopt;
  view.csrcs = packet.subspan(kRtpHeaderSize, view.csrc_count * std::size_t{4});

  if ((packet[0] & kExtensionBit) != 0) {
    if (packet.size() < used + 4) return std::nullopt;
    view.has_extension = true;
    view.extension_profile = read_u16(&packet[used]);
    const std::size_t length = read_u16(&packet[used + 2]) * std::size_t{4};
    used += 4;
    if (packet.size() < used + length) return std::nullopt;
    view.extension = packet.subspan(used, length);
    used += length;
  }
  if ((packet[0] & kPaddingBit) != 0) {
    view.padding_size = packet.back();
    // RFC 3550, 5.1: the count includes itself, so 0 is impossible.
    if (view.padding_size == 0 || packet.size() < used + view.padding_size) return std::nullopt;
  }
  view.header_size = used;
  view.payload = packet.subspan(used, packet.size() - used - view.padding_size);
  return view;
}

void rewrite_rtp_header(MutableBytes packet, const RtpHeader& header) {
  packet[1] = static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f));
  write_u16(&packet[2], header.sequence);
  write_u32(&packet[4], header.timestamp);
  write_u32(&packet[8], header.ssrc);
}

void write_rtp_header(MutableBytes out, const RtpHeader& header) {
  out[0] = 0x80;
  rewrite_rtp_header(out, header);
}

std::size_t write_rtp(MutableBytes out, const RtpHeader& header, ByteView payload) {
  const std::size_t size = kRtpHeaderSize + payload.size();
  if (out.size() < size) return 0;
  write_rtp_header(out, header);
  if (!payload.empty()) std::memcpy(out.data() + kRtpHeaderSize, payload.data(), payload.size());
  return size;
}

}  // namespace madoguchi::rtp
