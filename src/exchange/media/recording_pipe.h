// From the media thread to the disk. The media thread hands over chunks in clear; the recording
// thread (owned by this object) seals them, appends them to their files, and says how each
// recording ended. The queue is bounded: when it is full a chunk is not taken, and its recording
// gets a gap. Buffers come back for reuse.
//
// A chunk is written (given to the kernel) as soon as it arrives, so a crash of the process loses
// what was not handed over yet: at most a second. A disk that is full interrupts recordings, which
// go on once there is room (recording_file.h). On a file system of its own what was written is
// forced to disk every second (FolderSync); beside the spool it is left to the kernel, so a loss of
// power takes what the kernel had not written (docs/decisions/sealed-recordings.md says why). The
// file then reads as cut off.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/bounded_queue.h"
#include "base/time.h"
#include "exchange/media/event_outlet.h"
#include "exchange/media/folder_sync.h"
#include "exchange/media/media_types.h"
#include "exchange/media/recording_file.h"
#include "exchange/media/wake_fd.h"
#include "recording/format.h"

namespace madoguchi::exchange {

using RecordingNumber = std::uint64_t;

class RecordingPipe {
 public:
  // kNotFound or kDenied when the directory can't be used.
  static Result<std::unique_ptr<RecordingPipe>> start(const std::string& directory,
                                                      std::size_t queue_chunks, EventOutlet& events,
                                                      const Clock& clock);
  ~RecordingPipe();  // writes what waits, then stops the thread
  RecordingPipe(const RecordingPipe&) = delete;
  RecordingPipe& operator=(const RecordingPipe&) = delete;

  // ---- for the media thread

  RecordingNumber begin(recording::Header header, const SealPublicKey& key, std::string file);
  // False: the queue is full, the chunk stays with the caller.
  bool chunk(RecordingNumber recording, Bytes& plain);
  // Never refused.
  void end(RecordingNumber recording, Micros at, std::uint32_t gaps, RecordingFate fate);
  // An empty buffer, a used one where possible.
  Bytes buffer();

  // ---- for the control thread

  // True when no recording is open any more.
  bool wait_until_idle(std::chrono::milliseconds patience);
  // True when every chunk that was handed over is in its file.
  bool wait_until_written(std::chrono::milliseconds patience);

 private:
  struct Begin {
    recording::Header header;
    SealPublicKey key{};
    std::string file;
  };
  struct ChunkReady {
    Bytes plain;
  };
  struct End {
    Micros at{0};
    std::uint32_t gaps = 0;
    RecordingFate fate = RecordingFate::kKeep;
  };
  struct Job {
    RecordingNumber recording = 0;
    std::variant<Begin, ChunkReady, End> what;
  };
  struct Open {
    CallId call;
    RecordingFile file;
    bool told = false;  // that it is interrupted
    Open(CallId id, std::string name, recording::Sealer sealer)
        : call(std::move(id)), file(std::move(name), std::move(sealer)) {}
  };

  RecordingPipe(int directory, OnOff forced, std::size_t queue_chunks, EventOutlet& events,
                const Clock& clock);
  void submit(Job job);  // begin and end: room is kept for them
  void run();
  void carry_out(Job& job);
  void open_file(RecordingNumber number, const Begin& begin);
  void close_file(RecordingNumber number, const End& end);
  bool took(RecordingNumber number, Open& open, RecordingFile::Written written);
  void give_up(RecordingNumber number, std::string reason);
  void closed(RecordingNumber number, RecordingClosed how);
  SealingSession& session_to(const SealPublicKey& key);
  void forget_old_sessions();

  const int directory_;
  const std::unique_ptr<FolderSync> sync_;  // none beside the spool
  const WakeFd wake_;
  EventOutlet& events_;
  const Clock& clock_;
  const std::size_t most_chunks_;
  std::atomic<std::size_t> chunks_waiting_{0};
  BoundedQueue<Job> jobs_;
  BoundedQueue<Bytes> used_buffers_;

  // The media thread's.
  RecordingNumber last_number_ = 0;
  std::vector<Bytes> buffers_;

  // The recording thread's.
  std::unordered_map<RecordingNumber, Open> open_;
  std::map<SealPublicKey, SealingSession> sessions_;  // of the last second

  std::mutex idle_mutex_;
  std::condition_variable idle_;
  std::size_t unfinished_ = 0;  // begun and not yet closed; under idle_mutex_
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace madoguchi::exchange
