#include "centre/status.h"

#include <gtest/gtest.h>

namespace madoguchi::centre {
namespace {

const Time kNow = *parse_utc("2026-11-22T03:00:00Z");

TEST(Status, TheNextOnesSuccessTakesNobodyElsesTroubleBack) {
  Status status;
  const auto put = [&](const std::string& about, const std::string& text) {
    return status.trouble(Status::From::kCentre, "vault_organisation", text, kNow, about);
  };
  EXPECT_TRUE(put("sakura", "number 1 of 2 is refused"));
  EXPECT_FALSE(put("ume", ""));
  EXPECT_NE(status.troubles_json().find("number 1 of 2"), std::string::npos);
  EXPECT_FALSE(put("sakura", "number 1 of 2 is refused"));
  EXPECT_TRUE(put("sakura", ""));
  EXPECT_EQ(status.troubles_json(), "[]");
}

}  // namespace
}  // namespace madoguchi::centre
