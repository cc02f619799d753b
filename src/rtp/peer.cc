#include "rtp/peer.h"

#include <algorithm>
#include <utility>

namespace madoguchi::rtp {
namespace {

constexpr std::string_view kNoConsent = "no connectivity check for 30 s: the browser is gone";
constexpr std::string_view kGoodbye = "the browser said goodbye";

std::optional<MonoTime> earlier(std::optional<MonoTime> a, std::optional<MonoTime> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

DtlsRole role_towards(DtlsSetup theirs) {
  switch (theirs) {
    case DtlsSetup::kActpass:
    case DtlsSetup::kActive:
      return DtlsRole::kPassive;
    case DtlsSetup::kPassive:
      return DtlsRole::kActive;
  }
  return DtlsRole::kPassive;
}

Peer::Peer(const DtlsIdentity& identity, IceCredentials local, MonoTime now)
    : identity_(&identity), ice_(std::move(local), {}, now) {}

Result<void> Peer::begin_handshake(const RemotePeer& remote, MonoTime now) {
  DtlsEndpoint::Settings settings;
  settings.role = role_towards(remote.setup);
  settings.peer = remote.fingerprint;
  auto endpoint = DtlsEndpoint::create(*identity_, settings);
  if (!endpoint) return tl::unexpected(endpoint.error());
  role_ = settings.role;
  dtls_ = std::move(*endpoint);
  srtp_.reset();
  if (ice_.path()) {
    dtls_->start(now);
    look_at_dtls();
  }
  return {};
}

Result<void> Peer::set_remote(const RemotePeer& remote, const IceCredentials& restart_with,
                              MonoTime now) {
  if (closed_) return fail(ErrorCode::kConflict, "the browser's leg is closed; open another one");
  const std::optional<RemotePeer> before = std::exchange(remote_, remote);
  if (!before) {
    ice_.set_remote(remote.ufrag);
  } else if (before->ufrag != remote.ufrag || before->password != remote.password) {
    ice_.restart(restart_with, remote.ufrag, now);
  }
  // RFC 8842, 4: another fingerprint is another association; the same one goes on, also on a new
  // path.
  if (before && before->fingerprint == remote.fingerprint) return {};
  return begin_handshake(remote, now);
}

void Peer::finish(std::string reason) {
  if (closed_) return;
  closed_ = true;
  PeerEvent event;
  event.kind = PeerEvent::Kind::kClosed;
  event.reason = std::move(reason);
  events_.push_back(std::move(event));
}

void Peer::look_at_dtls() {
  switch (dtls_->state()) {
    case DtlsState::kWaiting:
    case DtlsState::kHandshaking:
      return;
    case DtlsState::kConnected:
      break;
    case DtlsState::kClosed:
      return finish(std::string(kGoodbye));
    case DtlsState::kFailed:
      return finish(dtls_->failure());
  }
  if (srtp_) return;
  const DtlsEndpoint::SrtpKeys& keys = *dtls_->srtp_keys();
  auto session = SrtpSession::create(keys.profile, keys.sending, keys.receiving);
  if (!session) return finish(session.error().message);
  srtp_ = std::move(*session);
  PeerEvent event;
  event.kind = PeerEvent::Kind::kConnected;
  event.path = ice_.path();
  event.proved = remote_->fingerprint;
  events_.push_back(std::move(event));
}

IceSession::Outcome Peer::receive_check(const StunView& check, const Address& from,
                                        MutableBytes answer, MonoTime now) {
  if (closed_) return {};
  const IceSession::Outcome outcome = ice_.receive(check, from, answer, now);
  if (outcome.checked == IceSession::Checked::kRefused) ++totals_.checks_refused;
  if (outcome.checked != IceSession::Checked::kPathChanged) return outcome;
  const bool waiting = dtls_ && dtls_->state() == DtlsState::kWaiting;
  if (waiting) {
    dtls_->start(now);
    look_at_dtls();
  } else if (srtp_) {
    PeerEvent event;
    event.kind = PeerEvent::Kind::kPathChanged;
    event.path = ice_.path();
    events_.push_back(std::move(event));
  }
  return outcome;
}

Peer::Received Peer::receive(MutableBytes datagram, const Address& from, MonoTime now) {
  if (closed_) return {};
  if (!ice_.proven(from)) {
    ++totals_.unproven;
    return {};
  }
  const PacketKind kind = classify(datagram);
  if (kind == PacketKind::kDtls) {
    if (!dtls_) return {};
    dtls_->receive(datagram, now);
    look_at_dtls();
    return {};
  }
  if (kind != PacketKind::kRtp && kind != PacketKind::kRtcp) {
    ++totals_.malformed;
    return {};
  }
  if (!srtp_) {
    ++totals_.early;
    return {};
  }
  const bool media = kind == PacketKind::kRtp;
  const SrtpSession::Outcome outcome =
      media ? srtp_->unprotect_rtp(datagram) : srtp_->unprotect_rtcp(datagram);
  switch (outcome.verdict) {
    case Unprotected::kOk:
      ++(media ? totals_.rtp_in : totals_.rtcp_in);
      return {kind, datagram.first(outcome.size)};
    case Unprotected::kMalformed:
      ++totals_.malformed;
      return {};
    case Unprotected::kReplayed:
      ++totals_.replayed;
      return {};
    case Unprotected::kForged:
      ++totals_.forged;
      return {};
  }
  return {};
}

std::optional<Peer::Protected> Peer::count_sent(std::optional<std::size_t> size,
                                                std::uint64_t& counter) {
  if (!size) return std::nullopt;
  ++counter;
  return Protected{*size, *ice_.path()};
}

std::optional<Peer::Protected> Peer::protect_rtp(MutableBytes buffer, std::size_t size) {
  if (!connected()) {
    ++totals_.early;
    return std::nullopt;
  }
  return count_sent(srtp_->protect_rtp(buffer, size), totals_.rtp_out);
}

std::optional<Peer::Protected> Peer::protect_rtcp(MutableBytes buffer, std::size_t size) {
  if (!connected()) return std::nullopt;
  return count_sent(srtp_->protect_rtcp(buffer, size), totals_.rtcp_out);
}

void Peer::advance(MonoTime now) {
  if (closed_) return;
  if (now >= ice_.consent_ends()) return finish(std::string(kNoConsent));
  if (!dtls_) return;
  dtls_->advance(now);
  look_at_dtls();
}

std::optional<MonoTime> Peer::next_deadline() const {
  if (closed_) return std::nullopt;
  return earlier(ice_.consent_ends(), dtls_ ? dtls_->next_deadline() : std::nullopt);
}

void Peer::close() {
  if (closed_) return;
  if (dtls_) dtls_->close();
  finish("closed by us");
}

std::optional<PeerEvent> Peer::poll_event() {
  if (events_.empty()) return std::nullopt;
  PeerEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::optional<Peer::Transmit> Peer::poll_transmit() {
  if (!dtls_ || !ice_.path()) return std::nullopt;
  auto datagram = dtls_->poll_transmit();
  if (!datagram) return std::nullopt;
  return Transmit{*ice_.path(), std::move(*datagram)};
}

}  // namespace madoguchi::rtp
