#include "vault/records/import_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/config.h"
#include "vault/records/normalise.h"
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
constexpr std::array<std::pair<std::string_view, ColumnUse>, 5> kOfValue = {{
    {"verified", ColumnUse::kVerified},
    {"holder", ColumnUse::kHolder},
    {"refusals", ColumnUse::kRefusals},
    {"given_for", ColumnUse::kValueGivenFor},
    {"obtained_on", ColumnUse::kValueObtainedOn},
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

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWide = "\xE3\x80\x80";  // U+3000
  for (bool again = true; again;) {
    again = false;
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    if (text.starts_with(kWide)) {
      text.remove_prefix(kWide.size());
      again = true;
    }
    if (text.ends_with(kWide)) {
      text.remove_suffix(kWide.size());
      again = true;
    }
  }
  return text;
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

Provenance& provenance_of(FieldValue& value, const Subject& subject) {
  if (!value.provenance) value.provenance = subject.provenance;
  return *value.provenance;
}

std::vector<std::string> split_refusals(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (const auto one = trimmed(word); !one.empty()) words.emplace_back(one);
    word.clear();
  };
  constexpr std::string_view kComma = "、";
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ';' || text.substr(at).starts_with(kComma)) {
      at += text[at] == ';' ? 1 : kComma.size();
      end_word();
    } else {
      word += text[at++];
    }
  }
  end_word();
  return words;
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

Result<void> take_detail(Subject& subject, const Column& column, std::string_view text) {
  FieldValue& value = value_for(subject, column);
  if (column.use == ColumnUse::kRefusals) {
    telephone_of(value).refusals = split_refusals(text);
  } else if (column.use == ColumnUse::kValueGivenFor) {
    provenance_of(value, subject).given_for = text;
  } else if (column.use == ColumnUse::kValueObtainedOn) {
    provenance_of(value, subject).obtained_on = text;
  } else if (column.use == ColumnUse::kHolder) {
    if (is_any_of(text, {"holder", "契約者", "名義人"}))
      telephone_of(value).holder = LineHolder::kHolder;
    else if (is_any_of(text, {"user", "利用者", "使用者"}))
      telephone_of(value).holder = LineHolder::kUser;
    else
      return refuse(column, "is neither holder (契約者) nor user (利用者)");
  } else {
    if (is_any_of(text, {"yes", "true", "1", "済", "確認済", "有"}))
      value.standing = Standing::kVerified;
    else if (!is_any_of(text, {"no", "false", "0", "未", "未確認", "無"}))
      return refuse(column, "is neither yes (済) nor no (未)");
  }
  return {};
}

Result<void> take(Subject& subject, const Column& column, std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return {};
  switch (column.use) {
    case ColumnUse::kLeftOut:
      return {};
    case ColumnUse::kValue:
      value_for(subject, column).text = Personal<std::string>(std::string(text));
      return {};
    case ColumnUse::kVerified:
    case ColumnUse::kHolder:
    case ColumnUse::kRefusals:
    case ColumnUse::kValueGivenFor:
    case ColumnUse::kValueObtainedOn:
      return take_detail(subject, column, text);
    case ColumnUse::kKind:
      return take_kind(subject, column, text);
    case ColumnUse::kSource:
      subject.provenance.source = text;
      return {};
    case ColumnUse::kGivenFor:
      subject.provenance.given_for = text;
      return {};
    case ColumnUse::kObtainedOn:
      subject.provenance.obtained_on = text;
      return {};
    case ColumnUse::kObtainedBy:
      subject.provenance.obtained_by = text;
      return {};
  }
  return {};
}

// Details of telephones that were not given are dropped; provenance must be whole.
Result<Subject> finished(Subject subject) {
  std::erase_if(subject.values,
                [](const FieldValue& value) { return value.text.reveal().empty(); });
  if (subject.values.empty()) return fail(ErrorCode::kInvalid, "has no values");
  const Provenance& from = subject.provenance;
  if (from.source.empty() || from.given_for.empty() || from.obtained_on.empty())
    return fail(ErrorCode::kInvalid,
                "its provenance is not whole: source, purpose it was given for, and day must be "
                "told for all rows or in columns");
  return subject;
}

Result<std::string> text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer() || value.is_boolean()) return value.dump();
  if (value.is_null()) return std::string();
  return fail(ErrorCode::kInvalid, "is neither text nor a whole number");
}

}  // namespace

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
  const bool of_telephone = column.use == ColumnUse::kHolder || column.use == ColumnUse::kRefusals;
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

std::optional<Column> guessed(const std::string& header, const Schema& schema) {
  const std::string wanted = Normaliser::header(header);
  if (wanted.empty()) return std::nullopt;
  const auto says = [&](const std::vector<std::string>& headers) {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const std::string& one) { return Normaliser::header(one) == wanted; });
  };
  // A target's own name is always understood.
  if (auto named = column_named(header, header, schema); named && named->use != ColumnUse::kLeftOut)
    return *named;
  for (const FieldSpec& field : schema.fields())
    if (says(field.headers) || says({field.name, field.label_ja, field.label_en}))
      return Column{header, ColumnUse::kValue, field.name, 1};
  for (const ColumnHint& hint : schema.columns())
    if (says(hint.headers))
      if (auto column = column_named(header, hint.target, schema)) return *column;
  return std::nullopt;
}

}  // namespace

Result<std::vector<Column>> map_headers(const std::vector<std::string>& headers,
                                        const std::vector<Column>& mapping, const Schema& schema) {
  std::vector<Column> columns;
  std::optional<std::size_t> unknown;
  for (const std::string& header : headers) {
    const auto given = std::find_if(mapping.begin(), mapping.end(), [&](const Column& column) {
      return Normaliser::header(column.header) == Normaliser::header(header);
    });
    std::optional<Column> column =
        given != mapping.end() ? std::optional(*given) : guessed(header, schema);
    if (!column) {
      if (!unknown) unknown = columns.size();
      column.emplace();
    }
    column->header = header;
    const bool twice = column->use != ColumnUse::kLeftOut &&
                       std::any_of(columns.begin(), columns.end(), [&](const Column& one) {
                         return target_of(one) == target_of(*column);
                       });
    if (twice)
      return fail(ErrorCode::kInvalid,
                  fmt::format("column {}: there is a column for {} already; say in a mapping file "
                              "which is which",
                              columns.size() + 1, target_of(*column)));
    columns.push_back(std::move(*column));
  }
  // A file without a header line would have its first person's data told here.
  const bool any = std::any_of(columns.begin(), columns.end(), [](const Column& column) {
    return column.use == ColumnUse::kValue;
  });
  if (!any)
    return fail(ErrorCode::kInvalid,
                "no column is known by its name: is the first line a header? If it is, name the "
                "columns in a mapping file");
  if (unknown)
    return fail(ErrorCode::kInvalid,
                fmt::format("column {} (\"{}\") is not known: name it in a mapping file, or leave "
                            "it out there with target = \"-\"",
                            *unknown + 1, headers[*unknown]));
  return columns;
}

Result<Subject> subject_of_cells(const std::vector<std::string>& cells,
                                 const std::vector<Column>& columns, const Provenance& provenance) {
  if (cells.size() != columns.size())
    return fail(ErrorCode::kInvalid,
                fmt::format("has {} cells, the header has {}: a comma or quote is missing or too "
                            "many, or the file was cut off here",
                            cells.size(), columns.size()));
  Subject subject;
  subject.provenance = provenance;
  subject.values.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (auto taken = take(subject, columns[i], cells[i]); !taken)
      return tl::unexpected<Error>(taken.error());
  return finished(std::move(subject));
}

Result<Subject> subject_of_json(std::string_view text, const std::vector<Column>& columns,
                                const Provenance& provenance) {
  const json row = json::parse(text, nullptr, false);
  if (!row.is_object()) return fail(ErrorCode::kInvalid, "is no JSON object, or was cut off");
  Subject subject;
  subject.provenance = provenance;
  for (const auto& [key, value] : row.items()) {
    const auto column = std::find_if(columns.begin(), columns.end(),
                                     [&](const Column& one) { return one.header == key; });
    if (column == columns.end())
      return fail(ErrorCode::kInvalid,
                  "has a key that the first rows did not have; name it in a mapping file");
    Column target = *column;
    const std::size_t count = value.is_array() ? value.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const auto one = text_of(value.is_array() ? value[i] : value);
      if (!one) return refuse(*column, one.error().message);
      if (target.number + i > 99) return refuse(*column, "has more than 99 values");
      target.number = static_cast<std::uint8_t>(column->number + i);
      if (auto taken = take(subject, target, *one); !taken)
        return tl::unexpected<Error>(taken.error());
    }
  }
  return finished(std::move(subject));
}

Result<std::vector<std::string>> keys_of_json(std::string_view text) {
  const auto row = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!row.is_object()) return fail(ErrorCode::kInvalid, "is no JSON object, or was cut off");
  std::vector<std::string> keys;
  for (const auto& [key, value] : row.items()) keys.push_back(key);
  return keys;
}

}  // namespace madoguchi::vault
