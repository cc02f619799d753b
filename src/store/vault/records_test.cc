// The vault's records on a real store: what is found, opened, compared, corrected and kept apart.
#include "vault/records/records.h"

#include "store/vault/records_fixture.h"
#include "vault/records/sealed_record.h"

namespace madoguchi::store {
namespace {

using vault::Comparison;
using vault::Correction;
using vault::RecordAct;
using vault::RecordReader;
using vault::SubjectId;

TEST_F(RecordsOnSqlite, FindsNamesByEachSpellingOfWhatStandsBetweenKanji) {
  auto subject = hanako("S1");
  subject.values[1] = value("name_kanji", "霞ヶ浦 之介");
  subject.values[5] = value("address", "東京都千代田区霞が関一丁目2番3号");
  const auto id = add(subject);
  for (const char* typed : {"霞ヶ浦之介", "霞が浦 之介", "霞ケ浦之介", "霞ガ浦之介"})
    EXPECT_EQ(found("name_kanji", typed), 1U) << typed;
  EXPECT_EQ(found("name_kanji", "霞浦之介"), 0U);
  const auto compare = [&](const char* field, const char* typed) {
    return *records_->compare(sakura_, id, field, Personal<std::string>(typed));
  };
  EXPECT_EQ(compare("address", "東京都千代田区霞ヶ関1-2-3"), vault::Comparison::kMatch);
  EXPECT_EQ(compare("address", "東京都千代田区霞関1-2-3"), vault::Comparison::kNoMatch);
  EXPECT_EQ(compare("name_kanji", "霞が浦之介"), vault::Comparison::kMatch);
  ASSERT_TRUE(records_->erase(sakura_, id));
  EXPECT_FALSE(*stores_.records->any_marks(sakura_));
}

TEST_F(RecordsOnSqlite, FindsAPersonByWhatACallerMaySay) {
  const SubjectId hanako_id = add(hanako());
  EXPECT_EQ(found("telephone", "+81 90 1234 5678"), 1U);
  EXPECT_EQ(found("telephone", "0312345678"), 1U);
  EXPECT_EQ(found("name_kanji", "高橋花子"), 1U);
  EXPECT_EQ(found("name_kana", "たかはし はなこ"), 1U);
  EXPECT_EQ(found("customer_number", "ａ１００１"), 1U);
  EXPECT_EQ(found("mail", "HANAKO@example.jp"), 1U);
  EXPECT_EQ(found("telephone", "090-1234-5679"), 0U);
  EXPECT_EQ(found("telephone", "090-1234-5678", "kaede"), 0U);

  const auto both = records_->find(sakura_, {{"name_kana", Personal<std::string>("ﾀｶﾊｼﾊﾅｺ")},
                                             {"birth_date", Personal<std::string>("S55.1.2")}});
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->subjects, std::vector<SubjectId>{hanako_id});
  const auto other = records_->find(sakura_, {{"name_kana", Personal<std::string>("ﾀｶﾊｼﾊﾅｺ")},
                                              {"birth_date", Personal<std::string>("S55.1.3")}});
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->subjects.empty());
  EXPECT_EQ(
      records_->find(sakura_, {{"birth_date", Personal<std::string>("S55.1.3")}}).error().code,
      ErrorCode::kInvalid);
}

TEST_F(RecordsOnSqlite, FindsNoMoreThanAskedAndSaysSo) {
  for (int i = 0; i < 5; ++i) add(hanako("B" + std::to_string(i)));
  const auto some = records_->find(sakura_, {{"name_kanji", Personal<std::string>("高橋花子")}}, 3);
  ASSERT_TRUE(some);
  EXPECT_EQ(some->subjects.size(), 3U);
  EXPECT_TRUE(some->more);
}

TEST_F(RecordsOnSqlite, OpensOnlyTheFieldsAskedForAndKeepsWhatWasGiven) {
  vault::Subject subject = hanako();
  subject.kind = vault::SubjectKind::kCompany;
  subject.values[6].telephone = {vault::LineHolder::kUser, "mobile", {"sales"}};
  subject.values[6].standing = vault::Standing::kVerified;
  subject.values[6].provenance = {"call", "call back", "2026-11-01", "hana"};
  const SubjectId id = add(subject);
  start();
  const auto opened = records_->read(sakura_, id, {"telephone", "provenance"});
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_EQ(opened->values.size(), 2U);
  EXPECT_EQ(opened->values[0], subject.values[6]);
  EXPECT_EQ(opened->values[1], subject.values[7]);
  EXPECT_EQ(opened->provenance, subject.provenance);
  EXPECT_EQ(opened->kind, vault::SubjectKind::kCompany);
  const auto second = records_->read(sakura_, id, {"telephone.2"});
  ASSERT_TRUE(second);
  ASSERT_EQ(second->values.size(), 1U);
  EXPECT_EQ(second->values[0].number, 2);
  EXPECT_EQ(read(id, "name_kanji"), "髙橋 花子");
  EXPECT_EQ(read(id, "name_kanji", "kaede"), "error: not_found");
}

TEST_F(RecordsOnSqlite, MasksWithoutOpening) {
  const SubjectId id = add(hanako());
  const auto shown = records_->masked(
      sakura_, id, {"telephone", "name_kanji", "birth_date", "mail", "address", "customer_number"});
  ASSERT_TRUE(shown);
  std::map<std::string, std::string> by_name;
  for (const auto& one : *shown) by_name[one.field + std::to_string(one.number)] = one.shown;
  EXPECT_EQ(by_name["telephone1"], "090-••••-5678");
  EXPECT_EQ(by_name["telephone2"], "03-••••-5678");
  EXPECT_EQ(by_name["name_kanji1"], "髙•");
  EXPECT_EQ(by_name["birth_date1"], "1980-••-••");
  EXPECT_EQ(by_name["mail1"], "h•••@•••.jp");
  EXPECT_EQ(by_name["address1"], "••••");
  EXPECT_EQ(by_name["customer_number1"], "••••");
}

TEST_F(RecordsOnSqlite, ComparesTolerantlyWithoutShowing) {
  const SubjectId id = add(hanako());
  const auto compare = [&](std::string_view field, const char* typed) {
    const auto result = records_->compare(sakura_, id, field, Personal<std::string>(typed));
    return result ? *result : Comparison::kNothingStored;
  };
  EXPECT_EQ(compare("address", "新宿区"), Comparison::kNoMatch);
  EXPECT_EQ(compare("address", "東京都新宿区西新宿２－８－１"), Comparison::kMatch);
  EXPECT_EQ(compare("birth_date", "昭和55年1月2日"), Comparison::kMatch);
  EXPECT_EQ(compare("telephone", "03 1234 5678"), Comparison::kMatch);
  EXPECT_EQ(compare("letter_number", "1234"), Comparison::kNothingStored);
  EXPECT_FALSE(records_->compare(sakura_, id, "birth_date", Personal<std::string>("tomorrow")));
}

TEST_F(RecordsOnSqlite, RefusesASecondSubjectOfOneCustomerNumber) {
  add(hanako());
  EXPECT_EQ(records_->add(sakura_, hanako("a 1001")).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(records_->add(kaede_, hanako()));
}

TEST_F(RecordsOnSqlite, RefusesWhatIsNoSubjectNamingTheField) {
  vault::Subject subject = hanako();
  subject.values.push_back(value("shoe_size", "26"));
  EXPECT_EQ(records_->add(sakura_, subject).error().message, "shoe_size: there is no such field");
  subject = hanako();
  subject.values.push_back(value("birth_date", "1999-01-01", 2));
  EXPECT_EQ(records_->add(sakura_, subject).error().code, ErrorCode::kInvalid);
  subject = hanako();
  subject.values[6] = value("telephone", "secret words");
  const auto refused = records_->add(sakura_, subject);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "telephone: is no telephone number");
  EXPECT_EQ(records_->add(sakura_, {}).error().code, ErrorCode::kInvalid);
}

TEST_F(RecordsOnSqlite, CorrectionsMoveTheMarks) {
  const SubjectId id = add(hanako());
  Correction correction;
  correction.values = {value("telephone", "080-9999-0000")};
  correction.gone = {"telephone.2", "mail"};
  ASSERT_TRUE(records_->correct(sakura_, id, correction, 1));
  EXPECT_EQ(records_->correct(sakura_, id, correction, 1).error().code, ErrorCode::kConflict);
  EXPECT_EQ(found("telephone", "080-9999-0000"), 1U);
  EXPECT_EQ(found("telephone", "090-1234-5678"), 0U);
  EXPECT_EQ(found("telephone", "0312345678"), 0U);
  EXPECT_EQ(found("mail", "hanako@example.jp"), 0U);
  EXPECT_EQ(read(id, "telephone"), "080-9999-0000");
  EXPECT_EQ(read(id, "name_kanji"), "髙橋 花子");
  const auto fields = records_->stored_fields(sakura_, id);
  ASSERT_TRUE(fields);
  EXPECT_EQ(std::count(fields->begin(), fields->end(), "mail"), 0);
}

TEST_F(RecordsOnSqlite, OwnFieldsAreFoundToo) {
  vault::FieldSpec field;
  field.name = "policy";
  field.kind = vault::FieldKind::kIdentifier;
  field.indexed = true;
  ASSERT_TRUE(records_->put_field(sakura_, field));
  EXPECT_EQ(records_->put_field(sakura_, field).error().code, ErrorCode::kConflict);
  vault::Subject subject = hanako();
  subject.values.push_back(value("policy", "P-77"));
  const SubjectId id = add(subject);
  start();
  EXPECT_EQ(found("policy", "p77"), 1U);
  EXPECT_EQ(read(id, "policy"), "P-77");
  EXPECT_EQ(records_->add(kaede_, subject).error().code, ErrorCode::kInvalid);
}

TEST_F(RecordsOnSqlite, NothingInClearReachesTheDisk) {
  add(hanako());
  for (const char* text : {"花子", "ハナコ", "1234-5678", "1980-01-02", "hanako@", "A-1001"})
    EXPECT_EQ(where(as_bytes(text)), "") << text;
}

TEST_F(RecordsOnSqlite, DocumentsHaveVersionsAndDraftsGiveWay) {
  const SubjectId id = add(hanako());
  const auto put = [&](const vault::DocumentId& document, const char* text, bool draft) {
    auto kept = records_->put_document(sakura_, id, document, "note", "hana",
                                       Personal<std::string>(text), draft);
    EXPECT_TRUE(kept) << kept.error().message;
    return kept.value_or(vault::DocumentVersion{});
  };
  const auto first = put({}, "お詫び", true);
  const auto again = put(first.document, "お詫びと", true);
  EXPECT_EQ(again.version, 1);
  const auto final_one = put(first.document, "お詫びと説明", false);
  EXPECT_EQ(final_one.version, 1);
  const auto later = put(first.document, "訂正", false);
  EXPECT_EQ(later.version, 2);
  EXPECT_EQ(records_->read_document(sakura_, id, first.document)->text.reveal(), "訂正");
  EXPECT_EQ(records_->read_document(sakura_, id, first.document, 1)->text.reveal(), "お詫びと説明");
  const auto listed = records_->documents(sakura_, id);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().version, 2);
  const SubjectId other = add(hanako("C-3"));
  EXPECT_EQ(records_->read_document(sakura_, other, first.document).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(where(as_bytes("お詫び")), "");
}

TEST_F(RecordsOnSqlite, RotationGoesOnAfterARestartWhilePeopleAreOpened) {
  std::vector<SubjectId> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(add(hanako("R" + std::to_string(i))));
  add(hanako(), "kaede");
  ASSERT_TRUE(records_->begin_rotation(sakura_));
  ASSERT_FALSE(*records_->rewrap(sakura_, 30));
  EXPECT_EQ(read(ids.front(), "name_kana"), "タカハシ ハナコ");
  EXPECT_EQ(read(ids.back(), "name_kana"), "タカハシ ハナコ");
  start();
  for (int steps = 0; !*records_->rewrap(sakura_, 30); ++steps) ASSERT_LT(steps, 10);
  for (const SubjectId& id : ids) {
    EXPECT_EQ(read(id, "name_kana"), "タカハシ ハナコ");
    EXPECT_EQ((*stores_.keys->key(vault::parts_of(id)->number))->version, 2U);
  }
}

// ---- what somebody with write access to the databases may try

class Tampered : public RecordsOnSqlite {
 protected:
  vault::RecordRow row_of(const SubjectId& id) {
    return **stores_.records->record(vault::parts_of(id)->number);
  }
  void put(const OrganisationId& organisation, vault::RecordRow row) {
    RecordAct act;
    act.records.push_back(std::move(row));
    ASSERT_TRUE(stores_.records->commit(organisation, act));
  }
  // The bytes of one field within a sealed record.
  static std::pair<std::size_t, std::size_t> field_at(const vault::RecordRow& row,
                                                      std::string_view name,
                                                      std::uint8_t number = 1) {
    const auto reader = RecordReader::parse(row.sealed);
    const std::uint16_t wanted = vault::Schema::standard().find(name)->number;
    for (const auto& field : reader->fields())
      if (field.field == wanted && field.number == number)
        return {static_cast<std::size_t>(field.sealed.data() - row.sealed.data()),
                field.sealed.size()};
    return {0, 0};
  }
};

TEST_F(Tampered, EveryChangedByteIsRefused) {
  const SubjectId id = add(hanako());
  const vault::RecordRow whole = row_of(id);
  const auto opened_all = [&] {
    return records_->read(sakura_, id,
                          {"customer_number", "name_kanji", "name_kana", "birth_date",
                           "postal_code", "address", "telephone", "mail", "provenance"});
  };
  const auto before = opened_all();
  ASSERT_TRUE(before);
  for (std::size_t at = 0; at < whole.sealed.size(); at += 3) {
    vault::RecordRow changed = whole;
    changed.sealed[at] ^= 0x20;
    put(sakura_, changed);
    const auto opened = opened_all();
    // A field's number may become that of no field; then it is missing, never another value.
    if (opened)
      EXPECT_LT(opened->values.size(), before->values.size()) << at;
    else
      EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt) << at;
  }
}

TEST_F(Tampered, FieldsDoNotOpenElsewhere) {
  const SubjectId one = add(hanako("T1"));
  const SubjectId other = add(hanako("T2"));
  // The same field of another subject.
  vault::RecordRow row = row_of(one);
  const vault::RecordRow source = row_of(other);
  auto [to, size] = field_at(row, "birth_date");
  auto [from, from_size] = field_at(source, "birth_date");
  ASSERT_EQ(size, from_size);
  std::copy_n(source.sealed.begin() + static_cast<std::ptrdiff_t>(from), size,
              row.sealed.begin() + static_cast<std::ptrdiff_t>(to));
  put(sakura_, row);
  EXPECT_EQ(read(one, "birth_date"), "error: corrupt");
  // Another value of the same subject under the other's number.
  row = row_of(other);
  const auto first = field_at(row, "telephone", 1);
  const auto second = field_at(row, "telephone", 2);
  row.sealed[first.first - 5] = 2;
  row.sealed[second.first - 5] = 1;
  put(sakura_, row);
  EXPECT_EQ(read(other, "telephone"), "error: corrupt");
}

TEST_F(Tampered, RecordsAndKeysDoNotOpenForAnotherSubjectOrOrganisation) {
  const SubjectId one = add(hanako("T1"));
  const SubjectId other = add(hanako("T2"));
  const SubjectId abroad = add(hanako("T3"), "kaede");
  vault::RecordRow row = row_of(one);
  row.sealed = row_of(other).sealed;
  put(sakura_, row);
  EXPECT_EQ(read(one, "name_kana"), "error: corrupt");
  // The key goes along: still bound to the other subject.
  auto key = **stores_.keys->key(vault::parts_of(other)->number);
  key.number = vault::parts_of(one)->number;
  ASSERT_TRUE(stores_.keys->put(std::span(&key, 1), 0));
  EXPECT_EQ(read(one, "name_kana"), "error: corrupt");
  // A whole record moved to another organisation, number and tail as they were.
  row = row_of(other);
  put(kaede_, row);
  EXPECT_EQ(read(other, "name_kana", "kaede"), "error: corrupt");
  EXPECT_EQ(read(abroad, "name_kana", "kaede"), "タカハシ ハナコ");
}

TEST_F(Tampered, AKeyUnderAnOlderVersionsNumberIsRefused) {
  const SubjectId id = add(hanako());
  ASSERT_TRUE(records_->begin_rotation(sakura_));
  auto key = **stores_.keys->key(vault::parts_of(id)->number);
  key.version = 2;
  ASSERT_TRUE(stores_.keys->put(std::span(&key, 1), 0));
  EXPECT_EQ(read(id, "name_kana"), "error: corrupt");
}

}  // namespace
}  // namespace madoguchi::store
