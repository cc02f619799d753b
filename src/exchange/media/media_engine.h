// Everything the media thread does, without the thread: carries out commands, reads the sockets
// that are ready, passes sound on, mixes, plays, records and watches. Time is passed in; the
// sockets are real. Owned by MediaPlane, used by its media thread only. Allocates for commands,
// never for packets in the steady state.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/bounded_queue.h"
#include "exchange/media/browser_socket.h"
#include "exchange/media/event_outlet.h"
#include "exchange/media/media_call.h"
#include "exchange/media/media_commands.h"
#include "exchange/media/poller.h"
#include "exchange/media/recording_pipe.h"

namespace madoguchi::exchange {

class MediaEngine {
 public:
  static constexpr Micros kTick = std::chrono::milliseconds(20);
  static constexpr int kPhases = 4;  // ticks are spread, so that not all legs send at one moment
  static constexpr Micros kPhase = kTick / kPhases;
  static constexpr Micros kWatch = std::chrono::milliseconds(50);  // chunks, DTLS timers, digits
  static constexpr Micros kKeepAlive = std::chrono::seconds(1);

  struct Parts {
    std::chrono::seconds silent_after;
    Poller& poller;
    BrowserSocket browsers;
    Entropy& entropy;
    EventOutlet& events;
    RecordingPipe& recordings;
    std::size_t most_direct = 1024;  // telephones with a connected socket beside their own
    BoundedQueue<PortPair>* used_ports = nullptr;  // where sockets go after their leg; else closed
  };
  // `now` starts the ticks.
  MediaEngine(Parts parts, MonoTime now);

  void apply(MediaCommand command, MonoTime now, Time wall);
  // One datagram of a leg's socket, or many of the browsers'; `key` is what the poller gave.
  void serve(std::uint64_t key, MonoTime now);
  // Has what serve(key) will look at brought near, while others are served. First far ahead, then
  // again one ahead: what a leg points at can be asked for only when the leg is there.
  void foresee(std::uint64_t key) const;
  void foresee_nearer(std::uint64_t key) const;
  // What is due: ticks, reports, watching. Then sends what was gathered for browsers.
  void advance(MonoTime now, Time wall);
  [[nodiscard]] MonoTime next_deadline() const;

  // Any thread.
  [[nodiscard]] MediaCounters counters() const;

 private:
  // Commands (media_engine.cc).
  void carry_out(command::CreateCall& c);
  void carry_out(command::RemoveCall& c);
  void carry_out(command::AddSipLeg& c);
  void carry_out(command::SetRemote& c);
  void carry_out(command::RemoveLeg& c);
  void carry_out(command::PutLeg& c);
  void carry_out(command::OpenSeat& c);
  void carry_out(command::SetSideDoor& c);
  void carry_out(command::Connect& c);
  void carry_out(command::Disconnect& c);
  void carry_out(command::Mute& c);
  void carry_out(command::Hold& c);
  void carry_out(command::Play& c);
  void carry_out(command::Stop& c);
  void carry_out(command::StartRecording& c);
  void carry_out(command::PauseRecording& c);
  void carry_out(command::MarkRecording& c);
  void carry_out(command::StopRecording& c);
  void carry_out(command::AskStatistics& c);
  void carry_out(command::EndAll& c);

  MediaLeg* find_leg(const LegId& id);
  MediaCall* find_call(const CallId& id);
  MediaLeg& add_leg(std::unique_ptr<MediaLeg> leg);
  void drop_leg(MediaLeg& leg);
  void drop_call(const CallId& id);
  void give_back(PortPair ports);
  void replan(MediaCall& call);
  void stop_playing(MediaLeg& leg);
  [[nodiscard]] static LegStatistics statistics_of(const MediaLeg& leg);

  // Packets (media_engine_packets.cc).
  static void bring_others_near(const MediaLeg& leg);
  void on_datagram(MediaLeg& leg, rtp::MutableBytes datagram, const rtp::Address& from);
  void on_rtp(MediaLeg& leg, ByteView packet, const rtp::Address* from);
  void on_sound(MediaLeg& leg, const rtp::RtpView& packet, SoundCodec codec);
  void on_digit_packet(MediaLeg& leg, const rtp::RtpView& packet);
  void on_rtcp(MediaLeg& leg, ByteView packet);
  void relay(MediaLeg& listener, const rtp::RtpView& packet, SoundCodec codec);
  void record(MediaLeg& leg, recording::Channel channel, std::uint8_t source,
              const rtp::RtpHeader& header, SoundCodec codec, ByteView payload);
  void tell_digits(MediaLeg& leg, const rtp::DtmfEvents& events);
  void serve_browsers();
  void take_seat_events();
  // Twelve bytes of head and the payload, to wherever the leg is.
  void send_sound(MediaLeg& leg, const rtp::RtpHeader& header, ByteView payload, rtp::Law from,
                  rtp::Law to);
  void send_rtcp(MediaLeg& leg, ByteView packet);

  // Time (media_engine_time.cc).
  void tick(int phase);
  void play_frame(MediaLeg& leg);
  void mix(MediaCall& call);
  void watch();
  void watch_leg(MediaLeg& leg);
  void watch_path(MediaLeg& leg);
  void close_direct(MediaLeg& leg);
  void produce(MediaLeg& leg, ByteView frame);

  Parts parts_;
  MonoTime now_;  // of the call in progress
  Time wall_;

  std::unordered_map<CallId, std::unique_ptr<MediaCall>> calls_;
  std::vector<std::unique_ptr<MediaLeg>> legs_;  // by index; holes are free
  std::vector<std::size_t> free_;
  std::unordered_map<LegId, std::size_t> by_id_;
  std::unordered_map<std::uint64_t, MediaLeg*> by_peer_;

  std::array<std::vector<MediaLeg*>, kPhases> playing_;
  std::array<std::vector<MediaCall*>, kPhases> mixing_;
  int next_new_phase_ = 0;
  int phase_ = 0;  // of next_tick_
  MonoTime next_tick_;
  MonoTime next_watch_;
  std::size_t direct_ = 0;   // sockets of that kind
  std::size_t watched_ = 0;  // legs are looked at in shares

  std::array<std::uint8_t, rtp::kMaxDatagram> inbox_{};
  MediaCounters counters_;
  mutable std::mutex published_mutex_;
  MediaCounters published_;
};

}  // namespace madoguchi::exchange
