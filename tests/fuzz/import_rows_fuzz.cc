// Files of records as anybody may send them: what kind of text they are, their rows, cells and JSON
// objects. Nothing may crash, and no row may cost more than the bound says.
#include <cstdint>
#include <string>

#include "vault/records/file_text.h"
#include "vault/records/import_mapping.h"
#include "vault/records/refused_uses.h"
#include "vault/records/row_splitter.h"
#include "vault/records/value_check.h"

namespace {

using namespace madoguchi;
using namespace madoguchi::vault;

void take(FileFormat format, Encoding encoding, ByteView bytes) {
  static const std::vector<Column> columns = {{"a", ColumnUse::kValue, "name_kanji", 1},
                                              {"b", ColumnUse::kValue, "telephone", 1},
                                              {"c", ColumnUse::kHolder, "telephone", 1}};
  static const Provenance provenance = {"fuzz", "fuzz", "2026-01-01", ""};
  RowSplitter splitter(format, 0, 0);
  // In two pieces: rows must not depend on where a piece ends.
  splitter.feed(bytes.first(bytes.size() / 2));
  splitter.feed(bytes.subspan(bytes.size() / 2));
  splitter.finish();
  const RowBatch batch = splitter.take();
  Decoder decoder(encoding);
  CsvCells cells;
  std::string text;
  for (const RowBatch::Row& row : batch.rows) {
    if (batch.text_of(row).size() > kMostRowBytes) __builtin_trap();
    if (!row.problem.empty() || !decoder.decode(batch.text_of(row), text)) continue;
    static_cast<void>(RefusedUses::japanese().in_cell(text));
    static_cast<void>(fault_as_meant(*Schema::standard().find("mail"), text, Time{}));
    if (format == FileFormat::kCsv) {
      split_cells(text, cells);
      if (cells.problem.empty()) static_cast<void>(row_of_cells(cells.cells, columns, provenance));
    } else {
      static_cast<void>(row_of_json(text, columns, provenance));
      static_cast<void>(keys_of_json(text));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  EncodingScan scan;
  scan.feed(bytes);
  const auto encoding = scan.verdict();
  for (const FileFormat format : {FileFormat::kCsv, FileFormat::kJsonLines})
    for (const Encoding one : {Encoding::kUtf8, Encoding::kCp932}) take(format, one, bytes);
  // What passed for UTF-8 as a whole must be clean as a whole.
  std::string text;
  if (encoding && *encoding == Encoding::kUtf8 &&
      !Decoder(Encoding::kUtf8).decode(as_text(bytes), text))
    __builtin_trap();
  return 0;
}
