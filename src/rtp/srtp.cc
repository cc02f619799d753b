#include "rtp/srtp.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "rtp/srtp_cipher.h"

namespace madoguchi::rtp {
namespace {

constexpr std::size_t kSrtcpClear = 8;  // RFC 3711, 3.4: the first header and SSRC stay readable
constexpr std::size_t kSrtcpIndex = 4;
constexpr std::uint32_t kEncrypted = 0x80000000;  // the E bit beside the index
constexpr std::uint32_t kLastSrtcpIndex = 0x7fffffff;

// Up to the encrypted part; 0 if malformed. Padding is encrypted, so RtpView cannot be asked.
std::size_t clear_size(ByteView packet) {
  if (packet.size() < kRtpHeaderSize || packet[0] >> 6 != 2) return 0;
  std::size_t size = kRtpHeaderSize + (packet[0] & 0x0f) * std::size_t{4};
  if ((packet[0] & 0x10) != 0) {
    if (packet.size() < size + 4) return 0;
    size += 4 + read_u16(&packet[size + 2]) * std::size_t{4};
  }
  return size <= packet.size() ? size : 0;
}

// Which indices were used (RFC 3711, 3.3.2), the newest and the 63 before it.
class Window {
 public:
  [[nodiscard]] bool fresh(std::uint64_t index) const {
    if (!started_ || index > highest_) return true;
    const std::uint64_t behind = highest_ - index;
    return behind < 64 && (used_ >> behind & 1) == 0;
  }

  void mark(std::uint64_t index) {
    if (!started_ || index > highest_) {
      const std::uint64_t ahead = started_ ? index - highest_ : 64;
      used_ = ahead > 63 ? 1 : used_ << ahead | 1;
      highest_ = index;
      started_ = true;
    } else {
      used_ |= std::uint64_t{1} << (highest_ - index);
    }
  }

  // RFC 3711, 3.3.1: the index nearest to the newest that ends in this sequence number.
  [[nodiscard]] std::optional<std::uint64_t> guess(std::uint16_t sequence) const {
    if (!started_) return sequence;
    const std::uint64_t cycle = highest_ & ~std::uint64_t{0xffff};
    const auto newest = static_cast<std::int32_t>(highest_ & 0xffff);
    const std::int32_t ahead = sequence - newest;
    if (ahead > 0x8000) {
      if (cycle == 0) return std::nullopt;  // before the beginning
      return cycle - 0x10000 + sequence;
    }
    return (ahead < -0x8000 ? cycle + 0x10000 : cycle) + sequence;
  }

 private:
  bool started_ = false;
  std::uint64_t highest_ = 0;
  std::uint64_t used_ = 0;
};

struct Source {
  bool taken = false;
  std::uint32_t ssrc = 0;
  std::uint64_t last_used = 0;
  Window rtp;
  Window rtcp;
};

class Sources {
 public:
  Source* find(std::uint32_t ssrc) {
    for (Source& source : sources_)
      if (source.taken && source.ssrc == ssrc) return touch(source);
    return nullptr;
  }

  // A free place, or (for incoming ones) that of the longest quiet.
  Source* add(std::uint32_t ssrc, bool may_replace) {
    Source* place = nullptr;
    for (Source& source : sources_) {
      if (!source.taken) {
        place = &source;
        break;
      }
      if (may_replace && (place == nullptr || source.last_used < place->last_used)) place = &source;
    }
    if (place == nullptr) return nullptr;
    *place = Source{};
    place->taken = true;
    place->ssrc = ssrc;
    return touch(*place);
  }

 private:
  Source* touch(Source& source) {
    source.last_used = ++uses_;
    return &source;
  }

  std::array<Source, SrtpSession::kSources> sources_{};
  std::uint64_t uses_ = 0;
};

}  // namespace

std::size_t srtp_salt_size(SrtpProfile profile) {
  switch (profile) {
    case SrtpProfile::kAes128CmSha1_80:
      return 14;
    case SrtpProfile::kAeadAes128Gcm:
      return 12;
  }
  return 0;
}

struct SrtpSession::State {
  SrtpProfile profile = SrtpProfile::kAes128CmSha1_80;
  std::size_t tag_size = 10;
  SrtpCipher send_rtp;
  SrtpCipher send_rtcp;
  SrtpCipher receive_rtp;
  SrtpCipher receive_rtcp;
  Sources sending;
  Sources receiving;
  std::uint32_t next_srtcp_index = 1;
};

SrtpSession::SrtpSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
SrtpSession::~SrtpSession() = default;
SrtpSession::SrtpSession(SrtpSession&&) noexcept = default;
SrtpSession& SrtpSession::operator=(SrtpSession&&) noexcept = default;

Result<SrtpSession> SrtpSession::create(SrtpProfile profile, const SrtpMasterKey& sending,
                                        const SrtpMasterKey& receiving) {
  using Direction = SrtpCipher::Direction;
  using Kind = SrtpCipher::Kind;
  auto state = std::make_unique<State>();
  state->profile = profile;
  state->tag_size = SrtpCipher::tag_size(profile);
  if (!state->send_rtp.set_key(profile, sending, Kind::kRtp, Direction::kProtect) ||
      !state->send_rtcp.set_key(profile, sending, Kind::kRtcp, Direction::kProtect) ||
      !state->receive_rtp.set_key(profile, receiving, Kind::kRtp, Direction::kUnprotect) ||
      !state->receive_rtcp.set_key(profile, receiving, Kind::kRtcp, Direction::kUnprotect))
    return fail(ErrorCode::kInternal,
                "srtp: OpenSSL refused AES-128; is its provider configuration whole?");
  return SrtpSession(std::move(state));
}

std::optional<std::size_t> SrtpSession::protect_rtp(MutableBytes buffer, std::size_t size) {
  if (size > buffer.size() || buffer.size() - size < state_->tag_size) return std::nullopt;
  const std::size_t clear = clear_size(buffer.first(size));
  if (clear == 0) return std::nullopt;
  const std::uint32_t ssrc = read_u32(&buffer[8]);
  Source* source = state_->sending.find(ssrc);
  if (source == nullptr) source = state_->sending.add(ssrc, false);
  if (source == nullptr) return std::nullopt;
  const auto index = source->rtp.guess(read_u16(&buffer[2]));
  // The same index twice is the same key stream twice, which gives both packets away.
  if (!index || !source->rtp.fresh(*index)) return std::nullopt;
  const SrtpCipher::Iv iv = state_->send_rtp.rtp_iv(ssrc, *index);
  if (!state_->send_rtp.seal(buffer, clear, size, iv, static_cast<std::uint32_t>(*index >> 16)))
    return std::nullopt;
  source->rtp.mark(*index);
  return size + state_->tag_size;
}

SrtpSession::Outcome SrtpSession::unprotect_rtp(MutableBytes packet) {
  const std::size_t clear = clear_size(packet);
  if (clear == 0 || packet.size() < clear + state_->tag_size) return {};
  const std::uint32_t ssrc = read_u32(&packet[8]);
  const std::uint16_t sequence = read_u16(&packet[2]);
  Source* source = state_->receiving.find(ssrc);
  const auto index =
      source == nullptr ? std::optional<std::uint64_t>(sequence) : source->rtp.guess(sequence);
  if (!index || (source != nullptr && !source->rtp.fresh(*index)))
    return {Unprotected::kReplayed, 0};
  const std::size_t size = packet.size() - state_->tag_size;
  const SrtpCipher::Iv iv = state_->receive_rtp.rtp_iv(ssrc, *index);
  if (!state_->receive_rtp.open(packet, clear, size, iv, static_cast<std::uint32_t>(*index >> 16)))
    return {Unprotected::kForged, 0};
  // Only now is it known to be the peer's: a forged one must not take a place or move the window.
  if (source == nullptr) source = state_->receiving.add(ssrc, true);
  source->rtp.mark(*index);
  return {Unprotected::kOk, size};
}

std::optional<std::size_t> SrtpSession::protect_rtcp(MutableBytes buffer, std::size_t size) {
  const std::size_t trailer = state_->tag_size + kSrtcpIndex;
  if (size < kSrtcpClear || size > buffer.size() || buffer.size() - size < trailer)
    return std::nullopt;
  if (state_->next_srtcp_index > kLastSrtcpIndex) return std::nullopt;
  const std::uint32_t index = state_->next_srtcp_index++;
  const SrtpCipher::Iv iv = state_->send_rtcp.rtcp_iv(read_u32(&buffer[4]), index);
  if (!state_->send_rtcp.seal_rtcp(buffer, kSrtcpClear, size, iv, kEncrypted | index))
    return std::nullopt;
  return size + trailer;
}

SrtpSession::Outcome SrtpSession::unprotect_rtcp(MutableBytes packet) {
  const std::size_t trailer = state_->tag_size + kSrtcpIndex;
  if (packet.size() < kSrtcpClear + trailer || packet[0] >> 6 != 2) return {};
  const std::size_t size = packet.size() - trailer;
  const std::size_t index_at = state_->receive_rtcp.rtcp_index_at(size);
  const std::uint32_t word = read_u32(&packet[index_at]);
  // RFC 3711, 3.4 lets RTCP go unencrypted; both profiles here encrypt, so such a packet is not the
  // peer's.
  if ((word & kEncrypted) == 0) return {Unprotected::kForged, 0};
  const std::uint32_t index = word & kLastSrtcpIndex;
  const std::uint32_t ssrc = read_u32(&packet[4]);
  Source* source = state_->receiving.find(ssrc);
  if (source != nullptr && !source->rtcp.fresh(index)) return {Unprotected::kReplayed, 0};
  const SrtpCipher::Iv iv = state_->receive_rtcp.rtcp_iv(ssrc, index);
  if (!state_->receive_rtcp.open_rtcp(packet, kSrtcpClear, size, iv))
    return {Unprotected::kForged, 0};
  if (source == nullptr) source = state_->receiving.add(ssrc, true);
  source->rtcp.mark(index);
  return {Unprotected::kOk, size};
}

}  // namespace madoguchi::rtp
