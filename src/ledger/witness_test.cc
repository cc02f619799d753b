#include "ledger/witness.h"

#include "ledger/cosigner.h"
#include "ledger/testing.h"
#include "ledger/tile_nodes.h"
#include "ledger/verify.h"

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
  Result<void> keep_evidence(const std::string& origin, const std::string& note) override {
    return real_.keep_evidence(origin, note);
  }
  [[nodiscard]] const FolderMemory& real() const { return real_; }

  MemoryLogStore::Fault next_fault = MemoryLogStore::Fault::kNone;

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

TEST_F(WitnessTest, NamesAForkAndKeepsTheEvidence) {
  append(5);
  publish();
  ASSERT_EQ(add(request(0)).status, 200);
  fork(5);
  EXPECT_EQ(add(request(5)).status, 409);
  ASSERT_FALSE(reports_.empty());
  EXPECT_NE(reports_.back().find("fork"), std::string::npos);
  fork(8);
  EXPECT_EQ(add(request(5)).status, 422);
  const auto evidence = memory_.real().evidence_of(key().name);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(evidence), {}), 2);
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
  bool away = false;
  int posts = 0;

 private:
  std::function<WitnessAnswer(const std::string&)> answer_;
};

TEST_F(WitnessTest, TheLogBringsItsCheckpointsToTheWitness) {
  const VerifierKey witness_key = test_signer("witness", 9, KeyType::kCosignature).verifier();
  WitnessPoster poster(
      [&](const std::string& body) { return witness_->add_checkpoint(body, now_); });
  auto cosigner = std::make_unique<Cosigner>(
      std::vector{WitnessAddress{"http://witness", witness_key}}, poster);
  logs_->set_cosigning([&](const Log& log, const Note& checkpoint) {
    FolderFetcher tiles(log.folder());
    return cosigner->cosign(checkpoint, tiles);
  });
  const auto cosigned = [&] {
    FolderFetcher from(folder_ / "sakura");
    return !verify_log(from, {key(), {witness_key}, {}, {}})->finding;
  };
  append(5);
  publish();
  EXPECT_TRUE(cosigned());
  append(300);
  publish();
  EXPECT_TRUE(cosigned());
  EXPECT_EQ(poster.posts, 2);

  // A witness that is away holds nothing up, and catches up later.
  poster.away = true;
  append(10);
  publish();
  EXPECT_EQ(shown().size, 315U);
  EXPECT_FALSE(cosigned());
  EXPECT_EQ(cosigner->troubles().size(), 1U);
  poster.away = false;
  // After a restart the log has forgotten where the witness stands and is told (409).
  cosigner = std::make_unique<Cosigner>(std::vector{WitnessAddress{"http://witness", witness_key}},
                                        poster);
  append(1);
  publish();
  EXPECT_TRUE(cosigned());
}

}  // namespace
}  // namespace madoguchi::ledger
