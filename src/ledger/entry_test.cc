#include "ledger/entry.h"

#include <gtest/gtest.h>

#include "base/sealing.h"

namespace madoguchi::ledger {
namespace {

Entry whole_entry() {
  SystemEntropy entropy;
  Entry entry;
  entry.time = *parse_utc("2026-11-22T03:04:05.000006Z");
  entry.kind = kind::kOpening;
  entry.operator_id = "sato";
  entry.organisation = "vendor-a";
  entry.call = "01JDABC";
  entry.desk = "common";
  entry.purpose = "inquiry";
  entry.mandate = MandateRef{"m-7", 3};
  entry.fields = {"address", "name.kana"};
  entry.subject = SubjectCommitment::make(Bytes(32, 1), "subject-1", entropy);
  entry.outcome = "shown";
  entry.details = {{"count", std::int64_t{2}}, {"masked", false}, {"digest", "ab12"}};
  return entry;
}

TEST(Entry, IsWrittenInCanonicalForm) {
  Entry entry = whole_entry();
  entry.subject.reset();
  EXPECT_EQ(entry.text().value(),
            R"({"call":"01JDABC","desk":"common","details":{"count":2,"digest":"ab12",)"
            R"("masked":false},"fields":["address","name.kana"],"kind":"opening",)"
            R"("mandate":{"id":"m-7","version":3},"operator":"sato","organisation":"vendor-a",)"
            R"("outcome":"shown","purpose":"inquiry","time":"2026-11-22T03:04:05.000006Z","v":1})");
}

TEST(Entry, IsReadBack) {
  const std::string text = whole_entry().text().value();
  const auto read = Entry::parse(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text().value(), text);
  EXPECT_EQ(read->mandate->version, 3);
  EXPECT_TRUE(check_entry(text));
  EXPECT_FALSE(Entry::parse(text + "\n"));
  EXPECT_FALSE(
      Entry::parse(R"({"kind":"opening","more":1,"time":"2026-11-22T03:04:05.000006Z","v":1})"));
  EXPECT_TRUE(
      check_entry(R"({"kind":"opening","more":1,"time":"2026-11-22T03:04:05.000006Z","v":2})"));
}

TEST(Entry, HasNoPlaceForNamesAddressesOrFreeText) {
  for (const char* text : {"山田 太郎", "Taro Yamada", "a\"b", "〒150-0001", ""}) {
    Entry entry = whole_entry();
    entry.fields = {text};
    EXPECT_FALSE(entry.text()) << text;
    entry = whole_entry();
    entry.details["note"] = std::string(text);
    EXPECT_FALSE(entry.text()) << text;
    if (*text == '\0') continue;
    entry = whole_entry();
    entry.outcome = text;
    EXPECT_FALSE(entry.text()) << text;
    entry = whole_entry();
    entry.mandate->id = text;
    EXPECT_FALSE(entry.text()) << text;
  }
  Entry entry = whole_entry();
  entry.kind = "Opening!";
  EXPECT_FALSE(entry.text());
}

TEST(Entry, SubjectsCanNotBeLinkedWithoutTheirSaltKey) {
  SystemEntropy entropy;
  const Bytes salt_key(32, 7);
  const auto one = SubjectCommitment::make(salt_key, "subject-1", entropy);
  const auto other = SubjectCommitment::make(salt_key, "subject-1", entropy);
  EXPECT_NE(to_hex(one.commitment), to_hex(other.commitment));
  EXPECT_TRUE(one.is_about(salt_key, "subject-1"));
  EXPECT_TRUE(other.is_about(salt_key, "subject-1"));
  EXPECT_FALSE(one.is_about(salt_key, "subject-2"));
  EXPECT_FALSE(one.is_about(Bytes(32, 8), "subject-1"));
  EXPECT_TRUE(one.opens_with(entry_salt(salt_key, one.nonce), "subject-1"));
  EXPECT_FALSE(other.opens_with(entry_salt(salt_key, one.nonce), "subject-1"));
}

// hmac(hmac(b"\x07"*32, bytes(16)), b"madoguchi.subject.1\0subject-1") by Python's hmac, SHA-256.
TEST(Entry, CommitmentsAreComputedAsTheHeaderSays) {
  SubjectCommitment given;
  const auto commitment =
      from_hex("79755b345b5400851263ffa3e0f23ded776d42e4cd7ec36bff7aa57306bf0d89");
  std::copy(commitment->begin(), commitment->end(), given.commitment.begin());
  EXPECT_TRUE(given.is_about(Bytes(32, 7), "subject-1"));
}

}  // namespace
}  // namespace madoguchi::ledger
