#include "vault/exports/found_lines.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

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

bool is_blank(char32_t c) {
  return c == U' ' || c == U'\t';
}

std::string_view without_return(std::string_view row) {
  if (row.ends_with('\r')) row.remove_suffix(1);
  return row;
}

void add_scalars(const json& value, std::vector<std::string>& cells) {
  if (cells.size() >= kMostCells) return;
  if (value.is_string()) return cells.push_back(value.get<std::string>());
  if (value.is_number_integer()) return cells.push_back(value.dump());
  if (value.is_structured())
    for (const json& one : value) add_scalars(one, cells);
}

// The code point behind a quoted cell that begins at `at`, and its text; nullopt: it is not closed,
// or something else stands between it and the separator.
std::optional<std::size_t> quoted_cell(std::u32string_view text, std::size_t at, char32_t separator,
                                       std::u32string& cell) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == U'"' && (++at == text.size() || text[at] != U'"')) {
      while (at < text.size() && text[at] != separator && is_blank(text[at])) ++at;
      return at == text.size() || text[at] == separator ? std::optional(at) : std::nullopt;
    }
    cell += text[at];
  }
  return std::nullopt;
}

// Takes what CSV forbids as well: blanks around quotes, quotes that are not closed. Such a cell
// ends at the next separator, so that it costs none of those beside it.
std::vector<std::string> split_at(const std::string& utf8, char32_t separator) {
  const std::u32string text = code_points(utf8);
  std::vector<std::string> cells;
  for (std::size_t at = 0;; ++at) {
    std::size_t first = at;
    while (first < text.size() && text[first] != separator && is_blank(text[first])) ++first;
    std::u32string cell;
    std::optional<std::size_t> end;
    if (first < text.size() && text[first] == U'"') end = quoted_cell(text, first, separator, cell);
    if (!end) {
      end = std::min(text.find(separator, at), text.size());
      cell = text.substr(at, *end - at);
    }
    cells.push_back(utf8_of(cell));
    at = *end;
    if (at == text.size()) return cells;
  }
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

std::vector<std::string> cells_of(const std::string& row) {
  const auto first = row.find_first_not_of(" \t");
  if (first != std::string::npos && (row[first] == '{' || row[first] == '[')) {
    const json value = json::parse(row, nullptr, false);
    std::vector<std::string> cells;
    if (value.is_structured()) add_scalars(value, cells);
    if (!cells.empty()) return cells;
  }
  CsvCells csv;
  split_cells(row, csv);
  const bool is_quoted = row.find('"') != std::string::npos;
  if (is_quoted && csv.problem.empty() && csv.cells.size() > 1) return std::move(csv.cells);
  auto commas = split_at(row, U',');
  auto tabs = split_at(row, U'\t');
  if (commas.size() > 1 && tabs.size() > 1)  // either may stand within the other's cells
    commas.insert(commas.end(), tabs.begin(), tabs.end());
  if (commas.size() > 1) return commas;
  const std::string text = std::move(commas.front());  // without its quotes
  for (const char32_t separator : {U'\t', U'、', U'，', U'|', U'｜', U';'}) {
    auto cells = split_at(text, separator);
    if (cells.size() > 1) return cells;
  }
  std::vector<std::string> cells{text};
  add_words(text, cells);
  return cells;
}

// The bytes of the first row. A quoted cell may run on over lines, but a quote left open in a plain
// text must not swallow the lines behind it: they belong together only if that makes right CSV, and
// none of them could be as good a row by itself.
std::string_view first_row(std::string_view rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  std::string_view row = line;
  std::size_t counted = 0;
  for (bool open = false; row.size() <= kMostLineBytes;) {
    if (std::count(row.begin() + static_cast<std::ptrdiff_t>(counted), row.end(), '"') % 2 != 0)
      open = !open;
    counted = row.size();
    if (!open) break;
    if (counted == rest.size()) return line;
    row = rest.substr(0, rest.find('\n', counted + 1));
  }
  if (row.size() == line.size() || row.size() > kMostLineBytes) return line;
  CsvCells whole;
  split_cells(without_return(row), whole);
  if (!whole.problem.empty() || whole.cells.size() < 2) return line;
  for (std::string_view left = row.substr(line.size() + 1); !left.empty();) {
    const std::string_view part = left.substr(0, left.find('\n'));
    CsvCells alone;
    split_cells(without_return(part), alone);
    if (alone.problem.empty() && alone.cells.size() >= whole.cells.size()) return line;
    left.remove_prefix(std::min(part.size() + 1, left.size()));
  }
  return row;
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
  Decoder decoder(*encoding);
  FoundLines found;
  std::string_view rest = as_text(file).substr(scan.bom_bytes());
  std::string text;
  for (std::uint64_t next = 1; !rest.empty();) {
    const std::string_view bytes = first_row(rest);
    rest.remove_prefix(std::min(bytes.size() + 1, rest.size()));
    const std::string_view raw = without_return(bytes);
    const std::uint64_t line = next;
    next += 1 + static_cast<std::uint64_t>(std::count(raw.begin(), raw.end(), '\n'));
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
