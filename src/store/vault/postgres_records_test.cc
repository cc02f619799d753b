// The same records on PostgreSQL, by the same interface.
#include "store/scratch_database.h"
#include "store/vault/records_fixture.h"
#include "vault/records/import_survey.h"
#include "vault/records/importer.h"
#include "vault/records/sealed_record.h"

namespace madoguchi::store {
namespace {

class RecordsOnPostgres : public RecordsOnSqlite {
 protected:
  void SetUp() override {
    std::string why;
    records_base_ = ScratchDatabase::make(Backend::kPostgres, &why);
    if (!records_base_) GTEST_SKIP() << why;
    keys_base_ = ScratchDatabase::make(Backend::kPostgres, &why);
    ASSERT_TRUE(keys_base_) << why;
    RecordsOnSqlite::SetUp();
  }
  std::string records_url() const override { return records_base_->url(); }
  std::string keys_url() const override { return keys_base_->url(); }

  std::unique_ptr<ScratchDatabase> records_base_;
  std::unique_ptr<ScratchDatabase> keys_base_;
};

TEST_F(RecordsOnPostgres, FindReadCorrectAndErase) {
  const vault::SubjectId id = add(hanako());
  const vault::SubjectId other = add(hanako("A-2"));
  EXPECT_EQ(records_->add(sakura_, hanako()).error().code, ErrorCode::kConflict);
  EXPECT_EQ(found("telephone", "09012345678"), 2U);
  vault::Correction correction;
  correction.values = {value("telephone", "080-9999-0000")};
  ASSERT_TRUE(records_->correct(sakura_, id, correction, 1));
  EXPECT_EQ(records_->correct(sakura_, id, correction, 1).error().code, ErrorCode::kConflict);
  start();
  EXPECT_EQ(found("telephone", "08099990000"), 1U);
  EXPECT_EQ(read(id, "telephone"), "080-9999-0000");
  const auto note = records_->put_document(sakura_, id, {}, "note", "hana",
                                           Personal<std::string>("お詫び"), false);
  ASSERT_TRUE(note) << note.error().message;
  EXPECT_EQ(records_->read_document(sakura_, id, note->document)->text.reveal(), "お詫び");
  EXPECT_EQ(records_->documents(sakura_, id)->size(), 1U);
  ASSERT_TRUE(records_->erase(sakura_, id));
  start();
  EXPECT_EQ(read(id, "telephone"), "error: not_found");
  EXPECT_EQ(found("customer_number", "A-1001"), 0U);
  EXPECT_EQ(read(other, "name_kana"), "タカハシ ハナコ");
}

TEST_F(RecordsOnPostgres, RotationReachesEveryKey) {
  std::vector<vault::SubjectId> ids;
  for (int i = 0; i < 30; ++i) ids.push_back(add(hanako("R" + std::to_string(i))));
  ASSERT_TRUE(records_->begin_rotation(sakura_));
  for (int steps = 0; !*records_->rewrap(sakura_, 7); ++steps) ASSERT_LT(steps, 10);
  for (const auto& id : ids) {
    EXPECT_EQ((*stores_.keys->key(vault::parts_of(id)->number))->version, 2U);
    EXPECT_EQ(read(id, "name_kana"), "タカハシ ハナコ");
  }
}

TEST_F(RecordsOnPostgres, AFileComesInOnceAndIsFound) {
  std::string text = "お客様番号,氏名,電話番号\n";
  for (int i = 0; i < 300; ++i)
    text += "P" + std::to_string(i) + ",山田,03-1234-" + std::to_string(1000 + i) + "\n";
  text += "P7,山田,\n";
  const auto path = folder_ / "people.csv";
  std::ofstream(path, std::ios::binary) << text;
  auto survey = vault::survey({path, {}, {}, {}}, vault::Schema::standard());
  ASSERT_TRUE(survey) << survey.error().message;
  survey->terms.organisation = sakura_;
  survey->terms.provenance = {"web", "contract", "2024-05-31", ""};
  auto importer = vault::Importer::begin(*records_, survey->terms, {}, {2, 16, 2});
  ASSERT_TRUE(importer) << importer.error().message;
  ASSERT_TRUE((*importer)->feed(as_bytes(std::string_view(text))));
  const auto done = (*importer)->finish();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 300U);
  EXPECT_EQ(done->bad_rows, 1U);
  EXPECT_EQ(found("telephone", "0312341299"), 1U);
  EXPECT_EQ(vault::Importer::begin(*records_, survey->terms, {}).error().code,
            ErrorCode::kConflict);
}

TEST_F(RecordsOnPostgres, OnlyOneProcessHasThem) {
  const auto second = open_record_stores({records_url(), keys_url(), folder_});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace madoguchi::store
