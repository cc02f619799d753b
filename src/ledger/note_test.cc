#include "ledger/note.h"

#include <gtest/gtest.h>

#include "ledger/checkpoint.h"
#include "ledger/proof_file.h"
#include "ledger/testing.h"

namespace madoguchi::ledger {
namespace {

const Time kAt = *parse_utc("2026-11-22T03:00:00Z");

TEST(VerifierKey, ReadsTheExampleOfGosSumdbNote) {
  const std::string text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const auto key = VerifierKey::parse(text);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->name, "PeterNeumann");
  EXPECT_EQ(key->type, KeyType::kEd25519);
  EXPECT_EQ(to_hex(key->hash()), "c74f20a3");
  EXPECT_EQ(key->text(), text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    ++changed[i];
    EXPECT_FALSE(VerifierKey::parse(changed)) << changed;
    EXPECT_FALSE(VerifierKey::parse(text.substr(0, i)));
  }
}

TEST(VerifierKey, ALogsKeyIsNoWitnesssAndAWitnesssNoLogs) {
  const KeyType types[] = {KeyType::kEd25519, KeyType::kCosignature};
  for (const KeyType type : types)
    for (const KeyType wanted : types) {
      const std::string text = test_signer("example.org", 1, type).verifier().text();
      EXPECT_EQ(VerifierKey::parse(text, wanted).has_value(), type == wanted) << text;
    }
  EXPECT_FALSE(VerifierKey::parse("example.org", KeyType::kCosignature));
}

TEST(VerifierKey, NamesHoldNoSpaceAndNoPlus) {
  for (const char* name : {"", "a b", "a+b", "a\tb", "a\u3000b", "a\u00a0b", "\xff", "a\x01"})
    EXPECT_FALSE(is_key_name(name)) << name;
  for (const char* name : {"a", "vault.example.jp/log/sakura", "窓口"})
    EXPECT_TRUE(is_key_name(name));
}

TEST(Note, IsReadBackAndVerifies) {
  const NoteSigner log = test_signer("example.org/log", 1);
  Note note{"first\n\nsecond, after a blank line\n", {}};
  note.signatures.push_back(log.sign(note.text, kAt));
  const auto read = Note::parse(note.bytes());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text, note.text);
  const VerifierKey keys[] = {log.verifier()};
  EXPECT_EQ(check_signatures(*read, keys)->size(), 1U);
}

TEST(Note, UnknownKeysAreIgnoredAndKnownOnesMustBeRight) {
  const NoteSigner log = test_signer("log", 1);
  const NoteSigner same_name = test_signer("log", 2);
  const NoteSigner stranger = test_signer("stranger", 3);
  Note note{"text\n", {}};
  for (int i = 0; i < 15; ++i) note.signatures.push_back(stranger.sign(note.text, kAt));
  note.signatures.push_back(same_name.sign("other text\n", kAt));
  note.signatures.push_back(log.sign(note.text, kAt));
  note.signatures.push_back(log.sign("a second one, of which only the first counts\n", kAt));
  auto read = Note::parse(note.bytes());
  ASSERT_TRUE(read);
  const VerifierKey keys[] = {log.verifier()};
  ASSERT_EQ(check_signatures(*read, keys)->size(), 1U);
  const VerifierKey both[] = {log.verifier(), same_name.verifier()};
  EXPECT_FALSE(check_signatures(*read, both));
}

TEST(Note, CosignaturesCarryTheirTime) {
  const NoteSigner witness = test_signer("witness", 4, KeyType::kCosignature);
  Note note{"text\n", {witness.sign("text\n", kAt)}};
  const VerifierKey keys[] = {witness.verifier()};
  const auto checked = check_signatures(note, keys);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->at(0).seen_at, 1'795'316'400U);  // date -ud 2026-11-22T03:00:00 +%s
  note.signatures[0].blob[7] ^= 1;
  EXPECT_FALSE(check_signatures(note, keys));
}

TEST(Note, RefusesWhatIsNone) {
  const std::string line = "— name " + madoguchi::to_base64(Bytes(68, 7)) + "\n";
  EXPECT_TRUE(Note::parse("text\n\n" + line));
  for (const std::string& bytes :
       {std::string(), std::string("text\n"), "text\n" + line, std::string("text\n\n"),
        "text\n\n" + line + "x\n", "text\n\n" + line.substr(0, line.size() - 1),
        "te\rxt\n\n" + line, "te\xffxt\n\n" + line, std::string("text\n\n- name AAAAAAA=\n"),
        std::string("text\n\n— name\n"), std::string("text\n\n— name AAAA\n"),
        std::string("text\n\n— na me AAAAAAA=\n"), std::string("text\n\n—  AAAAAAA=\n"),
        std::string(kMostNoteBytes + 1, 'x')})
    EXPECT_FALSE(Note::parse(bytes)) << bytes.substr(0, 100);
  std::string many = "text\n\n";
  for (std::size_t i = 0; i <= kMostSignatures; ++i) many += line;
  EXPECT_FALSE(Note::parse(many));
}

TEST(Checkpoint, IsThreeLinesAndNothingElse) {
  const std::string root = to_base64(empty_root());
  const auto read = Checkpoint::parse("example.org/log\n0\n" + root + "\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->origin, "example.org/log");
  EXPECT_EQ(read->text(), "example.org/log\n0\n" + root + "\n");
  EXPECT_TRUE(Checkpoint::parse("o\n9223372036854775807\n" + root + "\n"));
  const struct {
    std::string text;
    const char* line;
  } rows[] = {
      {"o\n01\n" + root + "\n", "line 2"},  {"o\n-1\n" + root + "\n", "line 2"},
      {"o\n\n" + root + "\n", "line 2"},    {"o\n9223372036854775808\n" + root + "\n", "line 2"},
      {"o\n1 \n" + root + "\n", "line 2"},  {"\n1\n" + root + "\n", "line 1"},
      {"a b\n1\n" + root + "\n", "line 1"}, {"o\n1\n" + root.substr(0, 40) + "\n", "line 3"},
      {"o\n1\n" + root, "line 3"},          {"o\n1\n" + root + "\nextension\n", "line 4"}};
  for (const auto& row : rows) {
    const auto refused = Checkpoint::parse(row.text);
    ASSERT_FALSE(refused) << row.text;
    EXPECT_NE(refused.error().message.find(row.line), std::string::npos) << refused.error().message;
  }
}

TEST(Checkpoint, OpensWithTheLogsKeyAlone) {
  const NoteSigner log = test_signer("log", 1);
  const NoteSigner witness = test_signer("witness", 2, KeyType::kCosignature);
  Note note = sign_checkpoint({"log", 0, empty_root()}, log, kAt);
  note.signatures.push_back(witness.sign(note.text, kAt));
  const VerifierKey witnesses[] = {witness.verifier()};
  const auto opened = open_checkpoint(note.bytes(), log.verifier(), witnesses);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->cosignatures.size(), 1U);
  EXPECT_FALSE(open_checkpoint(note.bytes(), test_signer("log", 9).verifier(), {}));
  EXPECT_FALSE(open_checkpoint(note.bytes(), test_signer("other", 1).verifier(), {}));
  note.signatures.erase(note.signatures.begin());
  EXPECT_FALSE(open_checkpoint(note.bytes(), log.verifier(), witnesses));
}

class ProofFileTest : public testing::Test {
 protected:
  ProofFileTest() {
    const Hash one = leaf_hash(as_bytes("one"));
    const Hash two = leaf_hash(as_bytes("two"));
    file_.index = 1;
    file_.proof = {one};
    file_.extra = Bytes{'t', 'w', 'o'};
    Note note = sign_checkpoint({"log", 2, node_hash(one, two)}, log_, kAt);
    note.signatures.push_back(witness_.sign(note.text, kAt));
    file_.checkpoint = note.bytes();
  }
  NoteSigner log_ = test_signer("log", 1);
  NoteSigner witness_ = test_signer("witness", 2, KeyType::kCosignature);
  ProofFile file_;
};

TEST_F(ProofFileTest, IsReadBackAndVerifies) {
  const auto read = ProofFile::parse(file_.text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text(), file_.text());
  const VerifierKey witnesses[] = {witness_.verifier()};
  EXPECT_TRUE(verify_proof_file(*read, as_bytes("two"), log_.verifier(), witnesses));
  EXPECT_FALSE(verify_proof_file(*read, as_bytes("three"), log_.verifier(), witnesses));
  const VerifierKey others[] = {test_signer("other", 3, KeyType::kCosignature).verifier()};
  EXPECT_FALSE(verify_proof_file(*read, as_bytes("two"), log_.verifier(), others));
}

TEST_F(ProofFileTest, NamesTheLineThatIsWrong) {
  const std::string text = file_.text();
  EXPECT_FALSE(ProofFile::parse(text.substr(1)));
  const auto replaced = [&](const std::string& what, const std::string& with) {
    std::string changed = text;
    changed.replace(changed.find(what), what.size(), with);
    const auto parsed = ProofFile::parse(changed);
    return parsed ? "taken" : parsed.error().message;
  };
  EXPECT_NE(replaced("extra ", "extra !").find("line 2"), std::string::npos);
  EXPECT_NE(replaced("index 1", "index 01").find("line 3"), std::string::npos);
  EXPECT_NE(replaced("index 1", "at 1").find("line 3"), std::string::npos);
  EXPECT_NE(replaced(to_base64(file_.proof[0]), "AAAA").find("line 4"), std::string::npos);
  std::string many;
  for (int i = 0; i < 64; ++i) many += to_base64(file_.proof[0]) + "\n";
  EXPECT_NE(replaced(to_base64(file_.proof[0]) + "\n", many).find("at most 63"), std::string::npos);
  EXPECT_NE(replaced("\n\n", "\n").find("line 5"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::ledger
