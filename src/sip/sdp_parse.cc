// parse_sdp(): one pass over the lines. Session-level values are kept aside in a template media
// line and copied into each media line once everything has been read, since order within a level is
// free.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sip/sdp.h"

namespace madoguchi::sip {
namespace {

constexpr std::size_t kMaxWord = 256;

std::string_view next_word(std::string_view& rest) {
  const auto start = rest.find_first_not_of(" \t");
  if (start == std::string_view::npos) {
    rest = {};
    return {};
  }
  rest.remove_prefix(start);
  const auto end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return result;
}

// What a level (session or media) said about itself.
struct Level {
  SdpMedia line;
  std::optional<Direction> direction;
  bool setup_said = false;
  bool lite = false;
};

class Parser {
 public:
  Result<SessionDescription> parse(std::string_view text);

 private:
  bool take(char type, std::string_view value);
  bool take_origin(std::string_view value);
  bool take_connection(std::string_view value);
  bool take_media(std::string_view value);
  // An attribute that cannot be read is as one that was not there.
  void take_attribute(std::string_view value);
  void take_format_attribute(std::string_view name, std::string_view value);
  void take_transport_attribute(std::string_view name, std::string_view value);
  void take_ice_attribute(std::string_view name, std::string_view value);
  void take_candidate(std::string_view value);
  void finish();
  [[nodiscard]] bool in_refused_line() const {
    return !lines_.empty() && lines_.back().line.kind != "audio";
  }
  Level& level() { return lines_.empty() ? session_ : lines_.back(); }

  SessionDescription description_;
  Level session_;
  std::vector<Level> lines_;
  bool saw_version_ = false;
  bool saw_origin_ = false;
};

bool Parser::take_origin(std::string_view value) {
  const std::string_view username = next_word(value);
  const auto session_id = number_of<std::uint64_t>(next_word(value));
  const auto version = number_of<std::uint64_t>(next_word(value));
  if (upper(next_word(value)) != "IN") return false;
  next_word(value);
  const std::string_view address = next_word(value);
  if (username.empty() || address.empty() || address.size() > kMaxWord) return false;
  if (username.size() > kMaxWord) return false;
  description_.username = username;
  // Some stacks write longer numbers than 64 bits hold; only a change of version matters to us.
  description_.session_id = session_id.value_or(0);
  description_.version = version.value_or(0);
  description_.origin_address = address;
  saw_origin_ = true;
  return true;
}

bool Parser::take_connection(std::string_view value) {
  if (upper(next_word(value)) != "IN") return false;
  const std::string family = upper(next_word(value));
  if (family != "IP4" && family != "IP6") return false;
  std::string_view address = next_word(value);
  address = address.substr(0, address.find('/'));
  if (address.empty() || address.size() > kMaxWord) return false;
  if (level().line.address.empty()) level().line.address = address;
  return true;
}

// A line of another medium is refused in its place whatever it says, so what is wrong in it is no
// reason to refuse the call.
bool Parser::take_media(std::string_view value) {
  if (lines_.size() >= kMaxSdpMedia) return false;
  Level line;
  line.line.kind = lower(next_word(value));
  const bool of_use = line.line.kind == "audio";
  std::string_view port = next_word(value);
  port = port.substr(0, port.find('/'));
  const auto port_number = number_of<std::uint16_t>(port);
  line.line.protocol = upper(next_word(value));
  if (line.line.kind.empty() || line.line.kind.size() > kMaxWord) return false;
  if (line.line.protocol.empty() || line.line.protocol.size() > kMaxWord) return false;
  if (of_use && !port_number) return false;
  line.line.port = port_number.value_or(std::uint16_t{0});
  for (auto word = next_word(value); !word.empty(); word = next_word(value)) {
    if (line.line.raw_formats.size() >= kMaxSdpFormats || word.size() > kMaxWord) {
      if (of_use) return false;
      break;
    }
    line.line.raw_formats.emplace_back(word);
    const auto payload = number_of<std::uint8_t>(word);
    if (!line.line.rtp()) continue;
    if (payload && *payload <= 127)
      line.line.formats.push_back(
          static_format(*payload).value_or(SdpFormat{*payload, {}, 0, 1, {}}));
    else if (of_use)
      return false;
  }
  if (of_use && line.line.raw_formats.empty()) return false;
  lines_.push_back(std::move(line));
  return true;
}

void Parser::take_format_attribute(std::string_view name, std::string_view value) {
  const auto payload = number_of<std::uint8_t>(next_word(value));
  if (!payload) return;
  auto& formats = level().line.formats;
  const auto format = std::find_if(formats.begin(), formats.end(), [&](const SdpFormat& candidate) {
    return candidate.payload == *payload;
  });
  if (format == formats.end()) return;  // a map for a format that the line does not offer
  if (name == "fmtp") {
    const auto start = value.find_first_not_of(" \t");
    if (start == std::string_view::npos || value.size() > kMaxWord) return;
    format->parameters = value.substr(start);
    return;
  }
  std::string_view map = next_word(value);
  const auto slash = map.find('/');
  if (slash == std::string_view::npos || slash == 0 || map.size() > kMaxWord) return;
  const std::string_view encoding = map.substr(0, slash);
  map.remove_prefix(slash + 1);
  const auto second = map.find('/');
  const auto rate = number_of<std::uint32_t>(map.substr(0, second));
  if (!rate) return;
  format->encoding = encoding;
  format->rate = *rate;
  format->channels = 1;
  if (second != std::string_view::npos)
    format->channels = number_of<std::uint8_t>(map.substr(second + 1)).value_or(1);
}

void Parser::take_candidate(std::string_view value) {
  auto& candidates = level().line.ice.candidates;
  if (candidates.size() >= kMaxSdpCandidates) return;  // the first are the best: enough
  if (value.size() > 2 * kMaxWord) return;
  IceCandidate candidate;
  candidate.foundation = next_word(value);
  const auto component = number_of<std::uint8_t>(next_word(value));
  candidate.transport = lower(next_word(value));
  const auto priority = number_of<std::uint32_t>(next_word(value));
  candidate.address = next_word(value);
  const auto port = number_of<std::uint16_t>(next_word(value));
  if (!component || !priority || !port || next_word(value) != "typ") return;
  candidate.component = *component;
  candidate.priority = *priority;
  candidate.port = *port;
  candidate.type = next_word(value);
  if (candidate.type.empty()) return;
  for (auto name = next_word(value); !name.empty(); name = next_word(value)) {
    const std::string_view argument = next_word(value);
    if (name == "raddr") candidate.related_address = argument;
    if (name == "rport")
      candidate.related_port = number_of<std::uint16_t>(argument).value_or(std::uint16_t{0});
  }
  candidates.push_back(std::move(candidate));
}

void Parser::take_ice_attribute(std::string_view name, std::string_view value) {
  SdpMedia& line = level().line;
  if (name == "ice-ufrag") {
    if (value.size() > kMaxWord) return;
    line.ice.ufrag = next_word(value);
  } else if (name == "ice-pwd") {
    if (value.size() > kMaxWord) return;
    line.ice.password = next_word(value);
  } else if (name == "ice-lite") {
    session_.lite = true;
  } else if (name == "candidate") {
    return take_candidate(value);
  } else if (name == "end-of-candidates") {
    line.ice.end_of_candidates = true;
  }
}

void Parser::take_transport_attribute(std::string_view name, std::string_view value) {
  SdpMedia& line = level().line;
  if (name == "rtcp") {
    const auto port = number_of<std::uint16_t>(next_word(value));
    if (!port) return;
    line.rtcp_port = *port;
    if (next_word(value) == "IN") {
      next_word(value);
      const std::string_view address = next_word(value);
      if (address.size() <= kMaxWord) line.rtcp_address = address;
    }
  } else if (name == "rtcp-mux") {
    line.rtcp_mux = true;
  } else if (name == "fingerprint") {
    const std::string_view hash = next_word(value);
    const std::string_view fingerprint = next_word(value);
    if (hash.size() > kMaxWord || fingerprint.size() > kMaxWord) return;
    // Several may be given (RFC 8122, 5); SHA-256 is the one every end must know.
    if (line.dtls.offered() && line.dtls.hash == "sha-256") return;
    line.dtls.hash = lower(hash);
    line.dtls.fingerprint = upper(fingerprint);
  } else if (name == "setup") {
    const std::string_view word = next_word(value);
    for (const DtlsSetup setup :
         {DtlsSetup::kActive, DtlsSetup::kPassive, DtlsSetup::kActpass, DtlsSetup::kHoldconn})
      if (word == name_of(setup)) line.dtls.setup = setup;
    level().setup_said = true;
  } else {
    return take_ice_attribute(name, value);
  }
}

void Parser::take_attribute(std::string_view value) {
  const auto colon = value.find(':');
  const std::string_view name = value.substr(0, colon);
  std::string_view argument =
      colon == std::string_view::npos ? std::string_view{} : value.substr(colon + 1);
  for (const Direction direction :
       {Direction::kSendRecv, Direction::kSendOnly, Direction::kRecvOnly, Direction::kInactive}) {
    if (name != name_of(direction)) continue;
    level().direction = direction;
    return;
  }
  if (name == "rtpmap" || name == "fmtp") return take_format_attribute(name, argument);
  SdpMedia& line = level().line;
  if (name == "ptime" || name == "maxptime") {
    // Fractions exist in the wild ("ptime:20.0"); only whole milliseconds are of use.
    const auto word = next_word(argument);
    const auto whole = number_of<std::uint16_t>(word.substr(0, word.find('.')));
    if (whole) (name == "ptime" ? line.packet_ms : line.max_packet_ms) = *whole;
    return;
  }
  if (name == "mid") {
    const std::string_view mid = next_word(argument);
    if (mid.size() > kMaxWord) return;
    line.mid = mid;
    return;
  }
  if (name == "group") {
    if (next_word(argument) != "BUNDLE" || !description_.bundle.empty()) return;
    for (auto mid = next_word(argument); !mid.empty(); mid = next_word(argument))
      if (description_.bundle.size() < kMaxSdpMedia && mid.size() <= kMaxWord)
        description_.bundle.emplace_back(mid);
    return;
  }
  return take_transport_attribute(name, argument);
}

bool Parser::take(char type, std::string_view value) {
  switch (type) {
    case 'v':
      saw_version_ = true;
      return value == "0";
    case 'o':
      return take_origin(value);
    case 's':
      description_.session_name = value.substr(0, kMaxWord);
      return true;
    case 'c':
      return take_connection(value) || in_refused_line();
    case 'm':
      return take_media(value);
    case 'a':
      take_attribute(value);
      return true;
    default:
      return true;
  }
}

void Parser::finish() {
  description_.ice_lite = session_.lite;
  for (Level& said : lines_) {
    SdpMedia& line = said.line;
    const SdpMedia& shared = session_.line;
    if (line.address.empty()) line.address = shared.address;
    line.direction = said.direction.value_or(session_.direction.value_or(Direction::kSendRecv));
    if (line.packet_ms == 0) line.packet_ms = shared.packet_ms;
    if (line.ice.ufrag.empty()) line.ice.ufrag = shared.ice.ufrag;
    if (line.ice.password.empty()) line.ice.password = shared.ice.password;
    if (line.ice.candidates.empty()) line.ice.candidates = shared.ice.candidates;
    if (shared.ice.end_of_candidates) line.ice.end_of_candidates = true;
    line.ice.lite = session_.lite;
    if (!line.dtls.offered()) {
      line.dtls.hash = shared.dtls.hash;
      line.dtls.fingerprint = shared.dtls.fingerprint;
    }
    if (!said.setup_said) line.dtls.setup = shared.dtls.setup;
    description_.media.push_back(std::move(line));
  }
}

Result<SessionDescription> Parser::parse(std::string_view text) {
  if (text.size() > kMaxSdpBytes)
    return fail(ErrorCode::kInvalid, fmt::format("SDP longer than {} bytes", kMaxSdpBytes));
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (line.size() < 2 || line[1] != '=') {
      if (in_refused_line()) continue;
      return fail(ErrorCode::kInvalid, fmt::format("SDP line {} is not letter=value", number));
    }
    if (!take(line[0], line.substr(2)))
      return fail(ErrorCode::kInvalid,
                  fmt::format("SDP line {} ({}=) is malformed", number, line[0]));
  }
  if (!saw_version_ || !saw_origin_)
    return fail(ErrorCode::kInvalid, "SDP lacks its v= or o= line");
  finish();
  return std::move(description_);
}

}  // namespace

Result<SessionDescription> parse_sdp(std::string_view text) {
  return Parser().parse(text);
}

}  // namespace madoguchi::sip
