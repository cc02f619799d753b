// The exchange's event log. Every event for the centre, and every question to the vault, is a
// record here before it counts; after a crash, reading it tells which calls were up. The loop
// thread owns a Spool; a writer thread of its own does the disk's work, so that no call waits for
// another's fdatasync.
//
// Promises. Records are written in order. commit(Sync::kYes) makes everything appended so far
// durable in one fdatasync for all (group commit) and says so by a Written. When the disk refuses
// (full, failing), a Written with an error follows, nothing appended is forgotten (it stays in
// memory, is tried again every second in a new segment together with whatever was written since the
// last sync, and may have reached the disk in part: readers see each record once, by its number),
// and `in_trouble()` is true until a write succeeds: the owner takes no new calls meanwhile.
// Acknowledged events are forgotten; a segment is removed when all its events are acknowledged and
// a checkpoint stands in a later one, also while the disk refuses: that is what makes room.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "exchange/spool_disk.h"
#include "exchange/spool_format.h"

namespace madoguchi::exchange {

enum class Sync : std::uint8_t { kNo, kYes };

struct SpoolOptions {
  std::uint64_t segment_bytes = 8 << 20;
  std::uint64_t memory_bytes = 32 << 20;  // of unacknowledged events; older ones are read back
  std::chrono::milliseconds retry_after{1000};
  // Where a run begins to count events: here, or this many numbers beyond the last that is written,
  // if that is more. Some may have been told that the disk never took.
  std::uint64_t first_event = 1;
  std::uint64_t left_out = 0;
};

// What became of everything up to record number `upto`.
struct Written {
  std::uint64_t upto = 0;
  bool synced = false;
  std::optional<Error> error;
};

class Spool {
 public:
  using Reader = std::function<void(const Record&)>;
  // Appends what a reader needs to know of everything before: called when a segment starts.
  using Checkpoint = std::function<void(Spool&)>;

  // Reads all segments through `reader`, in order and each record once; cuts a torn tail. `wake` is
  // called from the writer thread when poll() has something.
  static Result<std::unique_ptr<Spool>> open(std::unique_ptr<SpoolDisk> disk, SpoolOptions options,
                                             const Clock& clock, const Reader& reader,
                                             std::function<void()> wake);
  ~Spool();  // writes what was committed
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Starts the first segment of this run; until then append() must not be called.
  void start(Checkpoint checkpoint);

  [[nodiscard]] std::uint64_t next_event() const { return next_event_; }
  // Returns the record's number. An event's payload must hold next_event().
  std::uint64_t append_event(std::string payload);
  std::uint64_t append(RecordKind kind, std::string_view payload);
  // Hands everything appended to the writer.
  void commit(Sync sync);
  [[nodiscard]] bool has_uncommitted() const { return !buffer_.empty(); }

  std::optional<Written> poll();
  [[nodiscard]] bool in_trouble() const { return in_trouble_; }

  // The centre has committed all events up to this one.
  void acknowledge(std::uint64_t event);
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t waiting() const;  // events not acknowledged
  // Events after `event`, in order, as appended: at most about `most_bytes`, at least one if any.
  std::vector<std::string> events_after(std::uint64_t event, std::size_t most_bytes);

  // Waits until everything committed was tried once.
  void drain();
  [[nodiscard]] std::size_t segment_count() const { return segments_.size(); }
  [[nodiscard]] std::uint64_t torn_segments() const { return torn_segments_; }

 private:
  struct Segment {
    SegmentNumber number = 0;
    std::uint64_t last_event = 0;
    bool checkpoint = false;  // begins with one
  };
  struct Batch {
    Bytes bytes;
    std::uint64_t upto = 0;
    bool synced = false;
    std::optional<SegmentNumber> new_segment;
  };
  struct Gap {  // numbers after the one, up to the other, that no event has
    std::uint64_t after = 0;
    std::uint64_t upto = 0;
  };
  struct Kept {
    std::uint64_t event = 0;
    std::string payload;
  };

  Spool(std::unique_ptr<SpoolDisk> disk, SpoolOptions options, const Clock& clock,
        std::function<void()> wake);
  Result<void> read_all(const Reader& reader);
  void roll();
  void hand_over(Sync sync);
  void drop_segments();
  void note_gap(std::uint64_t last, std::uint64_t next);
  void forget_acknowledged();
  void remember(std::uint64_t event, std::string payload);
  void load_cold(std::uint64_t event);
  void write_loop();
  void remove_segments();
  Result<void> write_batch(const Batch& batch);
  Result<void> sync_file();
  Written try_batches(std::vector<Batch> batches);
  Written refuse(std::vector<Batch> batches, Error error);

  const std::unique_ptr<SpoolDisk> disk_;
  const SpoolOptions options_;
  const Clock& clock_;  // the writer's, for the pause between tries
  const std::function<void()> wake_;
  Checkpoint checkpoint_;

  // Loop thread.
  Bytes buffer_;
  std::optional<SegmentNumber> buffer_starts_;  // the buffer begins this segment
  std::uint64_t next_record_ = 1;
  std::uint64_t next_event_ = 1;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t segment_size_ = 0;
  std::vector<Segment> segments_;
  std::vector<Gap> gaps_;    // of those not acknowledged; one for a start
  std::deque<Kept> recent_;  // the newest unacknowledged events
  std::uint64_t recent_bytes_ = 0;
  std::deque<Kept> cold_;  // one segment's, read back
  bool in_trouble_ = false;
  std::uint64_t torn_segments_ = 0;

  // Between the threads.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Batch> to_write_;
  std::vector<SegmentNumber> to_remove_;
  std::vector<Written> written_;
  bool writing_ = false;
  bool stop_ = false;

  // Writer thread.
  std::vector<Batch> refused_;   // by the disk; tried again first
  std::vector<Batch> unsynced_;  // in the current file since its last sync; empty beside refused_
  MonoTime next_try_{};
  SegmentNumber writing_to_ = 0;
  SegmentNumber checkpointed_ = 0;       // the newest whose checkpoint is on the disk
  std::vector<SegmentNumber> removals_;  // asked for, ascending
  bool reopen_ = false;                  // the current file may end in half a record
  bool holds_ = false;                   // the current file has what was reported written

  std::thread writer_;
};

}  // namespace madoguchi::exchange
