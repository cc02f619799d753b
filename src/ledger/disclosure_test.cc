#include "ledger/disclosure.h"

#include "base/sealing.h"
#include "ledger/testing.h"

namespace madoguchi::ledger {
namespace {

class DisclosureTest : public LogsTest {
 protected:
  void append_about(const std::string& subject, const Mac& key) {
    Entry entry = Entry::parse(test_entry(store_.logs["sakura"].size())).value();
    entry.subject = SubjectCommitment::make(key, subject, entropy_);
    store_.append("sakura", entry.text().value());
  }
  Disclosure about(const std::string& subject, const Mac& key) {
    std::vector<std::uint64_t> indexes;
    const auto all = store_.entries("sakura", 0, 10'000).value();
    for (std::uint64_t i = 0; i < all.size(); ++i)
      if (const auto named = subject_of(all[i].entry); named && named->is_about(key, subject))
        indexes.push_back(i);
    auto proofs = logs_->prove_all("sakura", indexes);
    EXPECT_TRUE(proofs);
    return {now_,         "oku",
            "sakura",     subject,
            key,          this->key().text(),
            proofs->size, std::move(proofs->files)};
  }
  std::string trouble(const std::string& text) {
    const auto read = Disclosure::parse(text);
    if (!read) return read.error().message;
    const auto proven = verify_disclosure(*read, key(), {});
    return proven ? "" : proven.error().message;
  }

  SystemEntropy entropy_;
  const Mac his_ = hmac_sha256(as_bytes("his"), {});
  const Mac hers_ = hmac_sha256(as_bytes("hers"), {});
};

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

TEST_F(DisclosureTest, HoldsOnePersonsEntriesAndIsProvenOffline) {
  for (int i = 0; i < 300; ++i) {
    append(1);
    if (i % 100 == 7) append_about("he", his_);
    if (i % 100 == 9) append_about("she", hers_);
  }
  publish();
  const Disclosure made = about("she", hers_);
  ASSERT_EQ(made.proofs.size(), 3U);
  const auto text = made.text();
  ASSERT_TRUE(text);
  const auto read = Disclosure::parse(*text);
  ASSERT_TRUE(read) << read.error().message;
  const auto proven = verify_disclosure(*read, key(), {});
  ASSERT_TRUE(proven) << proven.error().message;
  EXPECT_EQ(proven->entries.size(), 3U);
  EXPECT_EQ(proven->checkpoint.checkpoint.size, 306U);
  EXPECT_TRUE(is_disclosure(*text));
  EXPECT_FALSE(is_disclosure(made.proofs[0].text()));
}

TEST_F(DisclosureTest, AChangedFileIsNamed) {
  append(5);
  append_about("she", hers_);
  append_about("he", his_);
  publish();
  const std::string text = about("she", hers_).text().value();
  EXPECT_EQ(trouble(text), "");
  EXPECT_NE(trouble(replaced(text, "\"shown\"", "\"match\"")), "");
  EXPECT_NE(trouble(replaced(text, "\"subject\":\"she\"", "\"subject\":\"he\"")), "");
  EXPECT_NE(trouble(replaced(text, "\"size\":7", "\"size\":8")), "");
  EXPECT_NE(trouble(replaced(text, "index 5", "index 4")), "");
  EXPECT_NE(trouble(replaced(text, "looked.1", "looked.9")), "");
  EXPECT_NE(trouble(text.substr(0, text.size() / 2)), "");
  Disclosure of_another = about("he", his_);
  of_another.salt_key = hers_;
  EXPECT_NE(trouble(of_another.text().value()), "");
  Disclosure twice = about("she", hers_);
  twice.proofs.push_back(twice.proofs[0]);
  EXPECT_NE(trouble(twice.text().value()), "");
}

// Otherwise a key that was never used would prove that nobody ever looked.
TEST_F(DisclosureTest, AFileWithoutAnEntryProvesNothing) {
  append(1);
  append_about("she", hers_);
  publish();
  EXPECT_NE(trouble(about("she", his_).text().value()), "");
  EXPECT_EQ(trouble(about("she", hers_).text().value()), "");
}

TEST_F(DisclosureTest, AFileOfAnotherLogIsNamed) {
  append_about("she", hers_);
  publish();
  const std::string text = about("she", hers_).text().value();
  EXPECT_NE(trouble(replaced(text, "\"owner\":\"sakura\"", "\"owner\":\"momiji\"")), "");
  EXPECT_NE(trouble(replaced(text, "\"owner\":\"sakura\"", "\"owner\":\"akura\"")), "");
  Disclosure other = about("she", hers_);
  other.key = logs_->verifier_of("momiji")->text();
  EXPECT_NE(trouble(other.text().value()), "");
}

TEST(SubjectOf, IsTheOneThatTheWholeEntryNames) {
  SystemEntropy entropy;
  Entry entry = Entry::parse(test_entry(1)).value();
  EXPECT_FALSE(subject_of(entry.text().value()));
  entry.subject = SubjectCommitment::make(as_bytes("key"), "she", entropy);
  const auto found = subject_of(entry.text().value());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->nonce, entry.subject->nonce);
  EXPECT_TRUE(found->is_about(as_bytes("key"), "she"));
  const std::string text = entry.text().value();
  for (std::size_t end = 0; end < text.size(); ++end) (void)subject_of(text.substr(0, end));
}

}  // namespace
}  // namespace madoguchi::ledger
