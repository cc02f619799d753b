// For tests of the records on real stores: an open Records with a clock that stands still, whose
// files can be looked into, copied and put back. Linked into test programs only.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "base/sealing.h"
#include "store/vault/record_stores.h"
#include "vault/records/erasures.h"
#include "vault/records/held_keys.h"
#include "vault/records/records.h"

namespace madoguchi::store {

class RecordsOnSqlite : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "recordsXXXXXX";
    folder_ = mkdtemp(pattern.data());
    start();
  }
  void TearDown() override {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  virtual std::string records_url() const { return "sqlite:" + (folder_ / "records.db").string(); }
  virtual std::string keys_url() const { return "sqlite:" + (folder_ / "keys.db").string(); }

  // Also a restart.
  void start() {
    const auto started = try_start();
    ASSERT_TRUE(started) << started.error().message;
  }
  // Nothing is open after an error.
  Result<void> try_start() {
    stop();
    auto stores = open_record_stores({records_url(), keys_url(), folder_});
    if (!stores) return tl::unexpected<Error>(stores.error());
    stores_ = std::move(*stores);
    auto erasures = vault::Erasures::open(folder_ / "erasures.log",
                                          Secret::copy_of(as_bytes("the key of erasures 1234567")));
    if (!erasures) return tl::unexpected<Error>(erasures.error());
    erasures_ = std::move(*erasures);
    auto records = vault::Records::open({*stores_.records, *stores_.keys, keys_, *erasures_, clock_,
                                         entropy_, vault::NumberingPlan::japanese()});
    if (!records) {
      const Error error = records.error();
      stop();
      return tl::unexpected<Error>(error);
    }
    records_ = std::move(*records);
    return {};
  }
  void stop() {
    records_.reset();
    erasures_.reset();
    stores_ = {};
  }

  static vault::FieldValue value(std::string field, std::string text, std::uint8_t number = 1) {
    vault::FieldValue made;
    made.field = std::move(field);
    made.text = Personal<std::string>(std::move(text));
    made.number = number;
    return made;
  }
  static vault::Subject hanako(const std::string& customer_number = "A-1001") {
    vault::Subject subject;
    subject.provenance = {"web form", "contract", "2024-05-31", "desk"};
    subject.values = {value("customer_number", customer_number),
                      value("name_kanji", "髙橋 花子"),
                      value("name_kana", "タカハシ ハナコ"),
                      value("birth_date", "1980-01-02"),
                      value("postal_code", "160-0023"),
                      value("address", "東京都新宿区西新宿二丁目8番1号"),
                      value("telephone", "090-1234-5678"),
                      value("telephone", "03-1234-5678", 2),
                      value("mail", "hanako@example.jp")};
    return subject;
  }
  vault::SubjectId add(const vault::Subject& subject, const std::string& organisation = "sakura") {
    const auto added = records_->add(OrganisationId(organisation), subject);
    EXPECT_TRUE(added) << added.error().message;
    return added.value_or(vault::SubjectId());
  }
  std::size_t found(const std::string& field, const std::string& text,
                    const std::string& organisation = "sakura") {
    const auto result =
        records_->find(OrganisationId(organisation), {{field, Personal<std::string>(text)}});
    EXPECT_TRUE(result) << result.error().message;
    return result ? result->subjects.size() : 999;
  }
  std::string read(const vault::SubjectId& subject, const std::string& field,
                   const std::string& organisation = "sakura") {
    const auto opened = records_->read(OrganisationId(organisation), subject, {field});
    if (!opened) return "error: " + std::string(name_of(opened.error().code));
    return opened->values.empty() ? "" : opened->values.front().text.reveal();
  }
  // Where in the folder's files these bytes are; empty: nowhere.
  std::string where(ByteView bytes) const {
    const std::string_view wanted = as_text(bytes);
    std::string places;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file()) continue;
      std::stringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      if (text.str().find(wanted) != std::string::npos)
        places += entry.path().filename().string() + " ";
    }
    return places;
  }

  const OrganisationId sakura_{"sakura"};
  const OrganisationId kaede_{"kaede"};
  std::filesystem::path folder_;
  ManualClock clock_{*parse_utc("2026-11-22T03:00:00Z")};
  SystemEntropy entropy_;
  vault::HeldKeys keys_;
  RecordStores stores_;
  std::unique_ptr<vault::Erasures> erasures_;
  std::unique_ptr<vault::Records> records_;
};

}  // namespace madoguchi::store
