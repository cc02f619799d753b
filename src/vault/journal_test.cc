#include "vault/journal.h"

#include <gtest/gtest.h>

namespace madoguchi::vault {
namespace {

const Time kNow = *parse_utc("2026-11-22T03:00:00.000001Z");

TEST(Journal, ALineIsCanonicalJsonThatCarriesTheDigestBefore) {
  const JournalLine first = next_line({}, kNow, {"vault_started", {}});
  EXPECT_EQ(first.json, R"({"body":{},"kind":"vault_started","previous":")" + std::string(64, '0') +
                            R"(","sequence":1,"time":"2026-11-22T03:00:00.000001Z"})");
  const JournalLine second = next_line(
      {first.sequence, first.digest}, kNow,
      {"wish_kept",
       {{"wish", std::string("a\"b\\c\n")}, {"other_line", true}, {"count", std::int64_t{3}}}});
  EXPECT_EQ(second.json,
            R"({"body":{"count":3,"other_line":true,"wish":"a\"b\\c\u000a"},"kind":"wish_kept",)"
            R"("previous":")" +
                first.digest + R"(","sequence":2,"time":"2026-11-22T03:00:00.000001Z"})");
}

TEST(Journal, AChangedMissingOrSwappedLineShows) {
  JournalHead head;
  std::vector<JournalLine> lines;
  for (int i = 0; i < 3; ++i) {
    lines.push_back(next_line(head, kNow, {"k", {{"i", std::int64_t{i}}}}));
    head = {lines.back().sequence, lines.back().digest};
  }
  const auto after_first = verify_line({}, lines[0]);
  ASSERT_TRUE(after_first);
  EXPECT_TRUE(verify_line(*after_first, lines[1]));
  EXPECT_FALSE(verify_line(*after_first, lines[2]));
  JournalLine changed = lines[1];
  changed.json.replace(changed.json.find("\"i\":1"), 5, "\"i\":7");
  EXPECT_FALSE(verify_line(*after_first, changed));
  // A forger who also computes the digest of the changed line breaks the next link.
  const JournalLine forged = next_line(*after_first, kNow, {"k", {{"i", std::int64_t{7}}}});
  const auto after_forged = verify_line(*after_first, forged);
  ASSERT_TRUE(after_forged);
  EXPECT_FALSE(verify_line(*after_forged, lines[2]));
}

}  // namespace
}  // namespace madoguchi::vault
