#include "vault/tracing.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/sealing.h"
#include "vault/exports/spelling.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostWeighed = 1000;  // lines: more say nothing new about the export
constexpr std::size_t kManyCells = 3;
constexpr std::size_t kMostCandidates = 20;
constexpr std::size_t kMostTold = 10;
constexpr std::size_t kFewMarks = 10;
constexpr double kAsStored = 0.95;
constexpr std::string_view kDayName = "trace_day";  // "<day> <lines>"
constexpr std::chrono::hours kJapan{9};

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

const Tracing::Claim& Tracing::Known::of(const OrganisationId& owner) const {
  const auto theirs = std::find_if(claims.begin(), claims.end(), [&](const Claim& one) {
    return one.whose.owner == owner && !one.whose.subject.empty();
  });
  return theirs == claims.end() ? claims.front() : *theirs;
}

Result<Tracing::Claim> Tracing::looked_at(const FoundLine& line, const OrganisationId& owner,
                                          const SubjectId& subject, const Schema& schema) {
  std::vector<std::string> fields;
  for (const FieldSpec& field : schema.fields()) fields.push_back(field.name);
  const auto record = parts_.records.read(owner, subject, fields);
  if (!record) return tl::unexpected<Error>(record.error());
  const Normaliser& normaliser = Normaliser::japanese();
  const Time now = parts_.clock.now();
  Claim claim;
  claim.whose = {owner, subject, parts_.exports.invented_for(subject)};
  claim.person.subject = subject.text();
  for (const FieldValue& value : record->values) {
    const FieldSpec* field = schema.find(value.field);
    if (field == nullptr) continue;
    const auto wanted = normaliser.form(field->kind, value.text.reveal(), parts_.plan, now);
    if (!wanted) continue;
    const Spelling spelling(field->kind, value.text.reveal(), normaliser);
    for (const std::string& cell : line.cells) {
      const auto form = normaliser.form(field->kind, cell, parts_.plan, now);
      if (!form || *form != *wanted) continue;
      ++claim.cells;
      claim.matched.insert(cell);
      FoundCell found{field->number, value.number, spelling.read(cell)};
      const auto own = spelling.read(value.text.reveal());
      for (const Marked& mark : found.marks) {
        ++claim.marks;
        if (std::find(own.begin(), own.end(), mark) != own.end()) ++claim.own;
      }
      claim.person.cells.push_back(std::move(found));
      break;
    }
  }
  return claim;
}

// `among`: the cells that are asked for; null: all of them.
Result<std::optional<Tracing::Claim>> Tracing::whose(const FoundLine& line,
                                                     const OrganisationId& owner,
                                                     const std::set<std::string>* among) {
  const auto schema = parts_.records.schema(owner);
  if (!schema) return tl::unexpected<Error>(schema.error());
  std::set<SubjectId> candidates;
  for (const bool strong : {true, false}) {
    for (const FieldSpec& field : (*schema)->fields()) {
      if (!field.indexed || is_strong(field.kind) != strong) continue;
      for (const std::string& cell : line.cells) {
        if (among != nullptr && !among->contains(cell)) continue;
        const auto found = parts_.records.find(owner, {{field.name, Personal<std::string>(cell)}},
                                               kMostCandidates);
        if (!found && found.error().code == ErrorCode::kInvalid) continue;  // no such value
        if (!found) return tl::unexpected<Error>(found.error());
        if (!found->more) candidates.insert(found->subjects.begin(), found->subjects.end());
      }
    }
    if (!candidates.empty()) break;
  }
  std::optional<Claim> best;
  bool several = false;
  for (const SubjectId& subject : candidates) {
    auto claim = looked_at(line, owner, subject, **schema);
    if (!claim && claim.error().code == ErrorCode::kNotFound) continue;  // erased
    if (!claim) return tl::unexpected<Error>(claim.error());
    if (best && claim->cells < best->cells) continue;
    several = best && claim->cells == best->cells;
    best = *std::move(claim);
  }
  // It may be any of them: the owner's line all the same.
  if (best && several) best->whose = {owner, {}, {}};
  return best;
}

// Most files hold one client's people: the last one is asked first. Once many of a line's cells are
// somebody's, another client who has as many of them has one of those.
Result<std::optional<Tracing::Known>> Tracing::whose(const FoundLine& line, OrganisationId& last) {
  std::vector<OrganisationId> owners;
  if (!last.empty()) owners.push_back(last);
  for (const auto& [id, organisation] : parts_.registry.directory()->organisations())
    if (id != last) owners.push_back(id);
  Known known{line.line, {}};
  for (const OrganisationId& owner : owners) {
    std::set<std::string> among;
    if (!known.claims.empty() && known.claims.front().cells >= kManyCells)
      among = known.claims.front().matched;
    auto claim = whose(line, owner, among.empty() ? nullptr : &among);
    if (!claim) return tl::unexpected<Error>(claim.error());
    if (!*claim || (*claim)->cells == 0) continue;
    if (!known.claims.empty() && (*claim)->cells < known.claims.front().cells) continue;
    if (!known.claims.empty() && (*claim)->cells > known.claims.front().cells) known.claims.clear();
    known.claims.push_back(**std::move(claim));
  }
  std::stable_partition(known.claims.begin(), known.claims.end(),
                        [](const Claim& one) { return !one.whose.subject.empty(); });
  if (known.claims.empty() || known.claims.front().whose.subject.empty())
    return std::optional<Known>();
  last = known.claims.front().whose.owner;
  return std::optional(std::move(known));
}

// ---- from which export

// The same lines for every owner, each as its own person where the line is the owner's too.
Result<void> Tracing::weigh_exports_of(const OrganisationId& owner, const std::vector<Known>& known,
                                       Traced& traced) {
  std::vector<FoundPerson> found;
  for (const Known& line : known) found.push_back(line.of(owner).person);
  std::vector<Suspect> suspects;
  std::vector<Export> exports;
  for (Export& one : parts_.exports.made()) {
    if (one.owner != owner) continue;
    const auto people = parts_.exports.people_of(one);
    if (!people) return tl::unexpected<Error>(people.error());
    const std::set<SubjectId> there(people->begin(), people->end());
    Suspect suspect{parts_.exports.mark_of(one.id), {}, {}};
    for (const Known& line : known) {
      const TracedOwner& whose = line.of(owner).whose;
      const bool invented = whose.invented_for == one.id;
      suspect.invented.push_back(invented);
      suspect.holds.push_back(invented || there.contains(whose.subject));
    }
    suspects.push_back(std::move(suspect));
    exports.push_back(std::move(one));
  }
  const auto scores = weigh(found, suspects);
  for (std::size_t i = 0; i < scores.size(); ++i)
    traced.exports.push_back({std::move(exports[i]), scores[i]});
  return {};
}

Result<void> Tracing::weigh_exports(const std::vector<Known>& known, Traced& traced) {
  for (const auto& [owner, sum] : traced.sums)
    if (auto weighed = weigh_exports_of(owner, known, traced); !weighed) return weighed;
  std::vector<Score> scores;
  for (const TracedExport& one : traced.exports) scores.push_back(one.score);
  if (const auto which = vault::named(scores)) {
    traced.named = traced.exports[*which].about.id;
    traced.verdict = Verdict::kNamed;
  }
  std::sort(
      traced.exports.begin(), traced.exports.end(),
      [](const TracedExport& a, const TracedExport& b) { return a.score.sum() > b.score.sum(); });
  if (traced.exports.size() > kMostTold) traced.exports.resize(kMostTold);
  return {};
}

// ---- what is logged, and the limit of a day

Result<Tracing::Day> Tracing::today() {
  if (!day_) {
    const auto image = parts_.store.load();
    if (!image) return tl::unexpected<Error>(image.error());
    Day kept;
    if (const auto found = image->meta.find(std::string(kDayName)); found != image->meta.end())
      std::istringstream(found->second) >> kept.number >> kept.lines;
    day_ = kept;
  }
  const Day now{
      std::chrono::floor<std::chrono::days>(parts_.clock.now() + kJapan).time_since_epoch().count(),
      0};
  if (now.number > day_->number) day_ = now;  // a clock set back frees nothing
  return *day_;
}

Result<void> Tracing::refuse(ByteView file, std::uint64_t lines, const std::string& asked_by) {
  Act act;
  act.journal.push_back({"trace_refused",
                         {{"file_sha256", to_hex(sha256(file))},
                          {"asked_by", asked_by},
                          {"lines", static_cast<std::int64_t>(lines)}}});
  return parts_.store.commit(parts_.clock.now(), act);
}

Result<void> Tracing::log(ByteView file, const Traced& traced, const std::string& asked_by,
                          const Day& after) {
  const std::string digest = to_hex(sha256(file));
  Act act;
  const Time now = parts_.clock.now();
  act.changes.emplace_back(
      PutMeta{std::string(kDayName), fmt::format("{} {}", after.number, after.lines)});
  act.journal.push_back({"export_traced",
                         {{"file_sha256", digest},
                          {"asked_by", asked_by},
                          {"lines", static_cast<std::int64_t>(traced.lines_read)},
                          {"verdict", std::string(name_of(traced.verdict))},
                          {"export", traced.named ? traced.named->text() : std::string()}}});
  for (const auto& [owner, organisation] : parts_.registry.directory()->organisations()) {
    const auto found = traced.sums.find(owner);
    const TracedSum sum = found == traced.sums.end() ? TracedSum() : found->second;
    ledger::Entry entry;
    entry.time = now;
    entry.kind = "trace";
    entry.outcome = std::string(name_of(traced.verdict));
    entry.details = {{"file_sha256", digest},
                     {"compared", static_cast<std::int64_t>(traced.lines_read)},
                     {"lines", static_cast<std::int64_t>(sum.lines)},
                     {"shared", static_cast<std::int64_t>(sum.shared)}};
    const bool theirs =
        traced.named && !traced.exports.empty() && traced.exports.front().about.owner == owner;
    if (theirs) entry.details["export"] = traced.named->text();
    auto text = entry.text();
    if (!text) return tl::unexpected<Error>(text.error());
    act.entries.push_back({owner.text(), *std::move(text)});
  }
  return parts_.store.commit(now, act);
}

Result<Traced> Tracing::trace(ByteView file, const std::string& asked_by,
                              const std::function<bool()>& cancelled) {
  const std::lock_guard lock(mutex_);
  const auto day = today();
  if (!day) return tl::unexpected<Error>(day.error());
  const std::uint64_t left =
      parts_.lines_per_day - std::min<std::uint64_t>(day->lines, parts_.lines_per_day);
  const auto found = read_found_lines(file, static_cast<std::size_t>(left));
  if (!found) return tl::unexpected<Error>(found.error());
  if (found->left_out > 0) {
    const std::uint64_t lines = found->lines.size() + found->left_out;
    if (auto told = refuse(file, lines, asked_by); !told)
      return tl::unexpected<Error>(told.error());
    return fail(
        ErrorCode::kInvalid,
        fmt::format("the file has {} lines, and {} of the {} of a day may still be compared "
                    "today: give a part of it, or raise trace.lines_per_day in the vault's "
                    "settings",
                    lines, left, parts_.lines_per_day));
  }
  Traced traced;
  traced.lines_read = found->lines.size();
  traced.lines_left_out = found->too_long;
  std::vector<Known> known;
  OrganisationId last;
  std::size_t marks = 0;
  std::size_t own = 0;
  for (const FoundLine& line : found->lines) {
    if (cancelled()) return fail(ErrorCode::kUnavailable, "nobody waits for the answer any more");
    auto one = whose(line, last);
    if (!one) return tl::unexpected<Error>(one.error());
    if (!*one) continue;
    const Known& theirs = **one;
    marks += theirs.claims.front().marks;
    own += theirs.claims.front().own;
    TracedLine& told = traced.lines.emplace_back();
    told.line = theirs.line;
    told.cells = theirs.claims.front().cells;
    for (const Claim& claim : theirs.claims) {
      told.owners.push_back(claim.whose);
      TracedSum& sum = traced.sums[claim.whose.owner];
      ++sum.lines;
      if (theirs.claims.size() > 1) ++sum.shared;
    }
    if (known.size() < kMostWeighed) known.push_back(**std::move(one));
  }
  if (auto weighed = weigh_exports(known, traced); !weighed)
    return tl::unexpected<Error>(weighed.error());
  if (!traced.named && marks >= kFewMarks &&
      static_cast<double>(own) >= kAsStored * static_cast<double>(marks))
    traced.verdict = Verdict::kAsInTheRecords;
  const Day after{day->number, day->lines + traced.lines_read};
  if (auto logged = log(file, traced, asked_by, after); !logged)
    return tl::unexpected<Error>(logged.error());
  day_ = after;
  return traced;
}

}  // namespace madoguchi::vault
