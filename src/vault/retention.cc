#include "vault/retention.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "ledger/json.h"

namespace madoguchi::vault {
namespace {

using Ledger = ledger::Json;

constexpr std::size_t kLogPage = 4096;
constexpr std::size_t kLeftAtOnce = 1000;
constexpr std::string_view kWarned = "warned";
constexpr std::string_view kHeld = "held";
constexpr std::string_view kWaits = "waits";
constexpr std::string_view kWaived = "waived";
constexpr std::chrono::milliseconds kEvery{1000};

std::string_view at_end_word(AtEnd at_end) {
  return at_end == AtEnd::kReturned ? "returned" : "destroyed";
}

std::string text_of(const Ledger& object, std::string_view name) {
  const Ledger* member = object.find(name);
  const std::string* text = member == nullptr ? nullptr : member->as_text();
  return text == nullptr ? "" : *text;
}

std::int64_t number_of(const Ledger& object, std::string_view name) {
  const Ledger* member = object.find(name);
  const std::int64_t* number = member == nullptr ? nullptr : member->as_integer();
  return number == nullptr ? 0 : *number;
}

// Which versions of which mandates a destruction is for.
bool is_for(const DestructionRow& row, const RetentionTerm& term) {
  if (row.owner != term.owner) return false;
  const auto body = ledger::parse_canonical(row.certificate, ledger::kMostCertificate);
  const Ledger* mandates = body ? body->find("mandates") : nullptr;
  if (mandates == nullptr || mandates->as_array() == nullptr) return false;
  return std::any_of(mandates->as_array()->begin(), mandates->as_array()->end(),
                     [&](const Ledger& one) {
                       return text_of(one, "id") == term.mandate.text() &&
                              number_of(one, "version") == term.version;
                     });
}

// The same, with when it was done.
std::string done_body(const std::string& begun, Time done) {
  const auto body = ledger::parse_canonical(begun, ledger::kMostCertificate);
  if (!body || body->as_object() == nullptr) return begun;
  Ledger::Object members = *body->as_object();
  members.emplace_back("done_at", Ledger(format_utc(done)));
  return ledger::canonical(Ledger::object(std::move(members)));
}

}  // namespace

std::string_view name_of(RetentionState state) {
  switch (state) {
    case RetentionState::kKept:
      return "kept";
    case RetentionState::kWarned:
      return "warned";
    case RetentionState::kHeld:
      return "held";
    case RetentionState::kWaits:
      return "waits";
    case RetentionState::kBegun:
      return "begun";
    case RetentionState::kDestroyed:
      return "destroyed";
  }
  return "";
}

Result<std::unique_ptr<Retention>> Retention::open(const Parts& parts) {
  std::unique_ptr<Retention> retention(new Retention(parts));
  if (auto loaded = retention->load(); !loaded) return tl::unexpected<Error>(loaded.error());
  return retention;
}

Result<void> Retention::load() {
  auto image = parts_.store.load_retention();
  if (!image) return tl::unexpected<Error>(image.error());
  const std::lock_guard lock(mutex_);
  words_ = std::move(image->words);
  destructions_.clear();
  for (DestructionRow& row : image->destructions) destructions_.emplace(row.id, std::move(row));
  stale_ = false;
  return {};
}

// ---- what stands

std::vector<RetentionTerm> Retention::terms_of(const OrganisationId* owner) {
  auto terms = parts_.authority.with(
      [](Authority& authority, Time) { return retention_terms(authority.mandates()); });
  if (owner != nullptr)
    std::erase_if(terms, [&](const RetentionTerm& term) { return term.owner != *owner; });
  return terms;
}

const RetentionRow* Retention::said(const RetentionTerm& term, std::string_view word) const {
  const auto found = std::find_if(words_.begin(), words_.end(), [&](const RetentionRow& row) {
    return row.owner == term.owner && row.mandate == term.mandate && row.version == term.version &&
           row.word == word;
  });
  return found == words_.end() ? nullptr : &*found;
}

const RetentionRow* Retention::warned(const RetentionTerm& term, Time now) const {
  const RetentionRow* row = said(term, kWarned);
  return row == nullptr || row->at > now ? nullptr : row;
}

Time Retention::not_before(const RetentionTerm& term, Time now) const {
  const Micros before = parts_.rules.warn_before;
  const RetentionRow* row = warned(term, now);
  const Time from = row == nullptr ? std::max(now, term.retention - before) : row->at;
  return std::max(term.retention, from + before);
}

std::optional<Export> Retention::returned(const RetentionTerm& term) const {
  if (parts_.exports == nullptr) return std::nullopt;
  const auto schema = parts_.records.schema(term.owner);
  if (!schema) return std::nullopt;
  for (Export& one : parts_.exports->of_owner(term.owner)) {
    const bool whole = std::all_of(
        (*schema)->fields().begin(), (*schema)->fields().end(), [&](const FieldSpec& field) {
          return std::find(one.fields.begin(), one.fields.end(), field.name) != one.fields.end();
        });
    if (one.purpose == kReturnPurpose && one.asked >= term.ends && one.fetched != Time() && whole)
      return std::move(one);
  }
  return std::nullopt;
}

RetentionStanding Retention::standing_of(const RetentionTerm& term, Time now) const {
  RetentionStanding standing;
  standing.term = term;
  if (term.at_end == AtEnd::kReturned)
    if (const auto one = returned(term)) standing.returned = one->id;
  const std::lock_guard lock(mutex_);
  standing.not_before = not_before(term, now);
  const RetentionRow* waived = said(term, kWaived);
  if (waived != nullptr) standing.waived_by = waived->by;
  for (const auto& [id, row] : destructions_)
    if (is_for(row, term)) {
      standing.destruction = id;
      standing.state = row.done ? RetentionState::kDestroyed : RetentionState::kBegun;
      return standing;
    }
  const bool passed = now >= term.retention;
  if (passed && term.at_end == AtEnd::kReturned && !standing.returned && waived == nullptr)
    standing.state = RetentionState::kWaits;
  else if (now < standing.not_before)
    standing.state = warned(term, now) != nullptr ? RetentionState::kWarned : RetentionState::kKept;
  else
    standing.state = RetentionState::kHeld;
  return standing;
}

std::vector<RetentionStanding> Retention::of_owner(const OrganisationId& owner) {
  std::vector<RetentionStanding> all;
  const Time now = parts_.clock.now();
  for (const RetentionTerm& term : terms_of(&owner)) all.push_back(standing_of(term, now));
  return all;
}

std::vector<DestructionRow> Retention::destructions() const {
  std::vector<DestructionRow> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, row] : destructions_) all.push_back(row);
  return all;
}

// ---- carrying out

Result<void> Retention::advance() {
  const std::lock_guard one_at_a_time(advancing_);
  bool stale = false;
  {
    const std::lock_guard lock(mutex_);
    stale = stale_;
  }
  if (stale)
    if (auto loaded = load(); !loaded) return loaded;
  for (const DestructionRow& row : destructions())
    if (!row.done)
      if (auto finished = finish(row); !finished) return finished;
  const auto terms = terms_of(nullptr);
  const Time now = parts_.clock.now();
  for (auto first = terms.begin(); first != terms.end();) {
    const auto last = std::find_if(
        first, terms.end(), [&](const RetentionTerm& term) { return term.owner != first->owner; });
    if (auto done = advance(std::vector<RetentionTerm>(first, last), now); !done) return done;
    first = last;
  }
  return {};
}

// All terms of one owner, the next retention first.
Result<void> Retention::advance(const std::vector<RetentionTerm>& terms, Time now) {
  std::vector<RetentionTerm> open;
  bool waits = false;
  bool warned_in_time = true;
  for (const RetentionTerm& term : terms) {
    if (now < term.retention - parts_.rules.warn_before) {
      open.push_back(term);
      continue;
    }
    const RetentionStanding standing = standing_of(term, now);
    if (!standing.destruction.empty()) continue;
    open.push_back(term);
    if (auto told = say(term, kWarned, {}); !told) return told;
    warned_in_time = warned_in_time && now >= standing.not_before;
    if (standing.state == RetentionState::kWaits) {
      waits = true;
      if (auto told = say(term, kWaits, {}); !told) return told;
    }
  }
  if (open.empty() || now < open.front().retention) return {};
  if (now < open.back().retention) {
    for (const RetentionTerm& term : open)
      if (now >= term.retention)
        if (auto told = say(term, kHeld, {}); !told) return told;
    return {};
  }
  return waits || !warned_in_time ? Result<void>() : begin(open);
}

Result<void> Retention::say(const RetentionTerm& term, std::string_view word,
                            const OperatorId& by) {
  const RetentionRow row{term.owner,        term.mandate, term.version,
                         std::string(word), by,           parts_.clock.now()};
  {
    const std::lock_guard lock(mutex_);
    if ((word == kWarned ? warned(term, row.at) : said(term, word)) != nullptr) return {};
  }
  ledger::Entry entry;
  entry.time = row.at;
  entry.kind = std::string(ledger::kind::kRetention);
  entry.operator_id = by.text();
  entry.mandate = {term.mandate.text(), static_cast<std::int64_t>(term.version)};
  entry.outcome = row.word;
  entry.details = {{"retention", format_utc(term.retention)},
                   {"at_end", std::string(at_end_word(term.at_end))}};
  if (word == kWarned)
    entry.details["not_before"] =
        format_utc(std::max(term.retention, row.at + parts_.rules.warn_before));
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  Act act;
  act.changes.emplace_back(RetentionChange(PutRetention{row}));
  act.journal.push_back(
      {fmt::format("retention_{}", word),
       {{"owner", term.owner.text()}, {"mandate", term.mandate.text()}, {"by", by.text()}}});
  act.entries.push_back({term.owner.text(), *std::move(text)});
  const auto kept = parts_.store.commit(row.at, act);
  const std::lock_guard lock(mutex_);
  if (!kept) {
    stale_ = true;
    return kept;
  }
  if (const RetentionRow* before = said(term, word); before != nullptr)
    words_[static_cast<std::size_t>(before - words_.data())] = row;
  else
    words_.push_back(row);
  return {};
}

std::string Retention::body_of(const std::vector<RetentionTerm>& terms, const DestructionId& id,
                               Time begun, std::uint64_t keys) const {
  const auto directory = parts_.registry.directory();
  const auto name = [&](const OrganisationId& organisation) {
    const Organisation* known = directory->find(organisation);
    return known == nullptr ? organisation.text() : known->name;
  };
  Ledger::Array mandates;
  for (const RetentionTerm& term : terms) {
    Ledger::Object one = {{"id", Ledger(term.mandate.text())},
                          {"version", Ledger(static_cast<std::int64_t>(term.version))},
                          {"to", Ledger(term.to.text())},
                          {"to_name", Ledger(name(term.to))},
                          {"ended_at", Ledger(format_utc(term.ends))},
                          {"retention", Ledger(format_utc(term.retention))},
                          {"at_end", Ledger(at_end_word(term.at_end))}};
    const auto back = term.at_end == AtEnd::kReturned ? returned(term) : std::nullopt;
    if (back) {
      one.emplace_back("returned_in", Ledger(back->id.text()));
      one.emplace_back("returned_at", Ledger(format_utc(back->fetched)));
      one.emplace_back("returned_sha256", Ledger(back->file_sha256));
    }
    const std::lock_guard lock(mutex_);
    const RetentionRow* waived = said(term, kWaived);
    if (waived != nullptr && !back) {
      one.emplace_back("waived_by", Ledger(waived->by.text()));
      one.emplace_back("waived_at", Ledger(format_utc(waived->at)));
    }
    mandates.push_back(Ledger::object(std::move(one)));
  }
  return ledger::canonical(Ledger::object({{"destruction", Ledger(id.text())},
                                           {"owner", Ledger(terms.front().owner.text())},
                                           {"owner_name", Ledger(name(terms.front().owner))},
                                           {"destroyed", Ledger("subject_keys")},
                                           {"begun_at", Ledger(format_utc(begun))},
                                           {"keys", Ledger(static_cast<std::int64_t>(keys))},
                                           {"mandates", Ledger(std::move(mandates))}}));
}

Result<void> Retention::keep(DestructionRow row, std::string outcome, ledger::Entry entry) {
  entry.time = parts_.clock.now();
  entry.kind = std::string(ledger::kind::kRetention);
  entry.details["destruction"] = row.id.text();
  entry.outcome = std::move(outcome);
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  Act act;
  act.changes.emplace_back(RetentionChange(PutDestruction{row}));
  act.journal.push_back({fmt::format("destruction_{}", row.done ? "done" : "begun"),
                         {{"destruction", row.id.text()}, {"owner", row.owner.text()}}});
  act.entries.push_back({row.owner.text(), *std::move(text)});
  const auto kept = parts_.store.commit(entry.time, act);
  const std::lock_guard lock(mutex_);
  if (kept)
    destructions_[row.id] = std::move(row);
  else
    stale_ = true;
  return kept;
}

// That it begins is durable, with what it is for, before the first key goes.
Result<void> Retention::begin(const std::vector<RetentionTerm>& terms) {
  const OrganisationId& owner = terms.front().owner;
  const auto keys = parts_.records.count_keys(owner);
  if (!keys) return tl::unexpected<Error>(keys.error());
  const Time now = parts_.clock.now();
  DestructionRow row{DestructionId::fresh(now, parts_.entropy), owner, false, ""};
  row.certificate = body_of(terms, row.id, now, *keys);
  ledger::Entry entry;
  entry.details["keys"] = static_cast<std::int64_t>(*keys);
  if (auto kept = keep(row, "begun", std::move(entry)); !kept) return kept;
  log_info("the keys of {}'s people are being destroyed: every mandate's retention is over",
           owner.text());
  return finish(std::move(row));
}

Result<void> Retention::finish(DestructionRow row) {
  for (bool done = false; !done;) {
    if (stopping_) return {};
    const auto step = parts_.records.destroy_all(row.owner, parts_.rules.keys_at_once);
    if (!step) return tl::unexpected<Error>(step.error());
    if (!*step) continue;
    // Who came in while it went on, and records whose key was gone before.
    const auto left = parts_.records.subjects(row.owner, {}, kLeftAtOnce);
    if (!left) return tl::unexpected<Error>(left.error());
    for (const SubjectId& subject : *left)
      if (auto gone = parts_.records.erase(row.owner, subject); !gone) return gone;
    done = left->empty();
  }
  const auto body = ledger::parse_canonical(row.certificate, ledger::kMostCertificate);
  ledger::Entry entry;
  entry.details["keys"] = body ? number_of(*body, "keys") : 0;
  row.certificate = done_body(row.certificate, parts_.clock.now());
  row.done = true;
  entry.details["certificate_sha256"] = ledger::certificate_digest(row.certificate);
  return keep(std::move(row), "destroyed", std::move(entry));
}

// ---- the owner

Result<RetentionTerm> Retention::own_term(const MandateId& mandate, const OperatorId& by) {
  const auto place = parts_.authority.place_of(by);
  if (!place || place->role != StaffRole::kOwner)
    return fail(ErrorCode::kDenied, "only a person of the owner may do this");
  for (const RetentionTerm& term : terms_of(&place->organisation)) {
    if (term.mandate != mandate) continue;
    const RetentionStanding standing = standing_of(term, parts_.clock.now());
    if (term.at_end != AtEnd::kReturned || !standing.destruction.empty())
      return fail(ErrorCode::kConflict, "no return of the data waits under this mandate");
    return term;
  }
  return fail(ErrorCode::kNotFound, "there is no such mandate that your organisation signed");
}

Result<void> Retention::waive(const MandateId& mandate, const OperatorId& by) {
  const auto term = own_term(mandate, by);
  if (!term) return tl::unexpected<Error>(term.error());
  return say(*term, kWaived, by);
}

Result<Export> Retention::ask_return(const MandateId& mandate, const RecipientKey& recipient,
                                     const OperatorId& by) {
  const auto term = own_term(mandate, by);
  if (!term) return tl::unexpected<Error>(term.error());
  if (parts_.clock.now() < term->ends)
    return fail(ErrorCode::kConflict, "the data is returned when the mandate has ended");
  if (parts_.exports == nullptr) return fail(ErrorCode::kUnavailable, "no exports are made here");
  return parts_.exports->ask_return(by, term->owner, mandate, recipient);
}

Result<ledger::Certificate> Retention::certificate(const DestructionId& id) {
  DestructionRow row;
  {
    const std::lock_guard lock(mutex_);
    const auto found = destructions_.find(id);
    if (found == destructions_.end() || !found->second.done)
      return fail(ErrorCode::kNotFound, "there is no such destruction that is done");
    row = found->second;
  }
  if (parts_.log == nullptr || parts_.logs == nullptr)
    return fail(ErrorCode::kUnavailable, "no log is published here");
  const std::string wanted = fmt::format(R"("destruction":"{}")", id.text());
  std::vector<std::uint64_t> indexes;
  for (std::uint64_t at = 0;;) {
    const auto page = parts_.log->entries(row.owner.text(), at, kLogPage);
    if (!page) return tl::unexpected<Error>(page.error());
    for (std::size_t i = 0; i < page->size(); ++i)
      if ((*page)[i].entry.find(wanted) != std::string::npos) indexes.push_back(at + i);
    at += page->size();
    if (page->size() < kLogPage) break;
  }
  const auto verifier = parts_.logs->verifier_of(row.owner.text());
  if (!verifier) return tl::unexpected<Error>(verifier.error());
  auto proofs = parts_.logs->prove_all(row.owner.text(), indexes);
  const bool unpublished = !proofs && proofs.error().code == ErrorCode::kNotFound;
  if (!proofs && !unpublished) return tl::unexpected<Error>(proofs.error());
  if (unpublished || indexes.empty() || proofs->files.size() != indexes.size())
    return fail(ErrorCode::kUnavailable, "the log is not published as far yet");
  return ledger::Certificate{row.certificate, verifier->text(), proofs->size,
                             std::move(proofs->files)};
}

// ---- the clock

RetentionClock::RetentionClock(Retention& retention)
    : retention_(retention), rounds_("retention", Rounds::Rest(0), [this] { return round(); }) {}

Rounds::Rest RetentionClock::round() {
  const auto done = retention_.advance();
  if (!done && done.error().message != trouble_)
    log_warn("what mandates say becomes of the data has to wait: {}", done.error().message);
  trouble_ = done ? "" : done.error().message;
  return kEvery;
}

}  // namespace madoguchi::vault
