// Costs per packet of the media engines: the relay path (parse, count, renumber, rewrite), SRTP
// each way in both profiles, the laws, the jitter buffer with the mixer, and a browser's packet
// through the shared port. One thread, CPU time. Prints one JSON line.
#include <time.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "rtp/g711.h"
#include "rtp/jitter_buffer.h"
#include "rtp/mixer.h"
#include "rtp/packet.h"
#include "rtp/srtp.h"
#include "rtp/stream.h"

using namespace madoguchi;
using namespace madoguchi::rtp;

namespace {

constexpr int kTimes = 1'000'000;
constexpr std::size_t kPacket = kRtpHeaderSize + kFrameSamples;

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <typename Work>
double us_each(Work work) {
  for (int i = 0; i < 1000; ++i) work(i);
  const double start = cpu_ns();
  for (int i = 0; i < kTimes; ++i) work(1000 + i);
  return (cpu_ns() - start) / kTimes / 1000;
}

MonoTime at(int n) {
  return MonoTime(Micros(n * std::int64_t{20'000}));
}

RtpHeader header(int n) {
  return {0, false, static_cast<std::uint16_t>(n), static_cast<std::uint32_t>(n) * 160, 7};
}

double relay_us() {
  ReceiveStats stats;
  SendState send(1, 0, 0);
  std::array<std::uint8_t, 256> buffer{};
  std::array<std::uint8_t, kFrameSamples> payload{};
  return us_each([&](int n) {
    write_rtp(buffer, header(n), payload);
    const MutableBytes packet = MutableBytes(buffer).first(kPacket);
    if (classify(packet) != PacketKind::kRtp) return;
    const auto view = RtpView::parse(packet);
    if (stats.receive(*view, at(n)) == Arrival::kDuplicate) return;
    if (const auto out = send.relay(view->header, 8, view->payload.size(), at(n)))
      rewrite_rtp_header(packet, *out);
  });
}

std::pair<double, double> srtp_us(SrtpProfile profile) {
  auto sender = *SrtpSession::create(profile, {}, {});
  auto receiver = *SrtpSession::create(profile, {}, {});
  std::vector<std::array<std::uint8_t, 256>> packets(1000);
  std::array<std::uint8_t, kFrameSamples> payload{};
  std::size_t size = 0;
  double protect = 0;
  double unprotect = 0;
  std::size_t opened = 0;
  for (int round = 0; round < 300; ++round) {
    for (std::size_t i = 0; i < packets.size(); ++i)
      write_rtp(packets[i], header(round * 1000 + static_cast<int>(i)), payload);
    double start = cpu_ns();
    for (auto& packet : packets) size = sender.protect_rtp(packet, kPacket).value_or(0);
    protect += cpu_ns() - start;
    start = cpu_ns();
    for (auto& packet : packets)
      opened += receiver.unprotect_rtp(MutableBytes(packet).first(size)).verdict == Unprotected::kOk
                    ? 1
                    : 0;
    unprotect += cpu_ns() - start;
  }
  if (opened != 300'000) std::fprintf(stderr, "rtp_packet: %zu of 300000 opened\n", opened);
  return {protect / 300'000 / 1000, unprotect / 300'000 / 1000};
}

double convert_us() {
  std::array<std::uint8_t, kFrameSamples> frame{};
  return us_each([&](int n) {
    frame[0] = static_cast<std::uint8_t>(n);
    convert(n % 2 == 0 ? Law::kMu : Law::kA, n % 2 == 0 ? Law::kA : Law::kMu, frame);
  });
}

// A tick of a supervised call: three jitter buffers in, three mixed streams out.
double mixed_tick_us() {
  std::array<JitterBuffer, 3> buffers;
  Mixer mixer;
  for (int i = 0; i < 3; ++i) static_cast<void>(mixer.join());
  mixer.hear_each_other(0, 1);
  mixer.hear_each_other(1, 2);
  mixer.hear(2, 0, Mixer::kUnity);
  std::array<std::uint8_t, kFrameSamples> payload{};
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i * 7);
  return us_each([&](int n) {
    mixer.begin();
    Frame frame;
    for (std::uint8_t slot = 0; slot < 3; ++slot) {
      buffers[slot].insert(header(n), payload, Law::kMu, at(n));
      buffers[slot].pull(frame);
      mixer.put(slot, frame);
    }
    std::array<std::uint8_t, kFrameSamples> out{};
    for (std::uint8_t slot = 0; slot < 3; ++slot) mixer.take(slot, Law::kMu, out);
  });
}

}  // namespace

int main() {
  const auto [cm_protect, cm_unprotect] = srtp_us(SrtpProfile::kAes128CmSha1_80);
  const auto [gcm_protect, gcm_unprotect] = srtp_us(SrtpProfile::kAeadAes128Gcm);
  std::printf(
      "{\"relay_us\":%.3f,\"convert_law_us\":%.3f,\"srtp_cm_protect_us\":%.3f,\"srtp_cm_unprotect_"
      "us\":%.3f,"
      "\"srtp_gcm_protect_us\":%.3f,\"srtp_gcm_unprotect_us\":%.3f,\"mixed_tick_of_three_us\":%.3f}"
      "\n",
      relay_us(), convert_us(), cm_protect, cm_unprotect, gcm_protect, gcm_unprotect,
      mixed_tick_us());
  return 0;
}
