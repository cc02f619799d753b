// RTCP compound packets (RFC 3550, 6), read into a value of fixed size and written into a caller's
// buffer. What is not a report, a name or a goodbye (feedback, extended reports, application
// packets) is stepped over. Any thread, no allocation; views live as long as the bytes they look
// at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "rtp/packet.h"

namespace madoguchi::rtp {

struct SenderInfo {
  std::uint32_t ssrc = 0;
  std::uint64_t ntp = 0;  // seconds since 1900 in the upper half, fraction in the lower
  std::uint32_t rtp_timestamp = 0;
  std::uint32_t packets = 0;
  std::uint32_t octets = 0;
};

struct ReportBlock {
  std::uint32_t ssrc = 0;          // whose packets this block is about
  std::uint8_t fraction_lost = 0;  // of 256, since the previous report
  std::int32_t lost = 0;           // cumulative, 24 bits signed: duplicates can make it negative
  std::uint32_t highest_sequence = 0;
  std::uint32_t jitter = 0;   // in timestamp units
  std::uint32_t last_sr = 0;  // middle 32 bits of the NTP time of the last SR, 0 if none
  std::uint32_t delay_since_last_sr = 0;  // in 1/65536 s
};

struct RtcpCompound {
  static constexpr std::size_t kMaxBlocks =
      31;  // what one report can count; further ones are stepped over
  static constexpr std::size_t kMaxGoodbyes = 8;

  std::optional<SenderInfo> sender;  // the last SR
  std::uint32_t reporter = 0;        // SSRC of the first report
  std::size_t block_count = 0;
  std::array<ReportBlock, kMaxBlocks> blocks;
  std::string_view cname;  // of the first SDES chunk that has one
  std::size_t goodbye_count = 0;
  std::array<std::uint32_t, kMaxGoodbyes> goodbyes;
  std::size_t skipped = 0;  // packets of other types

  // Nothing unless every packet's version is 2 and the lengths add up to the datagram's (RFC 3550,
  // A.2). The rule that a compound begins with a report is not held against browsers (RFC 5506 lets
  // them send less).
  static std::optional<RtcpCompound> parse(ByteView datagram);
};

// Appends packets to a compound; size() is 0 once something did not fit.
class RtcpWriter {
 public:
  explicit RtcpWriter(MutableBytes out) : out_(out) {}

  // At most RtcpCompound::kMaxBlocks blocks.
  void sender_report(const SenderInfo& info, std::span<const ReportBlock> blocks);
  void receiver_report(std::uint32_t ssrc, std::span<const ReportBlock> blocks);
  void cname(std::uint32_t ssrc, std::string_view name);  // cut after 255 bytes
  void goodbye(std::uint32_t ssrc);

  [[nodiscard]] std::size_t size() const { return overflow_ ? 0 : used_; }

 private:
  std::uint8_t* claim(std::size_t size);
  void common_header(std::uint8_t* at, std::size_t count, std::uint8_t type, std::size_t size);
  static void write_block(std::uint8_t* at, const ReportBlock& block);

  MutableBytes out_;
  std::size_t used_ = 0;
  bool overflow_ = false;
};

}  // namespace madoguchi::rtp
