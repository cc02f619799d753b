// Any bytes as RTCP: what parses can be reported on, and what we write about it parses again.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "rtp/rtcp.h"
#include "rtp/stream.h"

using namespace madoguchi;
using namespace madoguchi::rtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const auto compound = RtcpCompound::parse(bytes);
  SendState sent(1, 0, 0);
  ReceiveStats received;
  const MonoTime now(Micros(1'000'000));
  received.receive(RtpHeader{0, false, 1, 160, 2}, 160, now);
  sent.produce(0, 160, 160, now);
  RtcpReporter reporter("name", now, 0.5);
  if (reporter.receive(bytes, sent, received, now) != compound.has_value()) std::abort();
  if (!compound) return 0;
  std::array<std::uint8_t, 1400> buffer{};
  RtcpWriter writer(buffer);
  writer.receiver_report(compound->reporter,
                         std::span(compound->blocks).first(compound->block_count));
  writer.cname(compound->reporter, compound->cname);
  const auto again = RtcpCompound::parse(ByteView(buffer).first(writer.size()));
  if (!again || again->block_count != compound->block_count || again->cname != compound->cname)
    std::abort();
  return 0;
}
