// One call on the media thread: its legs, who hears whom, and what follows from that for every leg:
// whom its packets are relayed to, and who must be mixed. Pure bookkeeping; owned by MediaEngine,
// one thread.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "exchange/media/call_recording.h"
#include "exchange/media/media_leg.h"
#include "exchange/media/media_plane.h"
#include "rtp/mixer.h"

namespace madoguchi::exchange {

struct MediaCall {
  static constexpr std::size_t kSlots = MediaPlane::kMostLegs;
  static_assert(kSlots <= rtp::Mixer::kSlots);
  using Slots = std::uint8_t;  // a bit for each slot

  explicit MediaCall(CallId call_id) : id(std::move(call_id)) {}

  // False when all slots are taken.
  bool put(MediaLeg& leg);
  void take_out(MediaLeg& leg);
  void connect(const MediaLeg& listener, const MediaLeg& speaker, Hearing hearing);
  void disconnect(const MediaLeg& one, const MediaLeg& other);

  // Works out relays and mixes anew. Call after every change of connections, mutes, holds and
  // plays.
  void plan();

  CallId id;
  std::array<MediaLeg*, kSlots> legs{};

  // The plan.
  std::array<Slots, kSlots> relays_to{};  // by speaker: listeners that hear nobody else
  Slots mixed{0};                         // listeners that hear several
  Slots needed{0};                        // speakers whom a mixed listener hears
  Slots in_recording{0};                  // legs whose sound belongs into the recording

  // Only while someone is mixed.
  std::unique_ptr<rtp::Mixer> mixer;
  int mix_phase = -1;

  std::unique_ptr<CallRecording> recording;

 private:
  // Whom the slot hears now, everything considered.
  [[nodiscard]] Slots heard_by(std::size_t listener) const;
  void make_mixer(const std::array<Slots, kSlots>& heard);

  std::array<Slots, kSlots> hears_{};  // by listener: speakers, as connected
};

}  // namespace madoguchi::exchange
