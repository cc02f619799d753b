#include "exchange/media/media_leg.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rtp/g711.h"

namespace madoguchi::exchange {
namespace {

template <typename T>
T random_number(Entropy& entropy) {
  T value{};
  entropy.fill(&value, sizeof value);
  return value;
}

constexpr std::uint32_t kLevelEvery = 25;  // packets: twice a second

}  // namespace

MediaLeg::MediaLeg(LegId leg_id, Entropy& entropy, MonoTime now)
    : last_heard(now),
      last_sent(now),
      // Below 32768, so that a lost first packet cannot hide a wrap from SRTP (RFC 3711, 3.3.1).
      sent(random_number<std::uint32_t>(entropy), random_number<std::uint16_t>(entropy) & 0x7fff,
           random_number<std::uint32_t>(entropy)),
      id(std::move(leg_id)),
      reporter(fresh_id_text(Time(), entropy), now, random_number<std::uint8_t>(entropy) / 255.0) {}

bool MediaLeg::agree(const std::vector<OfferedCodec>& codecs) {
  if (codecs.empty()) return false;
  receive_payload = {};
  for (const OfferedCodec& offered : codecs)
    receive_payload[offered.codec == SoundCodec::kPcma ? 1 : 0] = offered.payload_type;
  send_codec = codecs.front().codec;
  send_payload = codecs.front().payload_type;
  agreed = true;
  return true;
}

std::optional<SoundCodec> MediaLeg::codec_of(std::uint8_t payload_type) const {
  if (receive_payload[0] == payload_type) return SoundCodec::kPcmu;
  if (receive_payload[1] == payload_type) return SoundCodec::kPcma;
  return std::nullopt;
}

void MediaLeg::measure_level(SoundCodec codec, ByteView payload) {
  if (++since_level < kLevelEvery || payload.empty()) return;
  since_level = 0;
  double energy = 0;
  for (const std::uint8_t code : payload) {
    const double sample =
        codec == SoundCodec::kPcma ? rtp::a_to_linear(code) : rtp::mu_to_linear(code);
    energy += sample * sample;
  }
  const double rms = std::sqrt(energy / static_cast<double>(payload.size())) / 32768.0;
  level_dbov =
      rms < 1e-6 ? -127 : std::clamp(static_cast<int>(std::lround(20 * std::log10(rms))), -127, 0);
}

}  // namespace madoguchi::exchange
