// Any bytes as RTP: what parses must lie within the packet, survive rewriting, and leave
// statistics, digits, jitter buffer and SRTP whole.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "rtp/dtmf.h"
#include "rtp/jitter_buffer.h"
#include "rtp/packet.h"
#include "rtp/srtp.h"
#include "rtp/stream.h"

using namespace madoguchi;
using namespace madoguchi::rtp;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

struct Leg {
  ReceiveStats stats;
  SendState send{1, 0, 0};
  DtmfReceiver digits;
  JitterBuffer jitter;
  MonoTime now{};
};

void take(Leg& leg, ByteView packet) {
  const auto view = RtpView::parse(packet);
  if (!view) return;
  require(view->header_size + view->payload.size() + view->padding_size == packet.size());
  Bytes copy(packet.begin(), packet.end());
  rewrite_rtp_header(copy, view->header);
  require(RtpView::parse(copy).has_value());
  leg.now += Micros(20'000);
  const Arrival arrival = leg.stats.receive(*view, leg.now);
  if (arrival == Arrival::kDuplicate || arrival == Arrival::kSuspect) return;
  static_cast<void>(leg.send.relay(view->header, 0, view->payload.size(), leg.now));
  leg.digits.advance(leg.now);
  leg.digits.receive(*view, leg.now);
  leg.jitter.insert(view->header, view->payload, Law::kMu, leg.now);
  Frame frame;
  leg.jitter.pull(frame);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A sequence of packets, each behind a byte with its length.
  Leg leg;
  const ByteView all(data, size);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t length = std::min<std::size_t>(all[at], all.size() - at - 1);
    const ByteView packet = all.subspan(at + 1, length);
    static_cast<void>(classify(packet));
    take(leg, packet);
    at += 1 + length;
  }
  for (const SrtpProfile profile : {SrtpProfile::kAes128CmSha1_80, SrtpProfile::kAeadAes128Gcm}) {
    auto session = SrtpSession::create(profile, {}, {});
    require(session.has_value());
    Bytes copy(all.begin(), all.end());
    static_cast<void>(session->unprotect_rtp(copy));
    copy.assign(all.begin(), all.end());
    static_cast<void>(session->unprotect_rtcp(copy));
    copy.assign(all.begin(), all.end());
    copy.resize(copy.size() + kSrtcpTagRoom);
    static_cast<void>(session->protect_rtp(copy, size));
    static_cast<void>(session->protect_rtcp(copy, size));
  }
  return 0;
}
