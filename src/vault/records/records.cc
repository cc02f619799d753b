#include "vault/records/records.h"

#include <fmt/format.h>

#include <algorithm>

#include "vault/records/field_codec.h"
#include "vault/records/key_rotation.h"
#include "vault/records/masking.h"
#include "vault/records/records_state.h"
#include "vault/records/telephones.h"

namespace madoguchi::vault {
namespace {

tl::unexpected<Error> no_subject() {
  return fail(ErrorCode::kNotFound, "there is no such subject");
}

tl::unexpected<Error> no_field(std::string_view field) {
  return fail(ErrorCode::kInvalid, fmt::format("there is no field {}", field));
}

// "telephone" asks for every number, "telephone.2" for one.
bool is_asked(const std::vector<std::string>& asked, std::string_view field, std::uint8_t number) {
  return std::any_of(asked.begin(), asked.end(), [&](const std::string& one) {
    return one == field || (one.size() > field.size() && one.starts_with(field) &&
                            one[field.size()] == '.' && one == fmt::format("{}.{}", field, number));
  });
}

}  // namespace

Records::Records(const Parts& parts) : state_(std::make_unique<State>(parts)) {}
Records::~Records() {
  // What is not noted now the next start finds out.
  if (opened_) static_cast<void>(settle());
}

Result<std::unique_ptr<Records>> Records::open(const Parts& parts) {
  std::unique_ptr<Records> records(new Records(parts));
  State& state = *records->state_;
  const auto in_store = parts.store.highest_number();
  if (!in_store) return tl::unexpected<Error>(in_store.error());
  const auto in_keys = parts.keys.highest_number();
  if (!in_keys) return tl::unexpected<Error>(in_keys.error());
  RecordNumber highest = std::max(*in_store, *in_keys);
  for (const ErasureRow& gone : parts.erasures.all()) highest = std::max(highest, gone.number);
  state.numbers.start(highest + 1);
  if (auto replayed = state.replay(); !replayed) return tl::unexpected<Error>(replayed.error());
  if (auto there = state.expect_keys(); !there) return tl::unexpected<Error>(there.error());
  if (auto done = state.collect_orphans(); !done) return tl::unexpected<Error>(done.error());
  records->opened_ = true;
  return records;
}

Result<void> Records::settle() {
  return state_->parts.keys.settle(state_->numbers.settled());
}

Result<std::shared_ptr<const RecordSealer>> Records::State::sealer(
    const OrganisationId& organisation) {
  OrganisationKeys& keys = parts.organisation_keys;
  {
    const std::lock_guard lock(mutex);
    const auto known = sealers.find(organisation);
    if (known != sealers.end() &&
        known->second->data_key().version == keys.newest_version(organisation, KeyUse::kData) &&
        known->second->index().version() == keys.newest_version(organisation, KeyUse::kIndex))
      return known->second;
  }
  if (auto expected = expect_noted_keys(parts.store, keys, organisation); !expected)
    return tl::unexpected<Error>(expected.error());
  const auto data = keys.newest(organisation, KeyUse::kData);
  if (!data) return tl::unexpected<Error>(data.error());
  const auto index = keys.newest(organisation, KeyUse::kIndex);
  if (!index) return tl::unexpected<Error>(index.error());
  if (auto noted = note(organisation, KeyUse::kData, data->version); !noted)
    return tl::unexpected<Error>(noted.error());
  if (auto noted = note(organisation, KeyUse::kIndex, index->version); !noted)
    return tl::unexpected<Error>(noted.error());
  const auto stored = parts.store.schema(organisation);
  if (!stored) return tl::unexpected<Error>(stored.error());
  auto schema = *stored ? Schema::from_json(**stored) : Result<Schema>(Schema::standard());
  if (!schema) return tl::unexpected<Error>(schema.error());
  const auto shared = std::make_shared<const Schema>(std::move(*schema));
  auto made = std::make_shared<const RecordSealer>(
      organisation, shared, *data,
      std::make_shared<const BlindIndex>(organisation, *index, *shared), parts.plan);
  const std::lock_guard lock(mutex);
  sealers[organisation] = made;
  return made;
}

Result<void> Records::State::note(const OrganisationId& organisation, KeyUse use,
                                  std::uint32_t version) {
  const std::lock_guard lock(noting);
  return note_key(parts.store, organisation, use, version);
}

void Records::State::forget(const OrganisationId& organisation) {
  const std::lock_guard lock(mutex);
  sealers.erase(organisation);
  std::erase_if(old_indexes, [&](const auto& one) { return one.first.first == organisation; });
}

Result<std::shared_ptr<const Schema>> Records::schema(const OrganisationId& organisation) {
  const auto sealer = state_->sealer(organisation);
  if (!sealer) return tl::unexpected<Error>(sealer.error());
  return (*sealer)->shared_schema();
}

Result<void> Records::put_field(const OrganisationId& organisation, FieldSpec field) {
  const auto known = schema(organisation);
  if (!known) return tl::unexpected<Error>(known.error());
  const auto extended = (*known)->with(std::move(field));
  if (!extended) return tl::unexpected<Error>(extended.error());
  if (auto kept = state_->parts.store.put_schema(organisation, extended->to_json()); !kept)
    return kept;
  state_->forget(organisation);
  return {};
}

Result<RecordRow> Records::State::row(const OrganisationId& organisation,
                                      const SubjectId& subject) {
  const auto place = parts_of(subject);
  if (!place) return tl::unexpected<Error>(place.error());
  auto found = parts.store.record(place->number);
  if (!found) return tl::unexpected<Error>(found.error());
  if (!*found || (*found)->tail != place->tail || (*found)->organisation != organisation)
    return no_subject();
  return std::move(**found);
}

Result<SubjectKey> Records::State::key_of(const OrganisationId& organisation,
                                          const SubjectId& subject, RecordNumber number) {
  // A rotation may replace the key between reading it and asking for its organisation's key; the
  // older version is there until it wraps nothing any more.
  const auto found = parts.keys.key(number);
  if (!found) return tl::unexpected<Error>(found.error());
  if (!*found) return no_subject();
  if ((*found)->organisation != organisation)
    return fail(ErrorCode::kCorrupt, "a subject's key belongs to another organisation");
  const auto key = parts.organisation_keys.at(organisation, KeyUse::kData, (*found)->version);
  if (!key) return tl::unexpected<Error>(key.error());
  return unwrap_subject_key(**found, subject.text(), key->key->reveal());
}

Result<Records::State::Held> Records::State::held(const OrganisationId& organisation,
                                                  const SubjectId& subject) {
  auto stored = row(organisation, subject);
  if (!stored) return tl::unexpected<Error>(stored.error());
  auto key = key_of(organisation, subject, stored->number);
  if (!key) return tl::unexpected<Error>(key.error());
  return Held{std::move(*stored), std::move(*key)};
}

Result<std::vector<FieldValue>> Records::State::values(const Held& held, const SubjectId& subject,
                                                       const Schema& schema) {
  const auto reader = RecordReader::parse(held.row.sealed);
  if (!reader) return tl::unexpected<Error>(reader.error());
  if (auto fits = reader->fits(held.key); !fits) return tl::unexpected<Error>(fits.error());
  const RecordPlace place{held.row.organisation.text(), subject.text()};
  std::vector<FieldValue> all;
  for (const RecordReader::Field& field : reader->fields()) {
    const FieldSpec* spec = schema.find(field.field);
    if (field.field == kProvenanceField || spec == nullptr) continue;
    auto plain = reader->open(field, spec->name, place, held.key);
    if (!plain) return tl::unexpected<Error>(plain.error());
    auto value = decode_value(*plain);
    wipe(std::span(*plain));
    if (!value) return tl::unexpected<Error>(value.error());
    value->field = spec->name;
    value->number = field.number;
    all.push_back(std::move(*value));
  }
  return all;
}

Result<Provenance> Records::State::provenance(const Held& held, const SubjectId& subject) {
  const auto reader = RecordReader::parse(held.row.sealed);
  if (!reader) return tl::unexpected<Error>(reader.error());
  const RecordPlace place{held.row.organisation.text(), subject.text()};
  for (const RecordReader::Field& field : reader->fields()) {
    if (field.field != kProvenanceField) continue;
    const auto plain = reader->open(field, kProvenanceName, place, held.key);
    if (!plain) return tl::unexpected<Error>(plain.error());
    return decode_provenance(*plain);
  }
  return Provenance{};
}

Result<std::vector<MarkRow>> Records::State::marks_of(const RecordSealer& sealer,
                                                      const std::vector<FieldValue>& values,
                                                      RecordNumber number, Versions versions) {
  const auto forms = sealer.forms_of(values, parts.clock.now());
  if (!forms) return tl::unexpected<Error>(forms.error());
  const auto all = indexes(sealer);
  if (!all) return tl::unexpected<Error>(all.error());
  std::vector<MarkRow> rows;
  std::vector<Mark> marks;
  for (const auto& index : *all) {
    if (versions == Versions::kNewest && index->version() != sealer.index().version()) continue;
    index->marks_of(*forms, sealer.schema(), marks);
    for (const Mark& mark : marks) rows.push_back({mark, number});
  }
  return rows;
}

Result<void> Records::State::check_unique(const RecordSealer& sealer,
                                          const std::vector<FieldValue>& values,
                                          RecordNumber except) {
  const auto forms = sealer.forms_of(values, parts.clock.now());
  if (!forms) return tl::unexpected<Error>(forms.error());
  for (const BlindIndex::Form& form : *forms) {
    if (!form.field->unique) continue;
    const auto all = indexes(sealer);
    if (!all) return tl::unexpected<Error>(all.error());
    for (const auto& index : *all) {
      const auto found =
          parts.store.marked(sealer.organisation(), index->mark(form.field->name, form.form), 2);
      if (!found) return tl::unexpected<Error>(found.error());
      if (std::any_of(found->begin(), found->end(),
                      [&](RecordNumber number) { return number != except; }))
        return fail(ErrorCode::kConflict,
                    fmt::format("{}: another subject has this value", form.field->name));
    }
  }
  return {};
}

// The sealer is asked for with the lock held: nobody is added under marks that are on their way
// out.
Result<SubjectId> Records::add(const OrganisationId& organisation, const Subject& subject) {
  const std::lock_guard lock(state_->unique_mutex);
  const auto sealer = state_->sealer(organisation);
  if (!sealer) return tl::unexpected<Error>(sealer.error());
  auto taken = state_->numbers.take(1);
  const RecordNumber number = taken.first();
  if (number > kMostRecords) return fail(ErrorCode::kExhausted, "no record number is left");
  const Parts& parts = state_->parts;
  auto sealed = (*sealer)->seal(number, subject, parts.clock.now(), parts.entropy);
  if (!sealed) return tl::unexpected<Error>(sealed.error());
  const SubjectId id = subject_id(number, sealed->record.tail);
  if (auto unique = state_->check_unique(**sealer, subject.values, number); !unique)
    return tl::unexpected<Error>(unique.error());
  taken.keys_follow();
  if (auto kept = parts.keys.put(std::span(&sealed->key, 1), state_->numbers.settled()); !kept)
    return tl::unexpected<Error>(kept.error());
  RecordAct act;
  act.records.push_back(std::move(sealed->record));
  for (const Mark& mark : sealed->marks) act.marks.push_back({mark, number});
  if (auto kept = parts.store.commit(organisation, act); !kept)
    return tl::unexpected<Error>(kept.error());
  taken.records_are_kept();
  return id;
}

Result<bool> Records::exists(const OrganisationId& organisation, const SubjectId& subject) {
  const auto found = state_->row(organisation, subject);
  if (found) return true;
  if (found.error().code == ErrorCode::kNotFound) return false;
  return tl::unexpected<Error>(found.error());
}

Result<OpenedSubject> Records::read(const OrganisationId& organisation, const SubjectId& subject,
                                    const std::vector<std::string>& fields) {
  const auto known = schema(organisation);
  if (!known) return tl::unexpected<Error>(known.error());
  const auto held = state_->held(organisation, subject);
  if (!held) return tl::unexpected<Error>(held.error());
  const auto reader = RecordReader::parse(held->row.sealed);
  if (!reader) return tl::unexpected<Error>(reader.error());
  if (auto fits = reader->fits(held->key); !fits) return tl::unexpected<Error>(fits.error());
  const RecordPlace place{organisation.text(), subject.text()};
  OpenedSubject opened;
  opened.kind = held->row.kind;
  opened.revision = held->row.revision;
  for (const RecordReader::Field& field : reader->fields()) {
    const bool provenance = field.field == kProvenanceField;
    const FieldSpec* spec = provenance ? nullptr : (*known)->find(field.field);
    if (!provenance && spec == nullptr) continue;
    const std::string_view name = provenance ? kProvenanceName : std::string_view(spec->name);
    if (!is_asked(fields, name, field.number)) continue;
    auto plain = reader->open(field, name, place, held->key);
    if (!plain) return tl::unexpected<Error>(plain.error());
    if (provenance) {
      auto decoded = decode_provenance(*plain);
      if (!decoded) return tl::unexpected<Error>(decoded.error());
      opened.provenance = std::move(*decoded);
      continue;
    }
    auto value = decode_value(*plain);
    wipe(std::span(*plain));
    if (!value) return tl::unexpected<Error>(value.error());
    value->field = spec->name;
    value->number = field.number;
    opened.values.push_back(std::move(*value));
  }
  // A corrected value stands at the record's end; people expect the first telephone first.
  const auto place_of = [&](const FieldValue& value) {
    return std::pair((*known)->find(value.field)->number, value.number);
  };
  std::sort(opened.values.begin(), opened.values.end(),
            [&](const FieldValue& a, const FieldValue& b) { return place_of(a) < place_of(b); });
  return opened;
}

Result<std::vector<MaskedValue>> Records::masked(const OrganisationId& organisation,
                                                 const SubjectId& subject,
                                                 const std::vector<std::string>& fields) {
  const auto known = schema(organisation);
  if (!known) return tl::unexpected<Error>(known.error());
  const auto opened = read(organisation, subject, fields);
  if (!opened) return tl::unexpected<Error>(opened.error());
  std::vector<MaskedValue> shown;
  for (const FieldValue& value : opened->values) {
    const FieldSpec* spec = (*known)->find(value.field);
    const Masking masking = spec == nullptr ? Masking::kWhole : spec->masking;
    MaskedValue& one = shown.emplace_back();
    one.field = value.field;
    one.number = value.number;
    one.shown = vault::masked(masking, value.text.reveal());
    if (spec == nullptr || spec->kind != FieldKind::kTelephone) continue;
    one.line_kind = line_kind_of(value, state_->parts.plan, state_->parts.clock.now());
    if (value.telephone) one.refusals = value.telephone->refusals;
  }
  return shown;
}

Result<std::vector<std::string>> Records::stored_fields(const OrganisationId& organisation,
                                                        const SubjectId& subject) {
  const auto known = schema(organisation);
  if (!known) return tl::unexpected<Error>(known.error());
  const auto row = state_->row(organisation, subject);
  if (!row) return tl::unexpected<Error>(row.error());
  const auto reader = RecordReader::parse(row->sealed);
  if (!reader) return tl::unexpected<Error>(reader.error());
  std::vector<std::string> names;
  for (const RecordReader::Field& field : reader->fields()) {
    const FieldSpec* spec = (*known)->find(field.field);
    if (field.field != kProvenanceField && spec != nullptr)
      names.push_back(shown_name(spec->name, field.number));
  }
  return names;
}

DerivedKey derived_key(const SubjectKey& key, std::string_view purpose) {
  Mac made = hmac_sha256(key.reveal(), as_bytes(purpose));
  DerivedKey derived(made);
  wipe(made);
  return derived;
}

Result<DerivedKey> Records::derived_key(const OrganisationId& organisation,
                                        const SubjectId& subject, std::string_view purpose) {
  const auto held = state_->held(organisation, subject);
  if (!held) return tl::unexpected<Error>(held.error());
  return vault::derived_key(held->key, purpose);
}

Result<std::optional<ValueFault>> Records::fault_of(const OrganisationId& organisation,
                                                    std::string_view field,
                                                    const Personal<std::string>& text) {
  const auto sealer = state_->sealer(organisation);
  if (!sealer) return tl::unexpected<Error>(sealer.error());
  const FieldSpec* spec = (*sealer)->schema().find(field);
  if (spec == nullptr) return no_field(field);
  return (*sealer)->fault_of(*spec, text.reveal(), state_->parts.clock.now());
}

Result<bool> Records::is_same(const OrganisationId& organisation, std::string_view field,
                              const Personal<std::string>& a, const Personal<std::string>& b) {
  const auto sealer = state_->sealer(organisation);
  if (!sealer) return tl::unexpected<Error>(sealer.error());
  const FieldSpec* spec = (*sealer)->schema().find(field);
  if (spec == nullptr) return no_field(field);
  return (*sealer)->is_same(*spec, a.reveal(), b.reveal(), state_->parts.clock.now());
}

Result<Comparison> Records::compare(const OrganisationId& organisation, const SubjectId& subject,
                                    std::string_view field, const Personal<std::string>& typed) {
  const auto sealer = state_->sealer(organisation);
  if (!sealer) return tl::unexpected<Error>(sealer.error());
  const FieldSpec* spec = (*sealer)->schema().find(field);
  if (spec == nullptr) return no_field(field);
  const Time now = state_->parts.clock.now();
  const auto wanted = (*sealer)->form(*spec, typed.reveal(), now);
  if (!wanted)
    return fail(ErrorCode::kInvalid, fmt::format("{}: {}", field, wanted.error().message));
  const auto opened = read(organisation, subject, {std::string(field)});
  if (!opened) return tl::unexpected<Error>(opened.error());
  if (opened->values.empty()) return Comparison::kNothingStored;
  const auto same = [&](const std::string& form) {
    return Normaliser::japanese().common_spelling(spec->kind, form);
  };
  for (const FieldValue& value : opened->values) {
    const auto form = (*sealer)->form(*spec, value.text.reveal(), now);
    if (form && same(*form) == same(*wanted)) return Comparison::kMatch;
  }
  return Comparison::kNoMatch;
}

}  // namespace madoguchi::vault
