// One leg's offer/answer state (RFC 3264) for telephone audio: PCMU, PCMA and telephone-event, one
// audio line, every other line refused in its place. The leg's owner keeps one OfferAnswer per call
// leg and carries the texts to and from the UserAgent; the loop thread alone uses it. Promises: a
// rejected or unanswered offer changes nothing that was agreed; o= versions rise by one with each
// changed description and with no other; the number and order of media lines never change within a
// leg.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sip/sdp.h"

namespace madoguchi::sip {

enum class AudioCodec { kPcmu, kPcma };

std::string_view name_of(AudioCodec codec);

// Whose order of preference decides when the peer offers.
enum class CodecOrder { kTheirs, kOurs };

// What this end can do and where it listens.
struct LocalAudio {
  std::string address;          // written into o= and c=
  std::uint16_t port = 0;       // RTP
  std::uint16_t rtcp_port = 0;  // written as a=rtcp when not 0 and RTCP is not muxed
  std::vector<AudioCodec> codecs{AudioCodec::kPcmu, AudioCodec::kPcma};
  CodecOrder order = CodecOrder::kTheirs;
  std::optional<std::uint8_t> digits_payload = std::uint8_t{101};  // nullopt: no telephone-event
  std::uint16_t packet_ms = 20;
  bool rtcp_mux = false;
  IceDescription ice;    // empty for plain telephones
  DtlsDescription dtls;  // given: SRTP only (UDP/TLS/RTP/SAVPF); empty: plain RTP only

  friend bool operator==(const LocalAudio&, const LocalAudio&) = default;
};

// A codec under the number that RTP packets bear.
struct AudioFormat {
  AudioCodec codec = AudioCodec::kPcmu;
  std::uint8_t payload = 0;

  friend bool operator==(const AudioFormat&, const AudioFormat&) = default;
};

// What both ends have agreed, seen from ours.
struct AudioAgreement {
  AudioFormat format;                          // what we send
  std::vector<AudioFormat> received;           // any of these may come (RFC 3264, 6.1 and 7)
  std::optional<std::uint8_t> digits_send;     // the peer's number for telephone-event
  std::optional<std::uint8_t> digits_receive;  // ours
  std::string address;                         // where to send RTP
  std::uint16_t port = 0;
  std::uint16_t rtcp_port = 0;
  bool rtcp_mux = false;
  std::uint16_t packet_ms = 20;                // what the peer wishes to receive, 10..60
  Direction direction = Direction::kSendRecv;  // what we do now
  bool held_by_peer = false;                   // the peer wants no sound from us
  IceDescription ice;                          // the peer's
  DtlsDescription dtls;                        // the peer's
  std::optional<DtlsSetup> dtls_setup;         // our role: kActive connects, kPassive listens

  friend bool operator==(const AudioAgreement&, const AudioAgreement&) = default;
};

class OfferAnswer {
 public:
  // `session_id` goes into o=; any number that is not used again for another leg.
  OfferAnswer(LocalAudio local, std::uint64_t session_id);

  // From the next offer or answer on. What is agreed stays until then.
  void set_local(LocalAudio local) { local_ = std::move(local); }
  [[nodiscard]] const LocalAudio& local() const { return local_; }

  // A new offer; kSendOnly or kInactive puts the peer on hold. kConflict while one is unanswered.
  Result<std::string> offer(Direction direction = Direction::kSendRecv);

  // The peer's answer to our offer; may come again (early media and 200, branches of a fork, a
  // session refresh), then the last one counts. On an error the offer is over and what was agreed
  // before stays; the call cannot go on if nothing was.
  Result<AudioAgreement> take_answer(std::string_view sdp);

  // Our offer was refused (488, 491, ...) or its request failed.
  void withdraw_offer() { offered_.reset(); }

  // Answers the peer's offer; `wanted` limits what we do (kRecvOnly: we stay silent). Errors:
  // kInvalid (malformed: 400), kDenied (nothing in it that we can do: 488), kConflict (ours is
  // pending: 491).
  Result<std::string> answer(std::string_view sdp, Direction wanted = Direction::kSendRecv);

  [[nodiscard]] const std::optional<AudioAgreement>& agreement() const { return agreement_; }
  [[nodiscard]] bool offer_pending() const { return offered_.has_value(); }

  // The description we last sent, empty before the first.
  [[nodiscard]] const std::string& last_sent() const { return last_text_; }

 private:
  SdpMedia local_line() const;
  std::string send(SessionDescription description);
  bool acceptable(const SdpMedia& line) const;
  [[nodiscard]] bool reachable(const SdpMedia& line) const;
  [[nodiscard]] std::optional<AudioFormat> choose_codec(const SdpMedia& line) const;
  AudioAgreement agree(const SdpMedia& theirs, const SdpMedia& ours,
                       std::vector<AudioFormat> formats) const;

  LocalAudio local_;
  std::uint64_t session_id_;
  std::uint64_t version_ = 0;
  std::optional<SessionDescription> last_;  // as last sent, for the version
  std::string last_text_;
  std::optional<SessionDescription> offered_;  // ours, unanswered
  std::vector<SdpMedia> shape_;  // the leg's media lines in order; ours at audio_index_
  std::size_t audio_index_ = 0;
  std::optional<AudioAgreement> agreement_;
};

// The status to refuse an offer with, for an error of OfferAnswer::answer().
int refusal_status(const Error& error);

}  // namespace madoguchi::sip
