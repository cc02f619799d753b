#include "exchange/journal.h"

#include <gtest/gtest.h>

#include <fstream>

#include "exchange/control_testing.h"
#include "exchange/events.h"

namespace madoguchi::exchange {
namespace {

// A journal on a folder that is killed and opened again.
class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    std::string pattern = "/tmp/madoguchi-journal-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(folder / "recordings");
    start();
  }
  ~JournalTest() override {
    journal.reset();
    std::filesystem::remove_all(folder);
  }

  void start() {
    auto disk = open_spool_folder(folder / "spool");
    ASSERT_TRUE(disk) << disk.error().message;
    auto opened = Journal::open(
        *std::move(disk), clock, [] {}, folder / "recordings");
    ASSERT_TRUE(opened) << opened.error().message;
    journal = *std::move(opened);
    journal->recover([](const std::string&) { return false; });
  }
  // What is not committed is lost.
  void kill() {
    journal->spool().drain();
    std::filesystem::copy(folder / "spool", folder / "left");
    journal.reset();
    std::filesystem::remove_all(folder / "spool");
    std::filesystem::rename(folder / "left", folder / "spool");
  }
  std::vector<wire::Event> events_after(std::uint64_t event) {
    std::vector<wire::Event> events;
    for (const std::string& bytes : journal->spool().events_after(event, 1 << 20))
      EXPECT_TRUE(events.emplace_back().ParseFromString(bytes));
    return events;
  }

  ManualClock clock{*parse_utc("2026-11-22T03:04:05Z")};
  std::filesystem::path folder;
  std::unique_ptr<Journal> journal;
};

wire::Event arrival(const std::string& call) {
  wire::CallArrived arrived;
  arrived.set_call_id(call);
  arrived.set_desk_id("sakura");
  arrived.set_organisation_id("org");
  return event_of(std::move(arrived));
}

wire::Event recording_started(const std::string& call, const std::string& recording) {
  wire::RecordingStarted started;
  started.set_call_id(call);
  started.set_recording_id(recording);
  return event_of(std::move(started));
}

wire::Event end(const std::string& call) {
  wire::CallEnded ended;
  ended.set_call_id(call);
  return event_of(std::move(ended));
}

// What reading the checkpoint of `ledger` makes.
Ledger read_back(const Ledger& ledger) {
  Ledger read;
  ledger.checkpoint([&](RecordKind kind, const std::string& payload) {
    read.read({.kind = kind, .payload = payload});
  });
  return read;
}

TEST(Ledger, AnOpenRecordingOutlivesItsCallAlsoInACheckpoint) {
  Ledger ledger;
  ledger.event(arrival("c1"));
  ledger.event(recording_started("c1", "c1.1"));
  ledger.event(end("c1"));
  const Ledger read = read_back(ledger);
  EXPECT_EQ(read.unreadable(), 0U);
  ASSERT_TRUE(read.open_recordings().contains("c1.1"));
  EXPECT_EQ(read.open_recordings().at("c1.1").call_id(), "c1");
  EXPECT_EQ(read.open_recordings().at("c1.1").organisation_id(), "org");
}

TEST(Ledger, AnOpenRecordingOfAnEarlierVersionsCheckpointIsItsCalls) {
  Ledger ledger;
  ledger.event(arrival("c1"));
  Ledger read = read_back(ledger);
  const wire::RecordingStarted started = recording_started("c1", "c1.1").recording_started();
  read.read({.kind = RecordKind::kOpenRecording, .payload = started.SerializeAsString()});
  read.event(end("c1"));
  ASSERT_TRUE(read.open_recordings().contains("c1.1"));
  EXPECT_EQ(read.open_recordings().at("c1.1").organisation_id(), "org");
}

TEST_F(JournalTest, ARecordingThatAKillLeftOpenAfterItsCallsEndIsGivenToTheVault) {
  journal->event(arrival("c1"));
  journal->event(recording_started("c1", "c1.1"));
  journal->event(end("c1"));
  journal->commit();
  std::ofstream(folder / "recordings" / "c1.1.mdgrec") << "sealed";
  kill();
  start();
  const auto& asked = journal->ledger().recordings_asked();
  ASSERT_TRUE(asked.contains("c1.1"));
  EXPECT_EQ(asked.at("c1.1").organisation_id(), "org");
  EXPECT_EQ(asked.at("c1.1").call_id(), "c1");
  EXPECT_EQ(asked.at("c1.1").bytes(), 6U);
  EXPECT_EQ(asked.at("c1.1").digest_hex().size(), 64U);
  EXPECT_TRUE(asked.at("c1.1").cut_off());
  EXPECT_EQ(in_words(events_after(0).back()), "recording closed");
}

TEST_F(JournalTest, NumbersThatWereToldAndNotWrittenAreNotUsedAgain) {
  for (const Micros clock_set : {Micros(0), Micros(-std::chrono::hours(1))}) {
    journal->event(arrival("c1"));
    journal->commit();
    for (int i = 0; i < 1000; ++i) journal->event(arrival("c2"));
    const std::uint64_t told = journal->spool().next_event() - 1;
    kill();
    clock.jump(clock_set);
    start();
    const auto events = events_after(told);
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(in_words(events.back()), "ended CUT_OFF");
    EXPECT_EQ(events.back().call_ended().call_id(), "c1");
    EXPECT_EQ(events.back().sequence(), journal->spool().next_event() - 1);
  }
}

TEST_F(JournalTest, AStartIsAlwaysToldByAnEvent) {
  const auto events = events_after(0);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(in_words(events[0]), "trouble spool");
  EXPECT_TRUE(events[0].trouble().over());
}

}  // namespace
}  // namespace madoguchi::exchange
