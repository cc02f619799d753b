#include "vault/records/import_survey.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "base/check.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kPiece = 1024 * 1024;
constexpr std::size_t kHeadRows = 1000;  // of JSON Lines, looked at for their keys

tl::unexpected<Error> in_file(const SurveyAsked& asked, const Error& error) {
  return fail(error.code, fmt::format("{}: {}", asked.file.string(), error.message));
}

// Reads the whole file once: digest and encoding.
Result<Encoding> scan(const SurveyAsked& asked, Survey& into, std::size_t& bom) {
  std::ifstream in(asked.file, std::ios::binary);
  if (!in)
    return fail(ErrorCode::kNotFound, fmt::format("{}: cannot be read", asked.file.string()));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                       EVP_MD_CTX_free);
  CHECK(digest && EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1);
  EncodingScan encoding;
  Bytes piece(kPiece);
  while (in) {
    in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    const auto got = static_cast<std::size_t>(in.gcount());
    into.bytes += got;
    encoding.feed(ByteView(piece).first(got));
    CHECK(EVP_DigestUpdate(digest.get(), piece.data(), got) == 1);
  }
  std::array<std::uint8_t, 32> bytes{};
  CHECK(EVP_DigestFinal_ex(digest.get(), bytes.data(), nullptr) == 1);
  into.terms.digest = to_hex(bytes);
  bom = encoding.bom_bytes();
  return encoding.verdict();
}

Result<std::vector<std::string>> headers_of_csv(const RowBatch& head, const ImportTerms& terms) {
  const RowBatch::Row& row = head.rows.front();
  std::string text;
  Decoder decoder(terms.encoding);
  CsvCells cells;
  if (row.problem.empty() && decoder.decode(head.text_of(row), text)) split_cells(text, cells);
  if (!row.problem.empty() || !cells.problem.empty())
    return fail(ErrorCode::kInvalid,
                fmt::format("line {}: the header {}", row.line,
                            row.problem.empty() ? cells.problem : row.problem));
  return std::move(cells.cells);
}

std::vector<std::string> headers_of_json(const RowBatch& head, const ImportTerms& terms) {
  std::vector<std::string> headers;
  Decoder decoder(terms.encoding);
  std::string text;
  for (const RowBatch::Row& row : head.rows) {
    if (!row.problem.empty() || !decoder.decode(head.text_of(row), text)) continue;
    const auto keys = keys_of_json(text);
    if (!keys) continue;
    for (const std::string& key : *keys)
      if (std::find(headers.begin(), headers.end(), key) == headers.end()) headers.push_back(key);
  }
  return headers;
}

bool begins_list(std::ifstream& in) {
  const auto here = in.tellg();
  bool found = false;
  if (in.get() == '[') {
    while (in && (in.peek() == ' ' || in.peek() == '\t' || in.peek() == '\n' || in.peek() == '\r'))
      in.get();
    found = in.peek() == '{' || in.peek() == ']';
  }
  in.clear();
  in.seekg(here);
  return found;
}

// A header of other separators is one long name, or names that hold a comma by chance.
Result<void> check_separator(const RowBatch& head) {
  const std::string_view text = head.text_of(head.rows.front());
  const auto commas = std::count(text.begin(), text.end(), ',');
  for (const auto& [sign, name] : {std::pair(';', "semicolons"), std::pair('\t', "tabs")})
    if (std::count(text.begin(), text.end(), sign) > commas)
      return fail(ErrorCode::kInvalid,
                  fmt::format("line {}: its cells are separated by {}; commas are wanted: save it "
                              "as CSV with commas",
                              head.rows.front().line, name));
  return {};
}

}  // namespace

Result<Survey> survey(const SurveyAsked& asked, const Schema& schema) {
  Survey found;
  std::size_t bom = 0;
  const auto encoding = scan(asked, found, bom);
  if (!encoding)
    return encoding.error().code == ErrorCode::kNotFound ? tl::unexpected<Error>(encoding.error())
                                                         : in_file(asked, encoding.error());
  ImportTerms& terms = found.terms;
  terms.encoding = *encoding;

  std::ifstream in(asked.file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(bom));
  while (in && (in.peek() == '\n' || in.peek() == '\r')) in.get();
  const bool object = in.peek() == '{';
  if (!asked.format && begins_list(in))
    return in_file(asked, {ErrorCode::kInvalid,
                           "this is one JSON array; one object a line is wanted (JSON Lines): "
                           "jq -c '.[]' makes it so"});
  terms.format = asked.format.value_or(object ? FileFormat::kJsonLines : FileFormat::kCsv);
  in.clear();
  in.seekg(static_cast<std::streamoff>(bom));
  const bool csv = terms.format == FileFormat::kCsv;
  RowSplitter splitter(terms.format, bom, 0);
  const std::size_t wanted = csv ? 1 : kHeadRows;
  char byte = 0;
  while (splitter.ready() < wanted && in.get(byte))
    splitter.feed(ByteView(reinterpret_cast<const std::uint8_t*>(&byte), 1));
  if (splitter.ready() == 0) splitter.finish();
  const RowBatch head = splitter.take();
  if (head.rows.empty()) return in_file(asked, {ErrorCode::kInvalid, "holds no row"});
  terms.first_offset = csv ? head.end_offset : bom;
  terms.first_lines = csv ? head.end_line : 0;

  if (csv)
    if (auto right = check_separator(head); !right) return in_file(asked, right.error());
  const auto headers = csv ? headers_of_csv(head, terms)
                           : Result<std::vector<std::string>>(headers_of_json(head, terms));
  if (!headers) return in_file(asked, headers.error());
  std::vector<Column> mapping;
  if (!asked.mapping_toml.empty()) {
    auto read = read_mapping(asked.mapping_toml, asked.mapping_name, schema);
    if (!read) return tl::unexpected<Error>(read.error());
    mapping = std::move(*read);
  }
  auto columns = map_headers(*headers, mapping, schema);
  if (!columns) return in_file(asked, columns.error());
  terms.columns = std::move(*columns);
  return found;
}

}  // namespace madoguchi::vault
