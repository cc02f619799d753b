// A vault with the demo's two clients and their people, on a real store of either kind. Linked into
// test programs only.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "store/vault/record_stores.h"
#include "store/vault/vault_fixture.h"
#include "vault/demo.h"
#include "vault/people_records.h"

namespace madoguchi::store {

class PeopleOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "さくら", {"+81300000001"}));
    ASSERT_TRUE(registry_->put_organisation(OrganisationId("wakaba"), "わかば", {}));
    RecordStoreOptions options;
    options.records_url = "sqlite:" + (folder_ / "records.db").string();
    options.keys_url = "sqlite:" + (folder_ / "keys.db").string();
    options.side_folder = folder_;
    auto stores = open_record_stores(options);
    ASSERT_TRUE(stores) << stores.error().message;
    auto people =
        vault::PeopleRecords::open({*store_, clock_, entropy_, vault::NumberingPlan::japanese(),
                                    folder_ / "master.key", folder_ / "erasures"},
                                   {std::move(stores->records), std::move(stores->keys)});
    ASSERT_TRUE(people) << people.error().message;
    people_ = std::move(*people);
    const auto filled =
        vault::fill_demo(*authority_, *staff_, people_->records(),
                         {{"sakura", "password-1"}, {"wakaba", "password-2"}}, clock_.now());
    ASSERT_TRUE(filled) << filled.error().message;
  }
  void TearDown() override {
    people_.reset();
    VaultOn::TearDown();
  }

  std::unique_ptr<vault::PeopleRecords> people_;
};

}  // namespace madoguchi::store
