#include "documents/pdf.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace madoguchi::documents {
namespace {

std::string_view text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// As the tree of pages has it.
int pages_of(const Bytes& pdf) {
  const std::string text(text_of(pdf));
  const auto count = text.rfind("/Count ");
  return count == std::string::npos ? 0 : std::stoi(text.substr(count + 7));
}

Document with_rows(int rows) {
  Document document;
  document.title = "Report";
  document.footer = "footer";
  document.language = "en";
  Table table{{{"name", 2}, {"count", 1, true}}, {}};
  for (int i = 0; i < rows; ++i) table.rows.push_back({"row", std::to_string(i)});
  document.blocks = {Heading{"heading"}, Paragraph{"text"}, table,
                     Bars{{{"1", 3}, {"2", 0}, {"3", 7}}}, Verbatim{"fixed\nlines"}};
  return document;
}

TEST(Pdf, IsOneWholeFile) {
  const auto pdf = as_pdf(with_rows(3));
  ASSERT_TRUE(pdf) << pdf.error().message;
  EXPECT_TRUE(text_of(*pdf).starts_with("%PDF-1."));
  EXPECT_TRUE(text_of(*pdf).ends_with("%%EOF\n"));
  EXPECT_EQ(pages_of(*pdf), 1);
}

TEST(Pdf, LongTablesAndTextsGoOnOverPages) {
  const auto pdf = as_pdf(with_rows(200));
  ASSERT_TRUE(pdf);
  EXPECT_GE(pages_of(*pdf), 4);
  Document wordy;
  wordy.title = "t";
  std::string text;
  for (int i = 0; i < 4'000; ++i) text += "word ";
  wordy.blocks = {Paragraph{text}};
  const auto told = as_pdf(wordy);
  ASSERT_TRUE(told);
  EXPECT_GE(pages_of(*told), 3);
}

TEST(Pdf, ADocumentOfNothingIsAPage) {
  Document empty;
  empty.blocks = {Table{{{"head"}}, {}}, Bars{}};
  const auto pdf = as_pdf(empty);
  ASSERT_TRUE(pdf);
  EXPECT_EQ(pages_of(*pdf), 1);
}

// Letters that no font has are refused rather than printed as boxes.
TEST(Pdf, LettersWithoutAFontAreAnError) {
  Document document = with_rows(1);
  document.title = "\U0010fffd";  // of a private plane
  const auto pdf = as_pdf(document);
  ASSERT_FALSE(pdf);
  EXPECT_EQ(pdf.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(pdf.error().message.find("fonts-noto-cjk"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::documents
