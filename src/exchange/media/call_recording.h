// One call's recording as the media thread sees it: frames and marks go into the open chunk; whole
// chunks go down the pipe. Owned by its MediaCall. No allocation per frame in the steady state.
#pragma once

#include <string_view>

#include "base/time.h"
#include "exchange/media/recording_pipe.h"
#include "recording/chunk_builder.h"

namespace madoguchi::exchange {

class CallRecording {
 public:
  CallRecording(RecordingPipe& pipe, recording::Header header, const SealPublicKey& key,
                std::string file, MonoTime now);

  // Has the memory that the next sound goes to brought near; call some time before sound().
  void foresee() const { builder_.foresee(); }
  // `frame.at` is filled in here.
  void sound(recording::Frame frame, MonoTime now);
  void mark(recording::MarkKind kind, std::string_view note, MonoTime now);
  void pause(MonoTime now);
  void resume(MonoTime now);
  // Hands over what has waited long enough although nothing more comes. Call every 50 ms or so.
  void flush_if_due(MonoTime now);
  // Nothing may follow.
  void end(RecordingFate fate, MonoTime now);

 private:
  [[nodiscard]] Micros since_start(MonoTime now) const { return now - started_; }
  void hand_over(Micros at);

  RecordingPipe& pipe_;
  RecordingNumber number_;
  MonoTime started_;
  recording::ChunkBuilder builder_;
  bool paused_ = false;
  std::uint32_t gaps_ = 0;
};

}  // namespace madoguchi::exchange
