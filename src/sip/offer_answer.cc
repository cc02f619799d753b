#include "sip/offer_answer.h"

#include <algorithm>

#include "sip/flow.h"

namespace madoguchi::sip {
namespace {

constexpr std::string_view kDigitEvents = "telephone-event";

std::uint8_t payload_of(AudioCodec codec) {
  return codec == AudioCodec::kPcmu ? 0 : 8;
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// By its name, on whatever payload type: gateways map G.711 to dynamic ones, too.
std::optional<AudioCodec> codec_of(const SdpFormat& format) {
  if (format.rate != 8000 || format.channels != 1) return std::nullopt;
  for (const AudioCodec codec : {AudioCodec::kPcmu, AudioCodec::kPcma})
    if (same_word(format.encoding, name_of(codec))) return codec;
  return std::nullopt;
}

SdpFormat format_of(AudioCodec codec, std::uint8_t payload) {
  SdpFormat format = *static_format(payload_of(codec));
  format.payload = payload;
  return format;
}

// Whether sound can go from our address to theirs; names are not looked up.
bool same_family(std::string_view ours, std::string_view theirs) {
  const auto here = IpAddress::parse(ours);
  const auto there = IpAddress::parse(theirs);
  return here && there && here->is_v4() == there->is_v4();
}

std::optional<std::uint8_t> digits_of(const SdpMedia& line) {
  for (const SdpFormat& format : line.formats)
    if (same_word(format.encoding, kDigitEvents) && format.rate == 8000) return format.payload;
  return std::nullopt;
}

SdpFormat digits_format(std::uint8_t payload) {
  return SdpFormat{payload, std::string(kDigitEvents), 8000, 1, "0-16"};
}

// What the sender of `line` does, with RFC 2543's way of holding taken as "I do not receive"; with
// ICE the null address only says that candidates follow (RFC 8840, 4.1.1).
Direction direction_of(const SdpMedia& line) {
  if (!is_null_address(line.address) || line.ice.offered()) return line.direction;
  return intersection(line.direction, Direction::kSendOnly);
}

SdpMedia refused(const SdpMedia& line) {
  SdpMedia no;
  no.kind = line.kind;
  no.port = 0;
  no.protocol = line.protocol;
  no.raw_formats = line.raw_formats;
  no.mid = line.mid;
  if (no.raw_formats.empty())
    for (const SdpFormat& format : line.formats)
      no.raw_formats.push_back(std::to_string(format.payload));
  return no;
}

DtlsSetup answering_setup(DtlsSetup offered, DtlsSetup preferred) {
  switch (offered) {
    case DtlsSetup::kActive:
      return DtlsSetup::kPassive;
    case DtlsSetup::kPassive:
      return DtlsSetup::kActive;
    case DtlsSetup::kActpass:
    case DtlsSetup::kHoldconn:
      break;
  }
  return preferred == DtlsSetup::kActive ? DtlsSetup::kActive : DtlsSetup::kPassive;
}

}  // namespace

std::string_view name_of(AudioCodec codec) {
  return codec == AudioCodec::kPcmu ? "PCMU" : "PCMA";
}

OfferAnswer::OfferAnswer(LocalAudio local, std::uint64_t session_id)
    : local_(std::move(local)), session_id_(session_id) {}

SdpMedia OfferAnswer::local_line() const {
  SdpMedia line;
  line.port = local_.port;
  line.protocol = local_.dtls.offered() ? "UDP/TLS/RTP/SAVPF" : "RTP/AVP";
  line.address = local_.address;
  line.packet_ms = local_.packet_ms;
  line.rtcp_mux = local_.rtcp_mux;
  if (!local_.rtcp_mux) line.rtcp_port = local_.rtcp_port;
  line.ice = local_.ice;
  line.dtls = local_.dtls;
  return line;
}

std::string OfferAnswer::send(SessionDescription description) {
  description.session_id = session_id_;
  description.origin_address = local_.address;
  description.ice_lite = local_.ice.lite && local_.ice.offered();
  description.version = version_;
  // RFC 3264, 8: a changed description has the version plus one, an unchanged one the same.
  if (!last_ || !(description == *last_)) {
    if (last_) description.version = ++version_;
    last_ = description;
    last_text_ = to_text(description);
  }
  return last_text_;
}

Result<std::string> OfferAnswer::offer(Direction direction) {
  if (offered_) return fail(ErrorCode::kConflict, "the last offer has no answer yet");
  SdpMedia line = local_line();
  line.direction = direction;
  line.dtls.setup = DtlsSetup::kActpass;
  for (const AudioCodec codec : local_.codecs)
    line.formats.push_back(*static_format(payload_of(codec)));
  if (local_.digits_payload) line.formats.push_back(digits_format(*local_.digits_payload));
  SessionDescription description;
  if (shape_.empty()) {
    shape_.emplace_back();
    audio_index_ = 0;
    if (local_.ice.offered()) shape_[0].mid = "0";
  }
  line.mid = shape_[audio_index_].mid;
  for (const SdpMedia& other : shape_) description.media.push_back(refused(other));
  description.media[audio_index_] = std::move(line);
  if (local_.ice.offered() && !shape_[audio_index_].mid.empty())
    description.bundle = {shape_[audio_index_].mid};
  std::string text = send(std::move(description));
  offered_ = last_;
  return text;
}

AudioAgreement OfferAnswer::agree(const SdpMedia& theirs, const SdpMedia& ours,
                                  std::vector<AudioFormat> formats) const {
  AudioAgreement agreement;
  const Direction their_direction = direction_of(theirs);
  agreement.format = formats.front();
  agreement.received = std::move(formats);
  const auto our_digits = digits_of(ours);
  if (our_digits) agreement.digits_send = digits_of(theirs);
  if (agreement.digits_send) agreement.digits_receive = our_digits;
  agreement.address = theirs.address;
  agreement.port = theirs.port;
  agreement.rtcp_mux = theirs.rtcp_mux && ours.rtcp_mux;
  if (agreement.rtcp_mux)
    agreement.rtcp_port = theirs.port;
  else if (theirs.rtcp_port != 0)
    agreement.rtcp_port = theirs.rtcp_port;
  else if (theirs.port != 65535)
    agreement.rtcp_port = static_cast<std::uint16_t>(theirs.port + 1);
  if (theirs.packet_ms != 0)
    agreement.packet_ms = std::clamp<std::uint16_t>(theirs.packet_ms, 10, 60);
  agreement.direction = intersection(ours.direction, reversed(their_direction));
  agreement.held_by_peer = !receives(their_direction);
  agreement.ice = theirs.ice;
  agreement.dtls = theirs.dtls;
  return agreement;
}

Result<AudioAgreement> OfferAnswer::take_answer(std::string_view sdp) {
  // Another branch's answer, the final one after early media, or that to a refresh repeats what we
  // said last.
  if (!offered_ && !last_) return fail(ErrorCode::kConflict, "an answer without an offer");
  const SessionDescription offered = offered_ ? *offered_ : *last_;
  offered_.reset();
  auto answer = parse_sdp(sdp);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->media.size() != offered.media.size())
    return fail(ErrorCode::kInvalid,
                "the SDP answer has another number of media lines than the offer");
  const SdpMedia& theirs = answer->media[audio_index_];
  const SdpMedia& ours = offered.media[audio_index_];
  if (theirs.kind != "audio" || theirs.port == 0)
    return fail(ErrorCode::kDenied, "the SDP answer refuses the audio line");
  if (theirs.secure() != ours.secure() || (ours.secure() && !theirs.dtls.offered()))
    return fail(ErrorCode::kDenied, "the SDP answer changes the transport's security");
  if (theirs.address.empty()) return fail(ErrorCode::kInvalid, "the SDP answer lacks a c= line");
  if (!reachable(theirs))
    return fail(ErrorCode::kDenied, "the SDP answer wants sound at the other kind of IP address");
  std::vector<AudioFormat> both;
  for (const SdpFormat& format : theirs.formats) {
    const auto codec = codec_of(format);
    if (codec && std::find(ours.formats.begin(), ours.formats.end(),
                           format_of(*codec, format.payload)) != ours.formats.end())
      both.push_back({*codec, format.payload});
  }
  if (both.empty())
    return fail(ErrorCode::kDenied, "the SDP answer has none of the offered codecs");
  agreement_ = agree(theirs, ours, std::move(both));
  if (ours.dtls.offered())
    agreement_->dtls_setup = answering_setup(theirs.dtls.setup, DtlsSetup::kPassive);
  return *agreement_;
}

bool OfferAnswer::reachable(const SdpMedia& line) const {
  return local_.ice.offered() || is_null_address(line.address) ||
         same_family(local_.address, line.address);
}

bool OfferAnswer::acceptable(const SdpMedia& line) const {
  if (line.kind != "audio" || line.port == 0 || !line.rtp() || line.address.empty()) return false;
  if (line.secure() != local_.dtls.offered()) return false;
  if (line.secure() && !line.dtls.offered()) return false;
  if (local_.ice.offered() && !line.ice.offered()) return false;
  if (!reachable(line)) return false;
  return choose_codec(line).has_value();
}

std::optional<AudioFormat> OfferAnswer::choose_codec(const SdpMedia& line) const {
  const auto rank = [&](AudioCodec codec) {
    return std::find(local_.codecs.begin(), local_.codecs.end(), codec) - local_.codecs.begin();
  };
  std::optional<AudioFormat> best;
  for (const SdpFormat& format : line.formats) {
    const auto codec = codec_of(format);
    if (!codec || rank(*codec) == std::ssize(local_.codecs)) continue;
    if (local_.order == CodecOrder::kTheirs) return AudioFormat{*codec, format.payload};
    if (!best || rank(*codec) < rank(best->codec)) best = AudioFormat{*codec, format.payload};
  }
  return best;
}

Result<std::string> OfferAnswer::answer(std::string_view sdp, Direction wanted) {
  if (offered_) return fail(ErrorCode::kConflict, "our own offer has no answer yet");
  auto offer = parse_sdp(sdp);
  if (!offer) return tl::unexpected(offer.error());
  const auto& lines = offer->media;
  if (lines.size() < shape_.size())
    return fail(ErrorCode::kInvalid, "the SDP offer drops a media line of the session");
  std::size_t index = 0;
  if (!shape_.empty() && audio_index_ < lines.size() && acceptable(lines[audio_index_]))
    index = audio_index_;
  else
    while (index < lines.size() && !acceptable(lines[index])) ++index;
  if (index == lines.size())
    return fail(ErrorCode::kDenied, "the SDP offer has no audio line that this end can answer");
  const SdpMedia& theirs = lines[index];
  const AudioFormat chosen = *choose_codec(theirs);
  SdpMedia ours = local_line();
  ours.protocol = theirs.protocol;
  ours.mid = theirs.mid;
  ours.rtcp_mux = local_.rtcp_mux && theirs.rtcp_mux;
  ours.direction = intersection(wanted, reversed(direction_of(theirs)));
  ours.formats.push_back(format_of(chosen.codec, chosen.payload));
  if (const auto digits = digits_of(theirs); digits && local_.digits_payload)
    ours.formats.push_back(digits_format(*digits));
  if (ours.dtls.offered()) ours.dtls.setup = answering_setup(theirs.dtls.setup, local_.dtls.setup);
  SessionDescription description;
  for (const SdpMedia& line : lines) description.media.push_back(refused(line));
  description.media[index] = ours;
  const auto& bundle = offer->bundle;
  if (!theirs.mid.empty() && std::find(bundle.begin(), bundle.end(), theirs.mid) != bundle.end())
    description.bundle = {theirs.mid};
  shape_ = description.media;
  audio_index_ = index;
  agreement_ = agree(theirs, ours, {chosen});
  if (ours.dtls.offered()) agreement_->dtls_setup = ours.dtls.setup;
  return send(std::move(description));
}

int refusal_status(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kConflict:
      return 491;
    case ErrorCode::kNotFound:
    case ErrorCode::kDenied:
    case ErrorCode::kExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return 488;
  }
  return 488;
}

}  // namespace madoguchi::sip
