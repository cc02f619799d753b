// What the control thread asks of MediaEngine: calls, legs, seats, hearing, prompts, recordings.
#include "exchange/media/media_engine.h"

#include <algorithm>
#include <utility>

#include "exchange/media/media_keys.h"

namespace madoguchi::exchange {

MediaEngine::MediaEngine(Parts parts, MonoTime now)
    : parts_(std::move(parts)), now_(now), next_tick_(now + kPhase), next_watch_(now + kWatch) {
  parts_.poller.add(parts_.browsers.fd(), kBrowserKey);
}

void MediaEngine::apply(MediaCommand command, MonoTime now, Time wall) {
  now_ = now;
  wall_ = wall;
  std::visit([this](auto& one) { carry_out(one); }, command);
}

MediaCounters MediaEngine::counters() const {
  const std::lock_guard lock(published_mutex_);
  return published_;
}

// ---- calls and legs

MediaLeg* MediaEngine::find_leg(const LegId& id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : legs_[found->second].get();
}

MediaCall* MediaEngine::find_call(const CallId& id) {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second.get();
}

void MediaEngine::carry_out(command::CreateCall& c) {
  calls_.try_emplace(c.call, std::make_unique<MediaCall>(c.call));
}

void MediaEngine::carry_out(command::RemoveCall& c) {
  drop_call(c.call);
}

void MediaEngine::drop_call(const CallId& id) {
  MediaCall* call = find_call(id);
  if (call == nullptr) return;
  if (call->recording != nullptr) call->recording->end(RecordingFate::kKeep, now_);
  call->recording.reset();
  for (MediaLeg* leg : call->legs) {
    if (leg == nullptr) continue;
    if (leg->is_seat) {
      stop_playing(*leg);
      parts_.events.push(statistics_of(*leg));
      call->take_out(*leg);
    } else {
      drop_leg(*leg);
    }
  }
  replan(*call);
  calls_.erase(id);
}

MediaLeg& MediaEngine::add_leg(std::unique_ptr<MediaLeg> leg) {
  if (free_.empty()) {
    free_.push_back(legs_.size());
    legs_.emplace_back();
  }
  const std::size_t index = free_.back();
  free_.pop_back();
  leg->index = index;
  by_id_[leg->id] = index;
  legs_[index] = std::move(leg);
  return *legs_[index];
}

void MediaEngine::drop_leg(MediaLeg& leg) {
  stop_playing(leg);
  if (leg.sent.packets() > 0 ||
      leg.reported) {  // who never sent must not say goodbye: RFC 3550, 6.3.7
    std::array<std::uint8_t, 256> goodbye;
    send_rtcp(leg, ByteView(goodbye).first(
                       leg.reporter.write_goodbye(goodbye, leg.sent, leg.received, now_, wall_)));
  }
  LegStatistics last = statistics_of(leg);
  last.final = OnOff::kOn;
  if (leg.is_seat) {
    by_peer_.erase(leg.peer.value);
    if (leg.peer.value != 0) parts_.browsers.port().close(leg.peer);
    take_seat_events();
  } else {
    close_direct(leg);
    parts_.poller.remove(leg.rtp_socket.fd());
    parts_.poller.remove(leg.rtcp_socket.fd());
  }
  if (MediaCall* call = leg.call; call != nullptr) {
    call->take_out(leg);
    replan(*call);
  }
  const std::size_t index = leg.index;
  by_id_.erase(leg.id);
  if (!leg.is_seat)
    give_back({std::move(leg.rtp_socket), std::move(leg.rtcp_socket), std::move(leg.local_ip)});
  legs_[index].reset();
  free_.push_back(index);
  parts_.events.push(std::move(last));  // after the sockets: who reads it may bind their ports
}

void MediaEngine::give_back(PortPair ports) {
  if (parts_.used_ports != nullptr) static_cast<void>(parts_.used_ports->push(std::move(ports)));
}

void MediaEngine::carry_out(command::AddSipLeg& c) {
  MediaCall* call = find_call(c.call);
  if (call == nullptr || find_leg(c.leg) != nullptr) return give_back(std::move(c.ports));
  auto leg = std::make_unique<MediaLeg>(c.leg, parts_.entropy, now_);
  leg->side = c.side;
  leg->rtp_socket = std::move(c.ports.rtp);
  leg->rtcp_socket = std::move(c.ports.rtcp);
  leg->local_ip = std::move(c.ports.ip);
  MediaLeg& added = add_leg(std::move(leg));
  if (!call->put(added)) return drop_leg(added);
  parts_.poller.add(added.rtp_socket.fd(), rtp_key(added.index));
  parts_.poller.add(added.rtcp_socket.fd(), rtcp_key(added.index));
}

void MediaEngine::carry_out(command::SetRemote& c) {
  MediaLeg* leg = find_leg(c.leg);
  if (leg == nullptr || leg->is_seat || !leg->agree(c.sound.codecs)) return;
  leg->digits_send = c.sound.digits_send;
  leg->digits_receive = c.sound.digits_receive;
  leg->direction = c.sound.direction;
  leg->rtcp_mux = c.sound.rtcp_mux;
  leg->rtcp_address = c.address;
  leg->rtcp_address.port = c.sound.rtcp_port.value_or(static_cast<std::uint16_t>(c.sound.port + 1));
  leg->last_heard = now_;
  if (leg->latch) {
    leg->latch->signal(c.address);
  } else {
    leg->latch.emplace(c.address);
  }
}

void MediaEngine::carry_out(command::RemoveLeg& c) {
  if (MediaLeg* leg = find_leg(c.leg); leg != nullptr) drop_leg(*leg);
}

void MediaEngine::carry_out(command::PutLeg& c) {
  MediaLeg* leg = find_leg(c.leg);
  if (leg == nullptr) return;
  MediaCall* to = c.call.empty() ? nullptr : find_call(c.call);
  if (leg->call != nullptr && leg->call == to) return;
  if (MediaCall* from = leg->call; from != nullptr) {
    from->take_out(*leg);
    replan(*from);
  }
  leg->muted = leg->held = false;
  leg->last_heard = now_;
  if (to == nullptr || !to->put(*leg)) return;
  replan(*to);
}

void MediaEngine::carry_out(command::OpenSeat& c) {
  MediaLeg* leg = find_leg(c.leg);
  rtp::BrowserPort& port = parts_.browsers.port();
  Result<rtp::LocalPeer> local = fail(ErrorCode::kConflict, "the leg is a telephone's, not a seat");
  if (leg != nullptr && leg->is_seat && leg->peer.value != 0) {
    local = port.update(leg->peer, c.remote, now_);
  } else if (leg == nullptr || leg->is_seat) {
    auto opened = port.open(c.remote, now_);
    if (opened) {
      if (leg == nullptr) {
        leg = &add_leg(std::make_unique<MediaLeg>(c.leg, parts_.entropy, now_));
        leg->is_seat = true;
        leg->side = Side::kOurs;
      }
      leg->peer = opened->peer;
      leg->connected = false;
      by_peer_[opened->peer.value] = leg;
      local = std::move(opened->local);
    } else {
      local = tl::unexpected(opened.error());
    }
  }
  if (local) {
    static_cast<void>(leg->agree(c.offer.codecs));
    leg->digits_send = leg->digits_receive = c.offer.digits;
  }
  take_seat_events();
  c.answer.set_value(std::move(local));
}

void MediaEngine::carry_out(command::SetSideDoor& c) {
  BrowserSocket& browsers = parts_.browsers;
  if (c.socket || !c.at) {
    if (browsers.side_fd() >= 0) parts_.poller.remove(browsers.side_fd());
    browsers.set_side(c.socket ? std::move(*c.socket) : UdpSocket());
    if (browsers.side_fd() >= 0) parts_.poller.add(browsers.side_fd(), kBrowserKey);
  }
  browsers.hear_at_side(std::move(c.neighbours));
  browsers.port().also_at(c.at);
}

// ---- who hears whom

void MediaEngine::replan(MediaCall& call) {
  call.plan();
  const bool mixes = call.mixed != 0;
  if (mixes && call.mix_phase < 0) {
    call.mix_phase = next_new_phase_++ % kPhases;
    mixing_[static_cast<std::size_t>(call.mix_phase)].push_back(&call);
  } else if (!mixes && call.mix_phase >= 0) {
    std::erase(mixing_[static_cast<std::size_t>(call.mix_phase)], &call);
    call.mix_phase = -1;
  }
}

void MediaEngine::carry_out(command::Connect& c) {
  MediaCall* call = find_call(c.call);
  MediaLeg* listener = find_leg(c.listener);
  MediaLeg* speaker = find_leg(c.speaker);
  if (call == nullptr || listener == nullptr || speaker == nullptr || listener->call != call ||
      speaker->call != call)
    return;
  call->connect(*listener, *speaker, c.hearing);
  replan(*call);
}

void MediaEngine::carry_out(command::Disconnect& c) {
  MediaCall* call = find_call(c.call);
  const MediaLeg* one = find_leg(c.one);
  const MediaLeg* other = find_leg(c.other);
  if (call == nullptr || one == nullptr || other == nullptr || one->call != call ||
      other->call != call)
    return;
  call->disconnect(*one, *other);
  replan(*call);
}

void MediaEngine::carry_out(command::Mute& c) {
  MediaLeg* leg = find_leg(c.leg);
  if (leg == nullptr) return;
  leg->muted = c.muted == OnOff::kOn;
  if (leg->call != nullptr) replan(*leg->call);
}

void MediaEngine::carry_out(command::Hold& c) {
  MediaLeg* leg = find_leg(c.leg);
  if (leg == nullptr) return;
  leg->held = c.held == OnOff::kOn;
  if (leg->call != nullptr) replan(*leg->call);
}

// ---- prompts

void MediaEngine::carry_out(command::Play& c) {
  MediaLeg* leg = find_leg(c.leg);
  if (leg == nullptr) return;
  leg->player.start(c.play, std::move(c.list), c.loop);
  leg->sent.switch_source();
  if (leg->play_phase < 0) {
    leg->play_phase = next_new_phase_++ % kPhases;
    playing_[static_cast<std::size_t>(leg->play_phase)].push_back(leg);
  }
  if (leg->call != nullptr) replan(*leg->call);
}

void MediaEngine::carry_out(command::Stop& c) {
  MediaLeg* leg = find_leg(c.leg);
  if (leg == nullptr) return;
  stop_playing(*leg);
  if (leg->call != nullptr) replan(*leg->call);
}

void MediaEngine::stop_playing(MediaLeg& leg) {
  leg.player.stop();
  leg.sent.switch_source();
  if (leg.play_phase < 0) return;
  std::erase(playing_[static_cast<std::size_t>(leg.play_phase)], &leg);
  leg.play_phase = -1;
}

// ---- recording

void MediaEngine::carry_out(command::StartRecording& c) {
  MediaCall* call = find_call(c.call);
  if (call == nullptr || call->recording != nullptr) return;
  call->recording = std::make_unique<CallRecording>(
      parts_.recordings, recording::Header{c.spec.organisation, c.spec.key, c.call, wall_},
      c.spec.public_key, std::move(c.file), now_);
}

void MediaEngine::carry_out(command::PauseRecording& c) {
  MediaCall* call = find_call(c.call);
  if (call == nullptr || call->recording == nullptr) return;
  if (c.paused == OnOff::kOn) {
    call->recording->pause(now_);
  } else {
    call->recording->resume(now_);
  }
}

void MediaEngine::carry_out(command::MarkRecording& c) {
  MediaCall* call = find_call(c.call);
  if (call == nullptr || call->recording == nullptr) return;
  const auto kind = [&] {
    switch (c.mark) {
      case RecordingMark::kNotice:
        return recording::MarkKind::kNotice;
      case RecordingMark::kLegChange:
        return recording::MarkKind::kLegChange;
      case RecordingMark::kHold:
        return recording::MarkKind::kHold;
      case RecordingMark::kResumeFromHold:
        return recording::MarkKind::kResumeFromHold;
      case RecordingMark::kOther:
        break;
    }
    return recording::MarkKind::kOther;
  }();
  call->recording->mark(kind, c.note, now_);
}

void MediaEngine::carry_out(command::StopRecording& c) {
  MediaCall* call = find_call(c.call);
  if (call == nullptr || call->recording == nullptr) return;
  call->recording->end(c.fate, now_);
  call->recording.reset();
}

// ---- looking, ending

LegStatistics MediaEngine::statistics_of(const MediaLeg& leg) {
  const rtp::ReceiveTotals in = leg.received.totals();
  LegStatistics out;
  if (leg.call != nullptr) out.call = leg.call->id;
  out.leg = leg.id;
  out.packets_received = in.packets;
  out.packets_sent = leg.sent.packets();
  out.octets_received = in.bytes;
  out.octets_sent = leg.sent.bytes();
  out.lost = static_cast<std::uint64_t>(std::max<std::int64_t>(in.lost, 0));
  out.refused = leg.refused;
  out.jitter = in.jitter;
  out.level_dbov = leg.level_dbov;
  return out;
}

void MediaEngine::carry_out(command::AskStatistics& c) {
  MediaCall* call = find_call(c.call);
  if (call == nullptr) return;
  for (const MediaLeg* leg : call->legs)
    if (leg != nullptr) parts_.events.push(statistics_of(*leg));
}

void MediaEngine::carry_out(command::EndAll& c) {
  while (!calls_.empty()) drop_call(CallId(calls_.begin()->first));
  for (const auto& leg : legs_)
    if (leg != nullptr) drop_leg(*leg);
  counters_.send_failed += parts_.browsers.flush();
  c.done.set_value();
}

}  // namespace madoguchi::exchange
