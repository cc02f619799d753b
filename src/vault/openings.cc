#include "vault/openings.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "vault/records/sealed_record.h"
#include "vault/records/sealer.h"
#include "vault/records/telephones.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostPeople = 20;
constexpr std::size_t kMostSought = 3;

tl::unexpected<Declined> declined(Declined why) {
  return tl::unexpected<Declined>(std::move(why));
}
tl::unexpected<Declined> wrong(std::string what) {
  return declined(Error{ErrorCode::kInvalid, std::move(what)});
}

// As browsers make them (RFC 9562, version 4): whoever writes a note gives it a name, which stands
// in the entry, and says nothing by it.
bool is_random_id(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-4xxx-Nxxx-xxxxxxxxxxxx";
  const auto fits = [](char c, char form) {
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    return form == 'x'   ? digit
           : form == 'N' ? c == '8' || c == '9' || c == 'a' || c == 'b'
                         : c == form;
  };
  return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), fits);
}

// Names are many people's: one value more is wanted.
bool too_wide(const Schema& schema, const std::vector<Sought>& all_of) {
  return std::all_of(all_of.begin(), all_of.end(), [&](const Sought& one) {
    const FieldSpec* field = schema.find(one.field);
    return field != nullptr &&
           (field->kind == FieldKind::kName || field->kind == FieldKind::kKana) &&
           all_of.size() < 2;
  });
}

// "telephone" is every number, "telephone.2" that one.
std::vector<std::string> common(const std::set<std::string>& wanted,
                                const std::vector<std::string>& stored) {
  std::vector<std::string> both;
  for (const std::string& field : stored)
    if (wanted.contains(field) || wanted.contains(field_of(field))) both.push_back(field);
  return both;
}

// Whose people the ticket may be used for, and who has not stopped it.
std::vector<OrganisationId> may_look_at(Authority& authority, const OpeningTicket& ticket,
                                        Time now) {
  auto owners = authority.owners(ticket, now);
  std::erase_if(owners, [&](const OrganisationId& owner) {
    return authority.freezes().stopping(owner, ticket.who, ticket.desk) != nullptr;
  });
  return owners;
}

}  // namespace

// ---- finding

Answer<Openings::Scope> Openings::begin_search(const Asker& asker) {
  OrganisationId called;
  auto scope = parts_.authority.with([&](Authority& authority, Time now) -> Answer<Scope> {
    auto allowed = authority.search(asker.ticket, asker.session, now);
    if (!allowed) {
      const OpeningTicket* ticket = authority.tickets().find(asker.ticket);
      if (ticket != nullptr) called = ticket->called;
      return declined(allowed.error());
    }
    Scope scope{*std::move(allowed), {}, {}};
    scope.owners = may_look_at(authority, scope.ticket, now);
    if (const CallLease* lease = authority.leases().known(scope.ticket.call))
      scope.sealed_number = lease->sealed_number;
    return scope;
  });
  if (scope) return scope;
  const Denial* why = std::get_if<Denial>(&scope.error());
  if (why == nullptr) return scope;
  return declined(log_.denied(*why, asker, {called, {}}, ledger::kind::kSearch));
}

Answer<PeopleFound> Openings::candidates(const Asker& asker) {
  struct Known {
    OpeningTicket ticket;
    std::vector<OrganisationId> owners;
    std::set<SubjectId> people;
    TicketStage stage;
  };
  const auto known = parts_.authority.with([&](Authority& authority, Time now) -> Allowed<Known> {
    auto ticket = authority.look(asker.ticket, asker.session, now);
    if (!ticket) return refuse(ticket.error());
    const CallProgress& progress = authority.tickets().progress(*ticket);
    Known found{*ticket, may_look_at(authority, *ticket, now), progress.opened,
                authority.tickets().state(*ticket, authority.leases(), now).stage};
    // After the call not even masked is more shown than was opened in it.
    if (found.stage != TicketStage::kInCall)
      std::erase_if(found.people, [&](const SubjectId& subject) {
        return progress.shown_of(subject, ticket->purpose).empty();
      });
    return found;
  });
  // What is refused, and a case, which has one person only, the search tells as it does.
  if (!known || known->ticket.is_for_case()) return by_number(asker);
  PeopleFound again;
  if (known->stage == TicketStage::kInCall) {
    auto found = by_number(asker);
    if (!found) return found;
    again = *std::move(found);
  }
  for (const SubjectId& subject : known->people) {
    const bool listed = std::any_of(again.people.begin(), again.people.end(),
                                    [&](const auto& one) { return one.person.subject == subject; });
    if (listed) continue;
    auto one = opened_before(known->ticket, known->owners, subject);
    if (!one) return declined(one.error());
    if (*one) again.people.insert(again.people.begin(), **std::move(one));
  }
  return again;
}

// Nothing: erased meanwhile, or of an owner for whom the ticket gives nothing any more.
Answer<std::optional<PersonSeen>> Openings::opened_before(const OpeningTicket& ticket,
                                                          const std::vector<OrganisationId>& owners,
                                                          const SubjectId& subject) {
  for (const OrganisationId& owner : owners) {
    const auto there = parts_.records.exists(owner, subject);
    if (!there) return declined(there.error());
    if (!*there) continue;
    auto one = seen(ticket, {owner, subject});
    if (!one) return declined(one.error());
    return *std::move(one);
  }
  return std::nullopt;
}

Answer<PeopleFound> Openings::by_number(const Asker& asker) {
  const auto scope = begin_search(asker);
  if (!scope) return declined(scope.error());
  const auto line = parts_.registry.directory()->read(as_bytes(scope->sealed_number), parts_.plan,
                                                      parts_.clock.now());
  if (!line) {
    PeopleFound none;
    none.withheld = true;
    return none;
  }
  return look_up(asker, *scope, {{"telephone", line->e164}}, "line");
}

Answer<PeopleFound> Openings::search(const Asker& asker, const OrganisationId& owner,
                                     const std::vector<Sought>& all_of) {
  if (all_of.empty() || all_of.size() > kMostSought) return wrong("all_of: 1 to 3 values");
  auto scope = begin_search(asker);
  if (!scope) return declined(scope.error());
  if (!owner.empty()) {
    const bool allowed =
        std::find(scope->owners.begin(), scope->owners.end(), owner) != scope->owners.end();
    if (!allowed)
      return declined(log_.denied(Denial::kNoMandate, asker, {owner, {}}, ledger::kind::kSearch));
    scope->owners = {owner};
  }
  for (const OrganisationId& one : scope->owners) {
    const auto schema = parts_.records.schema(one);
    if (!schema) return declined(schema.error());
    if (too_wide(**schema, all_of))
      return wrong("a name alone fits many people: add another value, a letter number say");
  }
  return look_up(asker, *scope, all_of, "typed");
}

Answer<PeopleFound> Openings::look_up(const Asker&, const Scope& scope,
                                      const std::vector<Sought>& all_of, const std::string& by) {
  PeopleFound found;
  std::string search = fresh_id_text(parts_.clock.now(), parts_.entropy);
  std::vector<PersonId> people;
  for (const OrganisationId& owner : scope.owners) {
    auto hits = parts_.records.find(owner, all_of, kMostPeople);
    if (!hits) return declined(hits.error());
    ledger::Entry entry = log_.entry_for(scope.ticket, ledger::kind::kSearch);
    for (const Sought& one : all_of) entry.fields.push_back(one.field);
    entry.outcome = hits->subjects.empty() ? "nothing" : "found";
    entry.details["by"] = by;
    entry.details["found"] = static_cast<std::int64_t>(hits->subjects.size());
    entry.details["search"] = search;
    if (by == "typed") {  // whose number it is the operator has not chosen
      const auto canary = log_.finds_canary(owner, hits->subjects);
      if (!canary) return declined(canary.error());
      if (*canary) entry.details["canary"] = true;
    }
    std::vector<ledger::Entry> entries{std::move(entry)};
    log_.add_alarms(scope.ticket, hits->subjects, ledger::kind::kSearch, entries);
    if (auto kept = log_.keep(owner, entries); !kept) return declined(kept.error());
    found.more = found.more || hits->more;
    if (by == "line")
      parts_.authority.with([&](Authority& authority, Time) {
        authority.tickets().progress(scope.ticket).callers[owner] = {hits->subjects.begin(),
                                                                     hits->subjects.end()};
      });
    for (SubjectId& subject : hits->subjects) people.push_back({owner, std::move(subject)});
  }
  if (people.size() > kMostPeople) {
    people.resize(kMostPeople);
    found.more = true;
  }
  for (const PersonId& person : people) {
    auto one = seen(scope.ticket, person);
    if (!one) return declined(one.error());
    found.people.push_back(*std::move(one));
  }
  return found;
}

Answer<PersonSeen> Openings::seen(const OpeningTicket& ticket, const PersonId& person) {
  PersonSeen one;
  one.person = person;
  std::vector<std::string> fields;
  const auto grant = parts_.authority.with([&](Authority& authority, Time now) {
    const CallProgress& progress = authority.tickets().progress(ticket);
    if (const auto matched = progress.matched.find(person.subject);
        matched != progress.matched.end())
      one.matched.assign(matched->second.begin(), matched->second.end());
    one.vouched = progress.vouched.contains(person.subject);
    one.opened = progress.opened.contains(person.subject);
    if (const auto shown = progress.shown.find(person.subject); shown != progress.shown.end())
      for (const auto& [purpose, fields_shown] : shown->second) one.opened_for.push_back(purpose);
    return authority.granted(ticket, person.owner, now);
  });
  if (!grant) return declined(grant.error());
  one.may_open = one.vouched || one.matched.size() >= grant->purpose.checks;
  fields.assign(grant->purpose.fields.begin(), grant->purpose.fields.end());
  auto masked = parts_.records.masked(person.owner, person.subject, fields);
  if (!masked) return declined(masked.error());
  one.masked = *std::move(masked);
  return one;
}

// ---- identity

Answer<IdentityOutcome> Openings::check(const Asker& asker, const PersonId& person,
                                        const std::string& field,
                                        const Personal<std::string>& typed) {
  const PersonAsk ask{asker.ticket, asker.session, person.owner, person.subject};
  const auto allowed = parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.check(ask, now); });
  if (!allowed)
    return declined(log_.denied(allowed.error(), asker, person, ledger::kind::kIdentityCheck));
  const auto unchecked = [&](const Error& why) {
    parts_.authority.with([&](Authority& authority, Time) { authority.unchecked(ask); });
    return declined(why);
  };
  // The entry names the field, and anyone may read the entry: only what the schema has stands
  // there.
  const auto schema = parts_.records.schema(person.owner);
  if (!schema) return unchecked(schema.error());
  const FieldSpec* spec = (*schema)->find(field);
  if (spec == nullptr || spec->kind == FieldKind::kText)
    return unchecked({ErrorCode::kInvalid, "field: none that can be checked"});
  // What can't be read as such a value is no match: its form says nothing to whoever guesses.
  const auto compared = parts_.records.compare(person.owner, person.subject, field, typed);
  if (!compared && compared.error().code != ErrorCode::kInvalid) return unchecked(compared.error());
  const bool matched = compared && *compared == Comparison::kMatch;
  ledger::Entry entry = log_.entry_for(allowed->ticket, ledger::kind::kIdentityCheck);
  ActLog::name_chain(entry, allowed->grant);
  entry.fields = {field};
  entry.outcome = matched ? "match" : "cannot_confirm";
  ActLog::name_caller(entry, allowed->speaks);
  if (auto named = log_.name_subject(entry, person); !named) return unchecked(named.error());

  IdentityOutcome outcome;
  outcome.matched = matched;
  if (auto kept = log_.keep(person.owner, {entry}); !kept) {
    if (matched) return unchecked(kept.error());
    return declined(kept.error());  // a wrong guess counts also when the log is away
  }
  parts_.authority.with([&](Authority& authority, Time now) {
    authority.checked(ask, field, matched);
    const auto standing = authority.standing(ask, now);
    if (!standing) return;  // it ended meanwhile: nothing is left
    outcome.checks_left = standing->checks_left;
    outcome.guesses_left = standing->guesses_left;
  });
  return outcome;
}

// ---- opening

Result<void> Openings::know_callers(const OpeningTicket& ticket, const OrganisationId& owner) {
  const auto sealed_number =
      parts_.authority.with([&](Authority& authority, Time) -> std::optional<std::string> {
        if (authority.tickets().progress(ticket).callers.contains(owner)) return std::nullopt;
        const CallLease* lease = authority.leases().known(ticket.call);
        return lease == nullptr ? std::nullopt : std::optional(lease->sealed_number);
      });
  if (!sealed_number) return {};
  const auto line =
      parts_.registry.directory()->read(as_bytes(*sealed_number), parts_.plan, parts_.clock.now());
  std::set<SubjectId> callers;
  if (line) {
    const auto hits = parts_.records.find(owner, {{"telephone", line->e164}}, kMostPeople);
    if (!hits) return tl::unexpected<Error>(hits.error());
    callers = {hits->subjects.begin(), hits->subjects.end()};
  }
  parts_.authority.with([&](Authority& authority, Time) {
    authority.tickets().progress(ticket).callers.emplace(owner, std::move(callers));
  });
  return {};
}

Answer<OpenedPerson> Openings::open(const Asker& asker, const PersonId& person) {
  const PersonAsk ask{asker.ticket, asker.session, person.owner, person.subject};
  Time at;
  const auto allowed = parts_.authority.with([&](Authority& authority, Time now) {
    at = now;
    return authority.open(ask, now);
  });
  if (!allowed)
    return declined(log_.denied(allowed.error(), asker, person, ledger::kind::kOpening));
  auto opened = open_allowed(*allowed, person, at);
  if (!opened)
    parts_.authority.with([&](Authority& authority, Time) { authority.not_opened(ask, *allowed); });
  return opened;
}

Answer<OpenedPerson> Openings::open_allowed(const Permission& allowed, const PersonId& person,
                                            Time at) {
  if (auto known = know_callers(allowed.ticket, person.owner); !known)
    return declined(known.error());
  const auto stored = parts_.records.stored_fields(person.owner, person.subject);
  if (!stored) return declined(stored.error());
  const std::vector<std::string> fields = common(allowed.grant.purpose.fields, *stored);

  ledger::Entry entry = log_.entry_for(allowed.ticket, ledger::kind::kOpening);
  entry.time = at;
  ActLog::name_chain(entry, allowed.grant);
  entry.details["opening"] = fresh_id_text(at, parts_.entropy);
  ActLog::name_caller(entry, allowed.speaks);
  parts_.authority.with([&](Authority& authority, Time) {
    const CallProgress& progress = authority.tickets().progress(allowed.ticket);
    entry.details["people"] = static_cast<std::int64_t>(progress.opened.size());
    entry.details["unlike"] = static_cast<std::int64_t>(progress.unlike_the_call());
  });
  const auto salt_key = subject_salt_key(parts_.records, person);
  if (!salt_key) return declined(salt_key.error());
  if (parts_.watch != nullptr &&
      parts_.watch->is_canary(person.owner, person.subject, salt_key->reveal()))
    entry.details["canary"] = true;
  const auto name = [&](ledger::Entry& one) {
    one.subject =
        ledger::SubjectCommitment::make(salt_key->reveal(), person.subject.text(), parts_.entropy);
  };
  std::vector<ledger::Entry> entries;
  for (const std::string& field : fields) {
    ledger::Entry& one = entries.emplace_back(entry);
    one.fields = {field};
    one.outcome = "shown";
    name(one);
  }
  if (entries.empty()) {
    ledger::Entry& one = entries.emplace_back(entry);
    one.outcome = "nothing_stored";
    name(one);
  }
  const std::size_t told = entries.size();  // alarms are not the operator's to count
  log_.add_alarms(allowed.ticket, {person.subject}, ledger::kind::kOpening, entries);
  if (auto kept = log_.keep(person.owner, entries); !kept) return declined(kept.error());

  // Durable: from here on the values may leave. What a telephone carries is opened with it.
  auto record = read_whole(person, fields, at);
  if (!record) return declined(record.error());
  return OpenedPerson{*std::move(record), allowed.ticket.purpose, at, told};
}

Result<OpenedSubject> Openings::read_whole(const PersonId& person, std::vector<std::string> fields,
                                           Time at) {
  const auto schema = parts_.records.schema(person.owner);
  if (!schema) return tl::unexpected<Error>(schema.error());
  fields.emplace_back(kProvenanceName);
  auto record = parts_.records.read(person.owner, person.subject, fields);
  if (record) tell_whole(*record, **schema, parts_.plan, at);
  return record;
}

// ---- documents

Answer<std::vector<DocumentVersion>> Openings::documents(const Asker& asker,
                                                         const PersonId& person) {
  const auto allowed = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.may_read({asker.ticket, asker.session, person.owner, person.subject}, now);
  });
  if (!allowed)
    return declined(log_.denied(allowed.error(), asker, person, ledger::kind::kOpening));
  auto found = parts_.records.documents(person.owner, person.subject);
  if (!found) return declined(found.error());
  return *std::move(found);
}

Result<bool> Openings::has_document(const PersonId& person, const DocumentId& document) {
  const auto all = parts_.records.documents(person.owner, person.subject);
  if (!all) return tl::unexpected<Error>(all.error());
  return std::any_of(all->begin(), all->end(),
                     [&](const DocumentVersion& one) { return one.document == document; });
}

Answer<OpenedDocument> Openings::read_document(const Asker& asker, const PersonId& person,
                                               const DocumentId& document) {
  const PersonAsk ask{asker.ticket, asker.session, person.owner, person.subject};
  const auto may = parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.may_read(ask, now); });
  if (may) {  // neither counted nor logged: an id that somebody made up would stand in the entry
    const auto known = has_document(person, document);
    if (!known) return declined(known.error());
    if (!*known)
      return declined(Error{ErrorCode::kNotFound, "there is no such document about this person"});
  }
  const auto allowed = parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.read(ask, now); });
  if (!allowed)
    return declined(log_.denied(allowed.error(), asker, person, ledger::kind::kOpening));
  ledger::Entry entry = log_.entry_for(allowed->ticket, ledger::kind::kOpening);
  ActLog::name_chain(entry, allowed->grant);
  ActLog::name_caller(entry, allowed->speaks);
  entry.fields = {kDocumentsField};
  entry.outcome = "shown";
  entry.details["document"] = document.text();
  entry.details["opening"] = fresh_id_text(entry.time, parts_.entropy);
  if (auto named = log_.name_subject(entry, person); !named) return declined(named.error());
  if (auto kept = log_.keep(person.owner, {entry}); !kept) return declined(kept.error());
  auto opened = parts_.records.read_document(person.owner, person.subject, document);
  if (!opened) return declined(opened.error());
  return *std::move(opened);
}

Answer<DocumentVersion> Openings::write_document(const Asker& asker, const PersonId& person,
                                                 const DocumentId& document,
                                                 const Personal<std::string>& text, bool draft) {
  const auto allowed = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.write({asker.ticket, asker.session, person.owner, person.subject}, now);
  });
  if (!allowed)
    return declined(log_.denied(allowed.error(), asker, person, ledger::kind::kWriting));
  if (!document.empty() && !is_random_id(document.text())) {
    const auto known = has_document(person, document);
    if (!known) return declined(known.error());
    if (!*known) return wrong("document: a random UUID, or one that is there");
  }
  // The entry and the note are in two databases, so it is the order that makes it safe: the entry,
  // which names the document, is durable before the note is written, and a note that could not be
  // written is told of. A note without its entry there never is; an entry without its note is one
  // whose writer was told nothing, and writes the same document again.
  const DocumentId written_to =
      document.empty() ? DocumentId(fresh_id_text(parts_.clock.now(), parts_.entropy)) : document;
  ledger::Entry entry = log_.entry_for(allowed->ticket, ledger::kind::kWriting);
  ActLog::name_chain(entry, allowed->grant);
  ActLog::name_caller(entry, allowed->speaks);
  entry.outcome = draft ? "draft" : "written";
  entry.details["document"] = written_to.text();
  if (auto named = log_.name_subject(entry, person); !named) return declined(named.error());
  if (auto kept = log_.keep(person.owner, {entry}); !kept) return declined(kept.error());
  auto written = parts_.records.put_document(person.owner, person.subject, written_to, "note",
                                             asker.who.text(), text, draft);
  if (written) return *std::move(written);
  entry.outcome = "not_written";
  if (auto told = log_.keep(person.owner, {entry}); !told)
    log_warn("that a note was not written could not be logged: {}", told.error().message);
  return declined(written.error());
}

}  // namespace madoguchi::vault
