#include "vault/records/import_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/config.h"
#include "vault/records/file_text.h"
#include "vault/records/refused_uses.h"
#include "vault/records/sealer.h"

namespace madoguchi::vault {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, ColumnUse>, 5> kOfSubject = {{
    {"kind", ColumnUse::kKind},
    {"source", ColumnUse::kSource},
    {"given_for", ColumnUse::kGivenFor},
    {"obtained_on", ColumnUse::kObtainedOn},
    {"obtained_by", ColumnUse::kObtainedBy},
}};
constexpr std::array<std::pair<std::string_view, ColumnUse>, 8> kOfValue = {{
    {"verified", ColumnUse::kVerified},
    {"holder", ColumnUse::kHolder},
    {"refusals", ColumnUse::kRefusals},
    {"line_kind", ColumnUse::kLineKind},
    {"source", ColumnUse::kValueSource},
    {"given_for", ColumnUse::kValueGivenFor},
    {"obtained_on", ColumnUse::kValueObtainedOn},
    {"obtained_by", ColumnUse::kValueObtainedBy},
}};
// Words of clients for kinds of lines, and how they are kept.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kLineKinds = {{
    {"fixed", "fixed"},
    {"固定", "fixed"},
    {"固定電話", "fixed"},
    {"自宅", "fixed"},
    {"mobile", "mobile"},
    {"携帯", "mobile"},
    {"携帯電話", "mobile"},
    {"スマートフォン", "mobile"},
    {"ip", "ip"},
    {"IP", "ip"},
    {"IP電話", "ip"},
    {"work", "work"},
    {"勤務先", "work"},
    {"fax", "fax"},
    {"FAX", "fax"},
    {"ファックス", "fax"},
}};

template <typename Table>
std::optional<ColumnUse> use_named(const Table& table, std::string_view name) {
  for (const auto& [word, use] : table)
    if (word == name) return use;
  return std::nullopt;
}

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

FieldValue& value_for(Subject& subject, const Column& column) {
  for (FieldValue& value : subject.values)
    if (value.number == column.number && value.field == column.field) return value;
  FieldValue value;
  value.field = column.field;
  value.number = column.number;
  subject.values.push_back(std::move(value));
  return subject.values.back();
}

tl::unexpected<Error> refuse(const Column& column, std::string_view cause) {
  return fail(ErrorCode::kInvalid, fmt::format("{}: {}", target_of(column), cause));
}

TelephoneDetails& telephone_of(FieldValue& value) {
  if (!value.telephone) value.telephone.emplace();
  return *value.telephone;
}

// What it does not say is as with the subject (fill_provenance()).
Provenance& provenance_of(FieldValue& value) {
  if (!value.provenance) value.provenance.emplace();
  return *value.provenance;
}

Result<void> take_kind(Subject& subject, const Column& column, std::string_view text) {
  if (is_any_of(text, {"company", "法人", "会社", "団体"}))
    subject.kind = SubjectKind::kCompany;
  else if (is_any_of(text, {"person", "個人"}))
    subject.kind = SubjectKind::kPerson;
  else
    return refuse(column, "is neither person (個人) nor company (法人)");
  return {};
}

// As "2024-05-31", however the client writes days.
Result<std::string> day_of(const Column& column, std::string_view text) {
  auto day = Normaliser::japanese().form(FieldKind::kDate, text, NumberingPlan::japanese(), Time{});
  if (!day) return refuse(column, day.error().message);
  return day;
}

Result<void> take_telephone_detail(TelephoneDetails& telephone, const Column& column,
                                   std::string_view text) {
  if (column.use == ColumnUse::kRefusals) {
    telephone.refusals = RefusedUses::japanese().in_cell(text);
  } else if (column.use == ColumnUse::kLineKind) {
    const auto known = std::find_if(kLineKinds.begin(), kLineKinds.end(),
                                    [&](const auto& kind) { return kind.first == text; });
    if (known == kLineKinds.end())
      return refuse(column,
                    "is none of fixed (固定), mobile (携帯), ip (IP電話), work (勤務先), fax");
    telephone.line_kind = known->second;
  } else if (is_any_of(text, {"holder", "契約者", "名義人", "本人"})) {
    telephone.holder = LineHolder::kHolder;
  } else if (is_any_of(text, {"user", "利用者", "使用者"})) {
    telephone.holder = LineHolder::kUser;
  } else {
    return refuse(column, "is neither holder (契約者) nor user (利用者)");
  }
  return {};
}

Result<void> take_verified(FieldValue& value, const Column& column, std::string_view text) {
  if (is_any_of(text, {"yes", "true", "1", "済", "確認済", "有", "verified"}))
    value.standing = Standing::kVerified;
  else if (!is_any_of(text,
                      {"no", "false", "0", "未", "未確認", "無", "self-declared", "自己申告"}))
    return refuse(column, "is neither yes (済) nor no (未)");
  return {};
}

// Where the subject or one of its values came from.
Result<void> take_provenance(Provenance& from, const Column& column, std::string_view text) {
  switch (column.use) {
    case ColumnUse::kSource:
    case ColumnUse::kValueSource:
      from.source = text;
      return {};
    case ColumnUse::kGivenFor:
    case ColumnUse::kValueGivenFor:
      from.given_for = text;
      return {};
    case ColumnUse::kObtainedBy:
    case ColumnUse::kValueObtainedBy:
      from.obtained_by = text;
      return {};
    case ColumnUse::kObtainedOn:
    case ColumnUse::kValueObtainedOn: {
      auto day = day_of(column, text);
      if (!day) return tl::unexpected<Error>(day.error());
      from.obtained_on = std::move(*day);
      return {};
    }
    case ColumnUse::kLeftOut:
    case ColumnUse::kValue:
    case ColumnUse::kVerified:
    case ColumnUse::kHolder:
    case ColumnUse::kRefusals:
    case ColumnUse::kLineKind:
    case ColumnUse::kKind:
      return {};
  }
  return {};
}

// `further`: what stood there goes on.
void take_value(std::string& text, const Column& column, std::string_view more) {
  if (column.joined == Column::Joined::kNot || text.empty()) {
    text = more;
    return;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  // 番地 1-2-3 and 部屋番号 101 are two numbers.
  if (column.joined == Column::Joined::kWithSpace ||
      (is_digit(text.back()) && is_digit(more.front())))
    text += ' ';
  text += more;
}

Result<void> take(GivenRow& row, const Column& column, std::string_view text) {
  Subject& subject = row.subject;
  text = trimmed(text);
  if (text.empty()) return {};
  if (has_controls(text))
    return refuse(column, "holds control characters: the file was converted wrongly");
  switch (column.use) {
    case ColumnUse::kLeftOut:
      return {};
    case ColumnUse::kValue: {
      FieldValue& value = value_for(subject, column);
      std::string whole = value.text.reveal();
      take_value(whole, column, text);
      value.text = Personal<std::string>(std::move(whole));
      return {};
    }
    case ColumnUse::kVerified:
      return take_verified(value_for(subject, column), column, text);
    case ColumnUse::kHolder:
    case ColumnUse::kRefusals:
    case ColumnUse::kLineKind:
      return take_telephone_detail(telephone_of(value_for(subject, column)), column, text);
    case ColumnUse::kValueSource:
    case ColumnUse::kValueGivenFor:
    case ColumnUse::kValueObtainedOn:
    case ColumnUse::kValueObtainedBy:
      return take_provenance(provenance_of(value_for(subject, column)), column, text);
    case ColumnUse::kKind:
      row.says_kind = true;
      return take_kind(subject, column, text);
    case ColumnUse::kSource:
    case ColumnUse::kGivenFor:
    case ColumnUse::kObtainedOn:
    case ColumnUse::kObtainedBy:
      return take_provenance(subject.provenance, column, text);
  }
  return {};
}

void fill(std::string& part, const std::string& of_subject) {
  if (part.empty()) part = of_subject;
}

bool has_text(const FieldValue& value) {
  return !value.text.reveal().empty();
}

// A refusal beside a number that was not given, of somebody who has another: whoever calls that one
// would not hear of it.
const FieldValue* lost_refusal(const std::vector<FieldValue>& values) {
  const auto lost = std::find_if(values.begin(), values.end(), [&](const FieldValue& value) {
    return !has_text(value) && value.telephone && !value.telephone->refusals.empty() &&
           std::any_of(values.begin(), values.end(), [&](const FieldValue& other) {
             return other.field == value.field && has_text(other);
           });
  });
  return lost == values.end() ? nullptr : &*lost;
}

// Other details of telephones that were not given are dropped; provenance must be whole.
Result<GivenRow> finished(GivenRow row) {
  if (const FieldValue* lost = lost_refusal(row.subject.values))
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: is refused for something, but there is no such number; several "
                            "refusals of one number stand in one text, divided by commas",
                            shown_name(lost->field, lost->number)));
  std::erase_if(row.subject.values, std::not_fn(has_text));
  if (row.subject.values.empty()) return fail(ErrorCode::kInvalid, "has no values");
  const Provenance& from = row.subject.provenance;
  if (from.source.empty() || from.given_for.empty() || from.obtained_on.empty())
    return fail(ErrorCode::kInvalid,
                "its provenance is not whole: source, purpose it was given for, and day must be "
                "told for all rows or in columns");
  return row;
}

Result<std::string> text_of(const json& value, const Column& column) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  if (value.is_boolean() && column.use == ColumnUse::kVerified) return value.dump();
  if (value.is_null()) return std::string();
  return fail(ErrorCode::kInvalid, "is neither text nor a whole number");
}

std::string quoted(const std::vector<Column>& columns, std::size_t at) {
  return fmt::format("{} (\"{}\")", at + 1, columns[at].header);
}

// Two columns that say the same, and nobody knows which is meant.
tl::unexpected<Error> twice(const std::vector<Column>& columns, std::size_t first,
                            std::size_t second) {
  return fail(ErrorCode::kInvalid,
              fmt::format("column {}: there is a column for {} already: columns {} and {} both say "
                          "it; say in a mapping file which is which",
                          second + 1, target_of(columns[second]), quoted(columns, first),
                          quoted(columns, second)));
}

}  // namespace

void fill_provenance(Provenance& part, const Provenance& whole) {
  fill(part.source, whole.source);
  fill(part.given_for, whole.given_for);
  fill(part.obtained_on, whole.obtained_on);
  fill(part.obtained_by, whole.obtained_by);
}

void fill_provenance(Subject& subject) {
  for (FieldValue& value : subject.values)
    if (value.provenance) fill_provenance(*value.provenance, subject.provenance);
}

std::string target_of(const Column& column) {
  if (column.use == ColumnUse::kLeftOut) return "-";
  const std::string value = column.field.empty() ? "" : shown_name(column.field, column.number);
  for (const auto& [word, use] : kOfSubject)
    if (use == column.use) return fmt::format("@{}", word);
  for (const auto& [word, use] : kOfValue)
    if (use == column.use) return fmt::format("{}@{}", value, word);
  return value;
}

Result<Column> column_named(std::string_view header, std::string_view target,
                            const Schema& schema) {
  Column column;
  column.header = header;
  if (target == "-" || target.empty()) return column;
  const auto refuse = [&](std::string_view cause) {
    return fail(ErrorCode::kInvalid, fmt::format("target \"{}\": {}", target, cause));
  };
  const auto at = target.find('@');
  if (at == 0) {
    const auto use = use_named(kOfSubject, target.substr(1));
    if (!use) return refuse("there is no such thing to say about a subject");
    column.use = *use;
    return column;
  }
  column.use = ColumnUse::kValue;
  std::string_view field = target.substr(0, at);
  if (at != std::string_view::npos) {
    const auto use = use_named(kOfValue, target.substr(at + 1));
    if (!use) return refuse("there is no such thing to say about a value");
    column.use = *use;
  }
  if (const auto dot = field.find('.'); dot != std::string_view::npos) {
    const std::string_view number = field.substr(dot + 1);
    unsigned value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec != std::errc() || read.ptr != number.data() + number.size() || value < 1 ||
        value > 99)
      return refuse("after the dot stands a number from 1 to 99");
    column.number = static_cast<std::uint8_t>(value);
    field = field.substr(0, dot);
  }
  const FieldSpec* spec = schema.find(field);
  if (spec == nullptr) return refuse("there is no such field");
  if (column.number > 1 && !spec->repeats) return refuse("the field does not repeat");
  const bool of_telephone = column.use == ColumnUse::kHolder ||
                            column.use == ColumnUse::kRefusals ||
                            column.use == ColumnUse::kLineKind;
  if (of_telephone && spec->kind != FieldKind::kTelephone) return refuse("is no telephone");
  column.field = field;
  return column;
}

Result<std::vector<Column>> read_mapping(std::string_view toml, std::string file_name,
                                         const Schema& schema) {
  auto config = Config::from_text(toml, std::move(file_name));
  if (!config) return tl::unexpected<Error>(config.error());
  std::vector<Column> columns;
  for (Config& table : config->tables("column")) {
    const std::string header = table.text("header");
    auto column = column_named(header, table.text("target"), schema);
    if (!column)
      table.refuse("target", column.error().message);
    else
      columns.push_back(std::move(*column));
  }
  if (auto finished = config->finish(); !finished) return tl::unexpected<Error>(finished.error());
  return columns;
}

namespace {

struct Guess {
  Column column;
  bool is_part = false;
};

std::optional<Guess> guessed(const std::string& header, const Schema& schema) {
  const std::string wanted = Normaliser::header(header);
  if (wanted.empty()) return std::nullopt;
  const auto says = [&](const std::vector<std::string>& headers) {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const std::string& one) { return Normaliser::header(one) == wanted; });
  };
  // A target's own name is always understood.
  if (auto named = column_named(header, header, schema); named && named->use != ColumnUse::kLeftOut)
    return Guess{*named};
  for (const FieldSpec& field : schema.fields())
    if (says(field.headers) || says({field.name, field.label_ja, field.label_en}))
      return Guess{Column{header, ColumnUse::kValue, field.name, 1}};
  for (const ColumnHint& hint : schema.columns())
    if (says(hint.headers)) {
      const bool is_part = hint.target.starts_with('+');
      if (auto column = column_named(header, hint.target.substr(is_part ? 1 : 0), schema))
        return Guess{*column, is_part};
    }
  return std::nullopt;
}

bool joins(const Column& column, const Schema& schema) {
  const FieldSpec* field = schema.find(column.field);
  return column.use == ColumnUse::kValue && field != nullptr &&
         (field->kind == FieldKind::kName || field->kind == FieldKind::kKana ||
          field->kind == FieldKind::kAddress);
}

}  // namespace

Result<void> join_columns(std::vector<Column>& columns, const Schema& schema) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Column& column = columns[i];
    column.joined = Column::Joined::kNot;
    if (column.use == ColumnUse::kLeftOut) continue;
    const std::string target = target_of(column);
    const auto end = columns.begin() + static_cast<long>(i);
    const auto first = std::find_if(columns.begin(), end,
                                    [&](const Column& one) { return target_of(one) == target; });
    if (first == end) continue;
    if (!joins(column, schema))
      return twice(columns, static_cast<std::size_t>(first - columns.begin()), i);
    const bool close = schema.find(column.field)->kind == FieldKind::kAddress;
    column.joined = close ? Column::Joined::kClose : Column::Joined::kWithSpace;
  }
  return {};
}

namespace {

struct Guesses {
  std::vector<Column> columns;
  std::vector<bool> parts;  // may be joined with others of the same target
  std::vector<std::size_t> unknown;
};

// Whether two columns that were guessed to be the same value may be parts of it.
bool may_join(const Guesses& all, std::size_t first, std::size_t second, const Schema& schema) {
  const Column& column = all.columns[second];
  const FieldSpec* field = schema.find(column.field);
  // A house's name goes on where the address ended; a name beside a whole name is another one.
  return field != nullptr && field->kind == FieldKind::kAddress
             ? all.parts[first] || all.parts[second]
             : all.parts[first] && all.parts[second];
}

tl::unexpected<Error> not_known(const Guesses& all) {
  constexpr std::size_t kMostNamed = 100;
  std::string named;
  for (std::size_t i = 0; i < std::min(all.unknown.size(), kMostNamed); ++i)
    named += (i == 0 ? "" : ", ") + quoted(all.columns, all.unknown[i]);
  if (all.unknown.size() > kMostNamed)
    named += fmt::format(" and {} more", all.unknown.size() - kMostNamed);
  const bool one = all.unknown.size() == 1;
  return fail(ErrorCode::kInvalid,
              fmt::format("column{} {} {} not known: name {} in a mapping file, or leave {} out "
                          "there with target = \"-\"",
                          one ? "" : "s", named, one ? "is" : "are", one ? "it" : "them",
                          one ? "it" : "them"));
}

}  // namespace

Result<std::vector<Column>> map_headers(const std::vector<std::string>& headers,
                                        const std::vector<Column>& mapping, const Schema& schema) {
  Guesses all;
  for (std::size_t at = 0; at < headers.size(); ++at) {
    const std::string name = Normaliser::header(headers[at]);
    const auto given = std::find_if(mapping.begin(), mapping.end(), [&](const Column& column) {
      return Normaliser::header(column.header) == name;
    });
    const bool is_given = given != mapping.end();
    auto guess = is_given ? std::optional(Guess{*given, true}) : guessed(headers[at], schema);
    if (!guess) all.unknown.push_back(at);
    all.columns.push_back(guess ? std::move(guess->column) : Column{});
    all.parts.push_back(guess && guess->is_part);
    Column& column = all.columns.back();
    column.header = headers[at];
    for (std::size_t i = 0; column.use != ColumnUse::kLeftOut && i < at; ++i) {
      if (target_of(all.columns[i]) != target_of(column)) continue;
      // One name twice is one part twice.
      const bool same_part = !is_given && Normaliser::header(headers[i]) == name;
      if (same_part || !may_join(all, i, at, schema)) return twice(all.columns, i, at);
    }
  }
  if (auto joined = join_columns(all.columns, schema); !joined)
    return tl::unexpected<Error>(joined.error());
  // A file without a header line would have its first person's data told here.
  const bool any = std::any_of(all.columns.begin(), all.columns.end(), [](const Column& column) {
    return column.use == ColumnUse::kValue;
  });
  if (!any)
    return fail(ErrorCode::kInvalid,
                "no column is known by its name: is the first line a header? If it is, name the "
                "columns in a mapping file");
  if (!all.unknown.empty()) return not_known(all);
  return std::move(all.columns);
}

Result<void> check_count(std::size_t cells, const std::vector<Column>& columns) {
  if (cells == columns.size()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("has {} cells, the header has {}: a comma or quote is missing or too "
                          "many, or the file was cut off here",
                          cells, columns.size()));
}

Result<GivenRow> row_of_cells(const std::vector<std::string>& cells,
                              const std::vector<Column>& columns, const Provenance& provenance) {
  if (auto right = check_count(cells.size(), columns); !right)
    return tl::unexpected<Error>(right.error());
  GivenRow row;
  row.subject.provenance = provenance;
  row.subject.values.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (auto taken = take(row, columns[i], cells[i]); !taken)
      return tl::unexpected<Error>(taken.error());
  return finished(std::move(row));
}

namespace {

// The object of one line; of a name that stands in it twice, nobody knows which is meant.
Result<json> object_of(std::string_view text) {
  std::vector<std::string> keys;
  bool twice = false;
  const auto look = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 1) {
      auto key = parsed.get<std::string>();
      twice = twice || std::find(keys.begin(), keys.end(), key) != keys.end();
      keys.push_back(std::move(key));
    }
    return true;
  };
  json row = json::parse(text, look, false);
  if (!row.is_object()) return fail(ErrorCode::kInvalid, "is no JSON object, or was cut off");
  if (twice) return fail(ErrorCode::kInvalid, "has the same name twice");
  return row;
}

Result<void> take_all(GivenRow& row, const Column& column, const json& value) {
  if (column.use == ColumnUse::kLeftOut) return {};
  if (value.is_array() && column.field.empty())
    return refuse(column, "is a list, where one text is wanted");
  Column target = column;
  const std::size_t count = value.is_array() ? value.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto one = text_of(value.is_array() ? value[i] : value, column);
    if (!one) return refuse(column, one.error().message);
    if (column.number + i > 99) return refuse(column, "has more than 99 values");
    target.number = static_cast<std::uint8_t>(column.number + i);
    if (auto taken = take(row, target, *one); !taken) return taken;
  }
  return {};
}

}  // namespace

Result<GivenRow> row_of_json(std::string_view text, const std::vector<Column>& columns,
                             const Provenance& provenance) {
  const auto object = object_of(text);
  if (!object) return tl::unexpected<Error>(object.error());
  GivenRow row;
  row.subject.provenance = provenance;
  std::size_t known = 0;
  for (const Column& column : columns) {
    const auto value = object->find(column.header);
    if (value == object->end()) continue;
    ++known;
    if (auto taken = take_all(row, column, *value); !taken)
      return tl::unexpected<Error>(taken.error());
  }
  if (known < object->size())
    return fail(ErrorCode::kInvalid,
                "has a key that the first rows did not have; name it in a mapping file");
  return finished(std::move(row));
}

Result<std::vector<std::string>> keys_of_json(std::string_view text) {
  const auto row = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!row.is_object()) return fail(ErrorCode::kInvalid, "is no JSON object, or was cut off");
  std::vector<std::string> keys;
  for (const auto& [key, value] : row.items()) keys.push_back(key);
  return keys;
}

}  // namespace madoguchi::vault
