// The small value types of this folder, each by what it promises.
#include <gtest/gtest.h>

#include <cctype>
#include <random>
#include <sstream>

#include "base/bounded_queue.h"
#include "base/bytes.h"
#include "base/config.h"
#include "base/id.h"
#include "base/personal.h"
#include "base/sealing.h"
#include "base/time.h"

namespace madoguchi {
namespace {

class SeededEntropy final : public Entropy {
 public:
  void fill(void* bytes, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i)
      static_cast<std::uint8_t*>(bytes)[i] = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937 engine_{7};
};

TEST(Id, FreshOnesSortByTime) {
  SeededEntropy entropy;
  const Time start = *parse_utc("2026-11-22T03:00:00Z");
  const auto earlier = CallId::fresh(start, entropy);
  const auto later = CallId::fresh(start + std::chrono::milliseconds(1), entropy);
  EXPECT_EQ(earlier.text().size(), 26u);
  EXPECT_LT(earlier, later);
  EXPECT_TRUE(is_valid_id(later.text()));
}

TEST(Id, RefusesWhatCouldBreakAPathOrALog) {
  for (const char* bad : {"", "a/b", "a b", "a\n", "あ"}) EXPECT_FALSE(DeskId::parse(bad)) << bad;
  EXPECT_FALSE(DeskId::parse(std::string(65, 'a')));
  EXPECT_TRUE(DeskId::parse("sakura-01_a.b"));
}

TEST(Time, TextGoesThereAndBack) {
  const Time time = time_from_micros(1'795'318'245'000'006);
  EXPECT_EQ(*parse_utc(format_utc(time)), time);
  EXPECT_EQ(format_utc(*parse_utc("2024-02-29T23:59:59.5Z")), "2024-02-29T23:59:59.500000Z");
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* bad : {"", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
                          "2026-01-01T00:00:00.Z", "2026-01-01 00:00:00Z", "2026-1-1T0:0:0Z"})
    EXPECT_FALSE(parse_utc(bad)) << bad;
}

TEST(Personal, PrintsNothing) {
  const Personal<std::string> number("0312345678");
  std::ostringstream out;
  out << number;
  EXPECT_EQ(out.str(), "[redacted]");
  EXPECT_EQ(fmt::format("{}", number), "[redacted]");
}

TEST(Bytes, TextFormsAreStrict) {
  const Bytes bytes{0x00, 0xff, 0x10};
  EXPECT_EQ(to_hex(bytes), "00ff10");
  EXPECT_EQ(*from_hex("00FF10"), bytes);
  EXPECT_EQ(*from_base64(to_base64(bytes)), bytes);
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("zz"));
  EXPECT_FALSE(from_base64("AP8"));
  EXPECT_FALSE(from_base64("AP 8Q"));
  // Each byte that is no letter of the alphabet, at one place (libsodium alone takes some).
  for (int byte = 0; byte < 256; ++byte) {
    const char letter = static_cast<char>(byte);
    const bool in_alphabet = std::isalnum(byte) != 0 || letter == '+' || letter == '/';
    EXPECT_EQ(from_base64(std::string("A") + letter + "AA").has_value(), in_alphabet) << byte;
  }
}

TEST(Sealing, OnlyTheOwnerOpens) {
  const SealKeyPair owner = fresh_seal_key_pair();
  const SealKeyPair other = fresh_seal_key_pair();
  Bytes sealed = seal(as_bytes("0312345678"), owner.public_key);
  EXPECT_EQ(as_text(*unseal(sealed, owner)), "0312345678");
  EXPECT_FALSE(unseal(sealed, other));
  sealed[40] ^= 1;
  EXPECT_FALSE(unseal(sealed, owner));
  EXPECT_FALSE(unseal({}, owner));
}

TEST(Sealing, ASessionSharesItsWorkForASecondAndThenForgetsIt) {
  const SealKeyPair owner = fresh_seal_key_pair();
  SealingSession session(owner.public_key);
  const MonoTime start(std::chrono::seconds(5));
  const Bytes first = session.seal(as_bytes("0312345678"), start);
  const Bytes second = session.seal(as_bytes("0312345678"), start + std::chrono::milliseconds(999));
  EXPECT_EQ(session_of(first), session_of(second));
  EXPECT_NE(first, second);  // each has its own nonce
  EXPECT_EQ(session.ends(), start + SealingSession::kLife);
  session.forget_old(start + std::chrono::milliseconds(999));
  EXPECT_TRUE(session.ends());
  session.forget_old(start + SealingSession::kLife);
  EXPECT_FALSE(session.ends());
  const Bytes third = session.seal(as_bytes("0312345678"), start + SealingSession::kLife);
  EXPECT_NE(session_of(first), session_of(third));
  for (const Bytes& sealed : {first, second, third})
    EXPECT_EQ(as_text(*unseal(sealed, owner)), "0312345678");
}

TEST(Config, NamesFileKeyAndCause) {
  auto config = Config::from_text("[sip]\nport = 70000\n", "exchange.toml");
  ASSERT_TRUE(config);
  Config sip = config->table("sip");
  sip.integer("port", 1, 65535);
  EXPECT_EQ(config->finish().error().message,
            "exchange.toml: sip.port: must be a whole number from 1 to 65535");
}

TEST(Config, AMisspeltKeyIsAnError) {
  auto config = Config::from_text("prot = 5060\n", "x.toml");
  ASSERT_TRUE(config);
  config->integer_or("port", 5060, 1, 65535);
  EXPECT_EQ(config->finish().error().message, "x.toml: prot: is not a setting");
}

TEST(Config, KeysOfTablesInAListAreChecked) {
  auto config = Config::from_text("[[desk]]\nid = \"a\"\nnmae = \"b\"\n", "x.toml");
  ASSERT_TRUE(config);
  for (Config& desk : config->tables("desk")) desk.text("id");
  EXPECT_EQ(config->finish().error().message, "x.toml: desk[0].nmae: is not a setting");
}

TEST(Config, BrokenTomlNamesTheLine) {
  const auto config = Config::from_text("a = 1\nb = = 2\n", "x.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message.substr(0, 14), "x.toml: line 2");
}

TEST(BoundedQueue, SaysWhenItIsFull) {
  BoundedQueue<int> queue(2);
  bool was_empty = false;
  EXPECT_TRUE(queue.push(1, &was_empty));
  EXPECT_TRUE(was_empty);
  EXPECT_TRUE(queue.push(2, &was_empty));
  EXPECT_FALSE(was_empty);
  EXPECT_FALSE(queue.push(3));
  std::vector<int> got;
  queue.drain(got);
  EXPECT_EQ(got, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace madoguchi
