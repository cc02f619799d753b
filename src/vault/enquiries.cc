#include "vault/enquiries.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/utf8.h"
#include "vault/records/file_text.h"
#include "vault/records/refused_uses.h"
#include "vault/records/sealed_record.h"
#include "vault/records/sealer.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostPeople = 20;
constexpr std::size_t kMostSought = 3;
constexpr std::size_t kAtOnce = 4096;

tl::unexpected<Declined> declined(Declined why) {
  return tl::unexpected<Declined>(std::move(why));
}

}  // namespace

std::span<const std::string_view> erasure_reasons() {
  static constexpr std::array<std::string_view, 4> kReasons{"asked_by_person", "no_longer_needed",
                                                            "unlawful", "mistaken"};
  return kReasons;
}

std::span<const std::string_view> correction_reasons() {
  static constexpr std::array<std::string_view, 2> kReasons{"asked_by_person", "found_wrong"};
  return kReasons;
}

Answer<void> Enquiries::begin(const OwnersPerson& asker) {
  const auto allowed = parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.enquire(asker.who, now); });
  if (!allowed) return declined(allowed.error());
  return {};
}

ledger::Entry Enquiries::entry_of(const OwnersPerson& asker, std::string_view kind) const {
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(kind);
  entry.operator_id = asker.who.text();
  entry.organisation = asker.owner.text();
  entry.details["by"] = std::string("owner");
  // Searches and enquiries are counted again from the log by this, each once.
  entry.details["search"] = fresh_id_text(entry.time, parts_.entropy);
  return entry;
}

Result<void> Enquiries::log(const OwnersPerson& asker, const ledger::Entry& entry) {
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  Act act;
  act.entries.push_back({asker.owner.text(), *std::move(text)});
  return parts_.store.commit(entry.time, act);
}

Answer<PeopleFound> Enquiries::search(const OwnersPerson& asker,
                                      const std::vector<Sought>& all_of) {
  if (all_of.empty() || all_of.size() > kMostSought)
    return declined(Error{ErrorCode::kInvalid, "all_of: 1 to 3 values"});
  if (auto begun = begin(asker); !begun) return declined(begun.error());
  auto hits = parts_.records.find(asker.owner, all_of, kMostPeople);
  if (!hits) return declined(hits.error());
  ledger::Entry entry = entry_of(asker, ledger::kind::kSearch);
  for (const Sought& one : all_of) entry.fields.push_back(one.field);
  entry.outcome = hits->subjects.empty() ? "nothing" : "found";
  entry.details["found"] = static_cast<std::int64_t>(hits->subjects.size());
  if (auto kept = log(asker, entry); !kept) return declined(kept.error());
  PeopleFound found;
  found.more = hits->more;
  for (SubjectId& subject : hits->subjects) {
    const auto fields = parts_.records.stored_fields(asker.owner, subject);
    if (!fields) return declined(fields.error());
    auto masked = parts_.records.masked(asker.owner, subject, *fields);
    if (!masked) return declined(masked.error());
    PersonSeen& one = found.people.emplace_back();
    one.person = {asker.owner, std::move(subject)};
    one.masked = *std::move(masked);
  }
  return found;
}

Answer<LookedAt> Enquiries::look_through(const OwnersPerson& asker, const SubjectId& subject,
                                         const DerivedKey& key, std::string_view outcome) {
  ledger::Entry entry = entry_of(asker, ledger::kind::kEnquiry);
  entry.outcome = std::string(outcome);
  entry.subject = ledger::SubjectCommitment::make(key.reveal(), subject.text(), parts_.entropy);
  if (auto kept = log(asker, entry); !kept) return declined(kept.error());
  LookedAt looked;
  while (true) {
    auto page = parts_.log.entries(asker.owner.text(), looked.size, kAtOnce);
    if (!page) return declined(page.error());
    for (std::size_t i = 0; i < page->size(); ++i) {
      std::string& text = (*page)[i].entry;
      const auto about = ledger::subject_of(text);
      if (about && about->is_about(key.reveal(), subject.text()))
        looked.entries.push_back({looked.size + i, std::move(text)});
    }
    looked.size += page->size();
    if (page->size() < kAtOnce) return looked;
  }
}

Answer<LookedAt> Enquiries::looked(const OwnersPerson& asker, const SubjectId& subject) {
  if (auto begun = begin(asker); !begun) return declined(begun.error());
  const auto key = subject_salt_key(parts_.records, {asker.owner, subject});
  if (!key) return declined(key.error());
  return look_through(asker, subject, *key, "shown");
}

Answer<ledger::Disclosure> Enquiries::disclose(const OwnersPerson& asker,
                                               const SubjectId& subject) {
  if (parts_.logs == nullptr)
    return declined(Error{ErrorCode::kUnavailable, "no log is published here"});
  if (auto begun = begin(asker); !begun) return declined(begun.error());
  const auto key = subject_salt_key(parts_.records, {asker.owner, subject});
  if (!key) return declined(key.error());
  const auto verifier = parts_.logs->verifier_of(asker.owner.text());
  if (!verifier) return declined(verifier.error());
  auto looked = look_through(asker, subject, *key, "given_out");
  if (!looked) return declined(looked.error());
  if (looked->entries.size() > ledger::kMostDisclosed)
    return declined(Error{ErrorCode::kInvalid, "too many entries for one file"});
  std::vector<std::uint64_t> indexes;
  for (const LookedEntry& one : looked->entries) indexes.push_back(one.index);
  auto proofs = parts_.logs->prove_all(asker.owner.text(), indexes);
  if (!proofs) return declined(proofs.error());
  // Without one it would prove nothing. The entry of this enquiry is shown a second from now.
  if (proofs->files.empty())
    return declined(Error{ErrorCode::kUnavailable, "its entries are not published yet"});
  ledger::Disclosure made;
  made.made_at = parts_.clock.now();
  made.made_by = asker.who.text();
  made.owner = asker.owner.text();
  made.subject = subject.text();
  std::copy(key->reveal().begin(), key->reveal().end(), made.salt_key.begin());
  made.key = verifier->text();
  made.size = proofs->size;
  made.proofs = std::move(proofs->files);
  return made;
}

Answer<void> Enquiries::erase(const OwnersPerson& asker, const SubjectId& subject,
                              std::string_view reason) {
  const auto reasons = erasure_reasons();
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end())
    return declined(Error{ErrorCode::kInvalid, "reason: none of the words"});
  if (auto begun = begin(asker); !begun) return declined(begun.error());
  const auto key = subject_salt_key(parts_.records, {asker.owner, subject});
  if (!key) return declined(key.error());
  ledger::Entry entry = entry_of(asker, ledger::kind::kErasure);
  entry.details.erase("search");
  entry.details["erasure"] = fresh_id_text(entry.time, parts_.entropy);
  entry.details["reason"] = std::string(reason);
  entry.outcome = "begun";
  entry.subject = ledger::SubjectCommitment::make(key->reveal(), subject.text(), parts_.entropy);
  if (auto kept = log(asker, entry); !kept) return declined(kept.error());
  if (auto gone = parts_.records.erase(asker.owner, subject); !gone) return declined(gone.error());
  // What named the person is gone with the key: this one is found by the erasure's id alone.
  entry.time = parts_.clock.now();
  entry.outcome = "done";
  entry.subject.reset();
  if (auto kept = log(asker, entry); !kept) return declined(kept.error());
  return {};
}

// ---- correcting

namespace {

constexpr std::size_t kMostWords = 200;  // bytes, of what a value was given for, or of a refusal
constexpr std::size_t kMostWantedRefusals = 20;
constexpr int kMostTimes = 3;  // that a correction is tried while others change the record
constexpr std::chrono::hours kJapan{9};

bool is_a_line(const std::string& text) {
  return text.size() <= kMostWords && is_clean_utf8(text) && is_one_line(text);
}

// As a file's cell is read: "none" refuses nothing, and several in one are several.
std::vector<std::string> refusals_in(const std::vector<std::string>& texts) {
  std::vector<std::string> uses;
  for (const std::string& text : texts)
    for (std::string& use : RefusedUses::japanese().in_cell(text)) uses.push_back(std::move(use));
  return uses;
}

// Says what is wrong with what is wanted, and never the value.
Result<void> check_wanted(const Schema& schema, const WantedValue& wanted) {
  const auto wrong = [](const char* what) { return fail(ErrorCode::kInvalid, what); };
  const FieldSpec* field = schema.find(wanted.field);
  if (field == nullptr) return wrong("field: there is no such field");
  if (wanted.number < 1 || wanted.number > 99 || (wanted.number > 1 && !field->repeats))
    return wrong("number: the field has no such value");
  const bool says_nothing =
      !wanted.text && !wanted.verified && !wanted.given_for && !wanted.refusals;
  if (wanted.gone != says_nothing) return wrong("send what the value is to be, or that it is gone");
  if (wanted.text && wanted.text->reveal().empty()) return wrong("text: is empty");
  if (wanted.given_for && (wanted.given_for->empty() || !is_a_line(*wanted.given_for)))
    return wrong("given_for: one line of at most 200 bytes");
  if (!wanted.refusals) return {};
  if (field->kind != FieldKind::kTelephone) return wrong("refusals: is no telephone");
  const auto is_wrong = [](const std::string& use) { return use.empty() || !is_a_line(use); };
  if (std::any_of(wanted.refusals->begin(), wanted.refusals->end(), is_wrong) ||
      refusals_in(*wanted.refusals).size() > kMostWantedRefusals)
    return wrong("refusals: at most 20, each one line of at most 200 bytes");
  return {};
}

enum class Means { kTheSame, kAnother };

// `known`: as it was, if it was there. Another value is another number: what was known of the old
// one's line, and that somebody verified it, says nothing of the new one.
FieldValue value_of(const WantedValue& wanted, const std::optional<FieldValue>& known, Means means,
                    const std::optional<Provenance>& of_record, const OperatorId& by, Time now) {
  FieldValue value = known.value_or(FieldValue{});
  value.field = wanted.field;
  value.number = wanted.number;
  if (wanted.text) value.text = *wanted.text;
  if (means == Means::kAnother) {
    value.standing = Standing::kSelfDeclared;
    if (value.telephone) value.telephone->line_kind.clear();
  }
  if (wanted.verified)
    value.standing = *wanted.verified ? Standing::kVerified : Standing::kSelfDeclared;
  if (!value.provenance) value.provenance = of_record.value_or(Provenance{});
  if (wanted.given_for) value.provenance->given_for = *wanted.given_for;
  value.provenance->obtained_on = format_utc(now + kJapan).substr(0, 10);
  value.provenance->obtained_by = by.text();
  if (wanted.refusals) {
    if (!value.telephone) value.telephone.emplace();
    value.telephone->refusals = refusals_in(*wanted.refusals);
  }
  return value;
}

}  // namespace

Answer<std::string> Enquiries::correct(const OwnersPerson& asker, const SubjectId& subject,
                                       const WantedValue& wanted, std::string_view reason) {
  const auto reasons = correction_reasons();
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end())
    return declined(Error{ErrorCode::kInvalid, "reason: none of the words"});
  const auto schema = parts_.records.schema(asker.owner);
  if (!schema) return declined(schema.error());
  if (auto right = check_wanted(**schema, wanted); !right) return declined(right.error());
  if (auto begun = begin(asker); !begun) return declined(begun.error());
  const auto key = subject_salt_key(parts_.records, {asker.owner, subject});
  if (!key) return declined(key.error());
  ledger::Entry entry = entry_of(asker, ledger::kind::kCorrection);
  entry.details.erase("search");
  entry.details["correction"] = fresh_id_text(entry.time, parts_.entropy);
  entry.details["reason"] = std::string(reason);
  entry.fields = {shown_name(wanted.field, wanted.number)};
  entry.subject = ledger::SubjectCommitment::make(key->reveal(), subject.text(), parts_.entropy);
  for (int times = 0; times < kMostTimes; ++times) {
    auto outcome = correct_as_it_stands(asker, subject, wanted, entry);
    if (!outcome) return declined(outcome.error());
    if (*outcome) return **std::move(outcome);
  }
  return declined(Error{ErrorCode::kUnavailable, "others change this record all the time"});
}

// What is not sent stays as it is.
Result<bool> Enquiries::is_same(const OrganisationId& owner, const WantedValue& wanted,
                                const std::optional<FieldValue>& known) {
  if (!wanted.text) return true;
  if (!known) return false;
  return parts_.records.is_same(owner, wanted.field, known->text, *wanted.text);
}

std::optional<ValueFault> Enquiries::fault_of(const OwnersPerson& asker,
                                              const WantedValue& wanted) {
  if (!wanted.text) return std::nullopt;
  const auto fault = parts_.records.fault_of(asker.owner, wanted.field, *wanted.text);
  return fault ? *fault : std::nullopt;
}

// Nothing: somebody changed the record between reading and writing it.
Answer<std::optional<std::string>> Enquiries::correct_as_it_stands(const OwnersPerson& asker,
                                                                   const SubjectId& subject,
                                                                   const WantedValue& wanted,
                                                                   ledger::Entry entry) {
  const std::vector<std::string> fields{wanted.field, std::string(kProvenanceName)};
  const auto before = parts_.records.read(asker.owner, subject, fields);
  if (!before) return declined(before.error());
  std::optional<FieldValue> known;
  for (const FieldValue& value : before->values)
    if (value.number == wanted.number) known = value;
  if (!known && !wanted.text)
    return declined(Error{ErrorCode::kInvalid, "number: there is no such value"});
  Correction change;
  if (wanted.gone) {
    change.gone = {fmt::format("{}.{}", wanted.field, wanted.number)};
  } else {
    const auto same = is_same(asker.owner, wanted, known);
    if (!same) return declined(same.error());
    const Means means = *same ? Means::kTheSame : Means::kAnother;
    change.values = {value_of(wanted, known, means, before->provenance, asker.who, entry.time)};
  }

  entry.outcome = wanted.gone ? "removed" : known ? "corrected" : "added";
  bool told = false;
  const auto tell = [&]() -> Result<void> {
    auto kept = log(asker, entry);
    told = kept.has_value();
    return kept;
  };
  const auto done = parts_.records.correct(asker.owner, subject, change, before->revision, tell);
  if (done) return entry.outcome;
  const auto after = parts_.records.read(asker.owner, subject, fields);
  const bool as_it_was = after && after->revision == before->revision;
  if (!told && done.error().code == ErrorCode::kConflict && !as_it_was) return std::nullopt;
  if (told) {
    // A commit that was not answered may have been kept.
    entry.outcome = as_it_was ? "not_corrected" : "unknown";
    if (auto kept = log(asker, entry); !kept)
      log_warn("that a record was not corrected could not be logged: {}", kept.error().message);
  }
  return declined(done.error());
}

}  // namespace madoguchi::vault
