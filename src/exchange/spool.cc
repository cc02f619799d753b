#include "exchange/spool.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace madoguchi::exchange {
namespace {

// A segment that the disk refused is written again under the next number; the numbers that the loop
// thread gives out leave room for that.
constexpr SegmentNumber kSegmentStep = 1 << 16;
constexpr std::size_t kMaxRefusedBytes = 64 << 20;

std::string two_numbers(std::uint64_t a, std::uint64_t b) {
  std::string text;
  for (const std::uint64_t value : {a, b})
    for (int i = 0; i < 8; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

std::uint64_t number_at(std::string_view text, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(text[at + i])) << (8 * i);
  return value;
}

}  // namespace

Spool::Spool(std::unique_ptr<SpoolDisk> disk, SpoolOptions options, const Clock& clock,
             std::function<void()> wake)
    : disk_(std::move(disk)), options_(options), clock_(clock), wake_(std::move(wake)) {}

Result<std::unique_ptr<Spool>> Spool::open(std::unique_ptr<SpoolDisk> disk, SpoolOptions options,
                                           const Clock& clock, const Reader& reader,
                                           std::function<void()> wake) {
  std::unique_ptr<Spool> spool(new Spool(std::move(disk), options, clock, std::move(wake)));
  if (auto read = spool->read_all(reader); !read) return tl::unexpected(read.error());
  return spool;
}

Result<void> Spool::read_all(const Reader& reader) {
  auto segments = disk_->segments();
  if (!segments) return tl::unexpected(segments.error());
  std::uint64_t last_record = 0;
  std::uint64_t last_event = 0;
  std::uint64_t last_seen = 0;  // of the events that are here; a checkpoint may tell of later ones
  for (const SegmentNumber number : *segments) {
    auto bytes = disk_->read(number);
    if (!bytes) return tl::unexpected(bytes.error());
    Segment segment{number, last_event, false};
    ByteView rest = *bytes;
    bool first = true;
    while (auto record = next_record(rest)) {
      const bool is_checkpoint =
          record->kind == RecordKind::kCheckpoint && record->payload.size() == 16;
      if (std::exchange(first, false)) segment.checkpoint = is_checkpoint;
      if (record->number <= last_record) continue;  // kept by a write that was reported failed
      last_record = record->number;
      if (is_checkpoint) {
        last_event = std::max(last_event, number_at(record->payload, 0) - 1);
        acknowledged_ = std::max(acknowledged_, number_at(record->payload, 8));
      }
      if (record->kind == RecordKind::kEvent && record->event > last_event) {
        note_gap(last_seen, record->event);
        last_event = last_seen = record->event;
        remember(record->event, record->payload);
      }
      reader(*record);
    }
    if (!rest.empty()) {
      ++torn_segments_;
      if (auto cut = disk_->truncate(number, bytes->size() - rest.size()); !cut)
        return tl::unexpected(cut.error());
    }
    segment.last_event = last_event;
    segments_.push_back(segment);
  }
  // Of the last one the checkpoint may be torn; each before was whole when the next began.
  for (const Segment& segment : segments_)
    if (segment.checkpoint &&
        segment.number / kSegmentStep < segments_.back().number / kSegmentStep)
      checkpointed_ = segment.number;
  next_record_ = last_record + 1;
  next_event_ = std::max(last_event + 1 + options_.left_out, options_.first_event);
  acknowledged_ = last_record == 0 ? next_event_ - 1 : std::min(acknowledged_, last_event);
  note_gap(last_seen, next_event_);
  forget_acknowledged();
  return {};
}

void Spool::start(Checkpoint checkpoint) {
  checkpoint_ = std::move(checkpoint);
  writer_ = std::thread([this] { write_loop(); });
  roll();
  hand_over(Sync::kYes);
}

Spool::~Spool() {
  if (!writer_.joinable()) return;
  if (!buffer_.empty()) hand_over(Sync::kYes);
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

// ---- loop thread

void Spool::remember(std::uint64_t event, std::string payload) {
  recent_bytes_ += payload.size();
  recent_.push_back({event, std::move(payload)});
  while (recent_bytes_ > options_.memory_bytes && recent_.size() > 1 && !in_trouble_) {
    recent_bytes_ -= recent_.front().payload.size();
    recent_.pop_front();
  }
}

std::uint64_t Spool::append_event(std::string payload) {
  const std::uint64_t event = next_event_++;
  const std::uint64_t number = next_record_++;
  append_record(buffer_, number, event, RecordKind::kEvent, payload);
  segments_.back().last_event = event;
  remember(event, std::move(payload));
  return number;
}

std::uint64_t Spool::append(RecordKind kind, std::string_view payload) {
  append_record(buffer_, next_record_, 0, kind, payload);
  return next_record_++;
}

void Spool::roll() {
  const SegmentNumber last = segments_.empty() ? 0 : segments_.back().number;
  const SegmentNumber number = (last / kSegmentStep + 1) * kSegmentStep;
  segments_.push_back({number, next_event_ - 1, true});
  buffer_starts_ = number;
  segment_size_ = 0;
  append(RecordKind::kCheckpoint, two_numbers(next_event_, acknowledged_));
  if (checkpoint_) checkpoint_(*this);
}

void Spool::hand_over(Sync sync) {
  Batch batch{std::move(buffer_), next_record_ - 1, sync == Sync::kYes,
              std::exchange(buffer_starts_, std::nullopt)};
  buffer_.clear();
  segment_size_ += batch.bytes.size();
  {
    const std::lock_guard lock(mutex_);
    to_write_.push_back(std::move(batch));
  }
  changed_.notify_all();
}

void Spool::commit(Sync sync) {
  if (buffer_.empty() && sync == Sync::kNo) return;
  hand_over(sync);
  if (segment_size_ < options_.segment_bytes) return;
  roll();
  hand_over(Sync::kYes);
  drop_segments();
}

std::optional<Written> Spool::poll() {
  const std::lock_guard lock(mutex_);
  if (written_.empty()) return std::nullopt;
  Written first = std::move(written_.front());
  written_.erase(written_.begin());
  in_trouble_ = first.error.has_value();
  return first;
}

void Spool::acknowledge(std::uint64_t event) {
  event = std::min(event, next_event_ - 1);
  if (event <= acknowledged_) return;
  acknowledged_ = event;
  forget_acknowledged();
  drop_segments();
}

void Spool::forget_acknowledged() {
  while (!recent_.empty() && recent_.front().event <= acknowledged_) {
    recent_bytes_ -= recent_.front().payload.size();
    recent_.pop_front();
  }
  while (!cold_.empty() && cold_.front().event <= acknowledged_) cold_.pop_front();
  std::erase_if(gaps_, [this](const Gap& gap) { return gap.upto <= acknowledged_; });
}

void Spool::note_gap(std::uint64_t last, std::uint64_t next) {
  if (next > last + 1) gaps_.push_back({last, next - 1});
}

std::uint64_t Spool::waiting() const {
  std::uint64_t count = next_event_ - 1 - acknowledged_;
  for (const Gap& gap : gaps_) count -= gap.upto - std::max(gap.after, acknowledged_);
  return count;
}

void Spool::drop_segments() {
  // The writer waits with each until a later segment's checkpoint is on the disk.
  std::vector<SegmentNumber> drop;
  while (segments_.size() > 1 && segments_.front().last_event <= acknowledged_ &&
         std::any_of(segments_.begin() + 1, segments_.end(),
                     [](const Segment& later) { return later.checkpoint; })) {
    drop.push_back(segments_.front().number);
    segments_.erase(segments_.begin());
  }
  if (drop.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    to_remove_.insert(to_remove_.end(), drop.begin(), drop.end());
  }
  changed_.notify_all();
}

std::vector<std::string> Spool::events_after(std::uint64_t event, std::size_t most_bytes) {
  std::vector<std::string> found;
  std::uint64_t next = std::max(event, acknowledged_) + 1;
  for (const Gap& gap : gaps_)
    if (next > gap.after) next = std::max(next, gap.upto + 1);
  if (next >= next_event_) return found;
  const std::deque<Kept>* from = &recent_;
  if (recent_.empty() || next < recent_.front().event) {
    if (cold_.empty() || next < cold_.front().event || next > cold_.back().event) load_cold(next);
    from = &cold_;
  }
  if (from->empty()) return found;
  auto at =
      std::lower_bound(from->begin(), from->end(), next,
                       [](const Kept& kept, std::uint64_t wanted) { return kept.event < wanted; });
  for (std::size_t bytes = 0; at != from->end() && (found.empty() || bytes < most_bytes); ++at) {
    bytes += at->payload.size();
    found.push_back(at->payload);
  }
  return found;
}

void Spool::load_cold(std::uint64_t event) {
  cold_.clear();
  const auto segment = std::find_if(segments_.begin(), segments_.end(),
                                    [&](const Segment& s) { return s.last_event >= event; });
  const auto files = disk_->segments();
  if (segment == segments_.end() || !files) return;
  const SegmentNumber end = segment + 1 == segments_.end() ? ~SegmentNumber{0} : segment[1].number;
  for (const SegmentNumber number : *files) {
    if (number < segment->number || number >= end) continue;
    const auto bytes = disk_->read(number);
    if (!bytes) continue;
    ByteView rest = *bytes;
    while (auto record = next_record(rest))
      if (record->kind == RecordKind::kEvent && record->event >= event &&
          (cold_.empty() || record->event > cold_.back().event))
        cold_.push_back({record->event, std::move(record->payload)});
  }
}

void Spool::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return to_write_.empty() && to_remove_.empty() && !writing_; });
}

// ---- writer thread

void Spool::write_loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto work = [this] { return stop_ || !to_write_.empty() || !to_remove_.empty(); };
    if (refused_.empty())
      changed_.wait(lock, work);
    else
      changed_.wait_for(lock, next_try_ - clock_.mono(), work);
    auto batches = std::exchange(to_write_, {});
    removals_.insert(removals_.end(), to_remove_.begin(), to_remove_.end());
    to_remove_.clear();
    const bool last = stop_;
    writing_ = true;
    lock.unlock();
    std::optional<Written> written;
    if (!batches.empty() || !refused_.empty()) written = try_batches(std::move(batches));
    remove_segments();
    lock.lock();
    writing_ = false;
    const bool news = written.has_value();
    if (news) written_.push_back(*std::move(written));
    lock.unlock();
    changed_.notify_all();
    if (news && wake_) wake_();
    lock.lock();
    if (last && to_write_.empty()) return;
  }
}

void Spool::remove_segments() {
  // The checkpoint that the loop thread counts on may be among what the disk refuses.
  const auto stays = std::lower_bound(removals_.begin(), removals_.end(), checkpointed_);
  if (stays == removals_.begin()) return;
  const auto files = disk_->segments();
  if (!files) return;
  for (const SegmentNumber number : *files)
    for (auto gone = removals_.begin(); gone != stays; ++gone)
      if (number / kSegmentStep == *gone / kSegmentStep && number != writing_to_)
        (void)disk_->remove(number);  // one that stays is read once more and removed then
  removals_.erase(removals_.begin(), stays);
}

Result<void> Spool::write_batch(const Batch& batch) {
  if (batch.new_segment || reopen_) {
    // No later sync reaches a file that was left.
    if (auto synced = sync_file(); !synced) return synced;
    // A try that failed must not leave its half on a full disk beside the next one's.
    const SegmentNumber next = holds_ ? writing_to_ + 1 : writing_to_;
    const SegmentNumber number = std::max(batch.new_segment.value_or(0), next);
    if (auto made = disk_->create(number); !made) return made;
    writing_to_ = number;
    reopen_ = holds_ = false;
  }
  return disk_->append(batch.bytes);
}

Result<void> Spool::sync_file() {
  if (unsynced_.empty()) return {};
  if (auto synced = disk_->sync(); !synced) return synced;
  for (const Batch& batch : unsynced_) checkpointed_ = batch.new_segment.value_or(checkpointed_);
  unsynced_.clear();
  holds_ = true;
  return {};
}

Written Spool::refuse(std::vector<Batch> batches, Error error) {
  Written written{batches.back().upto, false, std::move(error)};
  std::size_t bytes = 0;
  for (const Batch& batch : batches) bytes += batch.bytes.size();
  while (bytes > kMaxRefusedBytes && batches.size() > 1) {
    bytes -= batches.front().bytes.size();
    batches.erase(batches.begin());
  }
  refused_ = std::move(batches);
  reopen_ = true;
  next_try_ = clock_.mono() + options_.retry_after;
  return written;
}

Written Spool::try_batches(std::vector<Batch> batches) {
  const bool too_soon = !refused_.empty() && clock_.mono() < next_try_;
  std::vector<Batch> all = std::exchange(refused_, {});
  all.insert(all.end(), std::make_move_iterator(batches.begin()),
             std::make_move_iterator(batches.end()));
  if (too_soon) {
    const auto next_try = next_try_;
    Written written =
        refuse(std::move(all), {ErrorCode::kUnavailable, "the spool's disk refused before"});
    next_try_ = next_try;
    return written;
  }
  const std::uint64_t upto = all.back().upto;
  const bool sync = std::any_of(all.begin(), all.end(), [](const Batch& b) { return b.synced; });
  // What a failing file holds that was not synced before is no safer than what it refused.
  for (auto batch = all.begin(); batch != all.end(); ++batch) {
    auto wrote = write_batch(*batch);
    if (!wrote) {
      std::move(batch, all.end(), std::back_inserter(unsynced_));
      return refuse(std::exchange(unsynced_, {}), std::move(wrote.error()));
    }
    unsynced_.push_back(std::move(*batch));
  }
  if (sync)
    if (auto synced = sync_file(); !synced)
      return refuse(std::exchange(unsynced_, {}), std::move(synced.error()));
  holds_ = true;
  return {upto, sync, std::nullopt};
}

}  // namespace madoguchi::exchange
