#include "vault/mandate_names.h"

#include "store/vault/openings_fixture.h"

namespace madoguchi::store {
namespace {

using vault::Mandate;

// sakura's and wakaba's people have the fields that every client's have.
class MandateNamesOn : public OpeningsOn {
 protected:
  std::string wrong(const std::function<void(Mandate&)>& how) {
    Mandate mandate = authority_->with([](vault::Authority& authority, Time) {
      return *authority.mandates().newest(vault::MandateId("common-1"));
    });
    how(mandate);
    const auto good =
        check_names(mandate, {*registry_, &people_->records(), vault::CallerRules::japanese()});
    return good ? "" : good.error().message;
  }
};

TEST_P(MandateNamesOn, WhatIsNotThereIsNamed) {
  ASSERT_TRUE(registry_->put_organisation(OrganisationId("minato"), "みなと", {}));
  EXPECT_EQ(wrong([](Mandate&) {}), "");
  const struct {
    const char* says;
    std::function<void(Mandate&)> how;
  } rows[] = {
      {"to: there is no organisation Minato", [](Mandate& m) { m.to = OrganisationId("Minato"); }},
      {"owners: there is no organisation nobody",
       [](Mandate& m) { m.owners.emplace_back("nobody"); }},
      {"there is no field nosuch", [](Mandate& m) { m.purposes[0].fields.insert("nosuch"); }},
      {"there is no field nosuch.2", [](Mandate& m) { m.purposes[0].fields.insert("nosuch.2"); }},
      {"caller alien is none of",
       [](Mandate& m) {
         m.purposes[0].callers["alien"] = {{"name_kanji"}, 1};
       }},
      {"99 answers never match", [](Mandate& m) { m.purposes[0].checks = 99; }},
  };
  for (const auto& row : rows)
    EXPECT_NE(wrong(row.how).find(row.says), std::string::npos) << wrong(row.how);
  EXPECT_EQ(wrong([](Mandate& m) {
              m.purposes[0].fields.insert({"telephone.2", "documents"});
            }),
            "");
}

INSTANTIATE_TEST_SUITE_P(Stores, MandateNamesOn, testing::Values(Backend::kSqlite));

}  // namespace
}  // namespace madoguchi::store
