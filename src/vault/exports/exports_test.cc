#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "vault/exports/found_lines.h"
#include "vault/exports/recipient.h"
#include "vault/exports/sealed_export.h"

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

TEST(FoundLines, CellsAreFoundHoweverAFileIsCut) {
  const auto cells = [](std::string_view text) {
    const auto found = read_found_lines(as_bytes(text), 10);
    EXPECT_TRUE(found);
    return found && !found->lines.empty() ? found->lines.front().cells : std::vector<std::string>();
  };
  const std::vector<std::string> wanted{"架空 花子", "090-0000-1001"};
  EXPECT_EQ(cells("架空 花子,090-0000-1001\r\n"), wanted);
  EXPECT_EQ(cells("\n \n架空 花子\t090-0000-1001"), wanted);
  EXPECT_EQ(cells("\"架空 花子\", 090-0000-1001"), wanted);
  EXPECT_EQ(cells(R"({"a":"架空 花子","b":"090-0000-1001"})"), wanted);
  EXPECT_EQ(cells("架空 花子、090-0000-1001"), wanted);
  const auto words = cells("架空 花子 090-0000-1001");
  for (const std::string& one : wanted)
    EXPECT_NE(std::find(words.begin(), words.end(), one), words.end()) << one;
  const auto most = read_found_lines(as_bytes("a\nb\nc"), 2);
  ASSERT_TRUE(most);
  EXPECT_EQ(most->lines.size(), 2U);
  EXPECT_EQ(most->left_out, 1U);
}

}  // namespace
}  // namespace madoguchi::vault
