#include "vault/access/passing_on.h"

#include <gtest/gtest.h>

#include <functional>

#include "vault/access/access_fixture.h"

namespace madoguchi::vault {
namespace {

using namespace std::chrono_literals;

class PassingOn : public testing::Test, protected AccessWorld {
 protected:
  PassingOn() {
    Mandate root = mandate_of("m1", "sakura", "minato", now);
    root.pass_on = PassOn::kAllowed;
    root.limits.by_operator = {5, 50, 500};
    root.purposes.front().checks = 1;

    root.purposes.front().callers["heir"] = {{"name"}, 2};
    put(root);
    sign("m1");
  }
  Mandate child() {
    Mandate mandate = *authority.mandates().newest(MandateId("m1"));
    mandate.id = MandateId("m1.kawa");
    mandate.version = 1;
    mandate.parent = MandateId("m1");
    mandate.to = OrganisationId("kawa");
    mandate.pass_on = PassOn::kForbidden;
    return mandate;
  }
  // The first words of why not; empty: it may.
  std::string why_not(const Mandate& mandate, const std::string& organisation = "minato") {
    const auto may = may_pass_on(authority.mandates(), mandate, OrganisationId(organisation), now);
    return may ? "" : may.error().message.substr(0, may.error().message.find(':'));
  }
};

TEST_F(PassingOn, TheSameOrLessMayBePassedOnByWhoWasGivenIt) {
  EXPECT_EQ(why_not(child()), "");
  EXPECT_EQ(why_not(child(), "kawa"), "parent");
  Mandate less = child();
  less.ends -= 1h;
  less.limits.by_operator = {1, 10, 100};
  less.purposes.front().callers.clear();
  EXPECT_EQ(why_not(less), "");
  less.id = MandateId("m1.kawa.2");
  EXPECT_EQ(why_not(less), "");
}

TEST_F(PassingOn, NothingMoreThanWasGiven) {
  const struct {
    const char* what;
    std::function<void(Mandate&)> change;
  } cases[] = {
      {"desks", [](Mandate& m) { m.desks.emplace("another"); }},
      {"purpose sell",
       [](Mandate& m) {
         m.purposes.push_back({"sell", "", {"name"}});
       }},
      {"fields of purpose answer",
       [](Mandate& m) { m.purposes.front().fields.insert("another_field"); }},
      {"checks of answer", [](Mandate& m) { m.purposes.front().checks = 0; }},
      {"callers of answer",
       [](Mandate& m) {
         m.purposes.front().callers["agent"] = {{"address"}, 2};
       }},
      {"callers of answer", [](Mandate& m) { m.purposes.front().callers["heir"].checks = 1; }},
      {"callers of answer",
       [](Mandate& m) { m.purposes.front().callers["heir"].fields.insert("address"); }},
      {"export_rows_per_day of answer",
       [](Mandate& m) { m.purposes.front().export_rows_per_day = 1; }},
      {"playback of answer", [](Mandate& m) { m.purposes.front().playback = true; }},
      {"cases of answer", [](Mandate& m) { m.purposes.front().cases = true; }},
      {"limits", [](Mandate& m) { m.limits.by_operator.per_minute = 6; }},
      {"limits", [](Mandate& m) { m.limits.by_operator.per_day = Rates::kUnlimited; }},
      {"begins", [](Mandate& m) { m.begins -= 1s; }},
      {"ends", [](Mandate& m) { m.ends += 1s; }},
      {"retention", [](Mandate& m) { m.retention += 1s; }},
      {"id", [](Mandate& m) { m.id = MandateId("Kaku-Saburo.tel.09000001003"); }},
      {"id", [](Mandate& m) { m.id = MandateId("m1.kawa.090"); }},
      {"to", [](Mandate& m) { m.to = OrganisationId("minato"); }},
      {"to", [](Mandate& m) { m.to = OrganisationId("sakura"); }},
      {"parent", [](Mandate& m) { m.owners.emplace_back("wakaba"); }},
  };
  for (const auto& one : cases) {
    Mandate mandate = child();
    one.change(mandate);
    EXPECT_EQ(why_not(mandate), one.what);
  }
}

TEST_F(PassingOn, OnlyFromAChainThatHoldsNow) {
  Mandate next = *authority.mandates().newest(MandateId("m1"));
  next.version = 2;
  next.pass_on = PassOn::kForbidden;
  put(next);
  EXPECT_EQ(why_not(child()), "");  // what the owner signed counts
  sign("m1", "sakura", 2);
  EXPECT_EQ(why_not(child()), "parent");
  next.version = 3;
  next.pass_on = PassOn::kAllowed;
  put(next);
  sign("m1", "sakura", 3);
  EXPECT_EQ(why_not(child()), "");
  now = next.ends;
  EXPECT_EQ(why_not(child()), "parent");
}

TEST_F(PassingOn, TheParentsEndEndsTheWholeTree) {
  Mandate second = child();
  second.pass_on = PassOn::kAllowed;
  put(second);
  sign("m1.kawa");
  Mandate third = second;
  third.id = MandateId("m1.kawa.hayashi");
  third.parent = MandateId("m1.kawa");
  third.to = OrganisationId("hayashi");
  EXPECT_EQ(why_not(third, "kawa"), "");
  put(third);
  sign("m1.kawa.hayashi");
  const OrganisationId sakura("sakura");
  for (const char* id : {"m1", "m1.kawa", "m1.kawa.hayashi"})
    EXPECT_TRUE(authority.mandates().unbroken(MandateId(id), sakura, now)) << id;
  revoke("m1");
  for (const char* id : {"m1", "m1.kawa", "m1.kawa.hayashi"})
    EXPECT_FALSE(authority.mandates().unbroken(MandateId(id), sakura, now)) << id;
}

}  // namespace
}  // namespace madoguchi::vault
