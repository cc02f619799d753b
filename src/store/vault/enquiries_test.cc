// What an owner finds out about one of its people, on a real store of either kind.
#include "vault/enquiries.h"

#include "store/vault/openings_fixture.h"
#include "vault/client_logs.h"
#include "vault/records/telephones.h"

namespace madoguchi::store {
namespace {

class EnquiriesOn : public OpeningsOn {
 protected:
  void SetUp() override {
    OpeningsOn::SetUp();
    if (IsSkipped()) return;
    DatabaseOptions options;
    options.url = scratch_->url();
    auto log = open_vault_log(std::move(options));
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
    const auto master = open_master();
    ASSERT_TRUE(master);
    signers_ = std::make_unique<vault::LogSigners>(
        vault::LogSigners::Parts{*store_, clock_, entropy_, *registry_}, master->shared_wrapping());
    logs_ = std::make_unique<ledger::Logs>(
        *log_, *signers_, ledger::LogsSettings{folder_ / "log", "vault.localhost/log"});
    enquiries_ = std::make_unique<vault::Enquiries>(vault::Enquiries::Parts{
        *store_, clock_, entropy_, *authority_, people_->records(), *log_, logs_.get()});
  }
  void TearDown() override {
    enquiries_.reset();
    logs_.reset();
    signers_.reset();
    log_.reset();
    OpeningsOn::TearDown();
  }
  using SubjectId = vault::SubjectId;

  // hana opens the caller's record.
  PersonId opened() {
    const PersonId person = candidate();
    EXPECT_EQ(check(person, "name_kana", "カクウ ハナコ"), "match");
    EXPECT_EQ(open(person), "opened");
    return person;
  }
  std::vector<std::string> kinds_about(const SubjectId& subject) {
    const auto looked = enquiries_->looked(oku_, subject);
    if (!looked) return {word_of(looked.error())};
    std::vector<std::string> kinds;
    for (const auto& one : looked->entries)
      kinds.push_back(ledger::Entry::parse(one.entry).value().kind);
    return kinds;
  }
  const vault::OwnersPerson oku_{OperatorId("oku"), OrganisationId("sakura")};
  const vault::OwnersPerson wada_{OperatorId("wada"), OrganisationId("wakaba")};
  std::unique_ptr<ledger::LogStore> log_;
  std::unique_ptr<vault::LogSigners> signers_;
  std::unique_ptr<ledger::Logs> logs_;
  std::unique_ptr<vault::Enquiries> enquiries_;
};

TEST_P(EnquiriesOn, TheOwnerSeesEveryoneWhoLookedAndTheEnquiryItself) {
  const PersonId person = opened();
  const auto found = enquiries_->search(oku_, {{"letter_number", Personal<std::string>("S-1001")}});
  ASSERT_TRUE(found) << word_of(found.error());
  ASSERT_EQ(found->people.size(), 1U);
  EXPECT_EQ(found->people[0].person.subject, person.subject);
  for (const auto& value : found->people[0].masked)
    EXPECT_EQ(value.shown.find("架空 花子"), std::string::npos);
  const std::vector<std::string> looked{"identity_check", "opening", "opening", "opening",
                                        "enquiry"};
  EXPECT_EQ(kinds_about(person.subject), looked);
  // Somebody else's data was not looked at: the enquiry alone.
  const auto other = enquiries_->search(oku_, {{"letter_number", Personal<std::string>("S-1002")}});
  ASSERT_TRUE(other);
  EXPECT_EQ(kinds_about(other->people.at(0).person.subject), std::vector<std::string>{"enquiry"});
  const auto last = entries().back();
  EXPECT_EQ(last.operator_id, "oku");
  EXPECT_EQ(last.organisation, "sakura");
}

TEST_P(EnquiriesOn, AnotherOwnerFindsNobody) {
  const PersonId person = opened();
  const auto found =
      enquiries_->search(wada_, {{"letter_number", Personal<std::string>("S-1001")}});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->people.empty());
  const auto looked = enquiries_->looked(wada_, person.subject);
  ASSERT_FALSE(looked);
  EXPECT_EQ(std::get<Error>(looked.error()).code, ErrorCode::kNotFound);
}

TEST_P(EnquiriesOn, WhatCannotBeLoggedIsNotTold) {
  const PersonId person = opened();
  for (const CommitFault fault : {CommitFault::kFailed, CommitFault::kFailedButKept}) {
    fault_ = fault;
    EXPECT_FALSE(enquiries_->looked(oku_, person.subject));
  }
  EXPECT_TRUE(enquiries_->looked(oku_, person.subject));
}

TEST_P(EnquiriesOn, TheOwnerCorrectsAValueAndTheNextOpeningShowsIt) {
  const PersonId person = opened();
  vault::WantedValue name{"name_kanji"};
  name.text = Personal<std::string>("架空 華子");
  const auto done = enquiries_->correct(oku_, person.subject, name, "asked_by_person");
  ASSERT_TRUE(done) << word_of(done.error());
  EXPECT_EQ(*done, "corrected");
  const ledger::Entry told = entries().back();
  EXPECT_EQ(told.kind, "correction");
  EXPECT_EQ(told.fields, std::vector<std::string>{"name_kanji"});
  EXPECT_EQ(told.operator_id, "oku");
  const auto again = openings_->open(asker_, person);
  ASSERT_TRUE(again) << word_of(again.error());
  std::string shown;
  for (const auto& value : again->record.values)
    if (value.field == "name_kanji") shown = value.text.reveal();
  EXPECT_EQ(shown, "架空 華子");
  EXPECT_EQ(kinds_about(person.subject),
            (std::vector<std::string>{"identity_check", "opening", "opening", "opening",
                                      "correction", "opening", "opening", "opening", "enquiry"}));
}

TEST_P(EnquiriesOn, ACorrectedTelephoneKeepsWhatTheOwnerDoesNotChange) {
  const PersonId person = opened();
  vault::WantedValue telephone{"telephone"};
  telephone.text = Personal<std::string>("090-0000-9009");
  ASSERT_TRUE(enquiries_->correct(oku_, person.subject, telephone, "found_wrong"));
  vault::WantedValue refusals{"telephone"};
  refusals.refusals = std::vector<std::string>{"営業", "アンケート"};
  ASSERT_TRUE(enquiries_->correct(oku_, person.subject, refusals, "asked_by_person"));
  const auto read = people_->records().read(person.owner, person.subject, {"telephone"});
  ASSERT_TRUE(read);
  const auto& value = read->values.at(0);
  EXPECT_EQ(value.text.reveal(), "090-0000-9009");
  EXPECT_EQ(value.telephone->holder, vault::LineHolder::kHolder);
  EXPECT_EQ(value.telephone->refusals, (std::vector<std::string>{"営業", "アンケート"}));
  EXPECT_EQ(value.provenance->given_for, "ご契約の管理");
  EXPECT_EQ(value.provenance->obtained_by, "oku");
  // Found by the new number, and no longer by the old one.
  const auto people = [&](const char* number) {
    return people_->records()
        .find(person.owner, {{"telephone", Personal<std::string>(number)}}, 5)
        ->subjects.size();
  };
  EXPECT_EQ(people("09000009009"), 1U);
  EXPECT_EQ(people("09000001001"), 0U);
}

TEST_P(EnquiriesOn, ANewNumberIsOfItsOwnKindAndNotVerifiedByTheOldOnesWord) {
  const PersonId person = opened();
  const auto now = [&] {
    return people_->records().read(person.owner, person.subject, {"telephone"})->values.at(0);
  };
  ASSERT_EQ(now().telephone->line_kind, "mobile");
  ASSERT_EQ(now().standing, vault::Standing::kVerified);
  vault::WantedValue telephone{"telephone"};
  telephone.text = Personal<std::string>("03-0000-3009");
  ASSERT_TRUE(enquiries_->correct(oku_, person.subject, telephone, "found_wrong"));
  EXPECT_EQ(now().telephone->line_kind, "");
  EXPECT_EQ(line_kind_of(now(), vault::NumberingPlan::japanese(), clock_.now()), "fixed");
  EXPECT_EQ(now().standing, vault::Standing::kSelfDeclared);
  telephone.verified = true;
  ASSERT_TRUE(enquiries_->correct(oku_, person.subject, telephone, "found_wrong"));
  EXPECT_EQ(now().standing, vault::Standing::kVerified);
  vault::WantedValue purpose{"telephone"};
  purpose.given_for = "お届けの連絡";
  ASSERT_TRUE(enquiries_->correct(oku_, person.subject, purpose, "found_wrong"));
  EXPECT_EQ(now().standing, vault::Standing::kVerified);
}

// Written otherwise it is the same number, and as verified as before.
TEST_P(EnquiriesOn, ANumberTypedOnceMoreIsTheSameNumber) {
  const PersonId person = opened();
  vault::WantedValue telephone{"telephone"};
  telephone.text = Personal<std::string>("+81 90 0000 1001");
  ASSERT_TRUE(enquiries_->correct(oku_, person.subject, telephone, "found_wrong"));
  const auto value =
      people_->records().read(person.owner, person.subject, {"telephone"})->values.at(0);
  EXPECT_EQ(value.text.reveal(), "+81 90 0000 1001");
  EXPECT_EQ(value.standing, vault::Standing::kVerified);
  EXPECT_EQ(value.telephone->line_kind, "mobile");
}

// As an imported row is: each with its own word for the page, and nothing in the log.
TEST_P(EnquiriesOn, ACorrectionIsHeldAgainstWhatSuchAValueMustBe) {
  const PersonId person = opened();
  const std::size_t before = entries().size();
  const struct {
    const char* field;
    const char* text;
    const char* fault;
    const char* sentence;
  } rows[] = {
      {"name_kana", "架空 華子", "not_kana", "name_kana: is not written in kana"},
      {"name_kanji", "架空\n華子", "controls",
       "name_kanji: holds a line end or control characters"},
      {"name_kanji", "架空\x1B", "controls", "name_kanji: holds a line end or control characters"},
      {"birth_date", "2999-12-31", "in_future", "birth_date: lies in the future"},
      {"birth_date", "いつか", "no_date", "birth_date: is no date"},
      {"telephone", "番号ではない", "no_telephone", "telephone: is no telephone number"},
      {"mail", "taro@@example.jp", "no_mail", "mail: is no mail address"},
  };
  for (const auto& row : rows) {
    vault::WantedValue wanted{row.field};
    wanted.text = Personal<std::string>(row.text);
    const auto done = enquiries_->correct(oku_, person.subject, wanted, "found_wrong");
    ASSERT_FALSE(done) << row.sentence;
    const Error& error = std::get<Error>(done.error());
    EXPECT_EQ(error.code, ErrorCode::kInvalid);
    EXPECT_TRUE(error.message.starts_with(row.sentence)) << error.message;
    const auto fault = enquiries_->fault_of(oku_, wanted);
    ASSERT_TRUE(fault) << row.sentence;
    EXPECT_EQ(name_of(*fault), row.fault);
  }
  EXPECT_EQ(entries().size(), before);
  vault::WantedValue kana{"name_kana"};
  kana.text = Personal<std::string>("カクウ ハナ");
  EXPECT_FALSE(enquiries_->fault_of(oku_, kana));
  EXPECT_TRUE(enquiries_->correct(oku_, person.subject, kana, "found_wrong"));
}

TEST_P(EnquiriesOn, RefusalsAreReadAsAFilesCellIs) {
  const PersonId person = opened();
  const auto refusals_after = [&](std::vector<std::string> said) {
    vault::WantedValue wanted{"telephone"};
    wanted.refusals = std::move(said);
    EXPECT_TRUE(enquiries_->correct(oku_, person.subject, wanted, "asked_by_person"));
    return people_->records()
        .read(person.owner, person.subject, {"telephone"})
        ->values.at(0)
        .telephone->refusals;
  };
  EXPECT_EQ(refusals_after({"営業・DM", "アンケート・調査"}),
            (std::vector<std::string>{"営業", "DM", "アンケート・調査"}));
  EXPECT_EQ(refusals_after({"なし"}), std::vector<std::string>{});
}

TEST_P(EnquiriesOn, ValuesAreAddedAndRemovedEachByItself) {
  const PersonId person = opened();
  vault::WantedValue second{"telephone", 2};
  second.text = Personal<std::string>("03-0000-3001");
  EXPECT_EQ(enquiries_->correct(oku_, person.subject, second, "asked_by_person"), "added");
  const vault::WantedValue first{"telephone", 1, true};
  EXPECT_EQ(enquiries_->correct(oku_, person.subject, first, "asked_by_person"), "removed");
  EXPECT_EQ(entries().back().fields, std::vector<std::string>{"telephone"});
  const auto left = people_->records().read(person.owner, person.subject, {"telephone"});
  ASSERT_TRUE(left);
  ASSERT_EQ(left->values.size(), 1U);
  EXPECT_EQ(left->values[0].number, 2);
}

TEST_P(EnquiriesOn, WhatIsNoValueOrCannotBeLoggedCorrectsNothing) {
  const PersonId person = opened();
  const auto error = [&](const vault::WantedValue& wanted, const char* reason = "found_wrong") {
    const auto done = enquiries_->correct(oku_, person.subject, wanted, reason);
    return done ? "corrected" : word_of(done.error());
  };
  const std::size_t before = entries().size();
  vault::WantedValue telephone{"telephone"};
  EXPECT_NE(error(telephone), "corrected");  // nothing is wanted
  telephone.text = Personal<std::string>("no number");
  EXPECT_NE(error(telephone), "corrected");
  telephone.text = Personal<std::string>("090-0000-9009");
  EXPECT_NE(error(telephone, "because"), "corrected");
  vault::WantedValue unknown{"shoe_size"};
  unknown.text = Personal<std::string>("27");
  EXPECT_NE(error(unknown), "corrected");
  EXPECT_NE(error({"telephone", 3, true}), "corrected");
  EXPECT_EQ(entries().size(), before);
  fault_ = CommitFault::kFailed;
  EXPECT_NE(error(telephone), "corrected");
  const auto other = enquiries_->correct(wada_, person.subject, telephone, "found_wrong");
  ASSERT_FALSE(other);
  EXPECT_EQ(std::get<Error>(other.error()).code, ErrorCode::kNotFound);
  const auto read = people_->records().read(person.owner, person.subject, {"telephone"});
  EXPECT_EQ(read->values.at(0).text.reveal(), "090-0000-1001");
}

TEST_P(EnquiriesOn, EnquiriesAreLimited) {
  const PersonId person = opened();
  int answered = 0;
  while (answered < 100 && enquiries_->looked(oku_, person.subject)) ++answered;
  EXPECT_EQ(answered, 20);
}

TEST_P(EnquiriesOn, TheFileForThePersonIsProvenByTheLogsKeyAlone) {
  const PersonId person = opened();
  ASSERT_TRUE(logs_->publish(clock_.now()));
  const auto made = enquiries_->disclose(oku_, person.subject);
  ASSERT_TRUE(made) << word_of(made.error());
  EXPECT_EQ(made->proofs.size(), 4U);  // the enquiry itself is not published yet
  const auto text = made->text();
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("花子"), std::string::npos);
  const auto read = ledger::Disclosure::parse(*text);
  ASSERT_TRUE(read) << read.error().message;
  const auto key = logs_->verifier_of("sakura").value();
  const auto proven = ledger::verify_disclosure(*read, key, {});
  ASSERT_TRUE(proven) << proven.error().message;
  EXPECT_EQ(proven->entries.size(), 4U);
  EXPECT_FALSE(ledger::verify_disclosure(*read, logs_->verifier_of("wakaba").value(), {}));
}

TEST_P(EnquiriesOn, AfterErasureThereIsNoAnswer) {
  const PersonId person = opened();
  ASSERT_TRUE(people_->records().erase(person.owner, person.subject));
  const auto looked = enquiries_->looked(oku_, person.subject);
  ASSERT_FALSE(looked);
  EXPECT_EQ(std::get<Error>(looked.error()).code, ErrorCode::kNotFound);
}

TEST_P(EnquiriesOn, TheOwnerErasesAPersonForAReasonAndTheLogSaysSo) {
  const PersonId person = opened();
  EXPECT_EQ(std::get<Error>(enquiries_->erase(oku_, person.subject, "花子").error()).code,
            ErrorCode::kInvalid);
  EXPECT_EQ(
      std::get<Error>(enquiries_->erase(wada_, person.subject, "asked_by_person").error()).code,
      ErrorCode::kNotFound);
  const auto before = entries().size();
  const auto erased = enquiries_->erase(oku_, person.subject, "asked_by_person");
  ASSERT_TRUE(erased) << word_of(erased.error());
  const auto told = entries();
  ASSERT_EQ(told.size(), before + 2);
  EXPECT_EQ(told[before].kind, "erasure");
  EXPECT_EQ(told[before].outcome, "begun");
  EXPECT_TRUE(told[before].subject.has_value());
  EXPECT_EQ(told[before + 1].outcome, "done");
  EXPECT_FALSE(told[before + 1].subject.has_value());
  EXPECT_EQ(told[before].details.at("erasure"), told[before + 1].details.at("erasure"));
  EXPECT_EQ(std::get<Error>(enquiries_->looked(oku_, person.subject).error()).code,
            ErrorCode::kNotFound);
  const auto found = enquiries_->search(oku_, {{"letter_number", Personal<std::string>("S-1001")}});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->people.empty());
}

// With records, keys and list from before the erasure only the vault's database knows of it.
TEST_P(EnquiriesOn, AListOfErasuresThatIsOlderThanTheDatabaseIsRefused) {
  const PersonId person = opened();
  enquiries_.reset();
  openings_.reset();
  people_.reset();
  const std::vector<std::string> files{"records.db", "keys.db", "erasures"};
  for (const std::string& name : files)
    std::filesystem::copy_file(folder_ / name, folder_ / (name + ".backup"));
  ASSERT_TRUE(open_people());
  enquiries_ = std::make_unique<vault::Enquiries>(vault::Enquiries::Parts{
      *store_, clock_, entropy_, *authority_, people_->records(), *log_, logs_.get()});
  ASSERT_TRUE(enquiries_->erase(oku_, person.subject, "asked_by_person"));
  ASSERT_TRUE(people_->note_erasures());
  enquiries_.reset();
  people_.reset();
  const auto put_back = [&](const std::string& name) {
    std::filesystem::copy_file(folder_ / (name + ".backup"), folder_ / name,
                               std::filesystem::copy_options::overwrite_existing);
  };
  std::filesystem::copy_file(folder_ / "erasures", folder_ / "newest");
  for (const std::string& name : files) put_back(name);
  const auto refused = open_people();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("erasures.file: "), std::string::npos);
  // Without any it is no better, and none is begun.
  std::filesystem::remove(folder_ / "erasures");
  const auto missing = open_people();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(missing.error().message.starts_with("erasures.file: "));
  EXPECT_NE(missing.error().message.find("is missing"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "erasures"));
  // The newest list in place: erased again from the older databases.
  std::filesystem::copy_file(folder_ / "newest", folder_ / "erasures",
                             std::filesystem::copy_options::overwrite_existing);
  const auto opened_again = open_people();
  ASSERT_TRUE(opened_again) << opened_again.error().message;
  EXPECT_FALSE(*people_->records().exists(OrganisationId("sakura"), person.subject));
}

TEST_P(EnquiriesOn, NobodyIsErasedUnlogged) {
  const PersonId person = opened();
  fault_ = CommitFault::kFailed;
  EXPECT_FALSE(enquiries_->erase(oku_, person.subject, "unlawful"));
  EXPECT_TRUE(enquiries_->looked(oku_, person.subject));
}

INSTANTIATE_TEST_SUITE_P(Stores, EnquiriesOn,
                         testing::Values(Backend::kSqlite, Backend::kPostgres));

}  // namespace
}  // namespace madoguchi::store
