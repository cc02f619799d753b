#include "vault/records/row_splitter.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kTooLong =
    "is longer than 1 MiB: a quote that is never closed, or a cell that is no such data";
constexpr std::string_view kCutOff =
    "the file ends within a quoted cell: it was cut off (fetch it again), or a quote is not closed";
constexpr std::size_t kMostCells = 1000;

}  // namespace

std::string_view name_of(FileFormat format) {
  switch (format) {
    case FileFormat::kCsv:
      return "CSV";
    case FileFormat::kJsonLines:
      return "JSON Lines";
  }
  return "";
}

RowSplitter::RowSplitter(FileFormat format, std::uint64_t offset, std::uint64_t lines)
    : format_(format), offset_(offset), line_(lines), row_line_(lines + 1) {
  batch_.end_offset = offset;
  batch_.end_line = lines;
}

void RowSplitter::feed(ByteView bytes) {
  for (const std::uint8_t byte : bytes) {
    ++offset_;
    take_byte(static_cast<char>(byte));
  }
}

void RowSplitter::take_byte(char c) {
  const bool quoted = state_ == State::kQuoted;
  if (c == '\n') {
    ++line_;
    if (!quoted) {
      end_row(too_long_ ? kTooLong : std::string_view());
      return;
    }
  }
  if (format_ == FileFormat::kCsv) {
    switch (state_) {
      case State::kCellStart:
        state_ = c == '"' ? State::kQuoted : c == ',' ? State::kCellStart : State::kPlain;
        break;
      case State::kPlain:
        if (c == ',') state_ = State::kCellStart;
        break;
      case State::kQuoted:
        if (c == '"') state_ = State::kQuoteInQuoted;
        break;
      case State::kQuoteInQuoted:
        state_ = c == '"' ? State::kQuoted : c == ',' ? State::kCellStart : State::kPlain;
        break;
    }
  }
  if (too_long_) return;
  if (batch_.text.size() - row_begin_ >= kMostRowBytes) {
    too_long_ = true;
    batch_.text.resize(row_begin_);
    return;
  }
  batch_.text += c;
}

void RowSplitter::end_row(std::string_view problem) {
  std::size_t end = batch_.text.size();
  if (end > row_begin_ && batch_.text[end - 1] == '\r') --end;
  if (end > row_begin_ || !problem.empty())
    batch_.rows.push_back({row_line_, problem, row_begin_, end});
  batch_.end_offset = offset_;
  batch_.end_line = line_;
  row_begin_ = batch_.text.size();
  row_line_ = line_ + 1;
  too_long_ = false;
  state_ = State::kCellStart;
}

void RowSplitter::finish() {
  if (batch_.text.size() == row_begin_ && !too_long_) return;
  // Files of DOS and of hosts may end with it; it is no row.
  constexpr char kControlZ = '\x1A';
  if (batch_.text.size() == row_begin_ + 1 && batch_.text.back() == kControlZ) {
    batch_.text.pop_back();
    return end_row({});
  }
  const bool quoted = state_ == State::kQuoted;
  end_row(quoted ? kCutOff : too_long_ ? kTooLong : std::string_view());
}

RowBatch RowSplitter::take() {
  RowBatch done = std::move(batch_);
  batch_ = {};
  // What is there of the next row stays.
  batch_.text.assign(done.text, row_begin_, std::string::npos);
  done.text.resize(row_begin_);
  batch_.end_offset = done.end_offset;
  batch_.end_line = done.end_line;
  row_begin_ = 0;
  return done;
}

void add_cell(std::string& line, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

void split_cells(std::string_view row, CsvCells& into) {
  into.problem = {};
  std::size_t cells = 0;
  const auto next_cell = [&]() -> std::string& {
    if (into.cells.size() == cells) into.cells.emplace_back();
    into.cells[cells].clear();
    return into.cells[cells++];
  };
  for (std::size_t at = 0;;) {
    if (cells == kMostCells) {
      into.problem = "has more than 1000 cells";
      break;
    }
    std::string& cell = next_cell();
    if (at < row.size() && row[at] == '"') {
      ++at;
      for (;; ++at) {
        const auto quote = row.find('"', at);
        if (quote == std::string_view::npos) {
          into.problem = "a quoted cell is not closed";
          break;
        }
        cell.append(row, at, quote - at);
        at = quote + 1;
        if (at >= row.size() || row[at] != '"') break;
        cell += '"';
      }
      if (into.problem.empty() && at < row.size() && row[at] != ',')
        into.problem = "something stands between a closing quote and the next comma";
    } else {
      const auto end = std::min(row.find(',', at), row.size());
      cell.assign(row, at, end - at);
      if (cell.find('"') != std::string::npos)
        into.problem = "a quote stands within a cell that is not quoted";
      at = end;
    }
    if (!into.problem.empty() || at >= row.size()) break;
    ++at;  // the comma
  }
  into.cells.resize(cells);
}

}  // namespace madoguchi::vault
