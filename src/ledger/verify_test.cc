#include "ledger/verify.h"

#include <fstream>

#include "ledger/testing.h"
#include "ledger/tile_nodes.h"

namespace madoguchi::ledger {
namespace {

class VerifyTest : public LogsTest {
 protected:
  VerifyReport check(std::optional<std::string> remembered = std::nullopt,
                     std::uint64_t again = 0) {
    FolderFetcher from(folder_ / "sakura");
    auto report = verify_log(from, {key(), {}, std::move(remembered), {}, {}, again});
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(*report) : VerifyReport{};
  }
  std::string remember() {
    return std::string(as_text(*read_whole(file("checkpoint"), kMostNoteBytes)));
  }
  void change(const std::string& path, std::size_t byte) {
    Bytes bytes = *read_whole(file(path), 1 << 26);
    bytes[byte % bytes.size()] ^= 0x20;
    put(path, bytes);
  }
  void put(const std::string& path, ByteView bytes) {
    std::ofstream(file(path), std::ios::binary) << as_text(bytes);
  }
};

TEST_F(VerifyTest, AcceptsWhatTheLogWrote) {
  for (const std::uint64_t step : {1, 254, 1, 44, 700}) {
    append(step);
    publish();
    const VerifyReport report = check();
    EXPECT_FALSE(report.finding) << report.finding->what;
    EXPECT_EQ(report.checked, store_.logs["sakura"].size());
  }
}

TEST_F(VerifyTest, ResumesFromTheCheckpointRemembered) {
  append(300);
  publish();
  std::string remembered = remember();
  for (const std::uint64_t step : {0, 100, 112, 1, 1'000}) {
    append(step);
    publish();
    const VerifyReport report = check(remembered);
    EXPECT_FALSE(report.finding) << report.finding->what;
    EXPECT_EQ(report.checked, step);
    remembered = remember();
  }
}

// Every byte of every file matters: one changed anywhere is found, and the file it is in is named.
TEST_F(VerifyTest, NamesTheFileOfEachChangedByte) {
  append(256 + 40);
  publish();
  for (const auto& [path, bytes] : files()) {
    const std::size_t step = path == "checkpoint" ? 1 : 397;
    for (std::size_t byte = 0; byte < bytes.size(); byte += step) {
      change(path, byte);
      const VerifyReport report = check();
      put(path, bytes);
      ASSERT_TRUE(report.finding) << path << " byte " << byte;
      EXPECT_NE(report.finding->where.find(path), std::string::npos)
          << path << " byte " << byte << ": " << report.finding->where;
    }
  }
  EXPECT_FALSE(check().finding);
}

TEST_F(VerifyTest, NamesTheChangedEntry) {
  append(256 + 40);
  publish();
  for (const std::uint64_t index : {0, 17, 255, 256, 295}) {
    const std::string path =
        path_of({TileKind::kEntries, 0, index / 256, index < 256 ? 256U : 40U});
    Bytes bundle = *read_whole(file(path), 1 << 26);
    const Bytes before = bundle;
    const std::string call = "call-" + std::to_string(index) + "\"";
    const auto at = as_text(bundle).find(call);
    bundle[at] = 'k';
    put(path, bundle);
    const VerifyReport report = check();
    put(path, before);
    ASSERT_TRUE(report.finding);
    EXPECT_EQ(report.finding->part, FaultyPart::kEntry);
    EXPECT_EQ(report.finding->entry, index);
  }
}

TEST_F(VerifyTest, NamesTheTileWhenTheEntryIsRight) {
  append(256 + 40);
  publish();
  change("tile/0/000", 32 * 9);
  VerifyReport report = check();
  EXPECT_EQ(report.finding->part, FaultyPart::kTile);
  EXPECT_EQ(report.finding->where, "tile/0/000");
  change("tile/0/000", 32 * 9);
  change("tile/0/001.p/40", 32 * 39);
  report = check();
  EXPECT_EQ(report.finding->where, "tile/0/001.p/40");
  EXPECT_EQ(report.finding->entry, 256U + 39U);
}

TEST_F(VerifyTest, FindsAnEntryThatWasRemoved) {
  append(100);
  publish();
  const Bytes bundle = *read_whole(file("tile/entries/000.p/100"), 1 << 26);
  const auto entries = *decode_bundle(bundle, 100);
  Bytes without;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (i != 7) add_to_bundle(without, entries[i]);
  put("tile/entries/000.p/100", without);
  EXPECT_EQ(check().finding->where, "tile/entries/000.p/100");
  // Hidden better: another one put at the end.
  add_to_bundle(without, entries[99]);
  put("tile/entries/000.p/100", without);
  const VerifyReport report = check();
  EXPECT_EQ(report.finding->part, FaultyPart::kEntry);
  EXPECT_EQ(report.finding->entry, 7U);
}

TEST_F(VerifyTest, NamesWhatIsMissing) {
  append(600);
  publish();
  for (const char* path : {"tile/entries/000", "tile/0/001", "tile/1/000.p/2"}) {
    const Bytes bytes = *read_whole(file(path), 1 << 26);
    std::filesystem::remove(file(path));
    const VerifyReport report = check();
    put(path, bytes);
    ASSERT_TRUE(report.finding) << path;
    EXPECT_EQ(report.finding->where, path);
  }
  std::filesystem::remove(file("checkpoint"));
  FolderFetcher from(folder_ / "sakura");
  EXPECT_EQ(verify_log(from, {key(), {}, {}, {}}).error().code, ErrorCode::kNotFound);
}

TEST_F(VerifyTest, FindsALogThatWasCutOrForkedSinceLastTime) {
  append(300);
  publish();
  const std::string remembered = remember();
  const auto honest = files();
  const auto start_over = [&](std::uint64_t count, std::uint64_t first) {
    std::filesystem::remove_all(folder_ / "sakura");
    store_ = MemoryLogStore();
    for (std::uint64_t i = 0; i < count; ++i)
      store_.append("sakura", test_entry(i < 5 ? i : i + first));
    restart();
    publish();
  };
  start_over(200, 0);
  EXPECT_EQ(check(remembered).finding->part, FaultyPart::kHistory);
  start_over(300, 1);
  EXPECT_EQ(check(remembered).finding->part, FaultyPart::kHistory);
  EXPECT_FALSE(check().finding);  // alone, the fork looks well: that is what memory is for
  start_over(400, 1);
  const VerifyReport report = check(remembered);
  EXPECT_EQ(report.finding->part, FaultyPart::kHistory);
  EXPECT_NE(report.finding->what.find("300"), std::string::npos);
}

TEST_F(VerifyTest, AsksForEachWitness) {
  append(3);
  publish();
  const NoteSigner witness = test_signer("witness", 9, KeyType::kCosignature);
  FolderFetcher from(folder_ / "sakura");
  const VerifyRequest request{key(), {witness.verifier()}, {}, {}};
  EXPECT_NE(verify_log(from, request)->finding->what.find("witness"), std::string::npos);
  Note note = *Note::parse(remember());
  note.signatures.push_back(witness.sign(note.text, now_));
  put("checkpoint", as_bytes(note.bytes()));
  EXPECT_FALSE(verify_log(from, request)->finding);
}

TEST_F(VerifyTest, FindsAnEntryThatIsNotCanonical) {
  append(3);
  const std::string loose = R"({"v":1, "kind":"opening"})";
  store_.logs["sakura"].push_back({loose, leaf_hash(as_bytes(loose))});
  publish();
  const VerifyReport report = check();
  EXPECT_EQ(report.finding->part, FaultyPart::kEntry);
  EXPECT_EQ(report.finding->entry, 3U);
}

TEST_F(VerifyTest, ReadsAgainWhatItKnowsAndMustPassTheOldRoot) {
  for (const std::uint64_t before : {0, 1, 44, 256, 300}) {
    append(before - store_.logs["sakura"].size());
    publish();
    const std::string remembered = remember();
    EXPECT_FALSE(check(remembered, 1'000).finding);
    append(1);
    publish();
    const VerifyReport report = check(remembered, 1'000);
    EXPECT_FALSE(report.finding) << report.finding->what;
    EXPECT_EQ(report.known, before);
    EXPECT_EQ(report.from, 0U);
    EXPECT_EQ(report.checked, before + 1);
  }
}

TEST_F(VerifyTest, FindsAFileThatWasChangedSinceItWasChecked) {
  append(300);
  publish();
  const std::string remembered = remember();
  change("tile/entries/000", 4'000);
  EXPECT_FALSE(check(remembered).finding);  // not read again
  const VerifyReport report = check(remembered, 300);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->part, FaultyPart::kEntry);
}

// The last word on what was signed before is the tree's, whichever files are shown first.
TEST_F(VerifyTest, FindsAForkWhenItReadsAgain) {
  append(300);
  publish();
  const std::string remembered = remember();
  std::filesystem::remove_all(folder_ / "sakura");
  store_ = MemoryLogStore();
  for (std::uint64_t i = 0; i < 700; ++i) store_.append("sakura", test_entry(i < 250 ? i : i + 1));
  restart();
  publish();
  const VerifyReport report = check(remembered, 300);
  ASSERT_TRUE(report.finding);
  EXPECT_EQ(report.finding->part, FaultyPart::kHistory);
}

TEST_F(VerifyTest, AcceptsOtherPeoplesCanonicalJsonAndCountsIt) {
  append(3);
  for (const std::string& theirs :
       {std::string(R"({"operator":"op1","outcome":"shown"})"), std::string("{}")})
    store_.logs["sakura"].push_back({theirs, leaf_hash(as_bytes(theirs))});
  publish();
  const VerifyReport report = check();
  EXPECT_FALSE(report.finding) << report.finding->what;
  EXPECT_EQ(report.checked, 5U);
  EXPECT_EQ(report.foreign, 2U);
}

TEST_F(VerifyTest, SaysThatTheTreeIsRightWhenOnlyAnEntryCannotBeRead) {
  append(3);
  for (const std::string& theirs : {std::string("go.sum line"), std::string("\xff")})
    store_.logs["sakura"].push_back({theirs, leaf_hash(as_bytes(theirs))});
  append(1);
  publish();
  VerifyReport report = check();
  ASSERT_TRUE(report.finding);
  EXPECT_TRUE(report.tree_is_right);
  EXPECT_EQ(report.unreadable, 2U);
  EXPECT_EQ(report.checked, 6U);
  EXPECT_EQ(report.finding->entry, 3U);
  change("tile/0/000.p/6", 32 * 5);
  report = check();
  EXPECT_FALSE(report.tree_is_right);
  EXPECT_EQ(report.finding->where, "tile/0/000.p/6");
}

}  // namespace
}  // namespace madoguchi::ledger
