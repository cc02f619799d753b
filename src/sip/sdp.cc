#include "sip/sdp.h"

#include <fmt/format.h>

#include <iterator>

namespace madoguchi::sip {

std::string_view name_of(Direction direction) {
  switch (direction) {
    case Direction::kSendRecv:
      return "sendrecv";
    case Direction::kSendOnly:
      return "sendonly";
    case Direction::kRecvOnly:
      return "recvonly";
    case Direction::kInactive:
      return "inactive";
  }
  return "inactive";
}

bool sends(Direction direction) {
  return direction == Direction::kSendRecv || direction == Direction::kSendOnly;
}

bool receives(Direction direction) {
  return direction == Direction::kSendRecv || direction == Direction::kRecvOnly;
}

static Direction direction_of(bool send, bool receive) {
  if (send) return receive ? Direction::kSendRecv : Direction::kSendOnly;
  return receive ? Direction::kRecvOnly : Direction::kInactive;
}

Direction reversed(Direction direction) {
  return direction_of(receives(direction), sends(direction));
}

Direction intersection(Direction a, Direction b) {
  return direction_of(sends(a) && sends(b), receives(a) && receives(b));
}

std::string_view name_of(DtlsSetup setup) {
  switch (setup) {
    case DtlsSetup::kActive:
      return "active";
    case DtlsSetup::kPassive:
      return "passive";
    case DtlsSetup::kActpass:
      return "actpass";
    case DtlsSetup::kHoldconn:
      return "holdconn";
  }
  return "holdconn";
}

bool SdpMedia::rtp() const {
  return protocol.find("RTP/") != std::string::npos;
}

bool SdpMedia::secure() const {
  return protocol.find("RTP/SAVP") != std::string::npos;
}

const SdpMedia* SessionDescription::audio() const {
  for (const SdpMedia& line : media)
    if (line.kind == "audio" && line.port != 0 && line.rtp()) return &line;
  return nullptr;
}

std::optional<SdpFormat> static_format(std::uint8_t payload) {
  switch (payload) {
    case 0:
      return SdpFormat{0, "PCMU", 8000, 1, {}};
    case 3:
      return SdpFormat{3, "GSM", 8000, 1, {}};
    case 4:
      return SdpFormat{4, "G723", 8000, 1, {}};
    case 8:
      return SdpFormat{8, "PCMA", 8000, 1, {}};
    case 9:
      return SdpFormat{9, "G722", 8000, 1, {}};
    case 13:
      return SdpFormat{13, "CN", 8000, 1, {}};
    case 18:
      return SdpFormat{18, "G729", 8000, 1, {}};
    default:
      return std::nullopt;
  }
}

bool is_null_address(std::string_view address) {
  return address == "0.0.0.0" || address == "::";
}

namespace {

using Out = std::back_insert_iterator<std::string>;

// "IP6 2001:db8::1"; a host name is written as IP4, which is what RFC 8866 expects of senders that
// do not know.
std::string_view address_family(std::string_view address) {
  return address.find(':') != std::string_view::npos ? "IP6" : "IP4";
}

void write_candidate(const IceCandidate& candidate, Out out) {
  fmt::format_to(out, "a=candidate:{} {} {} {} {} {} typ {}", candidate.foundation,
                 candidate.component, candidate.transport, candidate.priority, candidate.address,
                 candidate.port, candidate.type);
  if (!candidate.related_address.empty())
    fmt::format_to(out, " raddr {} rport {}", candidate.related_address, candidate.related_port);
  fmt::format_to(out, "\r\n");
}

void write_transport(const SdpMedia& line, Out out) {
  if (line.rtcp_port != 0) {
    fmt::format_to(out, "a=rtcp:{}", line.rtcp_port);
    if (!line.rtcp_address.empty())
      fmt::format_to(out, " IN {} {}", address_family(line.rtcp_address), line.rtcp_address);
    fmt::format_to(out, "\r\n");
  }
  if (line.rtcp_mux) fmt::format_to(out, "a=rtcp-mux\r\n");
  if (line.ice.offered()) {
    fmt::format_to(out, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", line.ice.ufrag, line.ice.password);
    for (const IceCandidate& candidate : line.ice.candidates) write_candidate(candidate, out);
    if (line.ice.end_of_candidates) fmt::format_to(out, "a=end-of-candidates\r\n");
  }
  if (line.dtls.offered()) {
    fmt::format_to(out, "a=fingerprint:{} {}\r\na=setup:{}\r\n", line.dtls.hash,
                   line.dtls.fingerprint, name_of(line.dtls.setup));
  }
}

void write_formats(const SdpMedia& line, Out out) {
  if (!line.rtp() || line.formats.empty()) {
    for (const std::string& word : line.raw_formats) fmt::format_to(out, " {}", word);
    if (line.raw_formats.empty()) fmt::format_to(out, " 0");
    return;
  }
  for (const SdpFormat& format : line.formats) fmt::format_to(out, " {}", format.payload);
}

void write_media(const SdpMedia& line, std::string_view session_address, Out out) {
  fmt::format_to(out, "m={} {} {}", line.kind, line.port, line.protocol);
  write_formats(line, out);
  fmt::format_to(out, "\r\n");
  if (!line.address.empty() && line.address != session_address)
    fmt::format_to(out, "c=IN {} {}\r\n", address_family(line.address), line.address);
  if (!line.mid.empty()) fmt::format_to(out, "a=mid:{}\r\n", line.mid);
  if (line.port == 0) return;
  for (const SdpFormat& format : line.formats) {
    if (format.encoding.empty()) continue;
    fmt::format_to(out, "a=rtpmap:{} {}/{}", format.payload, format.encoding, format.rate);
    if (format.channels > 1) fmt::format_to(out, "/{}", format.channels);
    fmt::format_to(out, "\r\n");
    if (!format.parameters.empty())
      fmt::format_to(out, "a=fmtp:{} {}\r\n", format.payload, format.parameters);
  }
  if (line.packet_ms != 0) fmt::format_to(out, "a=ptime:{}\r\n", line.packet_ms);
  if (line.max_packet_ms != 0) fmt::format_to(out, "a=maxptime:{}\r\n", line.max_packet_ms);
  fmt::format_to(out, "a={}\r\n", name_of(line.direction));
  write_transport(line, out);
  for (const std::string& attribute : line.extra_attributes)
    fmt::format_to(out, "a={}\r\n", attribute);
}

}  // namespace

std::string to_text(const SessionDescription& description) {
  std::string text;
  text.reserve(512);
  const Out out = std::back_inserter(text);
  std::string session_address = description.origin_address;
  for (const SdpMedia& line : description.media) {
    if (line.address.empty()) continue;
    session_address = line.address;
    break;
  }
  fmt::format_to(out, "v=0\r\no={} {} {} IN {} {}\r\ns={}\r\nc=IN {} {}\r\nt=0 0\r\n",
                 description.username, description.session_id, description.version,
                 address_family(description.origin_address), description.origin_address,
                 description.session_name, address_family(session_address), session_address);
  if (!description.bundle.empty()) {
    fmt::format_to(out, "a=group:BUNDLE");
    for (const std::string& mid : description.bundle) fmt::format_to(out, " {}", mid);
    fmt::format_to(out, "\r\n");
  }
  if (description.ice_lite) fmt::format_to(out, "a=ice-lite\r\n");
  for (const std::string& attribute : description.extra_attributes)
    fmt::format_to(out, "a={}\r\n", attribute);
  for (const SdpMedia& line : description.media) write_media(line, session_address, out);
  return text;
}

}  // namespace madoguchi::sip
