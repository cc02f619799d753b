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

TEST(Status, ManyOfOneKindLeaveRoomForOthers) {
  Status status;
  for (int i = 0; i < 200; ++i)
    status.trouble(Status::From::kCentre, "vault_staff", "refused", kNow, std::to_string(i));
  EXPECT_TRUE(status.trouble(Status::From::kCentre, "clock", "was set", kNow));
  EXPECT_TRUE(status.forget(Status::From::kCentre, "vault_staff"));
  EXPECT_EQ(status.troubles_json().find("refused"), std::string::npos);
  EXPECT_NE(status.troubles_json().find("was set"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::centre
