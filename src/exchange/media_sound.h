// The Sound port on the media plane: forwards, nothing more. Loop thread.
#pragma once

#include <string>

#include "exchange/media/media_plane.h"
#include "exchange/ports.h"

namespace madoguchi::exchange {

class MediaSound final : public Sound {
 public:
  // `plane` outlives this; telephone legs are bound to `local_address`.
  MediaSound(MediaPlane& plane, std::string local_address)
      : plane_(plane), local_address_(std::move(local_address)) {}

  Result<void> create_call(const CallId& call) override { return plane_.create_call(call); }
  void remove_call(const CallId& call) override { plane_.remove_call(call); }
  Result<LocalSound> add_sip_leg(const CallId& call, const LegId& leg, Side side) override {
    return plane_.add_sip_leg(call, leg, {local_address_, side});
  }
  Result<void> set_remote(const LegId& leg, const RemoteSound& remote) override {
    return plane_.set_remote(leg, remote);
  }
  void remove_leg(const LegId& leg) override { plane_.remove_leg(leg); }
  Result<BrowserAnswer> add_browser_seat(const LegId& leg, const BrowserOffer& offer) override {
    return plane_.add_browser_seat(leg, offer);
  }
  Result<BrowserAnswer> renew_browser_seat(const LegId& leg, const BrowserOffer& offer) override {
    return plane_.renew_browser_seat(leg, offer);
  }
  void attach_seat(const CallId& call, const LegId& seat) override {
    plane_.attach_seat(call, seat);
  }
  void detach_seat(const LegId& seat) override { plane_.detach_seat(seat); }
  void connect(const CallId& call, const LegId& one, const LegId& other) override {
    plane_.connect(call, one, other, Hearing::kBoth);
  }
  void disconnect(const CallId& call, const LegId& one, const LegId& other) override {
    plane_.disconnect(call, one, other);
  }
  void mute(const LegId& leg, OnOff muted) override { plane_.mute(leg, muted); }
  void hold(const LegId& leg, OnOff held) override { plane_.hold(leg, held); }
  Result<PlayId> play(const LegId& leg, const Playlist& list) override {
    return plane_.play(leg, list);
  }
  void stop(const LegId& leg) override { plane_.stop(leg); }
  Result<void> start_recording(const CallId& call, const RecordingSpec& spec) override {
    return plane_.start_recording(call, spec);
  }
  void pause_recording(const CallId& call, OnOff paused) override {
    if (paused == OnOff::kOn)
      plane_.pause_recording(call);
    else
      plane_.resume_recording(call);
  }
  void mark_recording(const CallId& call, RecordingMark mark) override {
    plane_.mark_recording(call, mark, "");
  }
  void stop_recording(const CallId& call, RecordingFate fate) override {
    plane_.stop_recording(call, fate);
  }

 private:
  MediaPlane& plane_;
  const std::string local_address_;
};

}  // namespace madoguchi::exchange
