#include "vault/caller_identity.h"

#include <utility>

namespace madoguchi::vault {
namespace {

tl::unexpected<Declined> declined(Declined why) {
  return tl::unexpected<Declined>(std::move(why));
}

PersonAsk ask_of(const Asker& asker, const PersonId& person) {
  return {asker.ticket, asker.session, person.owner, person.subject};
}

}  // namespace

Answer<IdentityStanding> CallerIdentity::speaks(const Asker& asker, const PersonId& person,
                                                const std::string& kind, const std::string& basis) {
  const CallerKind* caller = parts_.rules.find(kind);
  if (caller == nullptr || !parts_.rules.rests_on(*caller, basis))
    return declined(Error{ErrorCode::kInvalid, "caller: none of the words, or not on that basis"});
  const CallerSaid said{kind, basis, caller->own_voice};
  const PersonAsk ask = ask_of(asker, person);
  const auto allowed = parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.may_speak(ask, said, now); });
  if (!allowed) return declined(parts_.log.denied(allowed.error(), asker, person, "caller"));
  ledger::Entry entry = parts_.log.entry_for(allowed->ticket, ledger::kind::kIdentityCheck);
  ActLog::name_chain(entry, allowed->grant);
  ActLog::name_caller(entry, said);
  entry.outcome = "caller_is";
  if (auto named = parts_.log.name_subject(entry, person); !named) return declined(named.error());
  if (auto kept = parts_.log.keep(person.owner, {entry}); !kept) return declined(kept.error());
  parts_.authority.with([&](Authority& authority, Time) { authority.speaks(ask, said); });
  return standing(asker, person);
}

Answer<IdentityStanding> CallerIdentity::standing(const Asker& asker, const PersonId& person) {
  const auto found = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.standing(ask_of(asker, person), now);
  });
  if (!found) return declined(found.error());
  return *found;
}

// ---- the supervisor's word

Answer<void> CallerIdentity::want_vouch(const Asker& asker, const PersonId& person) {
  const PersonAsk ask = ask_of(asker, person);
  bool known = false;
  const auto allowed = parts_.authority.with([&](Authority& authority, Time now) {
    const auto standing = authority.standing(ask, now);
    known = standing && (standing->vouch_wanted || standing->vouched);
    return authority.may_want_vouch(ask, now);
  });
  if (!allowed) return declined(parts_.log.denied(allowed.error(), asker, person, "vouch"));
  if (known) return {};
  ledger::Entry entry = parts_.log.entry_for(allowed->ticket, ledger::kind::kIdentityCheck);
  ActLog::name_chain(entry, allowed->grant);
  ActLog::name_caller(entry, allowed->speaks);
  entry.outcome = "vouch_wanted";
  if (auto named = parts_.log.name_subject(entry, person); !named) return declined(named.error());
  if (auto kept = parts_.log.keep(person.owner, {entry}); !kept) return declined(kept.error());
  parts_.authority.with([&](Authority& authority, Time now) { authority.want_vouch(ask, now); });
  return {};
}

std::vector<VouchAsked> CallerIdentity::wanted_of(const OperatorId& supervisor) {
  return parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.vouches_wanted(supervisor, now); });
}

Answer<void> CallerIdentity::tell(const Asker& supervisor, const OpeningTicket& ticket,
                                  const PersonId& person, const std::string& outcome,
                                  const std::string& reason) {
  ledger::Entry entry = parts_.log.entry_for(ticket, ledger::kind::kIdentityCheck);
  entry.outcome = outcome;
  entry.details["by"] = supervisor.who.text();
  if (!reason.empty()) entry.details["reason"] = reason;
  parts_.authority.with([&](Authority& authority, Time) {
    const CallProgress& progress = authority.tickets().progress(ticket);
    const auto said = progress.speaks.find(person.subject);
    if (said != progress.speaks.end()) ActLog::name_caller(entry, said->second);
  });
  if (auto named = parts_.log.name_subject(entry, person); !named) return declined(named.error());
  if (auto kept = parts_.log.keep(person.owner, {entry}); !kept) return declined(kept.error());
  return {};
}

Answer<void> CallerIdentity::vouch(const Asker& asker, const PersonId& person,
                                   const std::string& reason) {
  const auto allowed = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.may_vouch(asker.ticket, person.owner, asker.who, now);
  });
  if (!allowed) return declined(parts_.log.denied(allowed.error(), asker, person, "vouch"));
  if (!parts_.rules.may_override(reason))
    return declined(Error{ErrorCode::kInvalid, "reason: none of the words"});
  if (auto told = tell(asker, *allowed, person, "vouched", reason); !told) return told;
  const auto done = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.vouch(asker.ticket, person.owner, person.subject, asker.who, now);
  });
  if (!done) return declined(done.error());
  return {};
}

Answer<void> CallerIdentity::decline(const Asker& asker, const PersonId& person) {
  const auto allowed = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.may_vouch(asker.ticket, person.owner, asker.who, now);
  });
  if (!allowed) return declined(parts_.log.denied(allowed.error(), asker, person, "vouch"));
  if (auto told = tell(asker, *allowed, person, "not_vouched", ""); !told) return told;
  parts_.authority.with(
      [&](Authority& authority, Time) { authority.decline_vouch(asker.ticket, person.subject); });
  return {};
}

}  // namespace madoguchi::vault
