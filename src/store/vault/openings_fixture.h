// For tests of what is done about people: the demo's vault on a real store, a caller whose number
// is one of its people's, and an operator on the phone with them. Linked into test programs only.
#pragma once

#include <gtest/gtest.h>

#include "store/vault/record_stores.h"
#include "store/vault/vault_fixture.h"
#include "vault/demo.h"
#include "vault/openings.h"
#include "vault/people_records.h"

namespace madoguchi::store {

using vault::Asker;
using vault::Denial;
using vault::LegKind;
using vault::OpeningTicketId;
using vault::PersonId;
using vault::SessionKey;

inline std::string fingerprint() {
  std::string text = "sha-256 AA";
  for (int i = 1; i < 32; ++i) text += ":AA";
  return text;
}

inline std::string word_of(const vault::Declined& declined) {
  if (const auto* denial = std::get_if<Denial>(&declined)) return std::string(name_of(*denial));
  return std::get<Error>(declined).message;
}

// hana is on the phone with 架空 花子.
class OpeningsOn : public VaultOn {
 protected:
  void SetUp() override {
    VaultOn::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(registry_->put_organisation(OrganisationId("sakura"), "さくら", {"+81300000001"}));
    ASSERT_TRUE(registry_->put_organisation(OrganisationId("wakaba"), "わかば", {}));
    const auto opened = open_people();
    ASSERT_TRUE(opened) << opened.error().message;
    const auto filled =
        vault::fill_demo(*authority_, *staff_, people_->records(),
                         {{"sakura", "password-1"}, {"wakaba", "password-2"}}, clock_.now());
    ASSERT_TRUE(filled) << filled.error().message;
    make_openings();
    ASSERT_TRUE(authority_->register_browser(OperatorId("hana"), SessionKey("s1"),
                                             clock_.now() + std::chrono::hours(12), fingerprint()));
    authority_->lease({CallId("call"),
                       OrganisationId("sakura"),
                       DeskId("sakura-leak"),
                       std::string(as_text(sealed("09000001001"))),
                       {{LegKind::kBrowser, fingerprint()}}});
    const auto ticket =
        authority_->issue(OperatorId("hana"), DeskId("sakura-leak"), CallId("call"), "");
    ASSERT_TRUE(ticket) << name_of(ticket.error());
    asker_ = {OperatorId("hana"), SessionKey("s1"), ticket->id};
  }
  Result<void> open_people() {
    people_.reset();
    RecordStoreOptions options;
    options.records_url = "sqlite:" + (folder_ / "records.db").string();
    options.keys_url = "sqlite:" + (folder_ / "keys.db").string();
    options.side_folder = folder_;
    auto stores = open_record_stores(options);
    if (!stores) return tl::unexpected<Error>(stores.error());
    const auto master = open_master();
    if (!master) return tl::unexpected<Error>(master.error());
    auto people =
        vault::PeopleRecords::open({*store_, clock_, entropy_, vault::NumberingPlan::japanese(),
                                    *master, folder_ / "erasures"},
                                   {std::move(stores->records), std::move(stores->keys)});
    if (!people) return tl::unexpected<Error>(people.error());
    people_ = std::move(*people);
    return {};
  }
  void make_openings() {
    openings_ = std::make_unique<vault::Openings>(
        vault::Openings::Parts{*store_, clock_, entropy_, *authority_, *registry_,
                               people_->records(), vault::NumberingPlan::japanese()});
  }
  void TearDown() override {
    openings_.reset();
    people_.reset();
    VaultOn::TearDown();
  }
  PersonId candidate() {
    const auto found = openings_->by_number(asker_);
    EXPECT_TRUE(found) << word_of(found.error());
    EXPECT_EQ(found->people.size(), 1U);
    return found->people.at(0).person;
  }
  std::string open(const PersonId& person) {
    const auto opened = openings_->open(asker_, person);
    return opened ? "opened" : word_of(opened.error());
  }
  std::string check(const PersonId& person, const std::string& field, const std::string& typed) {
    const auto outcome = openings_->check(asker_, person, field, Personal<std::string>(typed));
    if (!outcome) return word_of(outcome.error());
    return outcome->matched ? "match" : "cannot_confirm";
  }

  std::unique_ptr<vault::PeopleRecords> people_;
  std::unique_ptr<vault::Openings> openings_;
  Asker asker_;
};

}  // namespace madoguchi::store
