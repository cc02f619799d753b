#include "vault/tracing.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/sealing.h"
#include "vault/exports/spelling.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostLines = 1000;
constexpr std::size_t kMostCandidates = 20;
constexpr std::size_t kMostTold = 10;
constexpr std::size_t kFewMarks = 10;
constexpr double kAsStored = 0.95;

// A name is many people's; a number is one's.
bool is_strong(FieldKind kind) {
  return kind == FieldKind::kTelephone || kind == FieldKind::kMail ||
         kind == FieldKind::kIdentifier;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNamed:
      return "named";
    case Verdict::kCannotSay:
      return "cannot_say";
    case Verdict::kAsInTheRecords:
      return "as_in_the_records";
  }
  return "";
}

// ---- whose a line is

Result<Tracing::Known> Tracing::looked_at(const FoundLine& line, const OrganisationId& owner,
                                          const SubjectId& subject, const Schema& schema) {
  std::vector<std::string> fields;
  for (const FieldSpec& field : schema.fields()) fields.push_back(field.name);
  const auto record = parts_.records.read(owner, subject, fields);
  if (!record) return tl::unexpected<Error>(record.error());
  const Normaliser& normaliser = Normaliser::japanese();
  const Time now = parts_.clock.now();
  Known known{{line.line, owner, subject, 0, parts_.exports.invented_for(subject)},
              {subject.text(), {}},
              0,
              0};
  for (const FieldValue& value : record->values) {
    const FieldSpec* field = schema.find(value.field);
    if (field == nullptr) continue;
    const auto wanted = normaliser.form(field->kind, value.text.reveal(), parts_.plan, now);
    if (!wanted) continue;
    const Spelling spelling(field->kind, value.text.reveal(), normaliser);
    for (const std::string& cell : line.cells) {
      const auto form = normaliser.form(field->kind, cell, parts_.plan, now);
      if (!form || *form != *wanted) continue;
      ++known.line.cells;
      FoundCell found{field->number, value.number, spelling.read(cell)};
      const auto own = spelling.read(value.text.reveal());
      for (const Marked& mark : found.marks) {
        ++known.marks;
        if (std::find(own.begin(), own.end(), mark) != own.end()) ++known.own;
      }
      known.person.cells.push_back(std::move(found));
      break;
    }
  }
  return known;
}

Result<std::optional<Tracing::Known>> Tracing::whose(const FoundLine& line,
                                                     const OrganisationId& owner) {
  const auto schema = parts_.records.schema(owner);
  if (!schema) return tl::unexpected<Error>(schema.error());
  std::set<SubjectId> candidates;
  for (const bool strong : {true, false}) {
    for (const FieldSpec& field : (*schema)->fields()) {
      if (!field.indexed || is_strong(field.kind) != strong) continue;
      for (const std::string& cell : line.cells) {
        const auto found = parts_.records.find(owner, {{field.name, Personal<std::string>(cell)}},
                                               kMostCandidates);
        if (!found && found.error().code == ErrorCode::kInvalid) continue;  // no such value
        if (!found) return tl::unexpected<Error>(found.error());
        if (!found->more) candidates.insert(found->subjects.begin(), found->subjects.end());
      }
    }
    if (!candidates.empty()) break;
  }
  std::optional<Known> best;
  bool several = false;
  for (const SubjectId& subject : candidates) {
    auto known = looked_at(line, owner, subject, **schema);
    if (!known && known.error().code == ErrorCode::kNotFound) continue;  // erased
    if (!known) return tl::unexpected<Error>(known.error());
    if (best && known->line.cells < best->line.cells) continue;
    several = best && known->line.cells == best->line.cells;
    best = *std::move(known);
  }
  if (several) return std::optional<Known>();  // it may be any of them
  return best;
}

// Most files hold one client's people: the last one is asked first.
Result<std::optional<Tracing::Known>> Tracing::whose(const FoundLine& line, OrganisationId& last) {
  std::vector<OrganisationId> owners;
  if (!last.empty()) owners.push_back(last);
  for (const auto& [id, organisation] : parts_.registry.directory()->organisations())
    if (id != last) owners.push_back(id);
  std::optional<Known> best;
  for (const OrganisationId& owner : owners) {
    auto known = whose(line, owner);
    if (!known) return known;
    if (*known && (!best || (*known)->line.cells > best->line.cells)) best = *std::move(known);
    if (best && owner == last && best->line.cells > 1) break;
  }
  if (best) last = best->line.owner;
  return best;
}

// ---- from which export

Result<void> Tracing::weigh_exports(const std::vector<Known>& known, Traced& traced) {
  std::vector<FoundPerson> found;
  std::set<OrganisationId> owners;
  for (const Known& one : known) {
    found.push_back(one.person);
    owners.insert(one.line.owner);
  }
  std::vector<Suspect> suspects;
  std::vector<Export> exports;
  for (Export& one : parts_.exports.made()) {
    if (!owners.contains(one.owner)) continue;
    const auto people = parts_.exports.people_of(one);
    if (!people) return tl::unexpected<Error>(people.error());
    const std::set<SubjectId> there(people->begin(), people->end());
    Suspect suspect{parts_.exports.mark_of(one.id), {}, {}};
    for (const Known& line : known) {
      const bool invented = line.line.invented_for == one.id;
      suspect.invented.push_back(invented);
      suspect.holds.push_back(invented || there.contains(line.line.subject));
    }
    suspects.push_back(std::move(suspect));
    exports.push_back(std::move(one));
  }
  const auto scores = weigh(found, suspects);
  if (const auto which = vault::named(scores)) {
    traced.named = exports[*which].id;
    traced.verdict = Verdict::kNamed;
  }
  for (std::size_t i = 0; i < scores.size(); ++i)
    traced.exports.push_back({std::move(exports[i]), scores[i]});
  std::sort(
      traced.exports.begin(), traced.exports.end(),
      [](const TracedExport& a, const TracedExport& b) { return a.score.sum() > b.score.sum(); });
  if (traced.exports.size() > kMostTold) traced.exports.resize(kMostTold);
  return {};
}

Result<void> Tracing::log(ByteView file, const Traced& traced, const std::string& asked_by) {
  const std::string digest = to_hex(sha256(file));
  std::map<OrganisationId, std::int64_t> lines;
  for (const TracedLine& line : traced.lines) ++lines[line.owner];
  Act act;
  const Time now = parts_.clock.now();
  act.journal.push_back({"export_traced",
                         {{"file_sha256", digest},
                          {"asked_by", asked_by},
                          {"verdict", std::string(name_of(traced.verdict))},
                          {"export", traced.named ? traced.named->text() : std::string()}}});
  for (const auto& [owner, count] : lines) {
    ledger::Entry entry;
    entry.time = now;
    entry.kind = "trace";
    entry.outcome = std::string(name_of(traced.verdict));
    entry.details = {{"file_sha256", digest}, {"lines", count}};
    const bool theirs =
        traced.named && !traced.exports.empty() && traced.exports.front().about.owner == owner;
    if (theirs) entry.details["export"] = traced.named->text();
    auto text = entry.text();
    if (!text) return tl::unexpected<Error>(text.error());
    act.entries.push_back({owner.text(), *std::move(text)});
  }
  return parts_.store.commit(now, act);
}

Result<Traced> Tracing::trace(ByteView file, const std::string& asked_by) {
  const auto found = read_found_lines(file, kMostLines);
  if (!found) return tl::unexpected<Error>(found.error());
  Traced traced;
  traced.lines_read = found->lines.size();
  traced.lines_left_out = found->left_out;
  std::vector<Known> known;
  OrganisationId last;
  std::size_t marks = 0;
  std::size_t own = 0;
  for (const FoundLine& line : found->lines) {
    auto one = whose(line, last);
    if (!one) return tl::unexpected<Error>(one.error());
    if (!*one) continue;
    marks += (*one)->marks;
    own += (*one)->own;
    traced.lines.push_back((*one)->line);
    known.push_back(**std::move(one));
  }
  if (auto weighed = weigh_exports(known, traced); !weighed)
    return tl::unexpected<Error>(weighed.error());
  if (!traced.named && marks >= kFewMarks &&
      static_cast<double>(own) >= kAsStored * static_cast<double>(marks))
    traced.verdict = Verdict::kAsInTheRecords;
  if (auto logged = log(file, traced, asked_by); !logged)
    return tl::unexpected<Error>(logged.error());
  return traced;
}

}  // namespace madoguchi::vault
