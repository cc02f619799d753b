// Records: what changes a subject that is there.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "vault/records/field_codec.h"
#include "vault/records/records_state.h"

namespace madoguchi::vault {
namespace {

bool is_gone(const Correction& correction, std::string_view field, std::uint8_t number) {
  return std::any_of(correction.gone.begin(), correction.gone.end(), [&](const std::string& one) {
    return one == field || one == fmt::format("{}.{}", field, number);
  });
}

const FieldValue* replacement(const Correction& correction, std::string_view field,
                              std::uint8_t number) {
  for (const FieldValue& value : correction.values)
    if (value.field == field && value.number == number) return &value;
  return nullptr;
}

// Fields that did not change keep their sealed bytes.
Result<Bytes> rewritten(const RecordRow& row, const SubjectId& subject, const SubjectKey& key,
                        const Schema& schema, const Correction& correction, Entropy& entropy) {
  const auto reader = RecordReader::parse(row.sealed);
  if (!reader) return tl::unexpected<Error>(reader.error());
  const RecordPlace place{row.organisation.text(), subject.text()};
  RecordWriter writer(place, key, row.kind, reader->generation());
  for (const RecordReader::Field& field : reader->fields()) {
    const FieldSpec* spec = schema.find(field.field);
    const bool stays = spec == nullptr || (!is_gone(correction, spec->name, field.number) &&
                                           !replacement(correction, spec->name, field.number));
    if (stays) writer.copy(field.field, field.number, field.sealed);
  }
  for (const FieldValue& value : correction.values) {
    Bytes plain;
    encode_value(value, plain);
    writer.add({schema.find(value.field), value.number, plain}, entropy);
    wipe(std::span(plain));
  }
  return std::move(writer).finish();
}

// What comes in with it: what stood there before, word for word, does not.
std::vector<FieldValue> that_come_in(const Correction& correction,
                                     const std::vector<FieldValue>& before) {
  std::vector<FieldValue> values;
  for (const FieldValue& value : correction.values) {
    const bool stood = std::any_of(before.begin(), before.end(), [&](const FieldValue& one) {
      return one.number == value.number && one.field == value.field && one.text == value.text;
    });
    if (!stood) values.push_back(value);
  }
  return values;
}

}  // namespace

std::vector<FieldValue> corrected(std::vector<FieldValue> values, const Correction& correction) {
  std::erase_if(values, [&](const FieldValue& value) {
    return is_gone(correction, value.field, value.number) ||
           replacement(correction, value.field, value.number) != nullptr;
  });
  values.insert(values.end(), correction.values.begin(), correction.values.end());
  return values;
}

Result<Corrected> Records::State::correct(const RecordSealer& sealer, const Held& held,
                                          const SubjectId& subject,
                                          const std::vector<FieldValue>& before,
                                          const std::vector<FieldValue>& after,
                                          const Correction& correction, Entropy& entropy) {
  const auto come_in = sealer.forms_of(that_come_in(correction, before), parts.clock.now(),
                                       RecordSealer::Values::kComeIn);
  if (!come_in) return tl::unexpected<Error>(come_in.error());
  Corrected made;
  auto old_marks = marks_of(sealer, before, held.row.number);
  if (!old_marks) return tl::unexpected<Error>(old_marks.error());
  auto new_marks = marks_of(sealer, after, held.row.number, Versions::kNewest);
  if (!new_marks) return tl::unexpected<Error>(new_marks.error());
  std::sort(old_marks->begin(), old_marks->end());
  std::sort(new_marks->begin(), new_marks->end());
  std::set_difference(new_marks->begin(), new_marks->end(), old_marks->begin(), old_marks->end(),
                      std::back_inserter(made.marks));
  std::set_difference(old_marks->begin(), old_marks->end(), new_marks->begin(), new_marks->end(),
                      std::back_inserter(made.marks_gone));
  auto sealed = rewritten(held.row, subject, held.key, sealer.schema(), correction, entropy);
  if (!sealed) return tl::unexpected<Error>(sealed.error());
  made.row = held.row;
  ++made.row.revision;
  made.row.sealed = std::move(*sealed);
  return made;
}

Result<void> Records::correct(const OrganisationId& organisation, const SubjectId& subject,
                              const Correction& correction, std::optional<std::int64_t> revision,
                              const std::function<Result<void>()>& tell) {
  const auto place = parts_of(subject);
  if (!place) return tl::unexpected<Error>(place.error());
  const std::lock_guard lock(state_->lock_of(place->number));
  const auto sealer = state_->sealer(organisation);
  if (!sealer) return tl::unexpected<Error>(sealer.error());
  const auto held = state_->held(organisation, subject);
  if (!held) return tl::unexpected<Error>(held.error());
  if (revision && held->row.revision != *revision)
    return fail(ErrorCode::kConflict, "the record was changed meanwhile; read it again");
  const auto before = state_->values(*held, subject, (*sealer)->schema());
  if (!before) return tl::unexpected<Error>(before.error());
  const auto after = corrected(*before, correction);
  if (auto right = (*sealer)->check(after); !right) return right;
  const std::lock_guard unique_lock(state_->unique_mutex);
  if (auto unique = state_->check_unique(**sealer, after, place->number); !unique) return unique;

  auto made =
      state_->correct(**sealer, *held, subject, *before, after, correction, state_->parts.entropy);
  if (!made) return tl::unexpected<Error>(made.error());
  RecordAct act;
  act.check_revisions = true;
  act.marks = std::move(made->marks);
  act.marks_gone = std::move(made->marks_gone);
  act.records.push_back(std::move(made->row));
  if (tell)
    if (auto told = tell(); !told) return told;
  return state_->parts.store.commit(organisation, act);
}

// The list of erasures first, then the key, then what it sealed: whatever is cut off in between is
// done again at the next start.
Result<void> Records::State::erase_everywhere(const OrganisationId& organisation,
                                              const SubjectId& subject, const ErasureRow& erasure) {
  std::optional<std::vector<MarkRow>> marks;
  if (const auto prepared = sealer(organisation)) {
    if (const auto known = held(organisation, subject)) {
      const auto all = values(*known, subject, (*prepared)->schema());
      if (all)
        if (auto made = marks_of(**prepared, *all, erasure.number)) marks = std::move(*made);
    }
  }
  if (auto gone = parts.keys.destroy(std::span(&erasure.number, 1), std::span(&erasure, 1)); !gone)
    return gone;
  return parts.store.erase(organisation, std::span(&erasure, 1), marks);
}

Result<void> Records::erase(const OrganisationId& organisation, const SubjectId& subject) {
  const auto place = parts_of(subject);
  if (!place) return tl::unexpected<Error>(place.error());
  const std::lock_guard lock(state_->lock_of(place->number));
  const Parts& parts = state_->parts;
  const Mark mark = parts.erasures.mark_of(subject);
  const auto known = state_->row(organisation, subject);
  if (!known) {
    const auto all = parts.erasures.all();
    const bool before = std::any_of(all.begin(), all.end(),
                                    [&](const ErasureRow& row) { return row.mark == mark; });
    if (before && known.error().code == ErrorCode::kNotFound) return {};
    return tl::unexpected<Error>(known.error());
  }
  const ErasureRow erasure{place->number, mark, parts.clock.now()};
  if (auto noted = parts.erasures.append(std::span(&erasure, 1)); !noted) return noted;
  return state_->erase_everywhere(organisation, subject, erasure);
}

Result<DocumentVersion> Records::put_document(const OrganisationId& organisation,
                                              const SubjectId& subject, const DocumentId& document,
                                              std::string_view kind, std::string_view author,
                                              const Personal<std::string>& text, bool draft) {
  constexpr std::size_t kMostDocument = 1024 * 1024;
  constexpr std::size_t kMostWord = 64;
  if (text.reveal().size() > kMostDocument || !is_clean_utf8(text.reveal()))
    return fail(ErrorCode::kInvalid,
                fmt::format("a document is UTF-8 text of at most {} bytes", kMostDocument));
  if (kind.empty() || kind.size() > kMostWord || author.size() > kMostWord)
    return fail(ErrorCode::kInvalid, "a document has a kind and an author of at most 64 bytes");
  const auto place = parts_of(subject);
  if (!place) return tl::unexpected<Error>(place.error());
  const std::lock_guard lock(state_->lock_of(place->number));
  const Parts& parts = state_->parts;
  auto key = [&]() -> Result<SubjectKey> {
    if (const auto row = state_->row(organisation, subject); !row)
      return tl::unexpected<Error>(row.error());
    return state_->key_of(organisation, subject, place->number);
  }();
  if (!key) return tl::unexpected<Error>(key.error());

  const Time now = parts.clock.now();
  DocumentRow row;
  row.document = document.empty() ? fresh_id_text(now, parts.entropy) : document.text();
  if (!document.empty()) {
    const auto newest = parts.store.document(row.document, 0);
    if (!newest) return tl::unexpected<Error>(newest.error());
    if (*newest && (*newest)->number != place->number)
      return fail(ErrorCode::kNotFound, "there is no such document about this subject");
    if (*newest) {
      const bool again = (*newest)->draft && (*newest)->author == author;
      row.version = (*newest)->version + (again ? 0 : 1);
    }
  }
  row.number = place->number;
  row.kind = kind;
  row.author = author;
  row.written = now;
  row.draft = draft;
  row.sealed = seal_document(as_bytes(text.reveal()), {organisation.text(), subject.text()},
                             row.document, row.version, *key, parts.entropy);
  DocumentVersion kept{DocumentId(row.document), row.version, row.kind, row.author, now, draft};
  RecordAct act;
  act.documents.push_back(std::move(row));
  if (auto done = parts.store.commit(organisation, act); !done)
    return tl::unexpected<Error>(done.error());
  return kept;
}

Result<std::vector<DocumentVersion>> Records::documents(const OrganisationId& organisation,
                                                        const SubjectId& subject) {
  const auto row = state_->row(organisation, subject);
  if (!row) return tl::unexpected<Error>(row.error());
  const auto found = state_->parts.store.documents(row->number);
  if (!found) return tl::unexpected<Error>(found.error());
  std::vector<DocumentVersion> all;
  for (const DocumentRow& one : *found)
    all.push_back(
        {DocumentId(one.document), one.version, one.kind, one.author, one.written, one.draft});
  return all;
}

Result<OpenedDocument> Records::read_document(const OrganisationId& organisation,
                                              const SubjectId& subject, const DocumentId& document,
                                              std::int64_t version) {
  const auto held = state_->held(organisation, subject);
  if (!held) return tl::unexpected<Error>(held.error());
  const auto found = state_->parts.store.document(document.text(), version);
  if (!found) return tl::unexpected<Error>(found.error());
  if (!*found || (*found)->number != held->row.number)
    return fail(ErrorCode::kNotFound, "there is no such document about this subject");
  const DocumentRow& row = **found;
  auto plain = open_document(row.sealed, {organisation.text(), subject.text()}, row.document,
                             row.version, held->key);
  if (!plain) return tl::unexpected<Error>(plain.error());
  OpenedDocument opened{
      {DocumentId(row.document), row.version, row.kind, row.author, row.written, row.draft},
      Personal<std::string>(std::string(as_text(*plain)))};
  wipe(std::span(*plain));
  return opened;
}

}  // namespace madoguchi::vault
