// What the call flow has the store keep: whole rows, written again under the same key whenever
// something in them changed (an upsert). Together they are the call log, and from them the flow is
// rebuilt after a restart. No number and no free text about a person stands in any of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "centre/flow/exchange_link.h"
#include "routing/balance.h"
#include "routing/types.h"

namespace madoguchi::centre {

using StateId = Id<struct StateTag>;

// One call, from its arrival on. Open while `ended` is absent. Key: id.
struct CallRecord {
  CallId id;
  std::string number_called;
  DeskId number_desk;  // whose number was called: the balance counts the call there
  DeskId desk;         // where it is, or was at its end
  OrganisationId organisation;
  LineToken line;  // empty: unknown or withheld
  bool withheld = false;
  bool outbound = false;  // rung by us to keep a promise; not in the balance
  std::string trunk;
  bool in_hours = true;
  routing::CallPhase phase = routing::CallPhase::kListening;
  routing::Bucket bucket = routing::Bucket::kInProgress;
  bool agreed = false;          // has a promise to be rung back
  bool returned = false;        // stands before everybody in the queue
  bool talking_at_end = false;  // for one cut off
  bool recording_refused = false;
  OperatorId with;  // talking with, or talked with last
  Time arrived{};
  std::optional<Time> answered;  // 200 OK
  std::optional<Time> talked;    // first heard an operator
  std::optional<Time> ended;
  std::optional<Time> settled;  // its line got through later (再架電で応答済)
  std::optional<routing::EndCause> cause;
  std::string cause_detail;  // the exchange's machine word
  PromiseId promise;         // asked for in this call, or kept by it
  std::string disposition;   // code chosen in wrap-up
};

enum class LegKind : std::uint8_t { kOperator, kConsulted, kDialled };
enum class LegEnd : std::uint8_t {
  kTalked,  // was connected, and ended
  kMissed,  // rang too long
  kRefused,
  kAudioLost,
  kCancelled,   // the caller went, or we took the offer back
  kHandedOver,  // left the call to another operator
};

// One try to connect an operator with a call. Key: id.
struct LegRecord {
  AttemptId id;
  CallId call;
  LegKind kind = LegKind::kOperator;
  OperatorId who;
  bool by_phone = false;
  Time offered{};
  std::optional<Time> connected;
  std::optional<Time> ended;
  std::optional<LegEnd> how;
};

// An operator's state from `since` to `until`; the open one of each operator is the present. Key:
// id.
struct StateRecord {
  StateId id;
  OperatorId who;
  routing::OperatorState state = routing::OperatorState::kOffline;
  routing::AwayReason reason = routing::AwayReason::kNone;
  CallId call;  // in ringing, talking, dialling, wrap-up
  Time since{};
  std::optional<Time> until;
};

// An agreed callback. Key: id.
struct PromiseRecord {
  PromiseId id;
  OrganisationId organisation;
  DeskId desk;
  LineToken line;  // to ring; empty until known
  routing::PromiseBasis basis = routing::PromiseBasis::kKey;
  routing::PromiseLine kind = routing::PromiseLine::kOwn;
  WishId wish;  // as asked last; the vault's ticket is asked with it
  CallId call;  // in which it was asked last
  routing::PromiseState state = routing::PromiseState::kOpen;
  Time asked{};
  Time deadline{};
  int missed = 0;
  int asks = 1;    // this one's own and those merged into it
  int merged = 0;  // of those, asks counted as merged in the row of its own desk and day
  int attempts = 0;
  OperatorId owner;           // who is ringing
  PromiseId absorbed_by;      // not a promise of its own any more: the same line's other one
  std::optional<Time> ended;  // kept, closed or absorbed
  std::optional<routing::KeptHow> how;
  std::optional<routing::CloseReason> reason;
  std::string closed_by;      // staff's id, for kStaff and kWithdrawn
  std::string stated_reason;  // code chosen by staff, when it was promised or closed
  std::optional<routing::AttemptOutcome> last_outcome;
};

// One attempt to keep a promise. Key: call (the call out).
struct AttemptRecord {
  CallId call;
  PromiseId promise;
  OperatorId who;
  TicketId ticket;
  Time started{};
  std::optional<Time> ended;
  std::optional<routing::AttemptOutcome> outcome;
  std::string detail;  // the exchange's or the vault's machine word
};

// Key: id.
struct RecordingRecord {
  RecordingId id;
  CallId call;
  Time started{};
  std::vector<std::pair<Time, bool>> pauses;  // when, and true for paused
  std::optional<Time> closed;
  std::string digest_hex;
  std::uint64_t bytes = 0;
  bool cut_off = false;
};

// How far the exchange's events are worked in. One row. Once this is committed, events up to
// `sequence` may be acknowledged.
struct PositionRecord {
  std::string epoch;
  std::uint64_t sequence = 0;
};

// A wish whose promise is over, still to be told to the vault so that its gate opens no more for
// it. Dropped once the vault has acknowledged. Key: wish.
struct SettledWishRecord {
  WishId wish;
  std::string outcome;  // a word: a-z and _
  Time at{};
};

using Record = std::variant<CallRecord, LegRecord, StateRecord, PromiseRecord, AttemptRecord,
                            RecordingRecord, SettledWishRecord, PositionRecord>;

// What CallFlow::restore() wants back: the position; calls that arrived since the beginning of
// yesterday in any desk's zone, and all open ones; legs and recordings without end; the open state
// of each operator; open promises, and ended ones asked since yesterday; attempts without end. And
// the wishes that the vault has still to be told of.
struct Stored {
  PositionRecord position;
  std::vector<CallRecord> calls;
  std::vector<LegRecord> legs;
  std::vector<StateRecord> states;
  std::vector<PromiseRecord> promises;
  std::vector<AttemptRecord> attempts;
  std::vector<RecordingRecord> recordings;
  std::vector<SettledWishRecord> settled;  // for the shell alone
};

}  // namespace madoguchi::centre
