#include "ledger/witness.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "ledger/testing.h"
#include "ledger/tile_nodes.h"
#include "ledger/verify.h"
#include "ledger/witness_desk.h"

namespace madoguchi::ledger {
namespace {

// Forgets the write, or loses the answer after it; then behaves.
class FaultyMemory final : public WitnessMemory {
 public:
  explicit FaultyMemory(std::filesystem::path folder) : real_(std::move(folder)) {}
  Result<std::optional<std::string>> seen(const std::string& origin) override {
    return real_.seen(origin);
  }
  Result<bool> replace(const std::string& origin, const std::optional<std::string>& before,
                       const std::string& after) override {
    const auto fault = std::exchange(next_fault, MemoryLogStore::Fault::kNone);
    if (fault != MemoryLogStore::Fault::kFailed)
      if (auto done = real_.replace(origin, before, after);
          !done || fault == MemoryLogStore::Fault::kNone)
        return done;
    return fail(ErrorCode::kUnavailable, "the disk is away");
  }
  Result<Kept> keep_fork(const std::string& origin, const Note& seen, const Note& other) override {
    if (no_room) return fail(ErrorCode::kExhausted, "the disk is full");
    return real_.keep_fork(origin, seen, other);
  }
  [[nodiscard]] const FolderMemory& real() const { return real_; }

  MemoryLogStore::Fault next_fault = MemoryLogStore::Fault::kNone;
  bool no_room = false;

 private:
  FolderMemory real_;
};

class WitnessTest : public LogsTest {
 protected:
  WitnessTest() { restart_witness(); }
  void restart_witness() {
    witness_ = std::make_unique<Witness>(
        std::vector{key()}, test_signer("witness", 9, KeyType::kCosignature), memory_,
        [this](const std::string& line) { reports_.push_back(line); });
  }
  Note note() { return *Note::parse(as_text(*read_whole(file("checkpoint"), kMostNoteBytes))); }
  // What the log itself would send, knowing the witness to be at `old`.
  AddCheckpoint request(std::uint64_t old) {
    AddCheckpoint made{old, {}, note().bytes()};
    if (old == 0) return made;
    FolderFetcher from(folder_ / "sakura");
    TileNodes nodes(from, shown().size);
    made.proof = consistency_proof(old, shown().size, nodes).value();
    return made;
  }
  WitnessAnswer add(const AddCheckpoint& request) {
    return witness_->add_checkpoint(request.text(), now_);
  }
  // A log of the same key with another past.
  void fork(std::uint64_t count) {
    std::filesystem::remove_all(folder_ / "sakura");
    store_ = MemoryLogStore();
    for (std::uint64_t i = 0; i < count; ++i) store_.append("sakura", test_entry(i + 1'000));
    restart();
    publish();
  }

  // A checkpoint of the log's key over entries that nobody saw.
  std::string another_root(std::uint64_t size, std::uint8_t which) {
    return sign_checkpoint({key().name, size, Hash{which}},
                           *signers_.signer_of("sakura", key().name), now_)
        .bytes();
  }
  // The kept notes that the log's key signed, each whole.
  std::vector<SignedCheckpoint> kept() {
    std::vector<SignedCheckpoint> all;
    std::error_code none;
    for (const auto& one :
         std::filesystem::directory_iterator(memory_.real().forks_of(key().name), none)) {
      auto opened = open_checkpoint(as_text(*read_whole(one.path(), kMostNoteBytes)), key(), {});
      EXPECT_TRUE(opened) << one.path();
      if (opened) all.push_back(*std::move(opened));
    }
    return all;
  }

  FaultyMemory memory_{folder_ / "witness"};
  std::vector<std::string> reports_;
  std::unique_ptr<Witness> witness_;
};

TEST_F(WitnessTest, CosignsATreeThatGrows) {
  append(5);
  publish();
  std::uint64_t old = 0;
  for (const std::uint64_t step : {0, 0, 3, 300}) {
    append(step);
    publish();
    const WitnessAnswer answer = add(request(old));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto cosigned = Note::parse(note().text + "\n" + answer.body);
    ASSERT_TRUE(cosigned);
    const VerifierKey keys[] = {test_signer("witness", 9, KeyType::kCosignature).verifier()};
    EXPECT_EQ(check_signatures(*cosigned, keys)->size(), 1U);
    old = shown().size;
    restart_witness();
  }
}

TEST_F(WitnessTest, AnswersAsTheSpecificationSays) {
  append(5);
  publish();
  EXPECT_EQ(witness_->add_checkpoint("", now_).status, 400);
  EXPECT_EQ(witness_->add_checkpoint("old 0\n\nnot a checkpoint\n", now_).status, 400);
  EXPECT_EQ(witness_->add_checkpoint("old 00\n\n" + note().bytes(), now_).status, 400);
  EXPECT_EQ(witness_->add_checkpoint("old 0\nAAAA\n\n" + note().bytes(), now_).status, 400);
  EXPECT_EQ(add({9, {}, note().bytes()}).status, 400);
  EXPECT_EQ(add({0, {empty_root()}, note().bytes()}).status, 422);

  const NoteSigner stranger = test_signer("stranger", 3);
  EXPECT_EQ(add({0, {}, sign_checkpoint({"stranger", 1, {}}, stranger, now_).bytes()}).status, 404);
  const NoteSigner impostor = test_signer(key().name, 3);
  EXPECT_EQ(add({0, {}, sign_checkpoint({key().name, 1, {}}, impostor, now_).bytes()}).status, 403);
  Note torn = note();
  torn.signatures[0].blob[3] ^= 1;
  EXPECT_EQ(add({0, {}, torn.bytes()}).status, 403);

  ASSERT_EQ(add(request(0)).status, 200);
  append(2);
  publish();
  const WitnessAnswer stale = add(request(0));
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.body, "5\n");
  EXPECT_EQ(stale.content_type, "text/x.tlog.size");
  AddCheckpoint bad = request(5);
  bad.proof[0][0] ^= 1;
  EXPECT_EQ(add(bad).status, 422);
  EXPECT_EQ(add(request(5)).status, 200);
}

TEST_F(WitnessTest, NamesAForkAndKeepsBothItsCheckpoints) {
  append(5);
  publish();
  ASSERT_EQ(add(request(0)).status, 200);
  fork(5);
  EXPECT_EQ(add(request(5)).status, 409);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_NE(reports_.back().find("a fork: two roots were signed for size 5; both checkpoints are"),
            std::string::npos);
  const auto notes = kept();
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0].checkpoint.size, notes[1].checkpoint.size);
  EXPECT_NE(notes[0].checkpoint.root, notes[1].checkpoint.root);

  // Whoever brings it again, however, says nothing new.
  AddCheckpoint again = request(5);
  again.checkpoint += signature_line(test_signer("stranger", 3).sign("another text\n", now_));
  EXPECT_EQ(add(again).status, 409);
  again.old_size = 3;
  EXPECT_EQ(add(again).status, 409);
  EXPECT_EQ(kept().size(), 2U);
  EXPECT_EQ(reports_.size(), 1U);
}

TEST_F(WitnessTest, AForkIsSeenWhateverOldSizeItsSenderNames) {
  append(5);
  publish();
  ASSERT_EQ(add(request(0)).status, 200);
  EXPECT_EQ(add({0, {}, another_root(5, 1)}).status, 409);
  EXPECT_EQ(kept().size(), 2U);
}

// The log signed the checkpoint; the proof beside it is whose who sent it.
TEST_F(WitnessTest, AWrongProofIsNoEvidenceAgainstTheLogAndTakesNoRoom) {
  append(5);
  publish();
  ASSERT_EQ(add(request(0)).status, 200);
  for (int i = 0; i < 100; ++i) {
    append(1);
    publish();
    EXPECT_EQ(add({5, {}, note().bytes()}).status, 422);
  }
  EXPECT_TRUE(kept().empty());
  EXPECT_EQ(reports_.size(), 1U) << "a line every ten minutes is enough";
  witness_->add_checkpoint(AddCheckpoint{5, {}, note().bytes()}.text(),
                           now_ + std::chrono::minutes(10));
  ASSERT_EQ(reports_.size(), 2U);
  EXPECT_NE(reports_.back().find("(99 more before)"), std::string::npos) << reports_.back();

  EXPECT_EQ(add({5, {}, another_root(5, 1)}).status, 409);
  EXPECT_EQ(kept().size(), 2U);
  EXPECT_NE(reports_.back().find("are kept as evidence"), std::string::npos);
}

TEST_F(WitnessTest, SaysThatAForkCouldNotBeKept) {
  append(5);
  publish();
  ASSERT_EQ(add(request(0)).status, 200);
  for (std::uint8_t which = 1; which <= 100; ++which)
    EXPECT_EQ(add({5, {}, another_root(5, which)}).status, 409);
  EXPECT_EQ(kept().size(), 64U);
  EXPECT_NE(reports_.back().find("could NOT be kept as evidence"), std::string::npos)
      << reports_.back();

  restart_witness();
  memory_.no_room = true;
  EXPECT_EQ(add({5, {}, another_root(5, 101)}).status, 409);
  EXPECT_NE(reports_.back().find("could NOT be kept as evidence: the disk is full"),
            std::string::npos);
}

TEST_F(WitnessTest, NothingLeavesBeforeItIsDurable) {
  append(5);
  publish();
  for (const auto fault : {MemoryLogStore::Fault::kFailed, MemoryLogStore::Fault::kFailedButKept}) {
    memory_.next_fault = fault;
    EXPECT_EQ(add(request(0)).status, 500);
    restart_witness();
  }
  // It was kept the second time: the log finds out and goes on.
  EXPECT_EQ(add(request(0)).status, 409);
  EXPECT_EQ(add(request(5)).status, 200);
}

TEST_F(WitnessTest, TwoProcessesOnOneFolderDoNotOverwriteEachOther) {
  FolderMemory memory(folder_ / "other");
  EXPECT_TRUE(*memory.replace("o", std::nullopt, "first\n"));
  EXPECT_FALSE(*memory.replace("o", std::nullopt, "second\n"));
  EXPECT_FALSE(*memory.replace("o", "something else\n", "second\n"));
  EXPECT_TRUE(*memory.replace("o", "first\n", "second\n"));
  EXPECT_EQ(**memory.seen("o"), "second\n");
}

// ---- the log's side

class WitnessPoster final : public Poster {
 public:
  explicit WitnessPoster(std::function<WitnessAnswer(const std::string&)> answer)
      : answer_(std::move(answer)) {}
  Result<Answer> post(const std::string& url, const std::string& body) override {
    EXPECT_EQ(url, "http://witness/add-checkpoint");
    ++posts;
    if (away) return fail(ErrorCode::kUnavailable, "nobody answers");
    const WitnessAnswer answer = answer_(body);
    return Answer{answer.status, answer.body};
  }
  std::atomic<bool> away = false;
  std::atomic<int> posts = 0;

 private:
  std::function<WitnessAnswer(const std::string&)> answer_;
};

// What a vault runs: threads, patience and all.
class DeskTest : public WitnessTest {
 protected:
  void SetUp() override { start_desk(std::chrono::minutes(1)); }
  void TearDown() override {
    if (held_.owns_lock()) held_.unlock();
    desk_.reset();
  }
  void start_desk(std::chrono::milliseconds patience) {
    desk_.reset();
    auto poster = std::make_unique<WitnessPoster>([this](const std::string& body) {
      const std::lock_guard until_let_go(gate_);
      return witness_->add_checkpoint(body, now_);
    });
    poster_ = poster.get();
    std::vector<WitnessDesk::Witnessed> witnesses(1);
    witnesses[0] = {{"http://witness", witness_key_}, {"sakura"}, std::move(poster)};
    desk_ = std::make_unique<WitnessDesk>(std::move(witnesses), clock_, patience,
                                          [](const WitnessStanding&) {});
    restart();
    logs_->set_cosigning(*desk_);
  }
  bool cosigned() {
    FolderFetcher from(folder_ / "sakura");
    return !verify_log(from, {key(), {witness_key_}, {}, {}})->finding;
  }
  WitnessStanding standing() { return desk_->standings("sakura").at(0); }
  void wait_for(WitnessState state) {
    while (standing().state != state) std::this_thread::yield();
  }

  const VerifierKey witness_key_ = test_signer("witness", 9, KeyType::kCosignature).verifier();
  ManualClock clock_{now_};
  std::mutex gate_;
  std::unique_lock<std::mutex> held_{gate_, std::defer_lock};  // while it is, the witness is slow
  WitnessPoster* poster_ = nullptr;
  std::unique_ptr<WitnessDesk> desk_;
};

TEST_F(DeskTest, ACheckpointIsShownWithItsCosignature) {
  append(5);
  publish();
  EXPECT_TRUE(cosigned());
  append(300);
  publish();
  EXPECT_TRUE(cosigned());
  EXPECT_EQ(poster_->posts, 2);
  EXPECT_EQ(standing().state, WitnessState::kInStep);
  EXPECT_EQ(standing().cosigned, 305U);
  append(3, "wakaba");
  publish();
  EXPECT_EQ(poster_->posts, 2) << "it is no witness of that log";
}

TEST_F(DeskTest, AWitnessThatIsAwayHoldsNothingUpAndCatchesUpThoughNothingIsAdded) {
  poster_->away = true;
  append(10);
  publish();
  EXPECT_EQ(shown().size, 10U);
  EXPECT_FALSE(cosigned());
  EXPECT_EQ(standing().state, WitnessState::kAway);
  append(1);
  publish();
  EXPECT_EQ(poster_->posts, 1) << "it is left alone for a while";
  poster_->away = false;
  clock_.advance(std::chrono::seconds(2));
  append(1);
  publish();  // wakes the thread
  wait_for(WitnessState::kInStep);
  publish();
  EXPECT_EQ(shown().size, 12U);
  EXPECT_TRUE(cosigned());
}

TEST_F(DeskTest, WhatComesLateIsShownLater) {
  start_desk(std::chrono::milliseconds(0));
  held_.lock();
  append(4);
  publish();
  EXPECT_EQ(shown().size, 4U);
  EXPECT_FALSE(cosigned());
  held_.unlock();
  wait_for(WitnessState::kInStep);
  publish();
  EXPECT_TRUE(cosigned());
}

TEST_F(DeskTest, AfterARestartTheWitnessSaysWhereItStands) {
  append(5);
  publish();
  start_desk(std::chrono::minutes(1));
  append(1);
  publish();
  EXPECT_TRUE(cosigned());
  EXPECT_EQ(poster_->posts, 2);
}

TEST_F(DeskTest, ItSaysThatTheWitnessHasSeenAnotherHistory) {
  append(5);
  publish();
  desk_.reset();
  fork(5);
  start_desk(std::chrono::minutes(1));
  publish();
  EXPECT_FALSE(cosigned());
  EXPECT_EQ(standing().state, WitnessState::kAnotherHistory);
  desk_.reset();
  fork(3);
  start_desk(std::chrono::minutes(1));
  publish();
  EXPECT_EQ(standing().state, WitnessState::kAnotherHistory);
  EXPECT_NE(standing().trouble.find("it has seen 5 entries"), std::string::npos);
}

// ---- whose turn it is

class TurnsTest : public testing::Test {
 protected:
  void away(const std::string& log) {
    turns_.failed(log, {ErrorCode::kUnavailable, "no answer"}, clock_.mono(), clock_.now());
  }
  std::optional<std::string> next() { return turns_.next(clock_.mono()); }

  ManualClock clock_{*parse_utc("2026-11-22T03:00:00Z")};
  WitnessTurns turns_{"witness"};
};

TEST_F(TurnsTest, TheLongestWaitingIsNext) {
  turns_.want("wakaba", 1, clock_.now());
  turns_.want("sakura", 1, clock_.now());
  EXPECT_EQ(next(), "wakaba");
  turns_.cosigned("wakaba", 1, clock_.now());
  turns_.want("wakaba", 2, clock_.now());
  EXPECT_EQ(next(), "sakura");
}

TEST_F(TurnsTest, WhatWasCosignedMeanwhileIsAskedAgainWhenItGrew) {
  turns_.want("sakura", 1, clock_.now());
  turns_.want("sakura", 2, clock_.now());
  turns_.cosigned("sakura", 1, clock_.now());
  EXPECT_EQ(next(), "sakura");
  turns_.cosigned("sakura", 2, clock_.now());
  EXPECT_EQ(next(), std::nullopt);
  EXPECT_EQ(turns_.due(), std::nullopt);
}

TEST_F(TurnsTest, OneThatIsAwayIsLeftAloneLongerAndLongerWithAllItsLogs) {
  turns_.want("sakura", 1, clock_.now());
  turns_.want("wakaba", 1, clock_.now());
  std::chrono::seconds sum{};
  for (const int off : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
    const auto log = next();
    ASSERT_TRUE(log);
    away(*log);
    EXPECT_EQ(next(), std::nullopt);
    EXPECT_EQ(turns_.due(), clock_.mono() + std::chrono::seconds(off));
    clock_.advance(std::chrono::seconds(off));
    sum += std::chrono::seconds(off);
  }
  EXPECT_EQ(turns_.standing("wakaba")->state, WitnessState::kAway);
  EXPECT_FALSE(turns_.is_awaited("sakura"));
  turns_.cosigned("sakura", 1, clock_.now());
  EXPECT_EQ(next(), "wakaba");
}

TEST_F(TurnsTest, ARefusedLogDoesNotHoldUpTheOthers) {
  turns_.want("sakura", 1, clock_.now());
  turns_.want("wakaba", 1, clock_.now());
  turns_.failed("sakura", {ErrorCode::kDenied, "404"}, clock_.mono(), clock_.now());
  EXPECT_EQ(next(), "wakaba");
  turns_.cosigned("wakaba", 1, clock_.now());
  EXPECT_EQ(next(), std::nullopt);
  EXPECT_EQ(turns_.standing("sakura")->state, WitnessState::kRefuses);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(next(), "sakura");
}

TEST_F(TurnsTest, NobodyWaitsForOneThatCameLateTheLastTime) {
  turns_.want("sakura", 1, clock_.now());
  EXPECT_TRUE(turns_.is_awaited("sakura"));
  turns_.cosigned("sakura", 1, clock_.now());
  turns_.was_late("sakura", true);
  turns_.want("sakura", 2, clock_.now());
  EXPECT_FALSE(turns_.is_awaited("sakura"));
  turns_.was_late("sakura", false);
  EXPECT_TRUE(turns_.is_awaited("sakura"));
}

}  // namespace
}  // namespace madoguchi::ledger
