#include "rtp/browser_port.h"

#include <algorithm>
#include <utility>

#include "rtp/stun.h"

namespace madoguchi::rtp {
namespace {

// Beyond what well-behaved peers can need: stale addresses are swept before the table grows
// further.
std::size_t most_addresses(std::size_t most_peers) {
  return most_peers * IceSession::kPaths;
}

std::optional<std::string_view> our_half(const StunView& check) {
  if (!check.username) return std::nullopt;
  const std::size_t colon = check.username->find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return check.username->substr(0, colon);
}

}  // namespace

BrowserPort::BrowserPort(const DtlsIdentity& identity, Entropy& entropy, Settings settings)
    : identity_(identity), entropy_(entropy), settings_(std::move(settings)) {}

BrowserPort::~BrowserPort() = default;

LocalPeer BrowserPort::describe(const Peer& peer, bool offering) const {
  LocalPeer local;
  local.ice = peer.ice().local();
  local.fingerprint = identity_.fingerprint();
  local.candidates = settings_.candidates;
  if (also_at_) local.candidates.push_back(*also_at_);
  if (!offering)
    local.setup = peer.role() == DtlsRole::kActive ? DtlsSetup::kActive : DtlsSetup::kPassive;
  return local;
}

Result<BrowserPort::Opened> BrowserPort::open(const std::optional<RemotePeer>& remote,
                                              MonoTime now) {
  if (peers_.size() >= settings_.most_peers)
    return fail(ErrorCode::kExhausted, "too many browser legs; raise the limit or close some");
  const auto unconnected = std::count_if(peers_.begin(), peers_.end(), [](const auto& entry) {
    return !entry.second.peer->connected();
  });
  if (static_cast<std::size_t>(unconnected) >= settings_.most_handshakes)
    return fail(ErrorCode::kExhausted,
                "too many browser legs are being set up; try again in a moment");

  auto peer = std::make_unique<Peer>(identity_, IceCredentials::fresh(entropy_), now);
  if (remote) {
    if (auto set = peer->set_remote(*remote, {}, now); !set) return tl::unexpected(set.error());
  }
  const PeerHandle handle{++last_handle_};
  Seat& seat = peers_[handle.value];
  seat.peer = std::move(peer);
  seat.handle = handle;
  name(seat);
  return Opened{handle, describe(*seat.peer, !remote)};
}

// Enters a peer's newest ufrag; of those before a restart only the last one is still served.
void BrowserPort::name(Seat& seat) {
  const std::string& newest = seat.peer->ice().local().ufrag;
  if (!seat.ufrags.empty() && seat.ufrags.back() == newest) return;
  seat.ufrags.push_back(newest);
  by_ufrag_[newest] = seat.handle;
  if (seat.ufrags.size() <= kUfragsOfAPeer) return;
  by_ufrag_.erase(seat.ufrags.front());
  seat.ufrags.erase(seat.ufrags.begin());
}

Result<LocalPeer> BrowserPort::update(PeerHandle handle, const RemotePeer& remote, MonoTime now) {
  Seat* seat = find_seat(handle);
  if (seat == nullptr)
    return fail(ErrorCode::kNotFound, "that browser leg is gone; open another one");
  if (auto set = seat->peer->set_remote(remote, IceCredentials::fresh(entropy_), now); !set)
    return tl::unexpected(set.error());
  name(*seat);
  drain(*seat);
  return describe(*seat->peer, false);
}

void BrowserPort::close(PeerHandle handle) {
  Seat* seat = find_seat(handle);
  if (seat == nullptr) return;
  seat->peer->close();
  drain(*seat);
  forget(handle);
}

BrowserPort::Seat* BrowserPort::find_seat(PeerHandle handle) {
  const auto found = peers_.find(handle.value);
  return found == peers_.end() ? nullptr : &found->second;
}

const Peer* BrowserPort::find(PeerHandle handle) const {
  const auto found = peers_.find(handle.value);
  return found == peers_.end() ? nullptr : found->second.peer.get();
}

BrowserPort::Seat* BrowserPort::seat_of_address(const Address& from) {
  const auto found = by_address_.find(from);
  return found == by_address_.end() ? nullptr : find_seat(found->second);
}

void BrowserPort::sweep_addresses() {
  std::erase_if(by_address_, [&](const auto& entry) {
    const Peer* peer = find(entry.second);
    return peer == nullptr || !peer->ice().proven(entry.first);
  });
}

// The last peer to prove an address has it: a browser may use one port for a new leg after another.
void BrowserPort::learn_address(const Address& from, const Seat& seat) {
  const auto [place, added] = by_address_.try_emplace(from, seat.handle);
  if (!added) {
    place->second = seat.handle;
  } else if (by_address_.size() > most_addresses(settings_.most_peers)) {
    sweep_addresses();
  }
}

void BrowserPort::forget(PeerHandle handle) {
  const auto found = peers_.find(handle.value);
  if (found == peers_.end()) return;
  const IceSession& ice = found->second.peer->ice();
  for (const std::string& ufrag : found->second.ufrags) by_ufrag_.erase(ufrag);
  for (const IceSession::Path& path : ice.paths()) {
    const auto at = by_address_.find(path.address);
    if (path.used && at != by_address_.end() && at->second == handle) by_address_.erase(at);
  }
  peers_.erase(found);
}

// Takes what a peer has to say; true if it is closed and may be forgotten.
bool BrowserPort::drain(Seat& seat) {
  while (auto event = seat.peer->poll_event()) events_.push_back({seat.handle, std::move(*event)});
  while (auto transmit = seat.peer->poll_transmit())
    if (transmits_.size() < kMostTransmits) transmits_.push_back(std::move(*transmit));
  return seat.peer->closed();
}

BrowserPort::Received BrowserPort::receive_check(ByteView datagram, const Address& from,
                                                 MonoTime now) {
  Received received;
  received.kind = PacketKind::kStun;
  const std::optional<StunView> check = StunView::parse(datagram);
  if (!check) {
    ++totals_.malformed;
    return received;
  }
  Seat* seat = nullptr;
  if (const auto ours = our_half(*check)) {
    const auto named = by_ufrag_.find(std::string(*ours));
    if (named != by_ufrag_.end()) seat = find_seat(named->second);
  }
  if (seat == nullptr) {
    ++totals_.strangers;
    received.answer = ByteView(answer_).first(refuse_stranger(*check, answer_));
    return received;
  }
  received.peer = seat->handle;
  const IceSession::Outcome outcome = seat->peer->receive_check(*check, from, answer_, now);
  received.answer = ByteView(answer_).first(outcome.answer_size);
  if (outcome.checked == IceSession::Checked::kRefused) {
    ++totals_.refused;
  } else if (outcome.checked != IceSession::Checked::kIgnored) {
    ++totals_.checks;
    learn_address(from, *seat);
  }
  if (drain(*seat)) forget(seat->handle);
  return received;
}

BrowserPort::Received BrowserPort::receive(MutableBytes datagram, const Address& from,
                                           MonoTime now) {
  const PacketKind kind = classify(datagram);
  if (kind == PacketKind::kUnknown) {
    ++totals_.malformed;
    return {};
  }
  if (kind == PacketKind::kStun) return receive_check(datagram, from, now);
  Seat* seat = seat_of_address(from);
  if (seat == nullptr) {
    ++totals_.strangers;
    return {};
  }
  const Peer::Received opened = seat->peer->receive(datagram, from, now);
  Received received{
      seat->handle, kind == PacketKind::kDtls ? kind : opened.kind, opened.packet, {}};
  if (kind == PacketKind::kDtls && drain(*seat)) forget(seat->handle);
  return received;
}

std::optional<Peer::Protected> BrowserPort::protect_rtp(PeerHandle handle, MutableBytes buffer,
                                                        std::size_t size) {
  Seat* seat = find_seat(handle);
  return seat == nullptr ? std::nullopt : seat->peer->protect_rtp(buffer, size);
}

std::optional<Peer::Protected> BrowserPort::protect_rtcp(PeerHandle handle, MutableBytes buffer,
                                                         std::size_t size) {
  Seat* seat = find_seat(handle);
  return seat == nullptr ? std::nullopt : seat->peer->protect_rtcp(buffer, size);
}

void BrowserPort::advance(MonoTime now) {
  std::vector<PeerHandle> closed;
  for (auto& [value, seat] : peers_) {
    const auto deadline = seat.peer->next_deadline();
    if (deadline && *deadline > now) continue;
    seat.peer->advance(now);
    if (drain(seat)) closed.push_back(seat.handle);
  }
  for (const PeerHandle handle : closed) forget(handle);
}

std::optional<MonoTime> BrowserPort::next_deadline() const {
  std::optional<MonoTime> next;
  for (const auto& [value, seat] : peers_) {
    const auto deadline = seat.peer->next_deadline();
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  return next;
}

std::optional<BrowserPort::Event> BrowserPort::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::optional<Peer::Transmit> BrowserPort::poll_transmit() {
  if (transmits_.empty()) return std::nullopt;
  Peer::Transmit transmit = std::move(transmits_.front());
  transmits_.pop_front();
  return transmit;
}

}  // namespace madoguchi::rtp
