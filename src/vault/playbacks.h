// Recordings heard in the glass: by an operator, with the ticket of that very call and a purpose
// that the owner's mandate gives for it, or by the owner's own person. Each playback is one entry
// in the owner's log, durable before the first sample leaves. Sound leaves in short pieces, each
// asked for anew: when the ticket is over, frozen or revoked, the next piece is refused. There is
// no file to fetch. In memory: sealed bytes, keys only while a piece is opened. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "recording/player.h"
#include "vault/act_log.h"
#include "vault/enquiries.h"
#include "vault/recording_shelf.h"

namespace madoguchi::vault {

using PlaybackId = Id<struct PlaybackTag>;

// Why an owner's person may listen; words for the log.
std::span<const std::string_view> playback_reasons();

struct BegunPlayback {
  PlaybackId id;
  recording::Outline outline;
};

// Who asks for a piece.
struct Listener {
  OperatorId who;
  SessionKey session;
};

class Playbacks {
 public:
  static constexpr std::size_t kMostAtOnce = 32;
  static constexpr std::size_t kMostOfASession = 2;  // another one takes the oldest's place
  static constexpr std::size_t kMostBytes = 1024UL * 1024 * 1024;
  static constexpr std::chrono::minutes kIdle{10};
  static constexpr Micros kLongestPiece = std::chrono::seconds(10);

  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    AuthorityDesk& authority;
    Registry& registry;
    ActLog& log;
  };
  Playbacks(const Parts& parts, RecordingShelf shelf) : parts_(parts), shelf_(std::move(shelf)) {}

  // Of the ticket's call; no entry, for nothing is heard by it.
  Answer<std::vector<ShelvedRecording>> of_call(const Asker& asker);
  // `person`: its owner's log tells of it; its subject empty, or somebody opened in this call.
  // kCorrupt: the file is not what the exchange closed; that is an entry, too.
  Answer<BegunPlayback> begin(const Asker& asker, const PersonId& person, const RecordingId& id);

  // Of a call to one of the owner's own numbers.
  [[nodiscard]] std::vector<ShelvedRecording> of_call(const OwnersPerson& asker,
                                                      const CallId& call) const;
  Answer<BegunPlayback> begin(const OwnersPerson& asker, const SessionKey& session,
                              const RecordingId& id, std::string_view reason);

  // 8 kHz samples, the caller and our side in turn; empty at the end.
  Answer<std::vector<std::int16_t>> piece(const Listener& listener, const PlaybackId& id,
                                          Micros from, Micros span);

  // To be called every minute: what nobody listens to any more goes.
  void minute();

 private:
  struct Playing {
    Listener listener;
    PersonId person;
    OpeningTicketId ticket;  // empty: the owner's person
    recording::KeyId key;
    std::size_t bytes = 0;
    std::uint64_t number = 0;  // of all, in order
    Time last;
    std::mutex mutex;  // guards the player
    std::optional<recording::Player> player;
  };
  // Shared with whoever takes a piece while it is being dropped.
  using PlayingHandle = std::shared_ptr<Playing>;

  struct Loaded {
    recording::Player player;
    recording::KeyId key;
    std::size_t bytes = 0;
    std::string digest;  // "fits", or "not_yet" known
  };
  Result<Loaded> load(const RecordingId& id, const CallId& call, const OrganisationId& of);
  Answer<BegunPlayback> keep(Loaded loaded, Listener listener, PersonId person,
                             OpeningTicketId ticket);
  PlayingHandle find(const PlaybackId& id, Time now);
  void drop(const PlaybackId& id);

  const Parts parts_;
  const RecordingShelf shelf_;
  std::mutex mutex_;  // guards the next two
  std::uint64_t begun_ = 0;
  std::map<PlaybackId, PlayingHandle> playing_;
};

}  // namespace madoguchi::vault
