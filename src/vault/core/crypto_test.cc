#include "vault/core/crypto.h"

#include <gtest/gtest.h>

#include "base/id.h"

namespace madoguchi::vault {
namespace {

TEST(Wrap, OpensOnlyInItsOwnPlaceWithItsOwnKey) {
  const Secret key = Secret::random(kKeyBytes);
  const Place place{"sakura", "token", "1"};
  const std::string wrapped = wrap(as_bytes("thirty-two bytes of a secret key"), key, place);
  const auto opened = unwrap(wrapped, key, place);
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(opened->reveal()), "thirty-two bytes of a secret key");
  EXPECT_FALSE(unwrap(wrapped, Secret::random(kKeyBytes), place));
  for (const Place& other : {Place{"ume", "token", "1"}, Place{"sakura", "wish", "1"},
                             Place{"sakura", "token", "2"}, Place{"sakurat", "oken", "1"}})
    EXPECT_FALSE(unwrap(wrapped, key, other));
  for (const std::string_view rubbish : {"", "AAAA", "!!!!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
    EXPECT_FALSE(unwrap(rubbish, key, place));
}

TEST(Wrap, AnyChangedByteIsNoticed) {
  const Secret key = Secret::random(kKeyBytes);
  const Place place{"", "sealing", "1"};
  const Bytes bytes = *from_base64(wrap(as_bytes("x"), key, place));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 1;
    EXPECT_FALSE(unwrap(to_base64(changed), key, place)) << i;
  }
}

TEST(KeyedMark, IsAnIdThatDiffersByKeyPurposeAndNumber) {
  const Secret one = Secret::random(kKeyBytes);
  const Secret other = Secret::random(kKeyBytes);
  const std::string mark = keyed_mark(one, "line", "+81312345678");
  EXPECT_EQ(mark.size(), 26u);
  EXPECT_TRUE(is_valid_id(mark));
  EXPECT_EQ(mark, keyed_mark(one, "line", "+81312345678"));
  EXPECT_NE(mark, keyed_mark(other, "line", "+81312345678"));
  EXPECT_NE(mark, keyed_mark(one, "redial", "+81312345678"));
  EXPECT_NE(mark, keyed_mark(one, "line", "+81312345679"));
}

TEST(Sealing, OpensWhatTheExchangeSealedAndNothingElse) {
  const SealingKeys keys = fresh_sealing_keys();
  const Bytes sealed = seal(as_bytes("0312345678"), keys.public_key);
  const auto opened = open_sealed(sealed, keys);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), "0312345678");
  EXPECT_FALSE(open_sealed(sealed, fresh_sealing_keys()));
  EXPECT_FALSE(open_sealed(ByteView(sealed).first(20), keys));
  EXPECT_FALSE(open_sealed({}, keys));
}

}  // namespace
}  // namespace madoguchi::vault
