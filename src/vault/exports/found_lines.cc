#include "vault/exports/found_lines.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "vault/exports/code_points.h"
#include "vault/records/file_text.h"
#include "vault/records/row_splitter.h"

namespace madoguchi::vault {
namespace {

using nlohmann::json;

constexpr std::size_t kMostCells = 100;
constexpr std::size_t kMostWords = 16;
constexpr std::size_t kMostJoined = 4;
constexpr std::size_t kMostLineBytes = 16 * 1024;

void add_scalars(const json& value, std::vector<std::string>& cells) {
  if (cells.size() >= kMostCells) return;
  if (value.is_string()) return cells.push_back(value.get<std::string>());
  if (value.is_number_integer()) return cells.push_back(value.dump());
  if (value.is_structured())
    for (const json& one : value) add_scalars(one, cells);
}

std::vector<std::string> split_at(const std::string& text, char32_t separator) {
  std::vector<std::string> cells;
  std::u32string cell;
  for (const char32_t c : code_points(text)) {
    if (c == separator) {
      cells.push_back(utf8_of(cell));
      cell.clear();
    } else {
      cell += c;
    }
  }
  cells.push_back(utf8_of(cell));
  return cells;
}

// Words, and up to four neighbours together: a name has two, an address or a number may have more.
void add_words(const std::string& text, std::vector<std::string>& cells) {
  std::vector<std::u32string> words;
  std::vector<std::u32string> gaps;  // before each word
  std::u32string gap;
  bool in_word = false;
  for (const char32_t c : code_points(text)) {
    if (is_space_sign(c)) {
      gap += c;
      in_word = false;
      continue;
    }
    if (!in_word) {
      words.emplace_back();
      gaps.push_back(std::exchange(gap, {}));
    }
    words.back() += c;
    in_word = true;
  }
  if (words.size() < 2 || words.size() > kMostWords) return;
  for (std::size_t count = 1; count <= kMostJoined; ++count)
    for (std::size_t first = 0; first + count <= words.size(); ++first) {
      if (count == words.size()) continue;
      std::u32string joined = words[first];
      for (std::size_t i = first + 1; i < first + count; ++i) joined += gaps[i] + words[i];
      cells.push_back(utf8_of(joined));
    }
}

std::vector<std::string> plain_cells(const std::string& line) {
  for (const char32_t separator : {U'\t', U'、', U'，', U'|', U'｜', U';'}) {
    auto cells = split_at(line, separator);
    if (cells.size() > 1) return cells;
  }
  std::vector<std::string> cells{line};
  add_words(line, cells);
  return cells;
}

std::vector<std::string> cells_of(std::string_view row) {
  const auto first = row.find_first_not_of(" \t");
  if (first != std::string_view::npos && (row[first] == '{' || row[first] == '[')) {
    const json value = json::parse(row, nullptr, false);
    std::vector<std::string> cells;
    if (value.is_structured()) add_scalars(value, cells);
    if (!cells.empty()) return cells;
  }
  CsvCells csv;
  split_cells(row, csv);
  if (csv.problem.empty() && csv.cells.size() > 1) return std::move(csv.cells);
  const bool quoted = csv.problem.empty() && csv.cells.size() == 1;
  return plain_cells(quoted ? csv.cells[0] : std::string(row));
}

void trim(std::string& cell) {
  const auto from = cell.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return cell.clear();
  cell = cell.substr(from, cell.find_last_not_of(" \t\r\n") - from + 1);
}

}  // namespace

Result<FoundLines> read_found_lines(ByteView file, std::size_t most) {
  if (file.size() > kMostFoundBytes)
    return fail(ErrorCode::kInvalid, "the file is larger than 64 MiB; give a part of it");
  EncodingScan scan;
  scan.feed(file);
  const auto encoding = scan.verdict();
  if (!encoding) return tl::unexpected<Error>(encoding.error());
  // A quote left open in a plain text must not swallow the lines behind it, so lines are cut first.
  Decoder decoder(*encoding);
  FoundLines found;
  std::string_view rest = as_text(file).substr(scan.bom_bytes());
  std::string text;
  for (std::uint64_t line = 1; !rest.empty(); ++line) {
    const auto end = rest.find('\n');
    const std::string_view raw = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (raw.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (found.lines.size() == most || raw.size() > kMostLineBytes) {
      ++(raw.size() > kMostLineBytes ? found.too_long : found.left_out);
      continue;
    }
    if (auto decoded = decoder.decode(raw, text); !decoded)
      return tl::unexpected<Error>(decoded.error());
    FoundLine one{line, cells_of(text)};
    for (std::string& cell : one.cells) trim(cell);
    std::erase_if(one.cells, [](const std::string& cell) { return cell.empty(); });
    if (one.cells.size() > kMostCells) one.cells.resize(kMostCells);
    if (!one.cells.empty()) found.lines.push_back(std::move(one));
  }
  return found;
}

}  // namespace madoguchi::vault
