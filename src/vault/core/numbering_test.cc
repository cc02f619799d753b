#include "vault/core/numbering.h"

#include <gtest/gtest.h>

#include <vector>

namespace madoguchi::vault {
namespace {

const Time kNow = *parse_utc("2026-11-22T03:00:00Z");

struct Row {
  const char* raw;
  const char* e164;
  NumberKind kind;
};

TEST(NumberingPlan, ReadsNumbersAsCarriersAndCallersGiveThem) {
  const std::vector<Row> rows = {
      {"+81312345678", "+81312345678", NumberKind::kFixed},
      {"0312345678", "+81312345678", NumberKind::kFixed},
      {"03-1234-5678", "+81312345678", NumberKind::kFixed},
      {"81312345678", "+81312345678", NumberKind::kFixed},
      {"+81(0)3-1234-5678", "+81312345678", NumberKind::kFixed},
      {"tel:+81-3-1234-5678;phone-context=x", "+81312345678", NumberKind::kFixed},
      {"01081312345678", "+81312345678", NumberKind::kFixed},
      {"0081312345678", "+81312345678", NumberKind::kFixed},
      {"1860312345678", "+81312345678", NumberKind::kFixed},
      {"09012345678", "+819012345678", NumberKind::kMobile},
      {"06012345678", "+816012345678", NumberKind::kMobile},
      {"05012345678", "+815012345678", NumberKind::kIp},
      {"02012345678", "+812012345678", NumberKind::kMachine},
      {"0120123456", "+81120123456", NumberKind::kFreephone},
      {"08001234567", "+818001234567", NumberKind::kFreephone},
      {"0990123456", "+81990123456", NumberKind::kPremium},
      {"0570123456", "+81570123456", NumberKind::kShared},
      {"110", "110", NumberKind::kService},
      {"184110", "110", NumberKind::kService},
      {"184186-110", "110", NumberKind::kService},
      {"+14155550123", "+14155550123", NumberKind::kAbroad},
      {"0101-415-555-0123", "+14155550123", NumberKind::kAbroad},
  };
  for (const Row& row : rows) {
    const auto line = NumberingPlan::japanese().read(Number(row.raw), kNow);
    ASSERT_TRUE(line) << row.raw;
    EXPECT_EQ(line->e164.reveal(), row.e164) << row.raw;
    EXPECT_EQ(line->kind, row.kind) << row.raw;
  }
}

TEST(NumberingPlan, TellsWithheldFromInvalid) {
  for (const char* raw : {"", "anonymous", "Anonymous", "unavailable", "Restricted"}) {
    const auto line = NumberingPlan::japanese().read(Number(raw), kNow);
    ASSERT_FALSE(line) << raw;
    EXPECT_EQ(line.error(), Unreadable::kWithheld) << raw;
  }
  for (const char* raw :
       {"alice", "+", "+81", "0", "090123", "0901234567890", "00312345678", "+8190", "123456789",
        "+999999999999999999999", "0312345678#", "03 1234 567８"}) {
    const auto line = NumberingPlan::japanese().read(Number(raw), kNow);
    ASSERT_FALSE(line) << raw;
    EXPECT_EQ(line.error(), Unreadable::kInvalid) << raw;
  }
}

TEST(NumberingPlan, ZeroSixZeroIsMobileFromTheFirstOfJuly2026InJapan) {
  const Number raw("06012345678");
  const auto last = NumberingPlan::japanese().read(raw, *parse_utc("2026-06-30T14:59:59Z"));
  const auto first = NumberingPlan::japanese().read(raw, *parse_utc("2026-06-30T15:00:00Z"));
  EXPECT_TRUE(!last || last->kind != NumberKind::kMobile);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, NumberKind::kMobile);
}

TEST(NumberingPlan, AWrongDataFileIsRefusedWithItsKey) {
  const auto plan = NumberingPlan::from_text(
      "[source]\nplan='p'\nchecked='c'\n[[range]]\nprefix='060'\nnext_digits='1'\ndigits=11\n"
      "kind='mobil'\nfrom='2026-07-01'\nground='g'\n",
      "n.toml");
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("range[0].kind"), std::string::npos) << plan.error().message;
}

}  // namespace
}  // namespace madoguchi::vault
