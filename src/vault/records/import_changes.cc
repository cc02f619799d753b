// Importer: an update of people who are there. Workers look each row's person up and prepare the
// change; the writer, holding their locks, sees to it that nobody changed them otherwise meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <bitset>

#include "base/sealing.h"
#include "vault/records/import_update.h"
#include "vault/records/importer_state.h"

namespace madoguchi::vault {
namespace {

std::string joined(const std::vector<std::string>& fields) {
  return fmt::format("{}", fmt::join(fields, " "));
}

tl::unexpected<Error> no_longer_there() {
  return fail(ErrorCode::kNotFound, "customer_number: this person is being erased");
}

// What is wrong with one person's record, not with the stores.
bool is_of_one_row(const Error& error) {
  return error.code == ErrorCode::kInvalid || error.code == ErrorCode::kNotFound ||
         error.code == ErrorCode::kCorrupt;
}

}  // namespace

std::string_view name_of(RowTold::Outcome outcome) {
  switch (outcome) {
    case RowTold::Outcome::kAdded:
      return "added";
    case RowTold::Outcome::kChanged:
      return "changed";
    case RowTold::Outcome::kUnchanged:
      return "unchanged";
    case RowTold::Outcome::kRefused:
      break;
  }
  return "refused";
}

Result<void> Importer::State::people_can_be_found() const {
  if (!terms.update) return {};
  const auto prepared = records.sealer(terms.organisation);
  if (!prepared) return tl::unexpected<Error>(prepared.error());
  for (const Column& column : terms.columns) {
    const FieldSpec* field = (*prepared)->schema().find(column.field);
    if (column.use == ColumnUse::kValue && field != nullptr && field->unique) return {};
  }
  return fail(ErrorCode::kInvalid,
              "--update finds people by their customer number, and no column of this file is that; "
              "name it in a mapping file");
}

// Reads the record, opens it and says what the row changes. Nothing of it leaves the vault.
Result<void> Importer::State::compare(KnownRow& known, Entropy& entropy) const {
  known.change.reset();
  auto stored = records.parts.store.record(known.number);
  if (!stored) return tl::unexpected<Error>(stored.error());
  if (!*stored || (*stored)->organisation != terms.organisation) return no_longer_there();
  const SubjectId subject = subject_id(known.number, (*stored)->tail);
  auto key = records.key_of(terms.organisation, subject, known.number);
  if (!key)
    return key.error().code == ErrorCode::kNotFound ? no_longer_there()
                                                    : tl::unexpected<Error>(key.error());
  const Records::State::Held held{std::move(**stored), std::move(*key)};
  OpenedSubject opened;
  opened.kind = held.row.kind;
  auto values = records.values(held, subject, sealer->schema());
  if (!values) return tl::unexpected<Error>(values.error());
  opened.values = std::move(*values);
  auto provenance = records.provenance(held, subject);
  if (!provenance) return tl::unexpected<Error>(provenance.error());
  opened.provenance = std::move(*provenance);

  auto differs = difference(known.given, opened, *sealer, records.parts.clock.now());
  if (!differs) return tl::unexpected<Error>(differs.error());
  if (differs->fields.empty()) return {};
  const auto after = corrected(opened.values, differs->correction);
  if (auto right = sealer->check(after); !right) return right;
  auto made =
      records.correct(*sealer, held, subject, opened.values, after, differs->correction, entropy);
  if (!made) return tl::unexpected<Error>(made.error());
  known.change.emplace(
      KnownRow::Change{std::move(*made),
                       {subject, std::move(differs->fields), derived_key(held.key, kSaltPurpose)}});
  return {};
}

auto Importer::State::look_up(GivenRow& given, Sealed::Row& row, Entropy& entropy) const
    -> Result<std::unique_ptr<KnownRow>> {
  const auto& values = given.subject.values;
  if (auto right = sealer->check(values); !right) return tl::unexpected<Error>(right.error());
  // Whether they may come in is asked of what is new: by compare(), or as a new person is sealed.
  const auto forms = sealer->forms_of(values, records.parts.clock.now());
  if (!forms) return tl::unexpected<Error>(forms.error());
  row.subject.unique_marks = sealer->unique_marks(*forms);
  if (row.subject.unique_marks.empty())
    return fail(ErrorCode::kInvalid,
                "customer_number: is empty, and an update finds people by nothing else");
  const auto found =
      records.parts.store.marked(terms.organisation, row.subject.unique_marks.front(), 1);
  if (!found) return tl::unexpected<Error>(found.error());
  if (found->empty()) return std::unique_ptr<KnownRow>();
  auto known = std::make_unique<KnownRow>();
  known->number = found->front();
  known->given = std::move(given);
  if (auto compared = compare(*known, entropy); !compared)
    return tl::unexpected<Error>(compared.error());
  return known;
}

std::vector<std::pair<std::uint64_t, GivenRow>> Importer::State::look_up_all(const Work& one,
                                                                             Decoder& decoder,
                                                                             Entropy& entropy,
                                                                             Sealed& into) const {
  std::vector<std::pair<std::uint64_t, GivenRow>> fresh;
  for (const RowBatch::Row& row : one.batch.rows) {
    auto given = read_row(one.batch, row, decoder);
    if (!given) {
      into.bad.push_back({row.line, given.error().message});
      continue;
    }
    Sealed::Row seen;
    seen.line = row.line;
    auto known = look_up(*given, seen, entropy);
    if (!known && !is_of_one_row(known.error())) {
      into.failure = known.error();
      return {};
    }
    if (!known) {
      into.bad.push_back({row.line, known.error().message});
    } else if (*known) {
      seen.known = std::move(*known);
      into.rows.push_back(std::move(seen));
    } else {
      fresh.emplace_back(row.line, std::move(*given));
    }
  }
  return fresh;
}

std::vector<std::unique_lock<std::mutex>> Importer::State::lock_changed(
    const std::vector<Sealed>& batches) const {
  auto& all = records.subject_locks;
  std::bitset<std::tuple_size_v<std::remove_reference_t<decltype(all)>>> wanted;
  for (const Sealed& batch : batches)
    for (const Sealed::Row& one : batch.rows)
      if (one.known && one.known->change && !terms.check_only)
        wanted.set(one.known->number % all.size());
  std::vector<std::unique_lock<std::mutex>> locks;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (wanted.test(i)) locks.emplace_back(all[i]);
  return locks;
}

Result<void> Importer::State::settle_changes(std::vector<Sealed>& batches,
                                             std::vector<BadRow>& bad) {
  if (!terms.update || terms.check_only) return {};
  SystemEntropy entropy;
  // False: the row can't be taken any more.
  const auto settle = [&](Sealed::Row& one) -> Result<bool> {
    if (!one.known || !one.known->change) return true;
    const auto now = records.parts.store.record(one.known->number);
    if (!now) return tl::unexpected<Error>(now.error());
    if (*now && (*now)->revision + 1 == one.known->change->made.row.revision) return true;
    auto again = compare(*one.known, entropy);
    if (again) return true;
    if (!is_of_one_row(again.error())) return tl::unexpected<Error>(again.error());
    bad.push_back({one.line, again.error().message});
    return false;
  };
  for (Sealed& batch : batches) {
    std::vector<Sealed::Row> rows;
    rows.reserve(batch.rows.size());
    for (Sealed::Row& one : batch.rows) {
      const auto stays = settle(one);
      if (!stays) return tl::unexpected<Error>(stays.error());
      if (*stays) rows.push_back(std::move(one));
    }
    batch.rows = std::move(rows);
  }
  return {};
}

void Importer::State::keep_known(KnownRow& known, const Sealed::Row& one, Keeping& into) {
  // So that a second row about the same person is refused, also when the import goes on elsewhere.
  for (const Mark& mark : one.subject.unique_marks) into.entries.push_back({{mark, 0}, true});
  if (!known.change) {
    ++row.unchanged;
    into.told.push_back({one.line, RowTold::Outcome::kUnchanged, {}});
    return;
  }
  ++row.changed;
  KnownRow::Change& change = *known.change;
  into.told.push_back({one.line, RowTold::Outcome::kChanged, joined(change.person.fields)});
  const auto append = [](std::vector<MarkRow>& to, const std::vector<MarkRow>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(into.act.marks, change.made.marks);
  append(into.act.marks_gone, change.made.marks_gone);
  into.act.records.push_back(std::move(change.made.row));
  into.changed.push_back(std::move(change.person));
}

void Importer::State::tell_rows(const std::vector<BadRow>& bad, Keeping& kept) const {
  if (!callbacks.rows) return;
  for (const BadRow& one : bad)
    kept.told.push_back({one.line, RowTold::Outcome::kRefused, one.reason});
  std::sort(kept.told.begin(), kept.told.end(),
            [](const RowTold& a, const RowTold& b) { return a.line < b.line; });
  if (!kept.told.empty()) callbacks.rows(kept.told);
}

}  // namespace madoguchi::vault
