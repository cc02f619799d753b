#include "rtp/rtcp.h"

#include <algorithm>
#include <cstring>

namespace madoguchi::rtp {
namespace {

constexpr std::uint8_t kSenderReport = 200;
constexpr std::uint8_t kReceiverReport = 201;
constexpr std::uint8_t kSourceDescription = 202;
constexpr std::uint8_t kGoodbye = 203;
constexpr std::uint8_t kCname = 1;
constexpr std::size_t kBlockSize = 24;
constexpr std::size_t kSenderInfoSize = 20;

ReportBlock read_block(const std::uint8_t* at) {
  ReportBlock block;
  block.ssrc = read_u32(at);
  block.fraction_lost = at[4];
  const std::uint32_t lost = read_u32(at + 4) & 0x00ffffff;
  block.lost = static_cast<std::int32_t>(lost << 8) >> 8;
  block.highest_sequence = read_u32(at + 8);
  block.jitter = read_u32(at + 12);
  block.last_sr = read_u32(at + 16);
  block.delay_since_last_sr = read_u32(at + 20);
  return block;
}

bool read_report(RtcpCompound& into, ByteView packet, std::size_t count, bool from_sender) {
  const std::size_t head = 8 + (from_sender ? kSenderInfoSize : 0);
  if (packet.size() < head + count * kBlockSize) return false;
  const std::uint32_t ssrc = read_u32(&packet[4]);
  if (into.reporter == 0) into.reporter = ssrc;
  if (from_sender) {
    into.sender = SenderInfo{
        ssrc, static_cast<std::uint64_t>(read_u32(&packet[8])) << 32 | read_u32(&packet[12]),
        read_u32(&packet[16]), read_u32(&packet[20]), read_u32(&packet[24])};
  }
  for (std::size_t i = 0; i < count && into.block_count < RtcpCompound::kMaxBlocks; ++i)
    into.blocks[into.block_count++] = read_block(&packet[head + i * kBlockSize]);
  return true;
}

// A chunk is an SSRC and items up to a zero byte, then padded to 32 bits (RFC 3550, 6.5).
bool read_descriptions(RtcpCompound& into, ByteView packet, std::size_t count) {
  std::size_t at = 4;
  for (std::size_t chunk = 0; chunk < count; ++chunk) {
    if (packet.size() < at + 4) return false;
    at += 4;
    while (true) {
      if (at >= packet.size()) return false;
      const std::uint8_t type = packet[at];
      if (type == 0) break;
      if (at + 2 > packet.size() || at + 2 + packet[at + 1] > packet.size()) return false;
      if (type == kCname && into.cname.empty())
        into.cname = as_text(packet.subspan(at + 2, packet[at + 1]));
      at += 2 + std::size_t{packet[at + 1]};
    }
    at = (at + 4) & ~std::size_t{3};
  }
  return at <= packet.size();
}

bool read_goodbye(RtcpCompound& into, ByteView packet, std::size_t count) {
  if (packet.size() < 4 + count * 4) return false;
  for (std::size_t i = 0; i < count && into.goodbye_count < RtcpCompound::kMaxGoodbyes; ++i)
    into.goodbyes[into.goodbye_count++] = read_u32(&packet[4 + i * 4]);
  return true;
}

bool read_packet(RtcpCompound& into, ByteView packet, std::size_t count) {
  switch (packet[1]) {
    case kSenderReport:
      return read_report(into, packet, count, true);
    case kReceiverReport:
      return read_report(into, packet, count, false);
    case kSourceDescription:
      return read_descriptions(into, packet, count);
    case kGoodbye:
      return read_goodbye(into, packet, count);
    default:
      ++into.skipped;
      return true;
  }
}

}  // namespace

std::optional<RtcpCompound> RtcpCompound::parse(ByteView datagram) {
  RtcpCompound compound;
  if (datagram.empty()) return std::nullopt;
  while (!datagram.empty()) {
    if (datagram.size() < 4 || datagram[0] >> 6 != 2) return std::nullopt;
    const std::size_t size = (read_u16(&datagram[2]) + std::size_t{1}) * 4;
    if (size > datagram.size()) return std::nullopt;
    ByteView packet = datagram.first(size);
    if ((datagram[0] & 0x20) != 0) {
      const std::size_t padding = packet.back();
      if (padding == 0 || padding % 4 != 0 || padding + 4 > size) return std::nullopt;
      packet = packet.first(size - padding);
    }
    if (!read_packet(compound, packet, datagram[0] & 0x1f)) return std::nullopt;
    datagram = datagram.subspan(size);
  }
  return compound;
}

std::uint8_t* RtcpWriter::claim(std::size_t size) {
  if (overflow_ || out_.size() - used_ < size) {
    overflow_ = true;
    return nullptr;
  }
  std::uint8_t* at = out_.data() + used_;
  used_ += size;
  return at;
}

void RtcpWriter::common_header(std::uint8_t* at, std::size_t count, std::uint8_t type,
                               std::size_t size) {
  at[0] = static_cast<std::uint8_t>(0x80 | count);
  at[1] = type;
  write_u16(at + 2, static_cast<std::uint16_t>(size / 4 - 1));
}

void RtcpWriter::write_block(std::uint8_t* at, const ReportBlock& block) {
  write_u32(at, block.ssrc);
  write_u32(at + 4, static_cast<std::uint32_t>(block.lost) & 0x00ffffff);
  at[4] = block.fraction_lost;
  write_u32(at + 8, block.highest_sequence);
  write_u32(at + 12, block.jitter);
  write_u32(at + 16, block.last_sr);
  write_u32(at + 20, block.delay_since_last_sr);
}

void RtcpWriter::sender_report(const SenderInfo& info, std::span<const ReportBlock> blocks) {
  blocks = blocks.first(std::min(blocks.size(), RtcpCompound::kMaxBlocks));
  const std::size_t size = 8 + kSenderInfoSize + blocks.size() * kBlockSize;
  std::uint8_t* at = claim(size);
  if (at == nullptr) return;
  common_header(at, blocks.size(), kSenderReport, size);
  write_u32(at + 4, info.ssrc);
  write_u32(at + 8, static_cast<std::uint32_t>(info.ntp >> 32));
  write_u32(at + 12, static_cast<std::uint32_t>(info.ntp));
  write_u32(at + 16, info.rtp_timestamp);
  write_u32(at + 20, info.packets);
  write_u32(at + 24, info.octets);
  at += 8 + kSenderInfoSize;
  for (const ReportBlock& block : blocks) {
    write_block(at, block);
    at += kBlockSize;
  }
}

void RtcpWriter::receiver_report(std::uint32_t ssrc, std::span<const ReportBlock> blocks) {
  blocks = blocks.first(std::min(blocks.size(), RtcpCompound::kMaxBlocks));
  const std::size_t size = 8 + blocks.size() * kBlockSize;
  std::uint8_t* at = claim(size);
  if (at == nullptr) return;
  common_header(at, blocks.size(), kReceiverReport, size);
  write_u32(at + 4, ssrc);
  at += 8;
  for (const ReportBlock& block : blocks) {
    write_block(at, block);
    at += kBlockSize;
  }
}

void RtcpWriter::cname(std::uint32_t ssrc, std::string_view name) {
  name = name.substr(0, 255);
  // At least one zero byte ends the chunk, then zeros up to 32 bits.
  const std::size_t size = (10 + name.size() + 4) & ~std::size_t{3};
  std::uint8_t* at = claim(size);
  if (at == nullptr) return;
  std::memset(at, 0, size);
  common_header(at, 1, kSourceDescription, size);
  write_u32(at + 4, ssrc);
  at[8] = kCname;
  at[9] = static_cast<std::uint8_t>(name.size());
  if (!name.empty()) std::memcpy(at + 10, name.data(), name.size());
}

void RtcpWriter::goodbye(std::uint32_t ssrc) {
  std::uint8_t* at = claim(8);
  if (at == nullptr) return;
  common_header(at, 1, kGoodbye, 8);
  write_u32(at + 4, ssrc);
}

}  // namespace madoguchi::rtp
