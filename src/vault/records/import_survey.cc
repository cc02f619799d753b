#include "vault/records/import_survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "vault/records/running_digest.h"

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

// What reading the whole file once tells.
struct Scanned {
  Encoding encoding = Encoding::kUtf8;
  FileFormat format = FileFormat::kCsv;
  std::size_t bom = 0;
  RowBatch unended;  // the last row, where the file ends without a line end
};

FileFormat format_of(std::string_view head) {
  const auto first = head.find_first_not_of("\r\n");
  return first != std::string_view::npos && head[first] == '{' ? FileFormat::kJsonLines
                                                               : FileFormat::kCsv;
}

Result<Scanned> scan(const SurveyAsked& asked, Survey& into) {
  if (auto plain = check_plain_file(asked.file); !plain)
    return tl::unexpected<Error>(plain.error());
  std::ifstream in(asked.file, std::ios::binary);
  std::error_code error;
  const std::uint64_t bytes_there = std::filesystem::file_size(asked.file, error);
  if (!error) into.written = std::filesystem::last_write_time(asked.file, error);
  if (!in || error)
    return fail(ErrorCode::kNotFound, fmt::format("{}: cannot be read", asked.file.string()));
  Scanned found;
  RunningDigest digest;
  EncodingScan encoding;
  std::optional<RowSplitter> rows;
  Bytes piece(kPiece);
  while (in) {
    in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    const ByteView got = ByteView(piece).first(static_cast<std::size_t>(in.gcount()));
    digest.add(got);
    encoding.feed(got);
    ByteView text = got;
    if (!rows) {
      found.bom = encoding.bom_bytes();
      text = got.subspan(found.bom);
      found.format = asked.format.value_or(format_of(as_text(text)));
      rows.emplace(found.format, found.bom, 0);
    }
    rows->feed(text);
    static_cast<void>(rows->take());
  }
  into.bytes = digest.bytes();
  if (into.bytes != bytes_there) return cut_short(asked.file, into.bytes, bytes_there);
  into.terms.digest = digest.hex();
  rows->finish();
  found.unended = rows->take();
  auto verdict = encoding.verdict();
  if (!verdict) return in_file(asked, verdict.error());
  found.encoding = *verdict;
  return found;
}

// Whether the file's last row, which nothing ends, is whole as far as its shape can tell.
Result<void> check_shape(const RowBatch& batch, const ImportTerms& terms) {
  const RowBatch::Row& row = batch.rows.front();
  if (!row.problem.empty()) return fail(ErrorCode::kInvalid, std::string(row.problem));
  std::string text;
  if (auto decoded = Decoder(terms.encoding).decode(batch.text_of(row), text); !decoded)
    return decoded;
  if (terms.format == FileFormat::kJsonLines) {
    const auto keys = keys_of_json(text);
    return keys ? Result<void>() : tl::unexpected<Error>(keys.error());
  }
  CsvCells cells;
  split_cells(text, cells);
  if (!cells.problem.empty()) return fail(ErrorCode::kInvalid, std::string(cells.problem));
  return check_count(cells.cells.size(), terms.columns);
}

// Half a file is no file: who is missing would be missed by nobody.
Result<void> check_end(const RowBatch& unended, const Survey& found) {
  const bool header_alone = found.terms.first_offset == found.bytes;
  if (unended.rows.empty() || header_alone) return {};
  const auto whole = check_shape(unended, found.terms);
  if (whole) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("line {}: {}; the file ends there without a line end: cut off, so nothing "
                  "of it was taken in; fetch it again, or mend that line and end it",
                  unended.rows.front().line, whole.error().message));
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

Result<void> check_plain_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status))
    return fail(ErrorCode::kNotFound, fmt::format("{}: cannot be read", file.string()));
  if (std::filesystem::is_regular_file(status)) return {};
  return fail(ErrorCode::kNotFound,
              fmt::format("{}: is no plain file (but a folder, a pipe or a device), and an import "
                          "reads a file more than once: write the data into a file, and name that",
                          file.string()));
}

Result<Survey> survey(const SurveyAsked& asked, const Schema& schema) {
  Survey found;
  const auto scanned = scan(asked, found);
  if (!scanned) return tl::unexpected<Error>(scanned.error());
  ImportTerms& terms = found.terms;
  terms.encoding = scanned->encoding;
  terms.format = scanned->format;
  const std::size_t bom = scanned->bom;

  std::ifstream in(asked.file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(bom));
  while (in && (in.peek() == '\n' || in.peek() == '\r')) in.get();
  if (!asked.format && begins_list(in))
    return in_file(asked, {ErrorCode::kInvalid,
                           "this is one JSON array; one object a line is wanted (JSON Lines): "
                           "jq -c '.[]' makes it so"});
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
  if (auto whole = check_end(scanned->unended, found); !whole) return in_file(asked, whole.error());
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
