// Cuts a file into rows, whatever the pieces it comes in: CSV (RFC 4180; a quoted cell may hold
// line ends) or JSON Lines. Works on UTF-8 and on CP932 alike, since quotes, commas and line ends
// are never part of another character there. A row that is too long is passed over and told of, so
// that one runaway quote or a cell of 10 MB costs no memory. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace madoguchi::vault {

enum class FileFormat { kCsv, kJsonLines };
std::string_view name_of(FileFormat format);

inline constexpr std::size_t kMostRowBytes = 1024 * 1024;

// Rows that belong together as one piece of work, and where the file stands after them.
struct RowBatch {
  struct Row {
    std::uint64_t line = 0;          // where it begins; the first is 1
    std::string_view problem;        // why it can't be read; empty: it can
    std::size_t begin = 0, end = 0;  // in `text`
  };
  std::string text;
  std::vector<Row> rows;
  std::uint64_t end_offset = 0;  // bytes of the file up to there
  std::uint64_t end_line = 0;    // lines up to there

  [[nodiscard]] std::string_view text_of(const Row& row) const {
    return std::string_view(text).substr(row.begin, row.end - row.begin);
  }
};

class RowSplitter {
 public:
  // `offset` and `lines`: what was taken before, when an import goes on.
  RowSplitter(FileFormat format, std::uint64_t offset, std::uint64_t lines);

  void feed(ByteView bytes);
  // The file is over: what is left is its last row.
  void finish();
  // Rows that are complete; empties them here.
  [[nodiscard]] std::size_t ready() const { return batch_.rows.size(); }
  [[nodiscard]] std::size_t ready_bytes() const { return batch_.text.size(); }
  RowBatch take();
  // Bytes of the file up to the end of the last complete row.
  [[nodiscard]] std::uint64_t end_offset() const { return batch_.end_offset; }

 private:
  enum class State { kCellStart, kPlain, kQuoted, kQuoteInQuoted };
  void take_byte(char c);
  void end_row(std::string_view problem);

  const FileFormat format_;
  State state_ = State::kCellStart;
  std::uint64_t offset_ = 0;
  std::uint64_t line_ = 0;      // complete ones
  std::uint64_t row_line_ = 1;  // of the row under way
  std::size_t row_begin_ = 0;   // in batch_.text
  bool too_long_ = false;
  RowBatch batch_;
};

// The cells of one row of CSV. `problem` is empty when it could be read.
struct CsvCells {
  std::vector<std::string> cells;
  std::string_view problem;
};
void split_cells(std::string_view row, CsvCells& into);

// The other way: one cell at the end of a row, quoted where it must be.
void add_cell(std::string& row, std::string_view text);

}  // namespace madoguchi::vault
