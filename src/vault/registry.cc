#include "vault/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "base/sealing.h"
#include "base/utf8.h"
#include "ledger/entry.h"
#include "vault/access/places.h"
#include "vault/core/token_tally.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostName = 200;
constexpr std::size_t kMostNumbers = 1000;
constexpr std::size_t kMostNumberCalled = 32;
constexpr std::string_view kTallyPrefix = "tokens.";  // of an organisation, among what is kept

using Tallies = std::map<OrganisationId, TokenTally>;

Tallies tallies_of(const VaultImage& image) {
  Tallies tallies;
  for (auto found = image.meta.lower_bound(std::string(kTallyPrefix));
       found != image.meta.end() && found->first.starts_with(kTallyPrefix); ++found)
    tallies.emplace(OrganisationId(found->first.substr(kTallyPrefix.size())),
                    TokenTally::parse(found->second));
  return tallies;
}

// For the owner: a list of numbers that somebody makes shows as many tokens.
Result<ledger::Draft> hour_told(const OrganisationId& organisation, const TokenHour& hour,
                                Time now) {
  ledger::Entry entry;
  entry.time = now;
  entry.kind = std::string(ledger::kind::kTokens);
  entry.outcome = hour.over_limit > 0 ? "limited" : "given";
  entry.details = {{"hour", format_utc(hour.begins())},
                   {"given", hour.given},
                   {"refused", hour.refused},
                   {"over_limit", hour.over_limit}};
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  return ledger::Draft{organisation.text(), *std::move(text)};
}

bool is_number_called(std::string_view text) {
  return !text.empty() && text.size() <= kMostNumberCalled &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '+' || c == '*' || c == '#' || c == '.' ||
                  c == '_' || c == '-';
         });
}

ledger::Entry entry_of(std::string_view kind, std::string outcome, RegisteredBy by, Time now) {
  ledger::Entry entry;
  entry.time = now;
  entry.kind = std::string(kind);
  entry.outcome = std::move(outcome);
  switch (by) {
    case RegisteredBy::kCentre:
      entry.details["by"] = std::string("centre");
      break;
    case RegisteredBy::kAdministrator:
      entry.operator_id = administrator().text();
      break;
  }
  return entry;
}

Result<void> add_entry(Act& act, const OrganisationId& id, const ledger::Entry& entry) {
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  act.entries.push_back({id.text(), *std::move(text)});
  return {};
}

// What the organisation's owner is told. A name is text of its own language, which entries don't
// hold: who has it can show that it is this one.
Result<void> tell(Act& act, const OrganisationId& id, const Organisation* known,
                  const std::string& name, const std::vector<NumberRow>& fresh, RegisteredBy by,
                  Time now) {
  if (known == nullptr || known->name != name) {
    ledger::Entry entry =
        entry_of(ledger::kind::kOrganisation, known == nullptr ? "made" : "renamed", by, now);
    entry.details["name_sha256"] = to_hex(sha256(as_bytes(name)));
    if (auto added = add_entry(act, id, entry); !added) return added;
  }
  for (const NumberRow& row : fresh) {
    ledger::Entry entry = entry_of(ledger::kind::kNumber, "bound", by, now);
    entry.details["number"] = row.number_called;
    if (auto added = add_entry(act, id, entry); !added) return added;
  }
  return {};
}

Error not_given_free(const NumberRow& row) {
  return {ErrorCode::kDenied,
          fmt::format("{} is organisation {}'s, and its owner has not given it free: a person of "
                      "the owner does so at the vault (client.html, \"Give this number free\"); "
                      "then ask again",
                      row.number_called, row.organisation.text())};
}

}  // namespace

Registry::Registry(const Parts& parts, std::shared_ptr<KeyWrapping> wrapping)
    : parts_(parts), wrapping_(std::move(wrapping)), token_limits_(parts.token_rates) {}

Result<std::unique_ptr<Registry>> Registry::open(const Parts& parts, const Master& master) {
  std::unique_ptr<Registry> registry(new Registry(parts, master.shared_wrapping()));
  if (master.is_fresh())
    if (auto made = registry->first_start(master); !made)
      return tl::unexpected<Error>(made.error());
  if (auto loaded = registry->reload(); !loaded) return tl::unexpected<Error>(loaded.error());
  const auto image = parts.store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  for (const auto& [organisation, tally] : tallies_of(*image))
    tally.count_again(registry->token_limits_, organisation, parts.clock.now());
  const auto started = parts.store.commit(parts.clock.now(), {{}, {{"vault_started", {}}}});
  if (!started) return tl::unexpected<Error>(started.error());
  return registry;
}

Result<void> Registry::first_start(const Master& master) {
  const auto wrapping = wrapping_->use();
  if (!wrapping) return tl::unexpected<Error>(wrapping.error());
  const Time now = parts_.clock.now();
  Act act;
  act.changes = master.marks();
  for (const std::string_view kind : {kSealingKind, kRedialKind, kOwnKind}) {
    act.changes.emplace_back(
        PutKey{fresh_key_row({}, kind, fresh_id_text(now, parts_.entropy), wrapping->key(), now)});
    act.journal.push_back(
        {"key_made", {{"kind", std::string(kind)}, {"version", std::int64_t{1}}}});
  }
  return parts_.store.commit(now, act);
}

Result<void> Registry::reload() {
  auto made = [&]() -> Result<std::shared_ptr<const Directory>> {
    const auto wrapping = wrapping_->use();
    if (!wrapping) return tl::unexpected<Error>(wrapping.error());
    const auto image = parts_.store.load();
    if (!image) return tl::unexpected<Error>(image.error());
    return Directory::make(*image, wrapping->key());
  }();
  if (!made) return tl::unexpected<Error>(made.error());
  stale_ = false;
  std::function<void()> changed;
  {
    const std::lock_guard lock(mutex_);
    directory_ = std::move(*made);
    changed = changed_;
  }
  if (changed) changed();
  return {};
}

std::shared_ptr<const Directory> Registry::directory() const {
  const std::lock_guard lock(mutex_);
  return directory_;
}

Result<OrganisationId> Registry::known(const std::string& id) const {
  auto parsed = OrganisationId::parse(id);
  if (!parsed || directory()->find(*parsed) != nullptr) return parsed;
  return fail(
      ErrorCode::kNotFound,
      fmt::format("there is no organisation {} (`madoguchi organisation list` names them)", id));
}

void Registry::on_change(std::function<void()> changed) {
  const std::lock_guard lock(mutex_);
  changed_ = std::move(changed);
}

// The numbers that are new, ready to be bound. Errors name a number by its place in the list: it
// may be anything that somebody typed.
Registry::Canonical Registry::canonical(const OrganisationId& id,
                                        const std::vector<std::string>& numbers_called) const {
  const auto directory = this->directory();
  Canonical known;
  const auto left_out = [&](ErrorCode code, std::size_t i, std::string_view why) {
    if (!known.refused)
      known.refused =
          Error{code, fmt::format("number {} of {}{}", i + 1, numbers_called.size(), why)};
  };
  for (std::size_t i = 0; i < numbers_called.size(); ++i) {
    const std::string& text = numbers_called[i];
    if (!is_number_called(text)) {
      left_out(ErrorCode::kInvalid, i,
               fmt::format(": a number called has 1 to {} characters of digits, letters, "
                           "+ * # . _ -",
                           kMostNumberCalled));
      continue;
    }
    const std::string key = canonical(text);
    const OrganisationId owner = directory->owner_of(key);
    if (!owner.empty() && owner != id) {
      left_out(ErrorCode::kConflict, i,
               " is bound to another organisation (`madoguchi number move` gives it another)");
      continue;
    }
    const bool twice = std::any_of(known.fresh.begin(), known.fresh.end(),
                                   [&](const NumberRow& row) { return row.canonical == key; });
    if (owner.empty() && !twice) known.fresh.push_back({text, key, id});
  }
  return known;
}

Result<void> Registry::may_be_called(const std::string& number) const {
  const auto wrong = [](std::string_view why) {
    return fail(ErrorCode::kInvalid, fmt::format("that number is {}", why));
  };
  const auto line = parts_.plan.read(Number(number), parts_.clock.now());
  if (!line) return wrong("none that callers can dial: 0312345678 or +81312345678, say, is one");
  switch (line->kind) {
    case NumberKind::kService:
      return wrong("a short number of the networks, and nobody's own");
    case NumberKind::kPremium:
      return wrong("one that callers pay a premium for");
    case NumberKind::kMachine:
      return wrong("a machine's or a pager's, which nobody speaks with");
    case NumberKind::kFixed:
    case NumberKind::kMobile:
    case NumberKind::kIp:
    case NumberKind::kFreephone:
    case NumberKind::kShared:
    case NumberKind::kAbroad:
    case NumberKind::kOther:
      break;
  }
  return {};
}

Result<void> Registry::put_organisation(const OrganisationId& id, const std::string& name,
                                        const std::vector<std::string>& numbers_called,
                                        RegisteredBy by, Binding binding) {
  if (id.empty()) return fail(ErrorCode::kInvalid, "an organisation needs an id");
  if (name.empty() || name.size() > kMostName)
    return fail(ErrorCode::kInvalid, fmt::format("a name has 1 to {} bytes", kMostName));
  if (numbers_called.size() > kMostNumbers)
    return fail(ErrorCode::kInvalid, fmt::format("at most {} numbers at once", kMostNumbers));
  const std::lock_guard act_lock(act_mutex_);
  if (stale_)
    if (auto loaded = reload(); !loaded) return loaded;
  const auto directory = this->directory();
  const Organisation* before = directory->find(id);
  if ((before == nullptr || before->name != name) && !is_clean_line(name))
    return fail(ErrorCode::kInvalid, "a name is one line of text");
  Canonical numbers = canonical(id, numbers_called);
  if (numbers.refused && binding == Binding::kAllOrNone) return tl::unexpected(*numbers.refused);
  if (auto kept = keep(id, name, std::move(numbers.fresh), by); !kept) return kept;
  if (numbers.refused) return tl::unexpected(*numbers.refused);
  return {};
}

Result<void> Registry::keep(const OrganisationId& id, const std::string& name,
                            std::vector<NumberRow> fresh, RegisteredBy by) {
  const auto directory = this->directory();
  const Organisation* known = directory->find(id);
  if (known != nullptr && known->name == name && fresh.empty()) return {};
  auto wrapping = wrapping_->use();
  if (!wrapping) return tl::unexpected<Error>(wrapping.error());
  const Time now = parts_.clock.now();
  Act act;
  act.changes.emplace_back(PutOrganisation{{id, name}});
  act.journal.push_back({"organisation_put",
                         {{"organisation", id.text()},
                          {"new", known == nullptr},
                          {"numbers_bound", static_cast<std::int64_t>(fresh.size())}}});
  if (known == nullptr)
    for (const std::string_view kind : {kRecordingKind, kTokenKind, kWishKind}) {
      KeyRow row =
          fresh_key_row(id, kind, fresh_id_text(now, parts_.entropy), wrapping->key(), now);
      act.journal.push_back({"key_made",
                             {{"organisation", id.text()},
                              {"kind", row.kind},
                              {"key", row.key_id},
                              {"version", row.version}}});
      act.changes.emplace_back(PutKey{std::move(row)});
    }
  if (auto told = tell(act, id, known, name, fresh, by, now); !told) return told;
  for (NumberRow& row : fresh) act.changes.emplace_back(BindNumber{std::move(row)});
  stale_ = true;  // until reload() has seen what became of it
  if (auto kept = parts_.store.commit(now, act); !kept) return kept;
  wrapping->release();
  return reload();
}

std::string Registry::canonical(const std::string& number_called) const {
  return parts_.plan.canonical(number_called, parts_.clock.now());
}

// Memory follows what was kept.
Result<void> Registry::commit(Time now, const Act& act) {
  stale_ = true;  // until reload() has seen what became of it
  if (auto kept = parts_.store.commit(now, act); !kept) return kept;
  return reload();
}

Result<void> Registry::say_of_number(const std::string& number_called, const OrganisationId& owner,
                                     const OperatorId& by, NumbersWord word) {
  const std::lock_guard act_lock(act_mutex_);
  if (stale_)
    if (auto loaded = reload(); !loaded) return loaded;
  const auto directory = this->directory();
  const NumberRow* row = directory->find_number(canonical(number_called));
  if (row == nullptr || row->organisation != owner)
    return fail(ErrorCode::kNotFound, "that number is not bound to this organisation");
  const bool free = word == NumbersWord::kGivenFree;
  if (free != row->given_free_by.empty()) return {};
  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(ledger::kind::kNumber);
  entry.operator_id = by.text();
  entry.organisation = owner.text();
  entry.outcome = free ? "given_free" : "kept";
  entry.details["number"] = row->number_called;
  Act act;
  act.changes.emplace_back(PutNumbersWord{row->canonical, free ? by : OperatorId(), entry.time});
  act.journal.push_back(
      {free ? "number_given_free" : "number_kept",
       {{"organisation", owner.text()}, {"number", row->number_called}, {"by", by.text()}}});
  if (auto added = add_entry(act, owner, entry); !added) return added;
  return commit(entry.time, act);
}

Result<OrganisationId> Registry::release_number(const std::string& number_called,
                                                const OrganisationId& to,
                                                const std::string& asked_by,
                                                const HasOwner& has_owner) {
  const std::lock_guard act_lock(act_mutex_);
  if (stale_)
    if (auto loaded = reload(); !loaded) return tl::unexpected<Error>(loaded.error());
  const auto directory = this->directory();
  const NumberRow* row = directory->find_number(canonical(number_called));
  if (row == nullptr)
    return fail(ErrorCode::kNotFound, "that number is bound to no organisation of this vault");
  const OrganisationId& owner = row->organisation;
  if (owner == to) return owner;
  if (!to.empty() && directory->find(to) == nullptr)
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no organisation \"{:.64}\" at the vault", to.text()));
  const bool free = !row->given_free_by.empty();
  const auto somebody = free ? Result<bool>(true) : has_owner(owner);
  if (!somebody) return tl::unexpected<Error>(somebody.error());
  if (!free && *somebody) return tl::unexpected(not_given_free(*row));
  const Time now = parts_.clock.now();
  Act act;
  act.changes.emplace_back(ReleaseNumber{row->canonical, owner, row->given_free_by});
  const auto told = [&](const OrganisationId& id, ledger::Entry entry) {
    entry.details["number"] = row->number_called;
    return add_entry(act, id, entry);
  };
  const auto entry_for = [&](const char* outcome) {
    return entry_of(ledger::kind::kNumber, outcome, RegisteredBy::kAdministrator, now);
  };
  ledger::Entry released = entry_for("released");
  if (free)
    released.details["given_free_by"] = row->given_free_by.text();
  else
    released.details["no_owner"] = true;
  if (auto added = told(owner, std::move(released)); !added)
    return tl::unexpected<Error>(added.error());
  if (!to.empty()) {
    act.changes.emplace_back(BindNumber{{row->number_called, row->canonical, to}});
    if (auto added = told(to, entry_for("bound")); !added)
      return tl::unexpected<Error>(added.error());
  }
  act.journal.push_back({"number_released",
                         {{"organisation", owner.text()},
                          {"to", to.text()},
                          {"number", row->number_called},
                          {"given_free_by", row->given_free_by.text()},
                          {"asked_by", asked_by}}});
  if (auto kept = commit(now, act); !kept) return tl::unexpected<Error>(kept.error());
  return owner;
}

OrganisationId Registry::owner_of_number(const std::string& number_called) const {
  return directory()->owner_of(canonical(number_called));
}

Readable<LineToken> Registry::tokenise(const OrganisationId& organisation, ByteView sealed_number) {
  const auto directory = this->directory();
  const Organisation* found = directory->find(organisation);
  const auto answer = [&]() -> Readable<LineToken> {
    if (found == nullptr) return tl::unexpected(kUnknownOrganisation);
    const auto line = directory->read(sealed_number, parts_.plan, parts_.clock.now());
    if (!line) return tl::unexpected(line.error());
    if (!may_tokenise(organisation)) return tl::unexpected(kTokenLimit);
    return Directory::token_of(*line, *found);
  }();
  if (!answer && answer.error() != kTokenLimit) {
    const std::lock_guard lock(tokens_mutex_);
    ++tokens_[found == nullptr ? OrganisationId() : organisation].refused;
  }
  return answer;
}

bool Registry::may_tokenise(const OrganisationId& organisation) {
  const std::lock_guard lock(tokens_mutex_);
  const bool fits = token_limits_.take(organisation, parts_.clock.now());
  Tokens& tokens = tokens_[organisation];
  ++(fits ? tokens.given : tokens.over_limit);
  return fits;
}

Result<void> Registry::journal_counts() {
  std::map<OrganisationId, Tokens> counts;
  {
    const std::lock_guard lock(tokens_mutex_);
    counts.swap(tokens_);
  }
  const auto kept = [&]() -> Result<void> {
    const auto image = parts_.store.load();
    if (!image) return tl::unexpected<Error>(image.error());
    const Time now = parts_.clock.now();
    Tallies tallies = tallies_of(*image);
    Act act;
    for (const auto& [organisation, tokens] : counts) {
      act.journal.push_back({"tokens_given",
                             {{"organisation", organisation.text()},
                              {"given", tokens.given},
                              {"refused", tokens.refused},
                              {"over_limit", tokens.over_limit}}});
      if (!organisation.empty())
        tallies[organisation].add({0, tokens.given, tokens.refused, tokens.over_limit}, now);
    }
    for (auto& [organisation, tally] : tallies) {
      const auto finished = tally.take_finished(now);
      for (const TokenHour& hour : finished) {
        auto told = hour_told(organisation, hour, now);
        if (!told) return tl::unexpected<Error>(told.error());
        act.entries.push_back(*std::move(told));
      }
      if (!finished.empty() || counts.contains(organisation))
        act.changes.emplace_back(
            PutMeta{std::string(kTallyPrefix) + organisation.text(), tally.text()});
    }
    if (act.journal.empty() && act.entries.empty()) return {};
    return parts_.store.commit(now, act);
  }();
  if (kept) return kept;
  const std::lock_guard lock(tokens_mutex_);
  for (const auto& [organisation, tokens] : counts) {
    Tokens& again = tokens_[organisation];
    again.given += tokens.given;
    again.refused += tokens.refused;
    again.over_limit += tokens.over_limit;
  }
  return kept;
}

}  // namespace madoguchi::vault
