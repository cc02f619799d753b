#include "vault/access/mandates.h"

#include <gtest/gtest.h>

#include "vault/access/access_fixture.h"

namespace madoguchi::vault {
namespace {

using namespace std::chrono_literals;

class MandatesTest : public testing::Test, protected AccessWorld {
 protected:
  Allowed<AccessGrant> ask(const std::string& actor, const std::string& purpose = "answer",
                           const std::string& owner = "sakura",
                           const std::string& called = "sakura") {
    return authority.mandates().ask({OrganisationId(owner), OrganisationId(called),
                                     OrganisationId(actor), DeskId("leak"), purpose},
                                    now);
  }
  Mandate passed_on(const std::string& id, const std::string& parent, const std::string& to) {
    Mandate mandate = mandate_of(id, "sakura", to, now);
    mandate.parent = MandateId(parent);
    return mandate;
  }
};

TEST_F(MandatesTest, NobodyOpensWithoutASignature) {
  EXPECT_EQ(ask("minato").error(), Denial::kNoMandate);
  put(mandate_of("m1", "sakura", "minato", now));
  EXPECT_EQ(ask("minato").error(), Denial::kNotSigned);
  sign("m1");
  EXPECT_TRUE(ask("minato"));
  EXPECT_EQ(ask("kawa").error(), Denial::kNoMandate);
}

TEST_F(MandatesTest, AChainGivesWhatAllItsLinksGive) {
  Mandate root = mandate_of("m1", "sakura", "minato", now);
  root.pass_on = PassOn::kAllowed;
  Mandate leaf = passed_on("m2", "m1", "kawa");
  leaf.purposes = {purpose_of("answer", {"name", "letter", "phone"}, 1)};
  leaf.ends = now + 48h;
  put(root);
  put(leaf);
  sign("m1");
  EXPECT_EQ(ask("kawa").error(), Denial::kNotSigned);  // the owner knows every sub-contractor
  sign("m2");
  const auto grant = ask("kawa");
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->purpose.fields, (std::set<std::string>{"letter", "name"}));
  EXPECT_EQ(grant->purpose.checks, 1U);
  EXPECT_EQ(grant->ends, now + 48h);
  ASSERT_EQ(grant->chain.size(), 2U);
  EXPECT_EQ(grant->chain.front().to, OrganisationId("minato"));
  EXPECT_EQ(grant->charges(OperatorId("kei"), DeskId("leak")).size(), 6U);
  now += 48h;
  EXPECT_EQ(ask("kawa").error(), Denial::kEnded);
}

TEST_F(MandatesTest, OthersThanThePersonGetWhatAllLinksGiveThem) {
  Mandate root = mandate_of("m1", "sakura", "minato", now);
  root.pass_on = PassOn::kAllowed;
  root.purposes.front().callers = {{"agent", {{"name", "letter"}, 1}}, {"heir", {{"name"}, 2}}};
  Mandate leaf = passed_on("m2", "m1", "kawa");
  leaf.purposes.front().callers = {{"agent", {{"letter", "address"}, 3}},
                                   {"relative", {{"name"}, 1}}};
  put(root);
  put(leaf);
  sign("m1");
  sign("m2");
  const auto grant = ask("kawa");
  ASSERT_TRUE(grant);
  ASSERT_EQ(grant->purpose.callers.size(), 1U);
  EXPECT_EQ(grant->purpose.callers.at("agent"), (CallerTerms{{"letter"}, 3}));
}

TEST_F(MandatesTest, AnyLinkBreaksTheChain) {
  Mandate root = mandate_of("m1", "sakura", "minato", now);
  put(root);
  put(passed_on("m2", "m1", "kawa"));
  sign("m1");
  sign("m2");
  EXPECT_EQ(ask("kawa").error(), Denial::kBrokenChain);  // may not be passed on
  root.version = 2;
  root.pass_on = PassOn::kAllowed;
  put(root);
  EXPECT_EQ(ask("kawa").error(), Denial::kBrokenChain);  // the new version is not signed yet
  sign("m1", "sakura", 2);
  EXPECT_TRUE(ask("kawa"));
  revoke("m1");
  EXPECT_EQ(ask("kawa").error(), Denial::kRevoked);
}

TEST_F(MandatesTest, DeskPurposeAndNumberMustBeNamed) {
  put(mandate_of("m1", "sakura", "minato", now));
  sign("m1");
  EXPECT_EQ(ask("minato", "sell").error(), Denial::kNoPurpose);
  EXPECT_TRUE(ask("minato", "answer", "sakura", "minato"));  // a common desk's number
  EXPECT_EQ(ask("minato", "answer", "sakura", "kawa").error(), Denial::kOtherNumber);
  EXPECT_EQ(authority.mandates()
                .ask({OrganisationId("sakura"), OrganisationId("sakura"), OrganisationId("minato"),
                      DeskId("other"), "answer"},
                     now)
                .error(),
            Denial::kOtherDesk);
}

TEST_F(MandatesTest, ASpanningMandateHoldsForThoseWhoSigned) {
  Mandate spanning = mandate_of("m1", "sakura", "minato", now);
  spanning.owners.emplace_back("wakaba");
  put(spanning);
  sign("m1", "wakaba");
  EXPECT_EQ(ask("minato").error(), Denial::kNotSigned);
  EXPECT_TRUE(ask("minato", "answer", "wakaba", "minato"));
  const MandateAsk any{{}, OrganisationId("minato"), OrganisationId("minato"), DeskId("leak"), ""};
  EXPECT_EQ(authority.mandates().owners(any, now),
            std::vector<OrganisationId>{OrganisationId("wakaba")});
  sign("m1", "sakura");
  revoke("m1", "wakaba");
  EXPECT_TRUE(ask("minato"));
  EXPECT_EQ(ask("minato", "answer", "wakaba", "minato").error(), Denial::kRevoked);
}

TEST_F(MandatesTest, MalformedOnesSayWhatToMend) {
  Mandate mandate = mandate_of("m1", "sakura", "minato", now);
  mandate.ends = mandate.begins;
  EXPECT_FALSE(authority.mandates().may_put(mandate));
  mandate = mandate_of("m1", "sakura", "minato", now);
  mandate.retention = mandate.ends - 1s;
  EXPECT_FALSE(authority.mandates().may_put(mandate));
  mandate = mandate_of("m1", "sakura", "minato", now);
  mandate.purposes.push_back(mandate.purposes.front());
  EXPECT_FALSE(authority.mandates().may_put(mandate));
  mandate = mandate_of("m1", "sakura", "minato", now);
  mandate.version = 2;
  EXPECT_EQ(authority.mandates().may_put(mandate).error().code, ErrorCode::kConflict);
  put(mandate_of("m1", "sakura", "minato", now));
  mandate.owners = {OrganisationId("wakaba")};
  EXPECT_EQ(authority.mandates().may_put(mandate).error().code, ErrorCode::kInvalid);
  Mandate orphan = passed_on("m2", "m9", "kawa");
  EXPECT_FALSE(authority.mandates().may_put(orphan));
}

TEST_F(MandatesTest, ADraftThatNobodySignedChangesNothing) {
  const MandateAsk any{{}, OrganisationId("sakura"), OrganisationId("minato"), DeskId("leak"), ""};
  const OrganisationId sakura("sakura"), minato("minato");
  const Mandates& mandates = authority.mandates();
  const auto purposes = [&] {
    std::vector<std::string> ids;
    for (const Purpose& purpose : mandates.purposes(any, now)) ids.push_back(purpose.id);
    return ids;
  };
  const Mandate in_force = mandate_of("m1", "sakura", "minato", now);
  put(in_force);
  EXPECT_FALSE(mandates.concerns(minato, now));
  EXPECT_FALSE(mandates.next_change(now));
  EXPECT_TRUE(purposes().empty());
  sign("m1");
  const auto both = purposes();
  EXPECT_EQ(both, (std::vector<std::string>{"answer", "call-back"}));
  Mandate draft = in_force;
  draft.version = 2;
  draft.begins = now - 48h;
  draft.ends = now - 24h;
  draft.purposes = {purpose_of("sell", {"name"})};
  put(draft);
  EXPECT_TRUE(mandates.concerns(minato, now));
  EXPECT_TRUE(mandates.concerns(sakura, now));
  EXPECT_EQ(mandates.next_change(now), in_force.ends);
  EXPECT_EQ(purposes(), both);
  sign("m1", "sakura", 2);
  EXPECT_FALSE(mandates.concerns(minato, now));
  EXPECT_TRUE(purposes().empty());
}

TEST_F(MandatesTest, OnlyAnOwnerSignsAndARevokedOneStaysRevoked) {
  put(mandate_of("m1", "sakura", "minato", now));
  const auto may = [&](const std::string& owner, unsigned version) {
    return authority.mandates().may_sign(
        {MandateId("m1"), version, OrganisationId(owner), OperatorId("owner"), now});
  };
  EXPECT_EQ(may("minato", 1).error().code, ErrorCode::kDenied);
  EXPECT_EQ(may("sakura", 2).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(may("sakura", 1));
  sign("m1");
  EXPECT_EQ(may("sakura", 1).error().code, ErrorCode::kConflict);
  revoke("m1");
  Mandate second = mandate_of("m1", "sakura", "minato", now);
  second.version = 2;
  put(second);
  EXPECT_EQ(may("sakura", 2).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace madoguchi::vault
