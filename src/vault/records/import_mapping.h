// Which column of a client's file is which field: given by a mapping file, or guessed from header
// names in Japanese or English. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vault/records/row_splitter.h"
#include "vault/records/schema.h"
#include "vault/records/subject.h"

namespace madoguchi::vault {

// What a column says.
enum class ColumnUse {
  kLeftOut,
  kValue,     // of a field
  kVerified,  // of that value: yes or no
  kHolder,    // of that telephone
  kRefusals,  // of that telephone, as refused_uses.h reads a cell
  kLineKind,  // of that telephone: fixed, mobile, …
  kValueSource,
  kValueGivenFor,
  kValueObtainedOn,
  kValueObtainedBy,
  kKind,  // of the subject: person or company
  kSource,
  kGivenFor,
  kObtainedOn,
  kObtainedBy,
};

struct Column {
  std::string header;  // as in the file; the key of a JSON object
  ColumnUse use = ColumnUse::kLeftOut;
  std::string field;
  std::uint8_t number = 1;
  // Goes on where an earlier column of the same value ended: 姓 and 名, 市区町村 and 番地. Names
  // get a space in between.
  enum class Joined { kNot, kWithSpace, kClose } joined = Joined::kNot;

  friend bool operator==(const Column&, const Column&) = default;
};

// A target as a mapping file names it: "telephone", "telephone.2", "telephone.2@holder", "@source",
// "-" to leave a column out.
Result<Column> column_named(std::string_view header, std::string_view target, const Schema& schema);
std::string target_of(const Column& column);

// `[[column]] header = "…" target = "…"`, a TOML file.
Result<std::vector<Column>> read_mapping(std::string_view toml, std::string file_name,
                                         const Schema& schema);

// One column for each header, in order; parts of a name or an address are joined. kInvalid, naming
// all that nobody can place, two that say the same, or that no column is a field at all (is there a
// header?).
Result<std::vector<Column>> map_headers(const std::vector<std::string>& headers,
                                        const std::vector<Column>& mapping, const Schema& schema);

// Says of each column whether it goes on where another ended. kInvalid: two say the same, and it is
// neither a name nor an address.
Result<void> join_columns(std::vector<Column>& columns, const Schema& schema);

// What a row says of a subject; empty cells are no values. A value's own provenance has the parts
// that its columns say.
struct GivenRow {
  Subject subject;
  bool says_kind = false;
};

// kInvalid: not as many cells as there are columns.
Result<void> check_count(std::size_t cells, const std::vector<Column>& columns);
// kInvalid: wrong number of cells, unknown words.
Result<GivenRow> row_of_cells(const std::vector<std::string>& cells,
                              const std::vector<Column>& columns, const Provenance& provenance);
// The same for a JSON object; a list gives values 1, 2, … of its field.
Result<GivenRow> row_of_json(std::string_view json, const std::vector<Column>& columns,
                             const Provenance& provenance);
// Parts of provenance that are not told are those of the whole.
void fill_provenance(Provenance& part, const Provenance& whole);
void fill_provenance(Subject& subject);
// The keys of the first objects, in order of appearance.
Result<std::vector<std::string>> keys_of_json(std::string_view json);

}  // namespace madoguchi::vault
