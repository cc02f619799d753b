// Erased people are gone: from files, write-ahead logs and free pages, and from backups put back.
#include "store/vault/records_fixture.h"
#include "vault/records/sealed_record.h"

namespace madoguchi::store {
namespace {

namespace fs = std::filesystem;
using vault::SubjectId;

class Erasure : public RecordsOnSqlite {
 protected:
  void back_up(const char* name) {
    for (const char* end : {"", "-wal", "-shm"}) {
      const fs::path from = folder_ / (std::string(name) + end);
      if (fs::exists(from))
        fs::copy_file(from, backup_of(from), fs::copy_options::overwrite_existing);
    }
  }
  void put_back(const char* name) {
    for (const char* end : {"", "-wal", "-shm"}) {
      const fs::path to = folder_ / (std::string(name) + end);
      fs::remove(to);
      if (fs::exists(backup_of(to))) fs::copy_file(backup_of(to), to);
    }
  }
  static fs::path backup_of(const fs::path& file) {
    return file.parent_path() / ("backup-" + file.filename().string());
  }
};

TEST_F(Erasure, LeavesNoByteOfKeyOrRecord) {
  std::vector<SubjectId> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(add(hanako("E" + std::to_string(i))));
  const auto document = records_->put_document(sakura_, ids[77], {}, "note", "hana",
                                               Personal<std::string>("メモ"), false);
  ASSERT_TRUE(document);
  const auto number = vault::parts_of(ids[77])->number;
  const auto key = **stores_.keys->key(number);
  const auto row = **stores_.records->record(number);
  const auto note = **stores_.records->document(document->document.text(), 0);
  ASSERT_NE(where(key.wrapped), "");
  ASSERT_NE(where(row.sealed), "");
  ASSERT_NE(where(note.sealed), "");
  ASSERT_TRUE(records_->erase(sakura_, ids[77]));
  EXPECT_EQ(where(key.wrapped), "");
  EXPECT_EQ(where(ByteView(key.wrapped).subspan(56)), "");  // nor the key's ciphertext alone
  EXPECT_EQ(where(ByteView(row.sealed).subspan(40, 60)), "");
  EXPECT_EQ(where(ByteView(row.sealed).last(60)), "");
  EXPECT_EQ(where(note.sealed), "");
  EXPECT_EQ(where(as_bytes(ids[77].text())), "");
  EXPECT_EQ(found("customer_number", "E77"), 0U);
  EXPECT_EQ(found("customer_number", "E78"), 1U);
  EXPECT_EQ(read(ids[77], "name_kana"), "error: not_found");
  EXPECT_EQ(read(ids[78], "name_kana"), "タカハシ ハナコ");
}

TEST_F(Erasure, IsRepeatableAndUnknownSubjectsAreNotFound) {
  const SubjectId id = add(hanako());
  ASSERT_TRUE(records_->erase(sakura_, id));
  EXPECT_TRUE(records_->erase(sakura_, id));
  EXPECT_EQ(records_->erase(sakura_, SubjectId("nobody")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(erasures_->all().size(), 1U);
}

TEST_F(Erasure, WorksForARecordThatDoesNotOpen) {
  const SubjectId id = add(hanako());
  auto row = **stores_.records->record(vault::parts_of(id)->number);
  row.sealed[50] ^= 1;
  row.sealed[200] ^= 1;
  vault::RecordAct act;
  act.records.push_back(row);
  ASSERT_TRUE(stores_.records->commit(sakura_, act));
  ASSERT_TRUE(records_->erase(sakura_, id));
  EXPECT_FALSE(*stores_.records->any_marks(sakura_));
}

TEST_F(Erasure, IsReplayedWhenABackupIsPutBack) {
  const SubjectId gone = add(hanako("E1"));
  const SubjectId stays = add(hanako("E2"));
  for (const std::vector<const char*>& restored :
       {std::vector<const char*>{"records.db"}, {"keys.db"}, {"records.db", "keys.db"}}) {
    stop();
    for (const char* name : {"records.db", "keys.db", "erasures.log"}) back_up(name);
    start();
    const auto key = **stores_.keys->key(vault::parts_of(gone)->number);
    ASSERT_TRUE(records_->erase(sakura_, gone));
    stop();
    for (const char* name : restored) put_back(name);
    start();
    EXPECT_EQ(read(gone, "name_kana"), "error: not_found");
    EXPECT_EQ(read(stays, "name_kana"), "タカハシ ハナコ");
    EXPECT_EQ(found("customer_number", "E1"), 0U);
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().filename().string().starts_with("backup-"))
        fs::rename(entry.path(), folder_.parent_path() / (folder_.filename().string() + "-" +
                                                          entry.path().filename().string()));
    EXPECT_EQ(where(key.wrapped), "");
    stop();
    for (const auto& entry : fs::directory_iterator(folder_.parent_path())) {
      const std::string name = entry.path().filename().string();
      const std::string mine = folder_.filename().string() + "-";
      if (name.starts_with(mine)) fs::rename(entry.path(), folder_ / name.substr(mine.size()));
    }
    // For the next round: everything as before the erasure.
    for (const char* name : {"records.db", "keys.db", "erasures.log"}) put_back(name);
    start();
    EXPECT_EQ(read(gone, "name_kana"), "タカハシ ハナコ");
  }
}

TEST_F(Erasure, AListThatWasCutOrLostIsMadeWholeFromTheDatabases) {
  const SubjectId id = add(hanako());
  ASSERT_TRUE(records_->erase(sakura_, id));
  stop();
  fs::remove(folder_ / "erasures.log");
  start();
  EXPECT_EQ(erasures_->all().size(), 1U);
}

TEST_F(Erasure, AListThatMovesIsTakenIntoTheNewOne) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(records_->erase(sakura_, add(hanako())));
  stop();
  const auto key = [] { return Secret::copy_of(as_bytes("the key of erasures 1234567")); };
  {
    const auto moved = vault::Erasures::open(folder_ / "elsewhere", key());
    ASSERT_TRUE(moved);
    ASSERT_TRUE((*moved)->take_in(folder_ / "erasures.log", key()));
    EXPECT_EQ((*moved)->people(), 3U);
  }
  EXPECT_FALSE(fs::exists(folder_ / "erasures.log"));
  const auto again = vault::Erasures::open(folder_ / "elsewhere", key());
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->people(), 3U);
}

TEST_F(Erasure, AListThatIsAwayOrAnotherFileIsToldWithItsPlace) {
  const auto key = [] { return Secret::copy_of(as_bytes("the key of erasures 1234567")); };
  const auto file = folder_ / "elsewhere";
  const auto missing = vault::Erasures::open(file, key(), vault::Erasures::IfMissing::kRefuse);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(missing.error().message.starts_with(file.string() + ": is missing; put the newest"));
  EXPECT_FALSE(fs::exists(file));
  fs::create_directory(file);
  const auto folder = vault::Erasures::open(file, key());
  ASSERT_FALSE(folder);
  EXPECT_TRUE(folder.error().message.starts_with(file.string() + ": cannot be opened for writing"));
  // The way on that the first message names.
  fs::remove(file);
  std::ofstream(file).close();
  EXPECT_TRUE(vault::Erasures::open(file, key(), vault::Erasures::IfMissing::kRefuse));
}

// Nobody is told of an erasure that only a file knows which nobody will read.
TEST_F(Erasure, NothingIsErasedWhileTheListIsAnotherFile) {
  const auto subject = add(hanako());
  const auto list = folder_ / "erasures.log";
  fs::copy_file(list, folder_ / "newest");
  fs::rename(folder_ / "newest", list);
  const auto refused = records_->erase(sakura_, subject);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(list.string()), std::string::npos);
  EXPECT_TRUE(*records_->exists(sakura_, subject));
  stop();
  start();
  EXPECT_TRUE(records_->erase(sakura_, subject));
}

TEST_F(Erasure, AChangedListIsRefused) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(records_->erase(sakura_, add(hanako())));
  stop();
  std::stringstream text;
  text << std::ifstream(folder_ / "erasures.log", std::ios::binary).rdbuf();
  const std::string whole = text.str();
  const Secret key = Secret::copy_of(as_bytes("the key of erasures 1234567"));
  std::string changed = whole;
  changed[30] = changed[30] == '1' ? '2' : '1';
  const std::size_t second = whole.find('\n', whole.find('\n') + 1) + 1;
  const std::string taken_out =
      whole.substr(0, second) + whole.substr(whole.find('\n', second) + 1);
  for (const std::string& bad : {changed, taken_out, std::string("something else")}) {
    std::ofstream(folder_ / "erasures.log", std::ios::binary) << bad;
    EXPECT_EQ(
        vault::Erasures::open(folder_ / "erasures.log", Secret::copy_of(key.reveal())).error().code,
        ErrorCode::kCorrupt);
  }
  std::ofstream(folder_ / "erasures.log", std::ios::binary) << whole.substr(0, whole.size() - 5);
  const auto cut = vault::Erasures::open(folder_ / "erasures.log", Secret::copy_of(key.reveal()));
  ASSERT_TRUE(cut);
  EXPECT_EQ((*cut)->all().size(), 2U);
}

TEST_F(Erasure, AKeyWithoutARecordIsCollectedAtTheNextStart) {
  const SubjectId id = add(hanako());
  auto orphan = **stores_.keys->key(vault::parts_of(id)->number);
  orphan.number += 5;
  orphan.wrapped[60] ^= 1;
  ASSERT_TRUE(stores_.keys->put(std::span(&orphan, 1), 0));
  start();
  EXPECT_FALSE(stores_.keys->key(orphan.number)->has_value());
  EXPECT_EQ(where(orphan.wrapped), "");
  EXPECT_EQ(read(id, "name_kana"), "タカハシ ハナコ");
}

TEST_F(Erasure, AStartWithOlderRecordsIsRefusedAndNobodysKeyIsLost) {
  const SubjectId old = add(hanako("O1"));
  stop();
  for (const char* name : {"records.db", "keys.db"}) back_up(name);
  start();
  std::vector<SubjectId> since;
  for (int i = 0; i < 50; ++i) since.push_back(add(hanako("S" + std::to_string(i))));
  stop();
  for (const char* name : {"records.db", "records.db-wal"})
    if (fs::exists(folder_ / name))
      fs::copy_file(folder_ / name, folder_ / ("newer-" + std::string(name)));
  put_back("records.db");
  for (int tries = 0; tries < 2; ++tries) {
    const auto refused = try_start();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
    EXPECT_NE(refused.error().message.find("records of 50 people are missing"), std::string::npos)
        << refused.error().message;
  }
  for (const char* name : {"records.db", "records.db-wal"})
    if (fs::exists(folder_ / ("newer-" + std::string(name))))
      fs::copy_file(folder_ / ("newer-" + std::string(name)), folder_ / name,
                    fs::copy_options::overwrite_existing);
  start();
  EXPECT_EQ(read(old, "name_kana"), "タカハシ ハナコ");
  for (const SubjectId& id : since) EXPECT_EQ(read(id, "name_kana"), "タカハシ ハナコ");
  // Both from one backup are of one time.
  stop();
  for (const char* name : {"records.db", "keys.db"}) put_back(name);
  start();
  EXPECT_EQ(read(old, "name_kana"), "タカハシ ハナコ");
  EXPECT_EQ(read(since.front(), "name_kana"), "error: not_found");
}

TEST_F(Erasure, AStartWithOlderKeysIsRefused) {
  const SubjectId old = add(hanako("O1"));
  stop();
  back_up("keys.db");
  start();
  const SubjectId later = add(hanako("O2"));
  stop();
  fs::copy_file(folder_ / "keys.db", folder_ / "newer-keys.db");
  put_back("keys.db");
  const auto refused = try_start();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("keys is older than"), std::string::npos)
      << refused.error().message;
  put_back("keys.db");
  fs::copy_file(folder_ / "newer-keys.db", folder_ / "keys.db",
                fs::copy_options::overwrite_existing);
  start();
  EXPECT_EQ(read(old, "name_kana"), "タカハシ ハナコ");
  EXPECT_EQ(read(later, "name_kana"), "タカハシ ハナコ");
}

TEST_F(Erasure, DestroyingAnOrganisationLeavesTheOthers) {
  std::vector<SubjectId> ids;
  for (int i = 0; i < 60; ++i) ids.push_back(add(hanako("D" + std::to_string(i))));
  const SubjectId other = add(hanako(), "kaede");
  for (int steps = 0; !*records_->destroy_all(sakura_, 40); ++steps) ASSERT_LT(steps, 50);
  for (const SubjectId& id : ids) EXPECT_EQ(read(id, "name_kana"), "error: not_found");
  EXPECT_FALSE(*stores_.records->any_marks(sakura_));
  EXPECT_EQ(read(other, "name_kana", "kaede"), "タカハシ ハナコ");
}

}  // namespace
}  // namespace madoguchi::store
