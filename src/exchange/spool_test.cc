#include "exchange/spool.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>

namespace madoguchi::exchange {
namespace {

// A disk in memory that outlives the spool, and fails when told.
struct Platter {
  enum class Fault { kNone, kFails, kFailsButKeeps, kTears, kSyncFails };

  // The next write waits in the disk until go_on(), and what is committed meanwhile is one try.
  void hold() {
    const std::lock_guard lock(mutex);
    held = true;
  }
  void wait_for_the_writer() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return writer_waits; });
  }
  void go_on() {
    const std::lock_guard lock(mutex);
    held = false;
    changed.notify_all();
  }
  void set(Fault to) {
    const std::lock_guard lock(mutex);
    fault = to;
  }
  std::map<SegmentNumber, Bytes> copy() {
    const std::lock_guard lock(mutex);
    return files;
  }
  // Leaves of each file what a sync has reached.
  void lose_power() {
    for (auto& [number, bytes] : files) bytes.resize(synced[number]);
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool held = false;
  bool writer_waits = false;
  std::map<SegmentNumber, Bytes> files;
  std::map<SegmentNumber, std::size_t> synced;  // bytes
  Fault fault = Fault::kNone;
  std::size_t room = SIZE_MAX;  // bytes, of all files together
  int syncs = 0;
};

class FakeDisk final : public SpoolDisk {
 public:
  explicit FakeDisk(Platter& platter) : platter_(platter) {}
  Result<std::vector<SegmentNumber>> segments() override {
    const std::lock_guard lock(platter_.mutex);
    std::vector<SegmentNumber> numbers;
    for (const auto& [number, bytes] : platter_.files) numbers.push_back(number);
    return numbers;
  }
  Result<Bytes> read(SegmentNumber segment) override {
    const std::lock_guard lock(platter_.mutex);
    return platter_.files.at(segment);
  }
  Result<void> create(SegmentNumber segment) override {
    const std::lock_guard lock(platter_.mutex);
    platter_.files[segment].clear();
    platter_.synced[segment] = 0;
    current_ = segment;
    return {};
  }
  Result<void> append(ByteView bytes) override {
    std::unique_lock lock(platter_.mutex);
    platter_.writer_waits = platter_.held;
    platter_.changed.notify_all();
    platter_.changed.wait(lock, [this] { return !platter_.held; });
    const auto full = fail(ErrorCode::kExhausted, "disk full");
    Bytes& file = platter_.files[current_];
    using Fault = Platter::Fault;
    std::size_t used = bytes.size();
    for (const auto& [number, other] : platter_.files) used += other.size();
    if (platter_.fault == Fault::kFails || used > platter_.room) return full;
    const std::size_t kept = platter_.fault == Fault::kTears ? bytes.size() / 2 : bytes.size();
    file.insert(file.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept));
    if (platter_.fault == Fault::kTears || platter_.fault == Fault::kFailsButKeeps) return full;
    return {};
  }
  Result<void> sync() override {
    const std::lock_guard lock(platter_.mutex);
    ++platter_.syncs;
    if (platter_.fault == Platter::Fault::kSyncFails) return fail(ErrorCode::kUnavailable, "EIO");
    platter_.synced[current_] = platter_.files[current_].size();
    return {};
  }
  Result<void> truncate(SegmentNumber segment, std::uint64_t size) override {
    const std::lock_guard lock(platter_.mutex);
    platter_.files.at(segment).resize(size);
    return {};
  }
  Result<void> remove(SegmentNumber segment) override {
    const std::lock_guard lock(platter_.mutex);
    platter_.files.erase(segment);
    return {};
  }

 private:
  Platter& platter_;
  SegmentNumber current_ = 0;
};

SpoolOptions quick() {
  SpoolOptions options;
  options.retry_after = std::chrono::milliseconds(0);
  return options;
}

std::unique_ptr<Spool> open(Platter& platter, std::vector<Record>* read = nullptr,
                            SpoolOptions options = quick()) {
  static const SystemClock clock;
  auto spool = Spool::open(
      std::make_unique<FakeDisk>(platter), options, clock,
      [&](const Record& record) {
        if (read != nullptr && record.kind != RecordKind::kCheckpoint) read->push_back(record);
      },
      [] {});
  EXPECT_TRUE(spool);
  return std::move(*spool);
}

std::vector<std::string> payloads(const std::vector<Record>& records) {
  std::vector<std::string> texts;
  for (const Record& record : records) texts.push_back(record.payload);
  return texts;
}

Written last_written(Spool& spool) {
  spool.drain();
  Written last;
  while (auto written = spool.poll()) last = *written;
  return last;
}

using Texts = std::vector<std::string>;
using Fault = Platter::Fault;

TEST(Spool, ReadsBackWhatWasCommittedAndCountsOn) {
  Platter platter;
  {
    auto spool = open(platter);
    spool->start({});
    spool->append_event("one");
    spool->append(RecordKind::kTokenise, "sealed");
    const auto number = spool->append_event("two");
    spool->commit(Sync::kYes);
    const Written written = last_written(*spool);
    EXPECT_EQ(written.upto, number);
    EXPECT_TRUE(written.synced);
    EXPECT_FALSE(written.error);
  }
  std::vector<Record> read;
  auto spool = open(platter, &read);
  EXPECT_EQ(payloads(read), (Texts{"one", "sealed", "two"}));
  EXPECT_EQ(spool->next_event(), 3U);
  EXPECT_EQ(spool->events_after(0, 1000), (Texts{"one", "two"}));
  EXPECT_EQ(spool->events_after(1, 1000), (Texts{"two"}));
}

SpoolOptions counting_from(std::uint64_t first_event) {
  SpoolOptions options = quick();
  options.first_event = first_event;
  options.left_out = 100;
  return options;
}

void append_and_commit(Spool& spool, const std::string& event) {
  spool.append_event(event);
  spool.commit(Sync::kYes);
}

TEST(Spool, EachStartCountsOnFromWhereItIsTold) {
  Platter platter;
  {
    auto spool = open(platter, nullptr, counting_from(1000));
    EXPECT_EQ(spool->next_event(), 1000U);
    EXPECT_EQ(spool->waiting(), 0U);
    spool->start({});
    append_and_commit(*spool, "first");
  }
  auto spool = open(platter, nullptr, counting_from(9000));
  EXPECT_EQ(spool->next_event(), 9000U);
  EXPECT_EQ(spool->events_after(0, 1000), Texts{"first"});
}

TEST(Spool, AClockThatWasSetBackGivesOutNoNumberTwice) {
  Platter platter;
  {
    auto spool = open(platter, nullptr, counting_from(1000));
    spool->start({});
    append_and_commit(*spool, "first");
  }
  EXPECT_EQ(open(platter, nullptr, counting_from(500))->next_event(), 1000U + 1U + 100U);
}

TEST(Spool, NumbersThatNoEventHasAreNotWaitedFor) {
  Platter platter;
  for (const std::uint64_t first : {1000, 9000}) {
    auto spool = open(platter, nullptr, counting_from(first));
    spool->start({});
    append_and_commit(*spool, "from " + std::to_string(first));
  }
  auto spool = open(platter, nullptr, counting_from(20'000));
  EXPECT_EQ(spool->waiting(), 2U);
  spool->start({});
  EXPECT_EQ(spool->events_after(0, 1000), (Texts{"from 1000", "from 9000"}));
  EXPECT_EQ(spool->events_after(9000, 1000), Texts{});
  platter.set(Fault::kFails);
  append_and_commit(*spool, "in memory");
  EXPECT_EQ(spool->events_after(9000, 1000), Texts{"in memory"});
  EXPECT_EQ(spool->waiting(), 3U);
  spool->acknowledge(1000);
  EXPECT_EQ(spool->waiting(), 2U);
  spool->acknowledge(5000);
  EXPECT_EQ(spool->waiting(), 2U);
  EXPECT_EQ(spool->events_after(0, 1000), (Texts{"from 9000", "in memory"}));
  spool->acknowledge(9000);
  EXPECT_EQ(spool->waiting(), 1U);
  spool->acknowledge(20'000);
  EXPECT_EQ(spool->waiting(), 0U);
}

TEST(Spool, OneSyncServesAllThatWaited) {
  Platter platter;
  auto spool = open(platter);
  spool->start({});
  last_written(*spool);
  const int before = platter.syncs;
  for (int i = 0; i < 100; ++i) spool->append_event("call");
  spool->commit(Sync::kYes);
  last_written(*spool);
  EXPECT_EQ(platter.syncs, before + 1);
}

TEST(Spool, CutsATornTailAndGoesOn) {
  Platter platter;
  {
    auto spool = open(platter);
    spool->start({});
    spool->append_event("whole");
    spool->commit(Sync::kYes);
    spool->append_event("torn");
    spool->commit(Sync::kYes);
  }
  platter.files.rbegin()->second.pop_back();
  {
    std::vector<Record> read;
    auto spool = open(platter, &read);
    EXPECT_EQ(payloads(read), Texts{"whole"});
    EXPECT_EQ(spool->torn_segments(), 1U);
    EXPECT_EQ(spool->next_event(), 2U);
    spool->start({});
    spool->append_event("next");
    spool->commit(Sync::kYes);
  }
  std::vector<Record> read;
  open(platter, &read);
  EXPECT_EQ(payloads(read), (Texts{"whole", "next"}));
}

TEST(Spool, ARefusedWriteIsReportedKeptAndWrittenOnceTheDiskTakesIt) {
  for (const Fault fault :
       {Fault::kFails, Fault::kFailsButKeeps, Fault::kTears, Fault::kSyncFails}) {
    Platter platter;
    {
      auto spool = open(platter);
      spool->start({});
      last_written(*spool);
      platter.fault = fault;
      spool->append_event("arrival");
      spool->commit(Sync::kYes);
      spool->drain();
      const auto written = spool->poll();
      ASSERT_TRUE(written);
      EXPECT_TRUE(written->error) << static_cast<int>(fault);
      EXPECT_TRUE(spool->in_trouble());
      EXPECT_EQ(spool->events_after(0, 1000), Texts{"arrival"});
      platter.set(Fault::kNone);
      spool->append_event("end");
      spool->commit(Sync::kNo);
      EXPECT_FALSE(last_written(*spool).error);
      EXPECT_FALSE(spool->in_trouble());
    }
    std::vector<Record> read;
    open(platter, &read);
    EXPECT_EQ(payloads(read), (Texts{"arrival", "end"})) << static_cast<int>(fault);
  }
}

TEST(Spool, ReportsAFailedWriteThatTheReaderWillFind) {
  Platter platter;
  {
    auto spool = open(platter);
    spool->start({});
    last_written(*spool);
    platter.fault = Fault::kFailsButKeeps;
    spool->append_event("arrival");
    spool->commit(Sync::kYes);
    EXPECT_TRUE(last_written(*spool).error);
  }
  std::vector<Record> read;
  open(platter, &read);
  EXPECT_EQ(payloads(read), Texts{"arrival"});
}

// Two events of one try with a segment's end between them, the second of them with the checkpoint.
void commit_over_a_segments_end(Platter& platter, Spool& spool) {
  platter.hold();
  spool.append_event("small");
  spool.commit(Sync::kNo);
  platter.wait_for_the_writer();
  spool.append_event("that fills the segment");
  spool.commit(Sync::kYes);
  spool.append_event("in the next");
  spool.commit(Sync::kYes);
  platter.go_on();
}

SpoolOptions small_segments() {
  SpoolOptions options = quick();
  options.segment_bytes = 100;
  return options;
}

TEST(Spool, WhatASyncPromisesOutlastsThePowerAlsoWhereASegmentEnds) {
  Platter platter;
  {
    auto spool = open(platter, nullptr, small_segments());
    spool->start({});
    last_written(*spool);
    commit_over_a_segments_end(platter, *spool);
    EXPECT_TRUE(last_written(*spool).synced);
    EXPECT_EQ(spool->segment_count(), 2U);
    platter.lose_power();
  }
  std::vector<Record> read;
  open(platter, &read);
  EXPECT_EQ(payloads(read), (Texts{"small", "that fills the segment", "in the next"}));
}

TEST(Spool, WhatAFailedSyncLeftBehindIsReadInItsOrder) {
  Platter platter;
  {
    auto spool = open(platter, nullptr, small_segments());
    spool->start({});
    last_written(*spool);
    platter.set(Fault::kSyncFails);
    commit_over_a_segments_end(platter, *spool);
    EXPECT_TRUE(last_written(*spool).error);
    platter.set(Fault::kNone);
    spool->commit(Sync::kYes);
    EXPECT_TRUE(last_written(*spool).synced);
    platter.lose_power();
  }
  std::vector<Record> read;
  open(platter, &read);
  EXPECT_EQ(payloads(read), (Texts{"small", "that fills the segment", "in the next"}));
}

TEST(Spool, WhatWasWrittenBeforeAFailedSyncIsWrittenAgain) {
  Platter platter;
  {
    auto spool = open(platter);
    spool->start({});
    last_written(*spool);
    spool->append_event("hold");
    spool->commit(Sync::kNo);
    EXPECT_FALSE(last_written(*spool).error);
    platter.set(Fault::kSyncFails);
    spool->append_event("arrival");
    spool->commit(Sync::kYes);
    EXPECT_TRUE(last_written(*spool).error);
    platter.set(Fault::kNone);
    spool->append_event("end");
    spool->commit(Sync::kYes);
    EXPECT_TRUE(last_written(*spool).synced);
    platter.lose_power();
  }
  std::vector<Record> read;
  open(platter, &read);
  EXPECT_EQ(payloads(read), (Texts{"hold", "arrival", "end"}));
}

SpoolOptions several_segments() {
  SpoolOptions options = quick();
  options.segment_bytes = 1000;
  return options;
}

TEST(Spool, DropsAcknowledgedSegmentsOnceACheckpointFollows) {
  Platter platter;
  const SpoolOptions options = several_segments();
  {
    auto spool = open(platter, nullptr, options);
    spool->start([](Spool& to) { to.append(RecordKind::kLiveCall, "call"); });
    for (int i = 0; i < 100; ++i) {
      spool->append_event(std::string(90, 'x'));
      spool->commit(Sync::kNo);
    }
    EXPECT_GT(spool->segment_count(), 5U);
    spool->acknowledge(99);
    spool->drain();
    EXPECT_LE(spool->segment_count(), 2U);
    EXPECT_EQ(spool->waiting(), 1U);
  }
  EXPECT_LE(platter.files.size(), 2U);
  std::vector<Record> read;
  auto spool = open(platter, &read, options);
  EXPECT_EQ(read.front().payload, "call");
  EXPECT_EQ(spool->next_event(), 101U);
}

// Several segments, the last of them refused for want of room.
void fill_the_disk(Platter& platter, Spool& spool) {
  platter.room = 5000;
  while (!last_written(spool).error) {
    spool.append_event(std::string(90, 'x'));
    spool.commit(Sync::kYes);
  }
}

// What is acknowledged makes room; the first try after it may have come too early.
bool takes_events_again(Spool& spool) {
  spool.acknowledge(spool.next_event() - 1);
  for (int twice = 0; twice < 2; ++twice) {
    spool.append_event("again");
    spool.commit(Sync::kYes);
    spool.drain();
  }
  return !last_written(spool).error;
}

TEST(Spool, WhatIsAcknowledgedMakesRoomOnAFullDisk) {
  Platter platter;
  auto spool = open(platter, nullptr, several_segments());
  spool->start({});
  fill_the_disk(platter, *spool);
  EXPECT_TRUE(spool->in_trouble());
  EXPECT_TRUE(takes_events_again(*spool));
  EXPECT_FALSE(spool->in_trouble());
}

TEST(Spool, WhatIsAcknowledgedMakesRoomAlsoWhereTheStartFoundTheDiskFull) {
  Platter platter;
  {
    auto spool = open(platter, nullptr, several_segments());
    spool->start({});
    fill_the_disk(platter, *spool);
  }
  platter.room = 0;
  auto spool = open(platter, nullptr, several_segments());
  spool->start({});
  EXPECT_TRUE(last_written(*spool).error);
  platter.room = 5000;
  spool->append_event(std::string(3000, 'x'));
  spool->commit(Sync::kYes);
  EXPECT_TRUE(last_written(*spool).error);
  EXPECT_TRUE(takes_events_again(*spool));
}

TEST(Spool, ASegmentStaysUntilTheCheckpointThatReplacesItIsOnTheDisk) {
  Platter platter;
  const auto live_call = [](Spool& to) { to.append(RecordKind::kLiveCall, "call"); };
  {
    auto spool = open(platter, nullptr, small_segments());
    spool->start(live_call);
    last_written(*spool);
    platter.set(Fault::kFails);
    spool->append_event("that fills the segment");
    spool->commit(Sync::kYes);
    spool->acknowledge(1);
    EXPECT_TRUE(last_written(*spool).error);
    EXPECT_EQ(spool->segment_count(), 1U);
    Platter killed;
    killed.files = platter.copy();
    std::vector<Record> read;
    open(killed, &read);
    EXPECT_EQ(payloads(read), Texts{"call"});
    platter.set(Fault::kNone);
    spool->commit(Sync::kYes);
    EXPECT_FALSE(last_written(*spool).error);
  }
  std::vector<Record> read;
  open(platter, &read);
  EXPECT_EQ(payloads(read), Texts{"call"});
  EXPECT_EQ(platter.files.size(), 1U);
}

TEST(Spool, ReadsOlderEventsBackFromTheDisk) {
  Platter platter;
  SpoolOptions options = quick();
  options.segment_bytes = 2000;
  options.memory_bytes = 300;
  auto spool = open(platter, nullptr, options);
  spool->start({});
  for (int i = 1; i <= 200; ++i) {
    spool->append_event("event " + std::to_string(i));
    spool->commit(Sync::kNo);
  }
  spool->drain();
  std::vector<std::string> all;
  while (true) {
    const auto some = spool->events_after(all.size(), 100);
    if (some.empty()) break;
    all.insert(all.end(), some.begin(), some.end());
  }
  ASSERT_EQ(all.size(), 200U);
  EXPECT_EQ(all.front(), "event 1");
  EXPECT_EQ(all.back(), "event 200");
}

TEST(Spool, ChecksumIsTheStandardOne) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);  // RFC 3720, B.4's polynomial
}

}  // namespace
}  // namespace madoguchi::exchange
