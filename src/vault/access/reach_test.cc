#include "vault/access/reach.h"

#include <gtest/gtest.h>

#include "vault/access/access_fixture.h"

namespace madoguchi::vault {
namespace {

using Owners = std::set<OrganisationId>;
const OrganisationId kMinato("minato");
const OrganisationId kSakura("sakura");
const OrganisationId kWakaba("wakaba");

class Reach : public testing::Test, protected AccessWorld {
 protected:
  Owners reached(const OrganisationId& to) { return owners_reached(authority.mandates(), to, now); }
};

TEST_F(Reach, IsOfOwnersWhoSignedUntilTheyRevokeOrItEnds) {
  Mandate both = mandate_of("m1", "sakura", "minato", now);
  both.owners.push_back(kWakaba);
  put(both);
  EXPECT_EQ(reached(kMinato), Owners{});
  sign("m1");
  EXPECT_EQ(reached(kMinato), Owners{kSakura});
  sign("m1", "wakaba");
  EXPECT_EQ(reached(kMinato), (Owners{kSakura, kWakaba}));
  EXPECT_EQ(reached(OrganisationId("kawa")), Owners{});
  revoke("m1", "wakaba");
  EXPECT_EQ(reached(kMinato), Owners{kSakura});
  now = both.ends;
  EXPECT_EQ(reached(kMinato), Owners{});
}

TEST_F(Reach, CountsAMandateThatBeginsLater) {
  put(mandate_of("m1", "sakura", "minato", now + std::chrono::hours(24)));
  sign("m1");
  EXPECT_EQ(reached(kMinato), Owners{kSakura});
}

TEST_F(Reach, OfAnOwnersPersonHoldsTheirOwnOrganisation) {
  const OperatorId who("oku");
  const auto of = [&](StaffRole role) {
    return owners_reached(authority.mandates(), StaffPlace{who, kSakura, role, ""}, now);
  };
  EXPECT_EQ(of(StaffRole::kOwner), Owners{kSakura});
  EXPECT_EQ(of(StaffRole::kOperator), Owners{});
}

}  // namespace
}  // namespace madoguchi::vault
