#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "vault/exports/found_lines.h"
#include "vault/exports/recipient.h"
#include "vault/exports/sealed_export.h"
#include "vault/records/row_splitter.h"

namespace madoguchi::vault {
namespace {

class ExportFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "exportsXXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Bytes sealed(const RecipientKey& to, const std::string& text) {
    Bytes file;
    auto writer = SealedExportWriter::begin({"e1", "sakura", "return", to.text(), 3, Time()}, to,
                                            entropy_, [&](ByteView bytes) -> Result<void> {
                                              file.insert(file.end(), bytes.begin(), bytes.end());
                                              return {};
                                            });
    EXPECT_TRUE(writer);
    for (std::size_t at = 0; at < text.size(); at += 1000)
      EXPECT_TRUE(writer->add(text.substr(at, 1000)));
    EXPECT_TRUE(writer->finish());
    return file;
  }
  static Result<std::string> opened(ByteView file, const RecipientSecret& secret) {
    std::string text;
    const auto header = open_export(file, secret, [&](ByteView bytes) -> Result<void> {
      text += as_text(bytes);
      return {};
    });
    if (!header) return tl::unexpected<Error>(header.error());
    return text;
  }

  std::filesystem::path folder_;
  SystemEntropy entropy_;
};

TEST_F(ExportFiles, OnlyTheRecipientsSecretOpensThem) {
  const auto secret = make_recipient(folder_ / "key", "minato-print");
  ASSERT_TRUE(secret) << secret.error().message;
  const auto other = make_recipient(folder_ / "other", "minato-print");
  ASSERT_TRUE(other);
  for (const std::size_t size : {0U, 1U, 65'536U, 65'537U, 200'000U}) {
    const std::string text(size, 'x');
    const Bytes file = sealed(secret->public_half(), text);
    const auto read = read_recipient(folder_ / "key");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(opened(file, *read).value_or("not opened"), text);
    ASSERT_FALSE(opened(file, *other));
    EXPECT_EQ(opened(file, *other).error().code, ErrorCode::kDenied);
    const auto header = read_export_header(file);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->export_id, "e1");
    EXPECT_EQ(header->recipient, secret->public_half().text());
  }
}

TEST_F(ExportFiles, AnyChangedByteOrCutIsNoticed) {
  const auto secret = make_recipient(folder_ / "key", "a");
  ASSERT_TRUE(secret);
  const Bytes file = sealed(secret->public_half(), std::string(70'000, 'y'));
  for (std::size_t at = 0; at < file.size(); at += at < 400 ? 1 : 997) {
    Bytes changed = file;
    changed[at] ^= 1;
    EXPECT_FALSE(opened(changed, *secret)) << at;
  }
  for (std::size_t cut = 0; cut < file.size(); cut += cut < 400 ? 1 : 997)
    EXPECT_FALSE(opened(ByteView(file).first(cut), *secret)) << cut;
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_FALSE(opened(longer, *secret));
}

TEST_F(ExportFiles, ASecretThatOthersCouldReadIsRefused) {
  ASSERT_TRUE(make_recipient(folder_ / "key", "a"));
  EXPECT_FALSE(make_recipient(folder_ / "key", "a"));
  std::filesystem::permissions(folder_ / "key", std::filesystem::perms(0640));
  EXPECT_EQ(read_recipient(folder_ / "key").error().code, ErrorCode::kDenied);
  std::ofstream(folder_ / "rubbish") << "rubbish";
  std::filesystem::permissions(folder_ / "rubbish", std::filesystem::perms(0600));
  EXPECT_EQ(read_recipient(folder_ / "rubbish").error().code, ErrorCode::kInvalid);
}

TEST_F(ExportFiles, AMistypedPublicKeyIsNoticed) {
  const auto secret = make_recipient(folder_ / "key", "minato");
  ASSERT_TRUE(secret);
  const std::string text = secret->public_half().text();
  ASSERT_TRUE(RecipientKey::parse(text));
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(RecipientKey::parse(changed)) << changed;
  }
}

using Cells = std::vector<std::string>;

std::vector<Cells> rows_of(std::string_view text) {
  const auto found = read_found_lines(as_bytes(text), 100);
  EXPECT_TRUE(found);
  std::vector<Cells> rows;
  if (found)
    for (const FoundLine& line : found->lines) rows.push_back(line.cells);
  return rows;
}
Cells cells_of(std::string_view text) {
  const auto rows = rows_of(text);
  return rows.empty() ? Cells() : rows.front();
}

TEST(FoundLines, CellsAreFoundHoweverAFileIsCut) {
  const Cells wanted{"架空 花子", "090-0000-1001"};
  EXPECT_EQ(cells_of("架空 花子,090-0000-1001\r\n"), wanted);
  EXPECT_EQ(cells_of("\n \n架空 花子\t090-0000-1001"), wanted);
  EXPECT_EQ(cells_of("\"架空 花子\", 090-0000-1001"), wanted);
  EXPECT_EQ(cells_of(R"({"a":"架空 花子","b":"090-0000-1001"})"), wanted);
  EXPECT_EQ(cells_of("架空 花子、090-0000-1001"), wanted);
  const auto words = cells_of("架空 花子 090-0000-1001");
  for (const std::string& one : wanted)
    EXPECT_NE(std::find(words.begin(), words.end(), one), words.end()) << one;
  const auto most = read_found_lines(as_bytes("a\nb\nc"), 2);
  ASSERT_TRUE(most);
  EXPECT_EQ(most->lines.size(), 2U);
  EXPECT_EQ(most->left_out, 1U);
}

// What an export may hold in its cells, as its last column and as any other.
const std::vector<Cells> kPeople{
    {"P-0001", "架空 花子", "東京都架空区春町1-2-3", "A,B 86"},
    {"P-0002", "仮名 太郎", "東京都, 架空区", "\"至急\" と言う"},
    {"P-0003", "髙﨑 彅子", "春町1-2-3\r\n見本荘201", "改行\n入り, 二行目\n\n四行目"},
    {"P-0004", "見本 健", "\"", "終わり\""}};

std::string in_quotes(std::string_view text) {
  std::string all = "\"";
  for (const char c : text) all += c == '"' ? std::string("\"\"") : std::string(1, c);
  return all + '"';
}

TEST(FoundLines, WhatAnExportWritesIsReadWholeHoweverItIsQuotedAndItsLinesEnd) {
  for (const std::string_view end : {"\r\n", "\n"})
    for (const bool everything : {false, true})
      for (const bool ends : {true, false}) {
        std::string file;
        for (const Cells& person : kPeople) {
          for (std::size_t i = 0; i < person.size(); ++i) {
            if (i > 0) file += ',';
            if (everything)
              file += in_quotes(person[i]);
            else
              add_cell(file, person[i]);
          }
          file += end;
        }
        if (!ends) file.resize(file.size() - end.size());
        EXPECT_EQ(rows_of(file), kPeople) << file;
      }
}

TEST(FoundLines, ARowOfSeveralLinesStandsWhereItBegins) {
  const auto found = read_found_lines(as_bytes("a,b\r\n\"c\r\nd\",e\r\n\r\nf,g"), 10);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->lines.size(), 3U);
  EXPECT_EQ(found->lines[0].line, 1U);
  EXPECT_EQ(found->lines[1].line, 2U);
  EXPECT_EQ(found->lines[2].line, 5U);
}

TEST(FoundLines, ACellThatIsNoRightCsvCostsNoneBesideIt) {
  const Cells wanted{"B1", "山田", "A,B", "1980/1/2"};
  EXPECT_EQ(cells_of("\"B1\", \"山田\" ,  \"A,B\", \"1980/1/2\"\r\n"), wanted);
  EXPECT_EQ(cells_of("B1,山田,\"A,B\",1980/1/2,\"5\" 管").size(), 5U);
  const Cells cut{"B1", "山田", "\"改行"};
  EXPECT_EQ(cells_of("B1,山田,\"改行\r\n"), cut);
}

TEST(FoundLines, TabsAndCommasMayStandWithinEachOthersCells) {
  for (const std::string_view line : {"B1\t山田\tA,B\t1980/1/2\r\n", "B1,山田,A\tB,1980/1/2",
                                      "\"B1\"\t\"山田\"\t\"A,B\"\t\"1980/1/2\"\r\n"}) {
    const Cells cells = cells_of(line);
    for (const std::string_view one : {"B1", "山田", "1980/1/2"})
      EXPECT_NE(std::find(cells.begin(), cells.end(), one), cells.end()) << line << ": " << one;
  }
}

TEST(FoundLines, AnOpenQuoteSwallowsNoLines) {
  const std::vector<Cells> open{{"B1", "山田", "\"x"}, {"B2", "川上", "y"}, {"B3", "谷口", "z"}};
  EXPECT_EQ(rows_of("B1,山田,\"x\nB2,川上,y\nB3,谷口,z\n"), open);
  // Not even where another stray quote happens to close it.
  EXPECT_EQ(rows_of("B1,山田,\"x\nB2,川上,y\nB3,谷口,z\"\n").size(), 3U);
  EXPECT_EQ(rows_of("\"一覧です\nB1,山田\nB2,川上\n\"\n").size(), 4U);
  const std::string far = "B1,\"" + std::string(20'000, 'x') + "\nB2,山田\nB3,\"川上\"\n";
  EXPECT_EQ(rows_of(far).size(), 2U);
}

}  // namespace
}  // namespace madoguchi::vault
