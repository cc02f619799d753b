// The cryptographic half of SRTP: session keys from a master key (RFC 3711, 4.3), initial vectors,
// encryption and tag of one direction and kind. Knows no sequence numbers or replay; srtp.h does.
// Allocates on set_key() only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "rtp/packet.h"
#include "rtp/srtp.h"

namespace madoguchi::rtp {

class SrtpCipher {
 public:
  enum class Kind { kRtp, kRtcp };
  enum class Direction { kProtect, kUnprotect };
  using Iv = std::array<std::uint8_t, 16>;  // GCM uses the first 12

  static std::size_t tag_size(SrtpProfile profile);

  SrtpCipher();
  ~SrtpCipher();

  // False if OpenSSL has no such cipher.
  bool set_key(SrtpProfile profile, const SrtpMasterKey& master, Kind kind, Direction direction);

  [[nodiscard]] Iv rtp_iv(std::uint32_t ssrc, std::uint64_t index) const;
  [[nodiscard]] Iv rtcp_iv(std::uint32_t ssrc, std::uint32_t index) const;

  // [0, clear) is authenticated, [clear, size) encrypted too; the tag goes to, or is at, `size`.
  // The rollover counter is authenticated where the profile says so.
  bool seal(MutableBytes buffer, std::size_t clear, std::size_t size, const Iv& iv,
            std::uint32_t rollover);
  bool open(MutableBytes packet, std::size_t clear, std::size_t size, const Iv& iv,
            std::uint32_t rollover);

  // The same with the SRTCP index word, whose place differs: before the tag (RFC 3711), or after it
  // (RFC 7714).
  bool seal_rtcp(MutableBytes buffer, std::size_t clear, std::size_t size, const Iv& iv,
                 std::uint32_t index_word);
  bool open_rtcp(MutableBytes packet, std::size_t clear, std::size_t size, const Iv& iv);
  [[nodiscard]] std::size_t rtcp_index_at(std::size_t size) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace madoguchi::rtp
