#include "vault/playbacks.h"

#include <algorithm>
#include <array>
#include <utility>

namespace madoguchi::vault {
namespace {

tl::unexpected<Declined> declined(Declined why) {
  return tl::unexpected<Declined>(std::move(why));
}

std::int64_t whole_seconds(Micros length) {
  return std::chrono::ceil<std::chrono::seconds>(length).count();
}

// "<call>.<number>", as the exchange names them.
CallId call_of(const RecordingId& id) {
  return CallId(id.text().substr(0, id.text().rfind('.')));
}

}  // namespace

std::span<const std::string_view> playback_reasons() {
  static constexpr std::array<std::string_view, 4> kReasons{"complaint", "fact_finding",
                                                            "asked_by_person", "quality"};
  return kReasons;
}

Result<Playbacks::Loaded> Playbacks::load(const RecordingId& id, const CallId& call,
                                          const OrganisationId& of) {
  // Before the file: once the digest is known the file grows no more.
  const auto known = parts_.store.find_recording(id);
  if (!known) return tl::unexpected<Error>(known.error());
  auto file = shelf_.read(id);
  if (!file) return tl::unexpected<Error>(file.error());
  const auto header = recording::read_header(*file);
  if (!header) return tl::unexpected<Error>(header.error());
  if (header->call != call || header->organisation != of)
    return fail(ErrorCode::kNotFound, "there is no such recording of this call");
  if (*known && (*known)->digest_hex != to_hex(sha256(*file)))
    return fail(ErrorCode::kCorrupt, "the recording is not as the exchange closed it");
  const auto directory = parts_.registry.directory();
  const RecordingKey* key = directory->find_recording_key(of, header->key.text());
  if (key == nullptr)
    return fail(ErrorCode::kNotFound, "this vault holds no key for this recording");
  const std::size_t bytes = file->size();
  auto player = recording::Player::open(*std::move(file), LentKeys(*key).pair());
  if (!player) return tl::unexpected<Error>(player.error());
  return Loaded{*std::move(player), header->key, bytes, *known ? "fits" : "not_yet"};
}

Answer<BegunPlayback> Playbacks::keep(Loaded loaded, Listener listener, PersonId person,
                                      OpeningTicketId ticket) {
  const Time now = parts_.clock.now();
  BegunPlayback begun{PlaybackId::fresh(now, parts_.entropy), loaded.player.outline()};
  auto playing = std::make_shared<Playing>();
  playing->listener = std::move(listener);
  playing->person = std::move(person);
  playing->ticket = std::move(ticket);
  playing->key = std::move(loaded.key);
  playing->bytes = loaded.bytes;
  playing->last = now;
  playing->player = std::move(loaded.player);
  const std::lock_guard lock(mutex_);
  std::map<std::uint64_t, PlaybackId> mine;  // oldest first
  playing->number = ++begun_;
  std::size_t bytes = playing->bytes;
  for (const auto& [id, other] : playing_) {
    bytes += other->bytes;
    if (other->listener.session == playing->listener.session) mine.emplace(other->number, id);
  }
  if (mine.size() >= kMostOfASession) {
    const auto oldest = playing_.find(mine.begin()->second);
    bytes -= oldest->second->bytes;
    playing_.erase(oldest);
  }
  if (playing_.size() >= kMostAtOnce || bytes > kMostBytes)
    return declined(Error{ErrorCode::kExhausted, "too many recordings are heard at once"});
  playing_.emplace(begun.id, std::move(playing));
  return begun;
}

// ---- by ticket

Answer<std::vector<ShelvedRecording>> Playbacks::of_call(const Asker& asker) {
  const auto ticket = parts_.authority.with([&](Authority& authority, Time now) {
    return authority.look(asker.ticket, asker.session, now);
  });
  if (!ticket) return declined(ticket.error());
  auto found = shelf_.of_call(ticket->call);
  std::erase_if(found, [&](const auto& one) { return one.header.organisation != ticket->called; });
  return found;
}

Answer<BegunPlayback> Playbacks::begin(const Asker& asker, const PersonId& person,
                                       const RecordingId& id) {
  const PersonAsk ask{asker.ticket, asker.session, person.owner, person.subject};
  const auto allowed = parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.play(ask, now); });
  if (!allowed)
    return declined(parts_.log.denied(allowed.error(), asker, person, ledger::kind::kPlayback));
  const OpeningTicket& ticket = allowed->ticket;
  auto loaded = load(id, ticket.call, ticket.called);
  if (!loaded && loaded.error().code != ErrorCode::kCorrupt) return declined(loaded.error());

  ledger::Entry entry = parts_.log.entry_for(ticket, ledger::kind::kPlayback);
  ActLog::name_chain(entry, allowed->grant);
  entry.outcome = loaded ? "played" : "refused_changed";
  entry.details["recording"] = id.text();
  entry.details["playback"] = fresh_id_text(entry.time, parts_.entropy);
  if (loaded) {
    entry.details["seconds"] = whole_seconds(loaded->player.outline().length);
    entry.details["digest"] = loaded->digest;
  }
  if (!person.subject.empty())
    if (auto named = parts_.log.name_subject(entry, person); !named) return declined(named.error());
  if (auto kept = parts_.log.keep(person.owner, {entry}); !kept) return declined(kept.error());
  if (!loaded) return declined(loaded.error());
  return keep(*std::move(loaded), {asker.who, asker.session}, person, asker.ticket);
}

// ---- by the owner

std::vector<ShelvedRecording> Playbacks::of_call(const OwnersPerson& asker,
                                                 const CallId& call) const {
  auto found = shelf_.of_call(call);
  std::erase_if(found, [&](const auto& one) { return one.header.organisation != asker.owner; });
  return found;
}

Answer<BegunPlayback> Playbacks::begin(const OwnersPerson& asker, const SessionKey& session,
                                       const RecordingId& id, std::string_view reason) {
  const auto reasons = playback_reasons();
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end())
    return declined(Error{ErrorCode::kInvalid, "reason: none of the words"});
  const auto allowed = parts_.authority.with(
      [&](Authority& authority, Time now) { return authority.enquire(asker.who, now); });
  if (!allowed) return declined(allowed.error());
  auto loaded = load(id, call_of(id), asker.owner);
  if (!loaded && loaded.error().code != ErrorCode::kCorrupt) return declined(loaded.error());

  ledger::Entry entry;
  entry.time = parts_.clock.now();
  entry.kind = std::string(ledger::kind::kPlayback);
  entry.operator_id = asker.who.text();
  entry.organisation = asker.owner.text();
  entry.call = call_of(id).text();
  entry.outcome = loaded ? "played" : "refused_changed";
  entry.details = {{"by", std::string("owner")},
                   {"recording", id.text()},
                   {"reason", std::string(reason)},
                   {"search", fresh_id_text(entry.time, parts_.entropy)}};
  if (loaded) {
    entry.details["seconds"] = whole_seconds(loaded->player.outline().length);
    entry.details["digest"] = loaded->digest;
  }
  if (auto kept = parts_.log.keep(asker.owner, {entry}); !kept) return declined(kept.error());
  if (!loaded) return declined(loaded.error());
  return keep(*std::move(loaded), {asker.who, session}, {asker.owner, {}}, {});
}

// ---- sound

Playbacks::PlayingHandle Playbacks::find(const PlaybackId& id, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = playing_.find(id);
  if (found == playing_.end()) return nullptr;
  found->second->last = now;
  return found->second;
}

void Playbacks::drop(const PlaybackId& id) {
  const std::lock_guard lock(mutex_);
  playing_.erase(id);
}

Answer<std::vector<std::int16_t>> Playbacks::piece(const Listener& listener, const PlaybackId& id,
                                                   Micros from, Micros span) {
  const PlayingHandle playing = find(id, parts_.clock.now());
  if (playing == nullptr) return declined(Denial::kNoTicket);
  const PersonId& person = playing->person;
  if (playing->listener.session != listener.session)
    return declined(parts_.log.denied(Denial::kNoTicket, {listener.who, listener.session, {}},
                                      person, ledger::kind::kPlayback));
  if (!playing->ticket.empty()) {
    const PersonAsk ask{playing->ticket, listener.session, person.owner, person.subject};
    const auto allowed = parts_.authority.with(
        [&](Authority& authority, Time now) { return authority.may_play(ask, now); });
    if (!allowed) {
      drop(id);  // so that the end of a ticket is told once
      return declined(parts_.log.denied(allowed.error(),
                                        {listener.who, listener.session, playing->ticket}, person,
                                        ledger::kind::kPlayback));
    }
  }
  const std::lock_guard lock(playing->mutex);
  const OrganisationId& of = playing->player->outline().header.organisation;
  const auto directory = parts_.registry.directory();
  const RecordingKey* key = directory->find_recording_key(of, playing->key.text());
  if (key == nullptr)
    return declined(Error{ErrorCode::kNotFound, "this vault holds no key for this recording"});
  auto samples = playing->player->take(from, std::min(span, kLongestPiece), LentKeys(*key).pair());
  if (!samples) return declined(samples.error());
  return *std::move(samples);
}

void Playbacks::minute() {
  const Time now = parts_.clock.now();
  const std::lock_guard lock(mutex_);
  std::erase_if(playing_, [&](const auto& one) { return one.second->last + kIdle < now; });
}

}  // namespace madoguchi::vault
