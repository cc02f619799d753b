#include "vault/exports.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <utility>

#include "base/aead.h"
#include "base/log.h"
#include "vault/records/importer.h"
#include "vault/records/record_store.h"
#include "vault/records/sealed_record.h"

namespace madoguchi::vault {
namespace {

constexpr std::chrono::hours kDay{24};
constexpr std::size_t kMostReason = 500;
constexpr std::size_t kMostWaiting = 1000;

std::string described(const ExportSelection& selection) {
  switch (selection.by) {
    case ExportSelection::By::kAll:
      return "all";
    case ExportSelection::By::kImport:
      return fmt::format("import {}", selection.import_id);
    case ExportSelection::By::kValues:
      return fmt::format("{}: {}", selection.field, selection.values.size());
  }
  return "";
}

std::string word_of(const Error& denied) {
  return denied.message.substr(0, denied.message.find(':'));
}

bool counts(const Export& one) {
  return one.state == ExportState::kApproved || one.state == ExportState::kMade ||
         (one.state == ExportState::kExpired && one.made != Time());
}

}  // namespace

Exports::Exports(const Parts& parts) : parts_(parts) {}
Exports::~Exports() = default;

Result<std::unique_ptr<Exports>> Exports::open(const Parts& parts) {
  std::unique_ptr<Exports> exports(new Exports(parts));
  std::error_code error;
  std::filesystem::create_directories(parts.folder, error);
  std::filesystem::permissions(parts.folder, std::filesystem::perms::owner_all, error);
  if (error)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: cannot be made; exports need it", parts.folder.string()));
  if (auto loaded = exports->load(); !loaded) return tl::unexpected<Error>(loaded.error());
  exports->maker_ = std::make_unique<Worker>(kMostWaiting);
  for (const auto& [id, one] : exports->exports_)
    if (one.state == ExportState::kApproved) exports->make_soon(id);
  return exports;
}

Result<void> Exports::load() {
  const auto image = parts_.store.load_exports();
  if (!image) return tl::unexpected<Error>(image.error());
  std::map<ExportId, Export> exports;
  for (const ExportRow& row : image->exports) {
    auto one = export_from_json(row.json);
    if (!one) return tl::unexpected<Error>(one.error());
    exports.emplace(row.id, *std::move(one));
  }
  const std::lock_guard lock(mutex_);
  exports_ = std::move(exports);
  invented_.clear();
  for (const InventedRow& row : image->invented) invented_.emplace(row.subject, row);
  stale_ = false;
  return {};
}

Result<Export> Exports::find(const ExportId& id) {
  bool stale = false;
  {
    const std::lock_guard lock(mutex_);
    stale = stale_;
  }
  if (stale)
    if (auto loaded = load(); !loaded) return tl::unexpected<Error>(loaded.error());
  const std::lock_guard lock(mutex_);
  const auto found = exports_.find(id);
  if (found == exports_.end()) return fail(ErrorCode::kNotFound, "there is no such export");
  return found->second;
}

// ---- keys and lists

Mac Exports::key_of(std::string_view purpose, const ExportId& id) const {
  const auto directory = parts_.registry.directory();
  return hmac_sha256(directory->own_key().reveal(),
                     as_bytes(fmt::format("madoguchi.export-{}.1|{}", purpose, id.text())));
}

ExportMark Exports::mark_of(const ExportId& id) const {
  return ExportMark(key_of("mark", id));
}

std::filesystem::path Exports::file_of(const ExportId& id) const {
  return parts_.folder / (id.text() + ".export");
}

Result<std::vector<SubjectId>> Exports::people_of(const Export& one) {
  const auto stored = parts_.store.people_of(one.id);
  if (!stored) return tl::unexpected<Error>(stored.error());
  const auto sealed = from_base64(*stored);
  if (!sealed) return fail(ErrorCode::kCorrupt, "an export's list of people can't be read");
  const auto plain = open_committed(
      key_of("people", one.id), Associated("export people").add(one.id.text()).bytes(), *sealed);
  if (!plain) return tl::unexpected<Error>(plain.error());
  std::vector<SubjectId> people;
  const std::string_view text = as_text(*plain);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    people.emplace_back(std::string(text.substr(at, end - at)));
    at = end + 1;
  }
  return people;
}

// ---- who may

Result<Exports::Allowed> Exports::allowed(const OperatorId& who, const OrganisationId& owner,
                                          const std::string& purpose) {
  const auto place = parts_.authority.place_of(who);
  if (!place) return fail(ErrorCode::kDenied, "no_place: you belong to no organisation");
  const bool frozen = parts_.authority.with([&](Authority& authority, Time) {
    return authority.freezes().stopping(owner, who, DeskId()) != nullptr;
  });
  if (frozen) return fail(ErrorCode::kDenied, "frozen: the owner has stopped openings");
  Allowed may;
  may.actor = place->organisation;
  if (place->organisation == owner) {
    if (place->role != StaffRole::kOwner)
      return fail(ErrorCode::kDenied, "no_place: asking takes a person of the owner");
    const auto schema = parts_.records.schema(owner);
    if (!schema) return tl::unexpected<Error>(schema.error());
    for (const FieldSpec& field : (*schema)->fields()) may.fields.push_back(field.name);
    may.people_per_day = parts_.rules.owners_people_a_day;
    return may;
  }
  if (place->role != StaffRole::kSupervisor)
    return fail(ErrorCode::kDenied, "no_place: asking for an export is a supervisor's");
  const auto grant = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.mandates().ask(
        {owner, owner, place->organisation, DeskId(), purpose, MandateUse::kExport}, now);
  });
  if (!grant)
    return fail(ErrorCode::kDenied, fmt::format("{}: no mandate gives exports for this purpose",
                                                name_of(grant.error())));
  may.mandate = grant->chain.front().id;
  may.version = grant->chain.front().version;
  may.fields.assign(grant->purpose.fields.begin(), grant->purpose.fields.end());
  std::erase(may.fields, kDocumentsField);  // what was written is read one by one, in the glass
  may.people_per_day = grant->purpose.export_rows_per_day;
  return may;
}

Result<Exports::Allowed> Exports::still_allowed(const Export& one, const OperatorId& who) {
  auto may = allowed(who, one.owner, one.purpose);
  if (!may) return may;
  for (const std::string& field : one.fields)
    if (std::find(may->fields.begin(), may->fields.end(), field) == may->fields.end())
      return fail(ErrorCode::kDenied, "no_purpose: the mandate has changed; ask again");
  return may;
}

std::vector<ExportTerms> Exports::terms_for(const OperatorId& who) {
  std::vector<ExportTerms> terms;
  const auto place = parts_.authority.place_of(who);
  if (!place) return terms;
  if (place->role == StaffRole::kOwner) {
    if (const auto may = allowed(who, place->organisation, ""))
      terms.push_back({place->organisation, "", "", may->fields, may->people_per_day});
    return terms;
  }
  const auto mandates =
      parts_.authority.with([](Authority& authority, Time) { return authority.mandates().all(); });
  std::set<std::pair<OrganisationId, std::string>> seen;
  for (const auto& [id, entry] : mandates) {
    if (entry.versions.back().to != place->organisation) continue;
    for (const auto& [owner, signatures] : entry.signatures)
      for (const Purpose& purpose : entry.signed_by(owner)->purposes) {
        if (purpose.export_rows_per_day == 0 || !seen.emplace(owner, purpose.id).second) continue;
        if (const auto may = allowed(who, owner, purpose.id))
          terms.push_back({owner, purpose.id, purpose.name, may->fields, may->people_per_day});
      }
  }
  return terms;
}

// ---- entries

ledger::Entry Exports::entry_of(const Export& one, std::string outcome,
                                const OperatorId& by) const {
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(ledger::kind::kExport);
  entry.operator_id = by.text();
  entry.organisation = one.actor.text();
  entry.purpose = one.purpose;
  if (!one.mandate.empty())
    entry.mandate = {one.mandate.text(), static_cast<std::int64_t>(one.mandate_version)};
  entry.fields = one.fields;
  entry.outcome = std::move(outcome);
  entry.details = {{"export", one.id.text()}, {"people", static_cast<std::int64_t>(one.people)}};
  if (const auto recipient = RecipientKey::parse(one.recipient)) {
    entry.details["recipient"] = recipient->name;
    entry.details["recipient_key"] = recipient->fingerprint();
  }
  return entry;
}

tl::unexpected<Error> Exports::refused(const OrganisationId& owner, const OperatorId& by,
                                       std::string_view word, const Error& why) {
  if (parts_.registry.directory()->find(owner) == nullptr) return tl::unexpected<Error>(why);
  const auto place = parts_.authority.place_of(by);
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(ledger::kind::kRefusal);
  entry.operator_id = by.text();
  if (place) entry.organisation = place->organisation.text();
  entry.outcome = fmt::format("refused_{}", word);
  entry.details["asked"] = std::string(ledger::kind::kExport);
  auto text = entry.text();
  Act act;
  if (text) act.entries.push_back({owner.text(), *std::move(text)});
  const auto kept = text ? parts_.store.commit(entry.time, act)
                         : Result<void>(tl::unexpected<Error>(text.error()));
  if (kept) return tl::unexpected<Error>(why);
  log_warn("a refusal could not be logged: {}", kept.error().message);
  return tl::unexpected<Error>(kept.error());
}

Result<Export> Exports::move(Export one, ExportState to, const OperatorId& by,
                             ledger::Entry entry) {
  const std::string from(name_of(one.state));
  one.state = to;
  Act act;
  act.changes.emplace_back(
      ExportChange(MoveExport{{one.id, one.owner, std::string(name_of(to)), to_json(one)}, from}));
  act.journal.push_back(
      {fmt::format("export_{}", entry.outcome),
       {{"export", one.id.text()}, {"owner", one.owner.text()}, {"by", by.text()}}});
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  act.entries.push_back({one.owner.text(), *std::move(text)});
  const auto kept = parts_.store.commit(entry.time, act);
  const std::lock_guard lock(mutex_);
  if (!kept) {
    stale_ = true;
    return tl::unexpected<Error>(kept.error());
  }
  exports_[one.id] = one;
  return one;
}

// ---- asking

Result<std::vector<std::string>> Exports::chosen_fields(const ExportAsk& asked,
                                                        const Allowed& may) {
  if (asked.fields.empty()) return may.fields;
  std::vector<std::string> fields;
  for (const std::string& field : asked.fields) {
    if (std::find(may.fields.begin(), may.fields.end(), field) == may.fields.end())
      return fail(ErrorCode::kDenied, "no_purpose: a field is beyond what the purpose gives");
    if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
  }
  return fields;
}

Result<std::vector<SubjectId>> Exports::chosen(const ExportAsk& asked, std::uint64_t most_people) {
  const ExportSelection& selection = asked.selection;
  const std::size_t most = most_people + 1;
  std::set<SubjectId> people;
  if (selection.by == ExportSelection::By::kValues) {
    if (selection.values.size() > parts_.rules.most_values)
      return fail(ErrorCode::kInvalid, fmt::format("values: at most {}", parts_.rules.most_values));
    for (const Personal<std::string>& value : selection.values) {
      const auto found = parts_.records.find(asked.owner, {{selection.field, value}});
      if (!found && found.error().code == ErrorCode::kInvalid) continue;  // nobody has that
      if (!found) return tl::unexpected<Error>(found.error());
      people.insert(found->subjects.begin(), found->subjects.end());
    }
  }
  RecordRange range;
  if (selection.by == ExportSelection::By::kImport) {
    const auto imported = parts_.records.imported(asked.owner, selection.import_id);
    if (!imported) return tl::unexpected<Error>(imported.error());
    range = *imported;
  }
  // Nobody of an import that is half done.
  const auto pieces = Importer::finished(parts_.records, asked.owner, range);
  if (!pieces) return tl::unexpected<Error>(pieces.error());
  if (selection.by != ExportSelection::By::kValues)
    for (const RecordRange& piece : *pieces) {
      const auto found = parts_.records.subjects(asked.owner, piece, most);
      if (!found) return tl::unexpected<Error>(found.error());
      people.insert(found->begin(), found->end());
    }
  std::erase_if(people, [&](const SubjectId& subject) {
    const auto place = parts_of(subject);
    const bool is_in = place && std::any_of(pieces->begin(), pieces->end(), [&](const auto& piece) {
                         return place->number >= piece.first && place->number <= piece.last;
                       });
    return !is_in || invented_for(subject).has_value();  // they are of another export
  });
  if (people.empty()) return fail(ErrorCode::kInvalid, "nobody is selected");
  if (people.size() > most_people)
    return fail(ErrorCode::kInvalid,
                fmt::format("more than {} people are selected; ask in parts", most_people));
  return std::vector<SubjectId>(people.begin(), people.end());
}

// `one` itself may be among what was counted or not yet.
Result<void> Exports::check_day(const Export& one, std::uint64_t people_per_day) const {
  const Time since = parts_.clock.now() - kDay;
  std::uint64_t people = one.people;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, other] : exports_)
    if (id != one.id && counts(other) && other.decided > since && other.owner == one.owner &&
        other.actor == one.actor && other.purpose == one.purpose)
      people += other.people;
  if (people <= people_per_day) return {};
  return fail(
      ErrorCode::kExhausted,
      fmt::format("limit: {} people a day may be exported for this purpose", people_per_day));
}

Result<Export> Exports::kept_ask(const OperatorId& by, const ExportAsk& asked, const Allowed& may,
                                 std::vector<std::string> fields,
                                 const std::vector<SubjectId>& people) {
  Export one;
  one.asked = parts_.clock.now();
  one.id = ExportId::fresh(one.asked, parts_.entropy);
  one.owner = asked.owner;
  one.asked_by = by;
  one.actor = may.actor;
  one.purpose = asked.purpose;
  one.mandate = may.mandate;
  one.mandate_version = may.version;
  one.fields = std::move(fields);
  one.selection = described(asked.selection);
  one.reason = asked.reason;
  one.recipient = asked.recipient.text();
  one.people = people.size();
  if (auto fits = check_day(one, may.people_per_day); !fits)
    return refused(asked.owner, by, "limit", fits.error());

  std::string list;
  for (const SubjectId& subject : people) list += subject.text() + "\n";
  const Bytes sealed = seal_committed(key_of("people", one.id),
                                      Associated("export people").add(one.id.text()).bytes(),
                                      as_bytes(list), parts_.entropy);
  Act act;
  act.changes.emplace_back(ExportChange(PutExport{
      {one.id, one.owner, std::string(name_of(one.state)), to_json(one)}, to_base64(sealed)}));
  act.journal.push_back({"export_asked",
                         {{"export", one.id.text()},
                          {"owner", one.owner.text()},
                          {"by", by.text()},
                          {"people", static_cast<std::int64_t>(one.people)}}});
  ledger::Entry entry = entry_of(one, "asked", by);
  entry.details["reason_sha256"] = to_hex(sha256(as_bytes(one.reason)));
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  act.entries.push_back({one.owner.text(), *std::move(text)});
  if (auto kept = parts_.store.commit(one.asked, act); !kept)
    return tl::unexpected<Error>(kept.error());
  const std::lock_guard lock(mutex_);
  exports_.emplace(one.id, one);
  return one;
}

Result<Export> Exports::ask(const OperatorId& by, const ExportAsk& asked) {
  if (parts_.registry.directory()->find(asked.owner) == nullptr)
    return fail(ErrorCode::kNotFound, "there is no such organisation");
  if (asked.reason.empty() || asked.reason.size() > kMostReason)
    return fail(ErrorCode::kInvalid, fmt::format("reason: 1 to {} bytes", kMostReason));
  if (!is_valid_id(asked.purpose))
    return fail(ErrorCode::kInvalid, "purpose: 1 to 64 characters of A-Z a-z 0-9 _ . -");
  if (asked.purpose == kReturnPurpose)
    return fail(ErrorCode::kInvalid, "purpose: this word is for data that a mandate returns");
  const auto may = allowed(by, asked.owner, asked.purpose);
  if (!may && may.error().code != ErrorCode::kDenied) return tl::unexpected<Error>(may.error());
  if (!may) return refused(asked.owner, by, word_of(may.error()), may.error());
  auto fields = chosen_fields(asked, *may);
  if (!fields) return refused(asked.owner, by, "no_purpose", fields.error());
  const std::lock_guard acts(acts_);
  const Time since = parts_.clock.now() - kDay;
  const auto mine = asked_by(by);
  const auto recent =
      std::count_if(mine.begin(), mine.end(), [&](const Export& one) { return one.asked > since; });
  if (static_cast<std::size_t>(recent) >= parts_.rules.most_asks_a_day)
    return refused(asked.owner, by, "limit",
                   {ErrorCode::kExhausted, "limit: no more exports are asked for today"});
  const auto people = chosen(asked, parts_.rules.most_people);
  if (!people) return tl::unexpected<Error>(people.error());
  return kept_ask(by, asked, *may, *std::move(fields), *people);
}

Result<Export> Exports::ask_return(const OperatorId& by, const OrganisationId& owner,
                                   const MandateId& mandate, const RecipientKey& recipient) {
  const std::string purpose(kReturnPurpose);
  auto may = allowed(by, owner, purpose);
  if (!may) return tl::unexpected<Error>(may.error());
  may->people_per_day = kMostRecords;
  const ExportAsk asked{owner, purpose, {}, {}, mandate.text(), recipient};
  const std::lock_guard acts(acts_);
  const auto people = chosen(asked, kMostRecords);
  if (!people) return tl::unexpected<Error>(people.error());
  return kept_ask(by, asked, *may, may->fields, *people);
}

std::vector<Export> Exports::asked_by(const OperatorId& who) const {
  std::vector<Export> mine;
  const std::lock_guard lock(mutex_);
  for (auto one = exports_.rbegin(); one != exports_.rend(); ++one)
    if (one->second.asked_by == who) mine.push_back(one->second);
  return mine;
}

std::vector<Export> Exports::of_owner(const OrganisationId& owner) const {
  std::vector<Export> theirs;
  const std::lock_guard lock(mutex_);
  for (auto one = exports_.rbegin(); one != exports_.rend(); ++one)
    if (one->second.owner == owner) theirs.push_back(one->second);
  return theirs;
}

std::vector<Export> Exports::made() const {
  std::vector<Export> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, one] : exports_)
    if (counts(one)) all.push_back(one);
  return all;
}

std::optional<ExportId> Exports::invented_for(const SubjectId& subject) const {
  const std::lock_guard lock(mutex_);
  const auto found = invented_.find(subject);
  return found == invented_.end() ? std::nullopt : std::optional(found->second.of);
}

// ---- deciding

Result<Export> Exports::decidable(const ExportId& id, const OperatorId& by, std::string_view what) {
  auto one = find(id);
  if (!one) return one;
  const auto place = parts_.authority.place_of(by);
  if (!place || place->role != StaffRole::kOwner || place->organisation != one->owner)
    return fail(ErrorCode::kNotFound, "there is no such export");  // of theirs
  if (one->state != ExportState::kAsked)
    return fail(ErrorCode::kConflict, fmt::format("the export is {} already", name_of(one->state)));
  if (what == "approve" && one->asked_by == by)
    return refused(one->owner, by, "same_person",
                   {ErrorCode::kDenied, "same_person: another person than the asker approves"});
  if (parts_.clock.now() - one->asked > parts_.rules.decided_within)
    return fail(ErrorCode::kConflict, "the export waited too long; it has to be asked for again");
  return one;
}

Result<Export> Exports::approve(const ExportId& id, const OperatorId& by) {
  const std::lock_guard acts(acts_);
  auto one = decidable(id, by, "approve");
  if (!one) return one;
  // What the asker may is asked anew: a mandate may have ended since.
  const auto may = still_allowed(*one, one->asked_by);
  if (!may && may.error().code != ErrorCode::kDenied) return tl::unexpected<Error>(may.error());
  if (!may) return refused(one->owner, by, word_of(may.error()), may.error());
  const bool limited = one->purpose != kReturnPurpose;
  if (auto fits = check_day(*one, limited ? may->people_per_day : kMostRecords); !fits)
    return refused(one->owner, by, "limit", fits.error());
  one->decided_by = by;
  one->decided = parts_.clock.now();
  auto moved = move(*one, ExportState::kApproved, by, entry_of(*one, "approved", by));
  if (moved) make_soon(id);
  return moved;
}

Result<Export> Exports::refuse(const ExportId& id, const OperatorId& by,
                               const std::string& reason) {
  if (reason.size() > kMostReason)
    return fail(ErrorCode::kInvalid, fmt::format("reason: at most {} bytes", kMostReason));
  const std::lock_guard acts(acts_);
  auto one = decidable(id, by, "refuse");
  if (!one) return one;
  one->decided_by = by;
  one->decided = parts_.clock.now();
  one->refusal = reason;
  return move(*one, ExportState::kRefused, by, entry_of(*one, "refused", by));
}

// ---- handing over

Result<std::string> Exports::fetch(const ExportId& id, const OperatorId& by) {
  const std::lock_guard acts(acts_);
  auto one = find(id);
  if (!one) return tl::unexpected<Error>(one.error());
  const auto place = parts_.authority.place_of(by);
  const bool owners =
      place && place->role == StaffRole::kOwner && place->organisation == one->owner;
  if (one->asked_by != by && !owners) return fail(ErrorCode::kNotFound, "there is no such export");
  if (one->state != ExportState::kMade)
    return fail(ErrorCode::kConflict,
                fmt::format("there is no file of it: it is {}", name_of(one->state)));
  // As when it was made: a mandate may have ended since, and somebody may be erased.
  const auto may = still_allowed(*one, by);
  if (!may && may.error().code != ErrorCode::kDenied) return tl::unexpected<Error>(may.error());
  if (!may) return refused(one->owner, by, word_of(may.error()), may.error());
  const auto erased = holds_erased(*one);
  if (!erased) return tl::unexpected<Error>(erased.error());
  if (*erased) {
    if (auto again = make_again(*one, by); !again) return tl::unexpected<Error>(again.error());
    return fail(ErrorCode::kConflict,
                "somebody in it was erased since; it is being made again without them, fetch it in "
                "a little while");
  }
  return hand_over(*std::move(one), by);
}

Result<std::string> Exports::hand_over(Export one, const OperatorId& by) {
  std::error_code error;
  const bool whole = std::filesystem::file_size(file_of(one.id), error) == one.file_bytes && !error;
  std::string bytes(whole ? one.file_bytes : 0, '\0');
  std::ifstream in(file_of(one.id), std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!whole || !in || to_hex(sha256(as_bytes(bytes))) != one.file_sha256)
    return fail(ErrorCode::kCorrupt, fmt::format("{}: is not what was written", one.id.text()));
  ledger::Entry entry = entry_of(one, "fetched", by);
  entry.details["file_sha256"] = one.file_sha256;
  const auto place = parts_.authority.place_of(by);
  if (place && place->organisation == one.owner && one.fetched == Time()) {
    one.fetched = entry.time;
    if (auto moved = move(one, ExportState::kMade, by, std::move(entry)); !moved)
      return tl::unexpected<Error>(moved.error());
    return bytes;
  }
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  Act act;
  act.entries.push_back({one.owner.text(), *std::move(text)});
  if (auto kept = parts_.store.commit(entry.time, act); !kept)
    return tl::unexpected<Error>(kept.error());
  return bytes;
}

void Exports::minute() {
  const std::lock_guard acts(acts_);
  std::vector<Export> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, one] : exports_) all.push_back(one);
  }
  const Time now = parts_.clock.now();
  for (const Export& one : all) {
    const bool undecided =
        one.state == ExportState::kAsked && now - one.asked > parts_.rules.decided_within;
    const bool kept_long =
        one.state == ExportState::kMade && now - one.made > parts_.rules.kept_for;
    if (one.state == ExportState::kApproved) make_soon(one.id);
    if (!undecided && !kept_long) continue;
    const auto moved = move(one, ExportState::kExpired, {}, entry_of(one, "expired", {}));
    if (!moved) {
      log_warn("an export that fell due stays for now: {}", moved.error().message);
      continue;
    }
    std::error_code ignored;
    std::filesystem::remove(file_of(one.id), ignored);
  }
}

}  // namespace madoguchi::vault
