// What call control tells the media thread, as values in one queue; made by MediaPlane only,
// carried out by MediaEngine in order.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "exchange/media/media_plane.h"
#include "exchange/media/port_pool.h"
#include "exchange/media/prompt.h"
#include "rtp/browser_port.h"

namespace madoguchi::exchange::command {

struct CreateCall {
  CallId call;
};
struct RemoveCall {
  CallId call;
};
struct AddSipLeg {
  CallId call;
  LegId leg;
  Side side = Side::kCaller;
  PortPair ports;
};
struct SetRemote {
  LegId leg;
  RemoteSound sound;
  rtp::Address address;
};
struct RemoveLeg {
  LegId leg;
};
// Into another call, or (empty) out of any.
struct PutLeg {
  LegId leg;
  CallId call;
};

// The only command that control waits for: what the SDP answer says is made on the media thread.
// Opens the seat, or renews it when it is there.
struct OpenSeat {
  LegId leg;
  BrowserOffer offer;
  rtp::RemotePeer remote;
  std::promise<Result<rtp::LocalPeer>> answer;
};

// See side_door.h.
struct SetSideDoor {
  std::optional<UdpSocket> socket;       // nothing: the one that is there stays
  std::optional<rtp::Address> at;        // nothing: there is no such door (any more)
  std::vector<rtp::Address> neighbours;  // who is heard there; their ports are of no account
};

struct Connect {
  CallId call;
  LegId listener;
  LegId speaker;
  Hearing hearing = Hearing::kBoth;
};
struct Disconnect {
  CallId call;
  LegId one;
  LegId other;
};
struct Mute {
  LegId leg;
  OnOff muted = OnOff::kOff;
};
struct Hold {
  LegId leg;
  OnOff held = OnOff::kOff;
};

struct Play {
  LegId leg;
  PlayId play = 0;
  std::vector<std::shared_ptr<const Prompt>> list;  // shared: prompts outlive their table
  OnOff loop = OnOff::kOff;
};
struct Stop {
  LegId leg;
};

struct StartRecording {
  CallId call;
  RecordingSpec spec;
  std::string file;
};
struct PauseRecording {
  CallId call;
  OnOff paused = OnOff::kOff;
};
struct MarkRecording {
  CallId call;
  RecordingMark mark = RecordingMark::kOther;
  std::string note;
};
struct StopRecording {
  CallId call;
  RecordingFate fate = RecordingFate::kKeep;
};
struct AskStatistics {
  CallId call;
};
// Ends everything; then tells.
struct EndAll {
  std::promise<void> done;
};

}  // namespace madoguchi::exchange::command

namespace madoguchi::exchange {

using MediaCommand =
    std::variant<command::CreateCall, command::RemoveCall, command::AddSipLeg, command::SetRemote,
                 command::RemoveLeg, command::PutLeg, command::OpenSeat, command::SetSideDoor,
                 command::Connect, command::Disconnect, command::Mute, command::Hold, command::Play,
                 command::Stop, command::StartRecording, command::PauseRecording,
                 command::MarkRecording, command::StopRecording, command::AskStatistics,
                 command::EndAll>;

}  // namespace madoguchi::exchange
