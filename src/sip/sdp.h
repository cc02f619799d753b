// Session descriptions (RFC 8866) as far as telephone and browser audio need them: audio lines with
// their formats, directions, RTCP, ICE, DTLS and bundling; other media are kept only so that they
// can be refused in their place. Plain values, parsed and written by free functions without state,
// callable from any thread. parse_sdp() takes input from anyone: it is bounded (kMaxSdpBytes and
// the counts below), takes lines in any order within their level and ignores what it does not know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace madoguchi::sip {

inline constexpr std::size_t kMaxSdpBytes = 32 * 1024;
inline constexpr std::size_t kMaxSdpMedia = 16;
inline constexpr std::size_t kMaxSdpFormats = 64;
inline constexpr std::size_t kMaxSdpCandidates = 64;

// As its sender means it: sendonly = "I send, you receive".
enum class Direction { kSendRecv, kSendOnly, kRecvOnly, kInactive };

std::string_view name_of(Direction direction);
Direction reversed(Direction direction);           // the same flow seen from the other end
Direction intersection(Direction a, Direction b);  // both as seen from the same end
[[nodiscard]] bool sends(Direction direction);
[[nodiscard]] bool receives(Direction direction);

struct SdpFormat {
  std::uint8_t payload = 0;  // 0..127
  std::string encoding;      // "PCMU"; empty for a dynamic payload that no rtpmap names
  std::uint32_t rate = 0;    // Hz
  std::uint8_t channels = 1;
  std::string parameters;  // of a=fmtp, e.g. "0-16"; empty if none

  friend bool operator==(const SdpFormat&, const SdpFormat&) = default;
};

// RFC 8839, 5.1.
struct IceCandidate {
  std::string foundation;
  std::uint8_t component = 1;
  std::string transport = "udp";
  std::uint32_t priority = 0;
  std::string address;  // IPv4, IPv6 or an mDNS name
  std::uint16_t port = 0;
  std::string type = "host";
  std::string related_address;  // empty if none
  std::uint16_t related_port = 0;

  friend bool operator==(const IceCandidate&, const IceCandidate&) = default;
};

struct IceDescription {
  std::string ufrag;
  std::string password;
  bool lite = false;
  std::vector<IceCandidate> candidates;
  bool end_of_candidates = false;

  [[nodiscard]] bool offered() const { return !ufrag.empty() && !password.empty(); }
  friend bool operator==(const IceDescription&, const IceDescription&) = default;
};

enum class DtlsSetup { kActive, kPassive, kActpass, kHoldconn };

std::string_view name_of(DtlsSetup setup);

// RFC 8122 and 8842.
struct DtlsDescription {
  std::string hash;         // "sha-256", lower case
  std::string fingerprint;  // "AB:CD:...", upper case; empty: no DTLS
  DtlsSetup setup = DtlsSetup::kActpass;

  [[nodiscard]] bool offered() const { return !fingerprint.empty(); }
  friend bool operator==(const DtlsDescription&, const DtlsDescription&) = default;
};

struct SdpMedia {
  std::string kind = "audio";  // "audio", "video", "image", ...
  std::uint16_t port = 9;      // 0: refused or disabled
  std::string protocol = "RTP/AVP";
  std::vector<SdpFormat> formats;        // in the order of preference, RTP protocols only
  std::vector<std::string> raw_formats;  // the m-line's words, as they came (for refusing it)
  std::string address;                   // its own c= line or the session's
  Direction direction = Direction::kSendRecv;
  std::uint16_t rtcp_port = 0;  // a=rtcp; 0: not said (then port + 1, or port when muxed)
  std::string rtcp_address;     // of a=rtcp, if it differs
  bool rtcp_mux = false;
  std::uint16_t packet_ms = 0;      // a=ptime; 0: not said
  std::uint16_t max_packet_ms = 0;  // a=maxptime; 0: not said
  std::string mid;
  IceDescription ice;                         // session-level values are copied in
  DtlsDescription dtls;                       // session-level values are copied in
  std::vector<std::string> extra_attributes;  // written as a=...; never filled by parsing

  [[nodiscard]] bool rtp() const;
  [[nodiscard]] bool secure() const;  // SRTP by the protocol's name
  friend bool operator==(const SdpMedia&, const SdpMedia&) = default;
};

struct SessionDescription {
  std::string username = "-";
  std::uint64_t session_id = 0;
  std::uint64_t version = 0;
  std::string origin_address = "127.0.0.1";
  std::string session_name = "-";
  std::vector<std::string> bundle;  // mids of the first BUNDLE group, in order
  bool ice_lite = false;
  std::vector<SdpMedia> media;
  std::vector<std::string> extra_attributes;  // session level, written as a=...

  // The first audio line that is not disabled, if any.
  [[nodiscard]] const SdpMedia* audio() const;
  friend bool operator==(const SessionDescription&, const SessionDescription&) = default;
};

// kInvalid says which line is wrong.
Result<SessionDescription> parse_sdp(std::string_view text);
std::string to_text(const SessionDescription& description);

// The static payload types of RFC 3551 that telephones use (0, 3, 4, 8, 9, 13, 18); nullopt
// otherwise.
std::optional<SdpFormat> static_format(std::uint8_t payload);

// True for the ways to say "send nothing here" of RFC 2543: 0.0.0.0 and ::.
bool is_null_address(std::string_view address);

}  // namespace madoguchi::sip
