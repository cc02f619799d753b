#include "exchange/media/call_recording.h"

#include <utility>

namespace madoguchi::exchange {

using recording::ChunkBuilder;
using recording::MarkKind;

CallRecording::CallRecording(RecordingPipe& pipe, recording::Header header,
                             const SealPublicKey& key, std::string file, MonoTime now)
    : pipe_(pipe), number_(pipe.begin(std::move(header), key, std::move(file))), started_(now) {
  builder_.lend(pipe_.buffer(), Micros(0));
}

void CallRecording::hand_over(Micros at) {
  Bytes chunk = builder_.take();
  if (pipe_.chunk(number_, chunk)) {
    builder_.lend(pipe_.buffer(), at);
    return;
  }
  // The disk is too slow: this chunk's sound is given up, and the file says so.
  ++gaps_;
  builder_.lend(std::move(chunk), at);
  static_cast<void>(builder_.add_mark(MarkKind::kGap, at, {}));
}

void CallRecording::sound(recording::Frame frame, MonoTime now) {
  if (paused_) return;
  frame.at = since_start(now);
  if (builder_.add_frame(frame) == ChunkBuilder::Added::kAdded) return;
  hand_over(frame.at);
  static_cast<void>(builder_.add_frame(frame));  // an empty chunk has room for one
}

void CallRecording::mark(MarkKind kind, std::string_view note, MonoTime now) {
  const Micros at = since_start(now);
  if (builder_.add_mark(kind, at, note) == ChunkBuilder::Added::kAdded) return;
  hand_over(at);
  static_cast<void>(builder_.add_mark(kind, at, note));
}

void CallRecording::pause(MonoTime now) {
  if (paused_) return;
  mark(MarkKind::kPause, {}, now);
  paused_ = true;
}

void CallRecording::resume(MonoTime now) {
  if (!paused_) return;
  paused_ = false;
  mark(MarkKind::kResume, {}, now);
}

void CallRecording::flush_if_due(MonoTime now) {
  if (builder_.due(since_start(now))) hand_over(since_start(now));
}

void CallRecording::end(RecordingFate fate, MonoTime now) {
  if (!builder_.empty()) hand_over(since_start(now));
  pipe_.end(number_, since_start(now), gaps_, fate);
}

}  // namespace madoguchi::exchange
