#include "vault/records/sealer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "vault/records/field_codec.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostProvenance = 500;

tl::unexpected<Error> refuse(std::string_view field, std::uint8_t number, std::string_view cause) {
  return fail(ErrorCode::kInvalid, fmt::format("{}: {}", shown_name(field, number), cause));
}

bool is_short_text(std::string_view text) {
  return text.size() <= kMostProvenance && is_clean_utf8(text);
}

bool fits(const Provenance& provenance) {
  return is_short_text(provenance.source) && is_short_text(provenance.given_for) &&
         is_short_text(provenance.obtained_on) && is_short_text(provenance.obtained_by);
}

}  // namespace

std::string shown_name(std::string_view field, std::uint8_t number) {
  return number == 1 ? std::string(field) : fmt::format("{}.{}", field, number);
}

std::string field_of(std::string_view shown_name) {
  return std::string(shown_name.substr(0, shown_name.find('.')));
}

RecordSealer::RecordSealer(OrganisationId organisation, std::shared_ptr<const Schema> schema,
                           VersionedKey data_key, std::shared_ptr<const BlindIndex> index,
                           const NumberingPlan& plan)
    : organisation_(std::move(organisation)),
      schema_(std::move(schema)),
      data_key_(std::move(data_key)),
      index_(std::move(index)),
      plan_(plan) {}

Result<void> RecordSealer::check(std::span<const FieldValue> values) const {
  if (values.empty()) return fail(ErrorCode::kInvalid, "a subject has at least one value");
  if (values.size() > kMostValues)
    return fail(ErrorCode::kInvalid, fmt::format("a subject has at most {} values", kMostValues));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const FieldValue& value = values[i];
    const FieldSpec* field = schema_->find(value.field);
    if (field == nullptr) return refuse(value.field, 1, "there is no such field");
    if (value.number == 0 || (value.number > 1 && !field->repeats))
      return refuse(value.field, value.number, "the field does not repeat");
    if (value.provenance && !fits(*value.provenance))
      return refuse(value.field, value.number, "its provenance is too long or no text");
    for (std::size_t j = 0; j < i; ++j)
      if (values[j].number == value.number && values[j].field == value.field)
        return refuse(value.field, value.number, "is there twice");
  }
  return {};
}

bool RecordSealer::is_searched(const FieldSpec& field) const {
  return field.indexed ||
         std::any_of(schema_->compounds().begin(), schema_->compounds().end(),
                     [&](const CompoundSpec& compound) {
                       return std::find(compound.fields.begin(), compound.fields.end(),
                                        field.name) != compound.fields.end();
                     });
}

Result<std::string> RecordSealer::form(const FieldSpec& field, std::string_view text,
                                       Time now) const {
  return Normaliser::japanese().form(field.kind, text, plan_, now);
}

std::optional<ValueFault> RecordSealer::fault_of(const FieldSpec& field, std::string_view text,
                                                 Time now) const {
  if (const auto fault = fault_as_written(field, text)) return fault;
  const auto made = form(field, text, now);
  return made ? fault_as_meant(field, *made, now) : fault_without_form(field.kind);
}

bool RecordSealer::is_same(const FieldSpec& field, const std::string& a, const std::string& b,
                           Time now) const {
  if (a == b) return true;
  switch (field.kind) {
    case FieldKind::kText:
    case FieldKind::kName:
    case FieldKind::kAddress:
      return false;
    case FieldKind::kKana:
    case FieldKind::kDate:
    case FieldKind::kPostalCode:
    case FieldKind::kTelephone:
    case FieldKind::kMail:
    case FieldKind::kIdentifier:
      break;
  }
  const auto form_of_a = form(field, a, now);
  const auto form_of_b = form(field, b, now);
  return form_of_a && form_of_b && *form_of_a == *form_of_b;
}

Result<std::vector<BlindIndex::Form>> RecordSealer::forms_of(std::span<const FieldValue> values,
                                                             Time now, Values are) const {
  std::vector<BlindIndex::Form> forms;
  forms.reserve(values.size());
  for (const FieldValue& value : values) {
    const FieldSpec& field = *schema_->find(value.field);
    const std::string& text = value.text.reveal();
    const bool comes_in = are == Values::kComeIn;
    if (const auto fault = comes_in ? fault_as_written(field, text) : std::nullopt)
      return refuse(value.field, value.number, sentence_of(*fault));
    const bool any_text = field.kind == FieldKind::kText || field.kind == FieldKind::kName ||
                          field.kind == FieldKind::kAddress;
    if (any_text && !is_searched(field)) {
      if (text.size() > kMostValueBytes)
        return refuse(value.field, value.number,
                      fmt::format("is longer than {} bytes", kMostValueBytes));
      if (text.empty()) return refuse(value.field, value.number, "is empty");
      if (!is_clean_utf8(text))
        return refuse(value.field, value.number, "is no UTF-8 text, or holds a NUL");
      continue;
    }
    auto made = form(field, text, now);
    if (!made) return refuse(value.field, value.number, made.error().message);
    if (const auto fault = comes_in ? fault_as_meant(field, *made, now) : std::nullopt)
      return refuse(value.field, value.number, sentence_of(*fault));
    forms.push_back({&field, std::move(*made)});
  }
  return forms;
}

std::vector<Mark> RecordSealer::unique_marks(std::span<const BlindIndex::Form> forms) const {
  std::vector<Mark> marks;
  for (const BlindIndex::Form& form : forms)
    if (form.field->unique) marks.push_back(index_->mark(form.field->name, form.form));
  return marks;
}

Result<SealedSubject> RecordSealer::seal(RecordNumber number, const Subject& subject, Time now,
                                         Entropy& entropy) const {
  if (auto right = check(subject.values); !right) return tl::unexpected<Error>(right.error());
  if (!fits(subject.provenance))
    return fail(ErrorCode::kInvalid,
                fmt::format("provenance has at most {} bytes of text each", kMostProvenance));
  const auto forms = forms_of(subject.values, now, Values::kComeIn);
  if (!forms) return tl::unexpected<Error>(forms.error());

  SealedSubject sealed;
  sealed.record.number = number;
  sealed.record.organisation = organisation_;
  sealed.record.kind = subject.kind;
  entropy.fill(sealed.record.tail.data(), sealed.record.tail.size());
  const SubjectId id = subject_id(number, sealed.record.tail);
  const SubjectKey key = SubjectKey::fresh(entropy);
  const RecordPlace place{organisation_.text(), id.text()};
  RecordWriter writer(place, key, subject.kind, kFirstGeneration);
  Bytes plain;
  encode_provenance(subject.provenance, plain);
  writer.add({nullptr, 1, plain}, entropy);
  for (const FieldValue& value : subject.values) {
    wipe(std::span(plain));
    plain.clear();
    encode_value(value, plain);
    writer.add({schema_->find(value.field), value.number, plain}, entropy);
  }
  wipe(std::span(plain));
  sealed.record.sealed = std::move(writer).finish();
  sealed.key = wrap_subject_key(key, organisation_, number, id.text(), data_key_.version,
                                data_key_.key->reveal(), entropy);
  index_->marks_of(*forms, *schema_, sealed.marks);
  sealed.unique_marks = unique_marks(*forms);
  return sealed;
}

}  // namespace madoguchi::vault
