#include "ledger/logs.h"

#include <fstream>

#include "ledger/testing.h"
#include "ledger/tile_nodes.h"

namespace madoguchi::ledger {
namespace {

Hash root_of_entries(std::uint64_t size) {
  Frontier tree;
  for (std::uint64_t i = 0; i < size; ++i) tree.append(leaf_hash(as_bytes(test_entry(i))));
  return tree.root();
}

TEST_F(LogsTest, ShowsWhatIsCommittedAndNothingTwice) {
  append(3);
  append(1, "momiji");
  EXPECT_EQ(publish().logs, 2U);
  EXPECT_EQ(shown(), (Checkpoint{"test.example/log/sakura", 3, root_of_entries(3)}));
  EXPECT_EQ(shown("momiji").size, 1U);
  EXPECT_EQ(publish().logs, 0U);
  append(1);
  EXPECT_EQ(publish().logs, 1U);
  EXPECT_EQ(shown().size, 4U);
}

TEST_F(LogsTest, WritesTheTilesThatTheSizeWants) {
  append(256 * 256 + 700);
  publish();
  EXPECT_EQ(shown().root, root_of_entries(256 * 256 + 700));
  const auto all = files();
  for (const char* path :
       {"tile/0/000", "tile/0/257", "tile/0/258.p/188", "tile/1/000", "tile/1/001.p/2",
        "tile/2/000.p/1", "tile/entries/000", "tile/entries/258.p/188"})
    EXPECT_EQ(all.count(path), 1U) << path;
  EXPECT_EQ(all.at("tile/0/257").size(), 8'192U);
  EXPECT_EQ(all.count("tile/0/258"), 0U);
  FolderFetcher from(folder_ / "sakura");
  TileNodes nodes(from, 256 * 256 + 700);
  EXPECT_EQ(root_of(256 * 256 + 700, nodes).value(), shown().root);
}

// Size 256 gives a full 0/000 and 1/000.p/1; a width of 0 never has a file.
TEST_F(LogsTest, AtAFullTileNoPartialOneIsLeft) {
  append(255);
  publish();
  EXPECT_EQ(files().count("tile/0/000.p/255"), 1U);
  append(1);
  publish();
  const auto all = files();
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : all) paths.push_back(path);
  EXPECT_EQ(paths, (std::vector<std::string>{"checkpoint", "tile/0/000", "tile/1/000.p/1",
                                             "tile/entries/000"}));
}

TEST_F(LogsTest, GrowingByStepsGivesTheSameFilesAsAtOnce) {
  for (const std::uint64_t step : {1, 254, 2, 300, 1, 210}) {
    append(step);
    publish();
  }
  auto by_steps = files();
  std::filesystem::remove_all(folder_ / "sakura");
  restart();
  publish();
  for (const auto& [path, bytes] : files()) EXPECT_EQ(by_steps[path], bytes) << path;
}

TEST_F(LogsTest, GoesOnAfterACrashAtAnyStep) {
  append(300);
  publish();
  append(300);
  // The store fails after the tiles were written: nothing new is shown, and nothing is lost.
  for (const auto fault : {MemoryLogStore::Fault::kFailed, MemoryLogStore::Fault::kFailedButKept}) {
    store_.next_fault = fault;
    EXPECT_FALSE(logs_->publish(now_));
    EXPECT_EQ(shown().size, 300U);
    restart();
  }
  // Kept by now, the checkpoint still missing; then partial tiles torn by the crash.
  std::filesystem::remove_all(file("tile/0/002.p"));
  std::filesystem::remove_all(file("tile/entries"));
  EXPECT_EQ(publish().logs, 1U);
  EXPECT_EQ(shown(), (Checkpoint{"test.example/log/sakura", 600, root_of_entries(600)}));
  EXPECT_EQ(files().count("tile/entries/001"), 1U);
}

// What was not forced to disk is empty, torn or gone then; full tiles were, and are built upon.
TEST_F(LogsTest, GoesOnAfterACrashOfTheMachine) {
  append(70'000);
  publish();
  const auto before = files();
  const auto written = [&](const std::string& path) {
    return std::filesystem::last_write_time(file(path));
  };
  const auto full_one = written("tile/0/000");
  std::ofstream(file("checkpoint"), std::ios::trunc).flush();
  std::ofstream(file("tile/1/001.p/17"), std::ios::trunc).flush();
  std::ofstream(file("tile/2/000.p/1"), std::ios::trunc) << "torn";
  std::filesystem::remove_all(file("tile/0/273.p"));
  restart();
  append(1);
  append(1, "momiji");
  store_.next_fault = MemoryLogStore::Fault::kFailed;  // and then this, before anything is shown
  EXPECT_FALSE(logs_->publish(now_));
  restart();
  EXPECT_EQ(publish().logs, 2U);
  EXPECT_EQ(shown(), (Checkpoint{"test.example/log/sakura", 70'001, root_of_entries(70'001)}));
  EXPECT_EQ(written("tile/0/000"), full_one);
  auto after = files();
  for (const auto& [path, bytes] : before) {
    if (path == "checkpoint" || path.find(".p/") != std::string::npos) continue;
    EXPECT_EQ(after[path], bytes) << path;
  }
  EXPECT_EQ(after["tile/2/000.p/1"], before.at("tile/2/000.p/1"));
  EXPECT_EQ(after["tile/1/001.p/17"], before.at("tile/1/001.p/17"));
}

TEST_F(LogsTest, AFolderThatLostAFullTileIsMadeAgain) {
  append(600);
  publish();
  const auto before = files();
  std::filesystem::remove_all(file("tile/0/002.p"));
  std::filesystem::remove(file("tile/entries/000"));
  restart();
  publish();
  EXPECT_EQ(files(), before);
}

TEST_F(LogsTest, AfterARestartWithTheFolderGoneEverythingIsMadeAgain) {
  append(600);
  publish();
  const auto before = files();
  std::filesystem::remove_all(folder_ / "sakura");
  restart();
  publish();
  EXPECT_EQ(files(), before);
}

TEST_F(LogsTest, NeverSignsAnotherHistory) {
  append(300);
  publish();
  const Checkpoint before = shown();
  // An entry of the database changed, its hash with it: the folder still leads to what was signed,
  // so the log goes on from there; with the folder gone it refuses.
  const std::string forged = test_entry(9'999);
  store_.logs["sakura"][5] = {forged, leaf_hash(as_bytes(forged))};
  std::filesystem::remove_all(folder_ / "sakura");
  restart();
  append(1);
  auto round = publish();
  ASSERT_EQ(round.troubles.size(), 1U);
  EXPECT_NE(round.troubles[0].error.message.find("are not those that were signed"),
            std::string::npos);
  EXPECT_EQ(store_.heads["sakura"].root, before.root);
  EXPECT_FALSE(std::filesystem::exists(file("checkpoint")));
}

TEST_F(LogsTest, RefusesADatabaseThatLostEntries) {
  append(300);
  publish();
  store_.logs["sakura"].resize(200);
  for (int again = 0; again < 2; ++again) {
    const auto round = publish();
    ASSERT_EQ(round.troubles.size(), 1U);
    EXPECT_NE(round.troubles[0].error.message.find("restore"), std::string::npos);
    restart();
  }
  EXPECT_EQ(shown().size, 300U);
}

TEST_F(LogsTest, RefusesAnOlderDatabaseThanWhatWasPublished) {
  append(300);
  publish();
  store_.logs["sakura"].resize(200);
  store_.heads.erase("sakura");
  restart();
  const auto round = publish();
  ASSERT_EQ(round.troubles.size(), 1U);
  EXPECT_NE(round.troubles[0].error.message.find("older"), std::string::npos);
  EXPECT_EQ(shown().size, 300U);
}

TEST_F(LogsTest, AnEntryChangedInTheDatabaseHoldsUpItsOwnLogOnly) {
  append(10);
  append(10, "momiji");
  store_.logs["sakura"][4].entry = test_entry(77);
  const auto round = publish();
  EXPECT_EQ(round.logs, 1U);
  ASSERT_EQ(round.troubles.size(), 1U);
  EXPECT_NE(round.troubles[0].error.message.find("entry 4"), std::string::npos);
  EXPECT_EQ(shown("momiji").size, 10U);
}

TEST_F(LogsTest, AFullDiskHoldsUpNothingForEver) {
  append(10);
  publish();
  append(300);
  // A file stands where a folder must go.
  std::filesystem::remove_all(file("tile/1"));
  std::ofstream(file("tile/1")) << "in the way";
  EXPECT_EQ(publish().troubles.size(), 1U);
  EXPECT_EQ(shown().size, 10U);
  std::filesystem::remove(file("tile/1"));
  EXPECT_EQ(publish().logs, 1U);
  EXPECT_EQ(shown(), (Checkpoint{"test.example/log/sakura", 310, root_of_entries(310)}));
}

TEST_F(LogsTest, ServesItsResourcesAndNoOtherFile) {
  append(300);
  publish();
  std::ofstream(folder_ / "secret") << "x";
  const auto checkpoint = logs_->serve("/log/sakura/checkpoint");
  ASSERT_TRUE(checkpoint);
  EXPECT_FALSE(checkpoint->immutable);
  const auto tile = logs_->serve("/log/sakura/tile/0/000");
  ASSERT_TRUE(tile);
  EXPECT_TRUE(tile->immutable);
  EXPECT_EQ(tile->bytes.size(), 8'192U);
  for (const char* path : {"/log/sakura", "/log/sakura/", "/log/sakura/../secret", "/log/../secret",
                           "/log/./secret", "/log/sakura/tile/0/009", "/log/nobody/checkpoint",
                           "/log/sakura/tile/0/../../../secret", "/glass/", ""})
    EXPECT_FALSE(logs_->serve(path)) << path;
}

TEST_F(LogsTest, ProvesEachEntryWithAFileOfItsOwn) {
  append(700);
  publish();
  for (const std::uint64_t index : {0, 255, 256, 511, 600, 699}) {
    const auto file = logs_->prove("sakura", index);
    ASSERT_TRUE(file) << file.error().message;
    const auto read = ProofFile::parse(file->text());
    ASSERT_TRUE(read);
    EXPECT_EQ(as_text(*read->extra), test_entry(index));
    EXPECT_TRUE(verify_proof_file(*read, *read->extra, key(), {}));
  }
  EXPECT_EQ(logs_->prove("sakura", 700).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(logs_->prove("../sakura", 0));
}

TEST_F(LogsTest, APublisherShowsWhatWasThereWhenItEnds) {
  append(5);
  const SystemClock clock;
  int rounds = 0;
  {
    const Publisher publisher(
        *logs_, clock, std::chrono::hours(1),
        [&](const Result<PublishedRound>& round) { rounds += round ? 1 : 0; });
  }
  EXPECT_GE(rounds, 1);
  EXPECT_EQ(shown().size, 5U);
}

}  // namespace
}  // namespace madoguchi::ledger
