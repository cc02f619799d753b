#include "vault/records/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/config.h"
#include "vault_data/record_fields.h"

namespace madoguchi::vault {
namespace {

using nlohmann::json;

constexpr std::size_t kMostFields = 200;
constexpr std::size_t kMostName = 40;
constexpr std::size_t kMostLabel = 100;
constexpr std::size_t kMostHeaders = 50;

constexpr std::array kKinds = {
    FieldKind::kText,      FieldKind::kName,       FieldKind::kKana,
    FieldKind::kDate,      FieldKind::kPostalCode, FieldKind::kAddress,
    FieldKind::kTelephone, FieldKind::kMail,       FieldKind::kIdentifier};
constexpr std::array kMaskings = {Masking::kWhole, Masking::kTelephone, Masking::kInitial,
                                  Masking::kTail,  Masking::kYear,      Masking::kMail,
                                  Masking::kNone};

std::string_view word_of(Masking masking) {
  switch (masking) {
    case Masking::kWhole:
      return "whole";
    case Masking::kTelephone:
      return "telephone";
    case Masking::kInitial:
      return "initial";
    case Masking::kTail:
      return "tail";
    case Masking::kYear:
      return "year";
    case Masking::kMail:
      return "mail";
    case Masking::kNone:
      return "none";
  }
  return "";
}

std::optional<FieldKind> kind_named(std::string_view name) {
  for (const FieldKind kind : kKinds)
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}
std::optional<Masking> masking_named(std::string_view name) {
  for (const Masking masking : kMaskings)
    if (word_of(masking) == name) return masking;
  return std::nullopt;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostName &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

Result<void> check_field(const FieldSpec& field) {
  if (!is_name(field.name))
    return fail(ErrorCode::kInvalid,
                fmt::format("a field's name has 1 to {} characters of a-z 0-9 _", kMostName));
  const auto refuse = [&](std::string_view cause) {
    return fail(ErrorCode::kInvalid, fmt::format("field {}: {}", field.name, cause));
  };
  if (field.number == 0) return refuse("needs a number");
  if (field.past && field.kind != FieldKind::kDate) return refuse("only a day is past");
  if (field.unique && (!field.indexed || field.repeats))
    return refuse("a unique field must be indexed and must not repeat");
  if (field.label_ja.size() > kMostLabel || field.label_en.size() > kMostLabel)
    return refuse(fmt::format("labels have at most {} bytes", kMostLabel));
  if (field.headers.size() > kMostHeaders ||
      std::any_of(field.headers.begin(), field.headers.end(),
                  [](const auto& header) { return header.size() > kMostLabel; }))
    return refuse(fmt::format("at most {} headers of {} bytes", kMostHeaders, kMostLabel));
  return {};
}

}  // namespace

std::string_view name_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::kText:
      return "text";
    case FieldKind::kName:
      return "name";
    case FieldKind::kKana:
      return "kana";
    case FieldKind::kDate:
      return "date";
    case FieldKind::kPostalCode:
      return "postal_code";
    case FieldKind::kAddress:
      return "address";
    case FieldKind::kTelephone:
      return "telephone";
    case FieldKind::kMail:
      return "mail";
    case FieldKind::kIdentifier:
      return "identifier";
  }
  return "";
}

const Schema& Schema::standard() {
  static const Schema schema = [] {
    auto built_in = from_toml(kRecordFields, "data/record-fields.toml");
    CHECK(built_in.has_value());
    return std::move(*built_in);
  }();
  return schema;
}

Result<Schema> Schema::from_toml(std::string_view toml, std::string file_name) {
  auto config = Config::from_text(toml, std::move(file_name));
  if (!config) return tl::unexpected<Error>(config.error());
  Schema schema;
  config->table("source").text("checked");
  for (Config& table : config->tables("field")) {
    FieldSpec field;
    field.number = static_cast<std::uint16_t>(table.integer("number", 1, kFirstOwnField - 1));
    field.name = table.text("name");
    const auto kind = kind_named(table.text("kind"));
    if (!kind) table.refuse("kind", "is no kind of field");
    field.kind = kind.value_or(FieldKind::kText);
    const auto masking = masking_named(table.text("masking"));
    if (!masking) table.refuse("masking", "is no way to mask");
    field.masking = masking.value_or(Masking::kWhole);
    field.indexed = table.flag_or("indexed", false);
    field.unique = table.flag_or("unique", false);
    field.repeats = table.flag_or("repeats", false);
    field.past = table.flag_or("past", false);
    field.label_ja = table.text("label_ja");
    field.label_en = table.text("label_en");
    field.headers = table.texts_or("headers", {});
    schema.fields_.push_back(std::move(field));
  }
  for (Config& table : config->tables("compound"))
    schema.compounds_.push_back({table.text("name"), table.texts_or("fields", {})});
  for (Config& table : config->tables("column")) {
    ColumnHint hint{table.text("target"), table.texts_or("headers", {})};
    schema.columns_.push_back(std::move(hint));
  }
  if (auto finished = config->finish(); !finished) return tl::unexpected<Error>(finished.error());
  if (auto right = schema.check(); !right) return tl::unexpected<Error>(right.error());
  return schema;
}

// Only what differs from the standard is kept, so that a corrected data file reaches every client.
std::string Schema::to_json() const {
  json own = json::array();
  for (const FieldSpec& field : fields_)
    if (field.number >= kFirstOwnField)
      own.push_back({{"number", field.number},
                     {"name", field.name},
                     {"kind", name_of(field.kind)},
                     {"masking", word_of(field.masking)},
                     {"indexed", field.indexed},
                     {"unique", field.unique},
                     {"repeats", field.repeats},
                     {"past", field.past},
                     {"label_ja", field.label_ja},
                     {"label_en", field.label_en},
                     {"headers", field.headers}});
  return json{{"version", version_}, {"fields", own}}.dump();
}

Result<Schema> Schema::from_json(std::string_view text) {
  const auto corrupt = [] {
    return fail(ErrorCode::kCorrupt, "a stored schema of records can't be read; restore a backup");
  };
  const json read = json::parse(text, nullptr, false);
  if (!read.is_object()) return corrupt();
  try {
    Schema schema = standard();
    schema.version_ = read.at("version").get<std::int64_t>();
    for (const json& one : read.at("fields")) {
      FieldSpec field;
      field.number = one.at("number").get<std::uint16_t>();
      field.name = one.at("name").get<std::string>();
      const auto kind = kind_named(one.at("kind").get<std::string>());
      const auto masking = masking_named(one.at("masking").get<std::string>());
      if (!kind || !masking || field.number < kFirstOwnField) return corrupt();
      field.kind = *kind;
      field.masking = *masking;
      field.indexed = one.at("indexed").get<bool>();
      field.unique = one.at("unique").get<bool>();
      field.repeats = one.at("repeats").get<bool>();
      field.past = one.value("past", false);  // not told by earlier versions
      field.label_ja = one.at("label_ja").get<std::string>();
      field.label_en = one.at("label_en").get<std::string>();
      field.headers = one.at("headers").get<std::vector<std::string>>();
      schema.fields_.push_back(std::move(field));
    }
    if (!schema.check()) return corrupt();
    return schema;
  } catch (const json::exception&) {
    return corrupt();
  }
}

Result<Schema> Schema::with(FieldSpec field) const {
  if (find(field.name) != nullptr)
    return fail(ErrorCode::kConflict, fmt::format("there is a field {} already", field.name));
  // In a purpose it is what was written about the person (access/mandate.h).
  if (field.name == "documents")
    return fail(ErrorCode::kConflict, "documents are no field of a record; take another name");
  Schema next = *this;
  std::uint16_t number = kFirstOwnField;
  for (const FieldSpec& known : fields_)
    number = std::max(number, static_cast<std::uint16_t>(known.number + 1));
  field.number = number;
  next.fields_.push_back(std::move(field));
  ++next.version_;
  if (auto right = next.check(); !right) return tl::unexpected<Error>(right.error());
  return next;
}

const FieldSpec* Schema::find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const FieldSpec& field) { return field.name == name; });
  return found == fields_.end() ? nullptr : &*found;
}

const FieldSpec* Schema::find(std::uint16_t number) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const FieldSpec& field) { return field.number == number; });
  return found == fields_.end() ? nullptr : &*found;
}

Result<void> Schema::check() const {
  if (fields_.size() > kMostFields)
    return fail(ErrorCode::kInvalid, fmt::format("at most {} fields", kMostFields));
  std::set<std::string_view> names;
  std::set<std::uint16_t> numbers;
  for (const FieldSpec& field : fields_) {
    if (auto right = check_field(field); !right) return right;
    if (!names.insert(field.name).second || !numbers.insert(field.number).second)
      return fail(ErrorCode::kInvalid,
                  fmt::format("field {}: name and number must be its own", field.name));
  }
  for (const CompoundSpec& compound : compounds_)
    for (const std::string& part : compound.fields)
      if (find(part) == nullptr)
        return fail(ErrorCode::kInvalid,
                    fmt::format("compound {}: there is no field {}", compound.name, part));
  return {};
}

}  // namespace madoguchi::vault
