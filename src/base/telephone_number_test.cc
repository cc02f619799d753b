#include "base/telephone_number.h"

#include <gtest/gtest.h>

namespace madoguchi {
namespace {

TEST(TelephoneNumber, ReadsEveryWayOfWritingOneNumberAlike) {
  for (const char* text :
       {"+81312345678", "0312345678", "03-1234-5678", "81312345678", "0081312345678",
        "01081312345678", "+81 (0)3 1234 5678", "+81-3-1234-5678;npdi", "(03) 1234.5678"}) {
    const auto bare = bare_number(text);
    ASSERT_TRUE(bare) << text;
    EXPECT_EQ(full_number(*bare, "+81"), "+81312345678") << text;
  }
}

TEST(TelephoneNumber, LeavesAloneWhatIsNoFullNumber) {
  for (const char* text :
       {"110", "117", "811", "8112345", "0", "00312345678", "+14155550123", "", "+", "123456789"})
    EXPECT_EQ(full_number(text, "+81"), text);
  EXPECT_FALSE(bare_number("taro"));
  EXPECT_FALSE(bare_number("03+12345678"));
  EXPECT_EQ(full_number("01014155550123", "+81"), "+14155550123");
  EXPECT_EQ(full_number("0201234567", "+44"), "+44201234567") << "other countries' national form";
  EXPECT_EQ(full_number("0044201234567", "+44"), "+44201234567");
}

}  // namespace
}  // namespace madoguchi
