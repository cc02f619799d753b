// A file is taken in whole and as it was looked at, or it is not taken in: one that was cut off,
// one that another was written over meanwhile, and what is no file.
#include <sys/stat.h>

#include "store/vault/import_fixture.h"
#include "store/vault/sqlite_file.h"

namespace madoguchi::store {
namespace {

namespace fs = std::filesystem;

class ImportWhole : public Import {
 protected:
  // What the first look at the file says against it.
  std::string refused(const std::string& bytes) {
    const auto terms = terms_of(file(bytes));
    return terms ? "" : terms.error().message;
  }
  static std::string people(int from) {
    std::string text = kHeader;
    for (int i = from; i < from + 300; ++i) text += person(i);
    return text;
  }
  std::string newest() { return Importer::imports(*records_, sakura_)->back().import_id; }
};

TEST_F(ImportWhole, AFileThatEndsAmidARowIsRefused) {
  for (const char* end :
       {"C2,山田", "C2,山田,ヤマダ,,,", "C2,\"山田", "C2,\"山田,ヤマダ,,\n", "C2,\"山田\"ヤ"}) {
    const std::string why = refused(kHeader + person(1) + end);
    EXPECT_NE(why.find("people.csv: line 3: "), std::string::npos) << end << why;
    EXPECT_NE(why.find("cut off, so nothing of it was taken in"), std::string::npos) << end << why;
    EXPECT_NE(why.find("fetch it again"), std::string::npos) << end << why;
    EXPECT_EQ(why.find('\n'), std::string::npos) << end << why;
  }
  const std::string json = R"({"お客様番号":"C1","氏名":"山田"})";
  EXPECT_NE(refused(json + "\n" + R"({"お客様番号":"C2","氏)").find("line 2: is no JSON object"),
            std::string::npos);
  // 見 without its last byte, after what is whole: as CP932 the file could be read to its end.
  EXPECT_NE(refused("name\n見本\n見\n見\xE8\xA6").find("line 4: the file ends within a character"),
            std::string::npos);
  // Longer than a row may be, and read in several pieces.
  const std::string runaway = kHeader + person(1) + "C2,\"" + std::string(3'000'000, 'x');
  EXPECT_NE(refused(runaway).find("line 3: the file ends within a quoted cell"), std::string::npos);
}

TEST_F(ImportWhole, TheControlZThatOldSystemsEndFilesWithIsNoRow) {
  const auto done = take(kHeader + person(1) + "\x1A");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 1U);
  EXPECT_EQ(done->bad_rows, 0U);
}

TEST_F(ImportWhole, ALastRowThatIsWholeNeedsNoLineEnd) {
  std::string whole = kHeader + person(1) + person(2);
  whole.pop_back();
  const auto done = take(whole);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 2U);
  const auto json = take(std::string(R"({"お客様番号":"J1","氏名":"山田"})"));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->rows, 1U);
  // A bad row that is ended is one bad row.
  const auto ended = take(kHeader + person(3) + "C4,山田\n");
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->rows, 1U);
  EXPECT_EQ(ended->bad_rows, 1U);
  std::string header = kHeader;
  header.pop_back();
  const auto none = take(header);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no row beside its header"), std::string::npos);
}

// Of the same size, and its time put back: nothing but its bytes tells.
TEST_F(ImportWhole, AFileWrittenOverMeanwhileIsNotDone) {
  const fs::path path = file(people(1000));
  const auto terms = terms_of(path);
  ASSERT_TRUE(terms);
  ASSERT_EQ(people(1000).size(), people(2000).size());
  file(people(2000));
  const auto done = take(path, *terms);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kConflict);
  EXPECT_NE(done.error().message.find("was changed while it was taken in"), std::string::npos);
  EXPECT_EQ(Importer::imports(*records_, sakura_)->back().state, "running");
  EXPECT_EQ(found("customer_number", "C2000"), 0U);
  EXPECT_EQ(found("customer_number", "C1000"), 0U);
}

TEST_F(ImportWhole, AnImportGoesOnWithTheBytesThatItBeganWithOnly) {
  const fs::path path = file(people(1000));
  const auto terms = terms_of(path);
  ASSERT_TRUE(terms);
  file(people(2000));
  cut_off_halfway(path, *terms);
  file(people(1000));
  const auto other = take(path, *terms);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  EXPECT_NE(other.error().message.find("took in other bytes"), std::string::npos)
      << other.error().message;
  EXPECT_NE(other.error().message.find("--withdraw " + newest()), std::string::npos);
  ASSERT_TRUE(Importer::withdraw(*records_, {sakura_, newest(), false, {}}, {}));
  const auto done = take(path, *terms);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 300U);
  EXPECT_EQ(found("customer_number", "C2000"), 0U);
}

TEST_F(ImportWhole, AnImportOfAnEarlierVersionGoesOn) {
  const fs::path path = file(people(1000));
  const auto terms = terms_of(path);
  ASSERT_TRUE(terms);
  cut_off_halfway(path, *terms);
  EXPECT_EQ(stores_.records->imports(sakura_)->back().fed.size(), 64U);
  stop();
  auto old = SqliteFile::open({(folder_ / "records.db").string()});
  ASSERT_TRUE(old);
  ASSERT_TRUE((*old)->execute("ALTER TABLE record_imports DROP COLUMN fed"));
  old->reset();
  start();
  EXPECT_EQ(stores_.records->imports(sakura_)->back().fed, "");
  const auto done = take(path, *terms);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->rows, 300U);
}

// A pipe that nobody writes to would be waited for, a device read for ever.
TEST_F(ImportWhole, WhatIsNoFileIsRefusedAtOnce) {
  const fs::path pipe = folder_ / "pipe.csv";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const fs::path& path : {pipe, folder_, fs::path("/dev/zero")}) {
    const auto survey = vault::survey({path, {}, {}, {}}, vault::Schema::standard());
    ASSERT_FALSE(survey) << path;
    EXPECT_EQ(survey.error().code, ErrorCode::kNotFound);
    EXPECT_NE(survey.error().message.find("is no plain file"), std::string::npos) << path;
  }
  const auto missing =
      vault::survey({folder_ / "nothing.csv", {}, {}, {}}, vault::Schema::standard());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("cannot be read"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::store
