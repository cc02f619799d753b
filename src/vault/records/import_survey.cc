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
constexpr std::size_t kFedPiece = 256 * 1024;
constexpr std::size_t kHeadRows = 1000;  // of JSON Lines, looked at for their keys

tl::unexpected<Error> in_file(const SurveyAsked& asked, const Error& error) {
  return fail(error.code, fmt::format("{}: {}", asked.file.string(), error.message));
}

tl::unexpected<Error> cut_short(const std::filesystem::path& file, std::uint64_t read,
                                std::uint64_t bytes) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}: cannot be read to its end (byte {} of {}): is its medium there, and "
                          "whole? Start the same import again then",
                          file.string(), read, bytes));
}

// Reads the whole file once: digest and encoding.
Result<Encoding> scan(const SurveyAsked& asked, Survey& into, std::size_t& bom) {
  std::ifstream in(asked.file, std::ios::binary);
  std::error_code error;
  const std::uint64_t bytes_there = std::filesystem::file_size(asked.file, error);
  if (!error) into.written = std::filesystem::last_write_time(asked.file, error);
  if (!in || error)
    return fail(ErrorCode::kNotFound,
                fmt::format("{}: cannot be read, or is no plain file", asked.file.string()));
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
  if (into.bytes != bytes_there) return cut_short(asked.file, into.bytes, bytes_there);
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
    return encoding.error().code == ErrorCode::kInvalid ? in_file(asked, encoding.error())
                                                        : tl::unexpected<Error>(encoding.error());
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

// ---- what was surveyed, again

SurveyedFile::SurveyedFile(std::filesystem::path file, const Survey& about, std::uint64_t from)
    : file_(std::move(file)),
      bytes_(about.bytes),
      written_(about.written),
      at_(from),
      in_(file_, std::ios::binary),
      piece_(kFedPiece) {
  in_.seekg(static_cast<std::streamoff>(from));
}

Result<void> SurveyedFile::is_the_same() {
  std::error_code error;
  const auto size = std::filesystem::file_size(file_, error);
  const auto written = error ? written_ : std::filesystem::last_write_time(file_, error);
  if (error) return cut_short(file_, at_, bytes_);
  if (size == bytes_ && written == written_) return {};
  return fail(
      ErrorCode::kConflict,
      fmt::format("{}: was changed while it was taken in, and nothing of it counts yet: start "
                  "the same import again; where it is another file now, take back first "
                  "what came in (--list, --withdraw)",
                  file_.string()));
}

Result<ByteView> SurveyedFile::next() {
  if (at_ >= bytes_) {
    if (auto same = is_the_same(); !same) return tl::unexpected<Error>(same.error());
    return ByteView();
  }
  const auto wanted = std::min<std::uint64_t>(piece_.size(), bytes_ - at_);
  in_.read(reinterpret_cast<char*>(piece_.data()), static_cast<std::streamsize>(wanted));
  const auto got = static_cast<std::uint64_t>(in_.gcount());
  if (got == 0) {
    if (auto same = is_the_same(); !same) return tl::unexpected<Error>(same.error());
    return cut_short(file_, at_, bytes_);
  }
  at_ += got;
  return ByteView(piece_).first(got);
}

}  // namespace madoguchi::vault
