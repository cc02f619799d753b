// Wraps what happened into a wire::Event: the oneof's setter is chosen by the type. Sequence number
// and time are given later, by who writes it to the spool.
#pragma once

#include <utility>

#include "exchange.pb.h"

namespace madoguchi::exchange {

#define MADOGUCHI_EVENT(Type, member)            \
  inline wire::Event event_of(wire::Type what) { \
    wire::Event event;                           \
    *event.mutable_##member() = std::move(what); \
    return event;                                \
  }
MADOGUCHI_EVENT(CallArrived, call_arrived)
MADOGUCHI_EVENT(CallIdentified, call_identified)
MADOGUCHI_EVENT(CallAnswered, call_answered)
MADOGUCHI_EVENT(CallWaiting, call_waiting)
MADOGUCHI_EVENT(OperatorRinging, operator_ringing)
MADOGUCHI_EVENT(OperatorAnswered, operator_answered)
MADOGUCHI_EVENT(RingFailed, ring_failed)
MADOGUCHI_EVENT(Connected, connected)
MADOGUCHI_EVENT(OperatorLeft, operator_left)
MADOGUCHI_EVENT(HoldChanged, hold_changed)
MADOGUCHI_EVENT(MuteChanged, mute_changed)
MADOGUCHI_EVENT(CallbackAsked, callback_asked)
MADOGUCHI_EVENT(RecordingRefused, recording_refused)
MADOGUCHI_EVENT(CallEnded, call_ended)
MADOGUCHI_EVENT(RecordingStarted, recording_started)
MADOGUCHI_EVENT(RecordingPaused, recording_paused)
MADOGUCHI_EVENT(RecordingInterrupted, recording_interrupted)
MADOGUCHI_EVENT(RecordingClosed, recording_closed)
MADOGUCHI_EVENT(SeatOpened, seat_opened)
MADOGUCHI_EVENT(SeatChanged, seat_changed)
MADOGUCHI_EVENT(PhoneChanged, phone_changed)
MADOGUCHI_EVENT(DialProgress, dial_progress)
MADOGUCHI_EVENT(CommandRefused, command_refused)
MADOGUCHI_EVENT(Trouble, trouble)
#undef MADOGUCHI_EVENT

}  // namespace madoguchi::exchange
