// What one entry of a log says: who did what, for which purpose, under which mandate, in which call
// or case, to whose record, and how it ended. Canonical JSON without personal data: strings are ids
// and words of ASCII, checked here, so that no name or address can slip in. Pure; any thread.
//
//   {"call":"01J…","desk":"common","fields":["address","name"],"kind":"opening",
//    "mandate":{"id":"m-7","version":3},"operator":"sato","organisation":"vendor-a",
//    "outcome":"shown","purpose":"inquiry","subject":{"commitment":"…","nonce":"…"},
//    "time":"2026-11-22T03:04:05.000006Z","v":1}
//
// A subject is a commitment that can't be linked from entry to entry without the owner's salts:
//
//   salt = HMAC-SHA256(the subject's salt key, nonce)         nonce: 16 fresh bytes, in the entry
//   commitment = HMAC-SHA256(salt, "madoguchi.subject.1" | 0 | subject id)
//
// The vault derives a subject's salt key from the subject's own key, so nothing more is stored and
// erasing that key silences every entry about the person. The owner, given a salt key, finds all
// entries about that subject; given one salt, anyone can check one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/keyed.h"
#include "base/result.h"
#include "base/time.h"

namespace madoguchi::ledger {

// Words for Entry::kind; others of the same form (a-z and _) may be added by whoever writes.
namespace kind {
inline constexpr std::string_view kOpening = "opening";  // one field, one entry
inline constexpr std::string_view kRefusal = "refusal";
inline constexpr std::string_view kSearch = "search";
inline constexpr std::string_view kEnquiry = "enquiry";  // the owner asked who looked at a person
inline constexpr std::string_view kIdentityCheck = "identity_check";
inline constexpr std::string_view kWriting = "writing";  // record, note or document written
inline constexpr std::string_view kExport = "export";
inline constexpr std::string_view kImport = "import";
inline constexpr std::string_view kMandate = "mandate";
inline constexpr std::string_view kTicket = "ticket";
inline constexpr std::string_view kCaseTicket = "case_ticket";  // made, handed on, ended
inline constexpr std::string_view kPlayback = "playback";
inline constexpr std::string_view kOrganisation = "organisation";  // made, bound, renamed
inline constexpr std::string_view kNumber = "number";              // bound to an organisation
inline constexpr std::string_view kStaff = "staff";    // placed, disabled, given a way to sign in
inline constexpr std::string_view kTokens = "tokens";  // line tokens made, as a count
inline constexpr std::string_view kErasure = "erasure";
inline constexpr std::string_view kCorrection = "correction";  // of a record, by its owner
inline constexpr std::string_view kRetention = "retention";    // a mandate's time is over: keys go
inline constexpr std::string_view kFreeze = "freeze";
inline constexpr std::string_view kAlarm = "alarm";
inline constexpr std::string_view kSignIn = "sign_in";
inline constexpr std::string_view kJournal = "journal";  // a line taken in from the old journal
}  // namespace kind

using Nonce = std::array<std::uint8_t, 16>;

struct SubjectCommitment {
  Nonce nonce{};
  Mac commitment{};

  static SubjectCommitment make(ByteView salt_key, std::string_view subject_id, Entropy& entropy);
  // Is this entry about that subject?
  [[nodiscard]] bool is_about(ByteView salt_key, std::string_view subject_id) const;
  // The same with the salt of this one entry, as the owner hands it out.
  [[nodiscard]] bool opens_with(const Mac& salt, std::string_view subject_id) const;
};
Mac entry_salt(ByteView salt_key, const Nonce& nonce);

struct MandateRef {
  std::string id;
  std::int64_t version = 0;
};

struct Entry {
  using Value = std::variant<std::string, std::int64_t, bool>;

  Time time;
  std::string kind;
  std::string operator_id;   // the person who acted; empty: the vault itself
  std::string organisation;  // for whom that person acts
  std::string call;          // what it was for: a call, or
  std::string case_id;       // a case
  std::string desk;
  std::string ticket;
  std::string purpose;
  std::optional<MandateRef> mandate;
  std::vector<std::string> fields;  // names, never values
  std::optional<SubjectCommitment> subject;
  std::string outcome;                   // "shown", "match", "refused_limit", …
  std::map<std::string, Value> details;  // what only this kind has: counts, ids, digests in hex

  // kInvalid names the member that is no id, word or safe text, or an entry that is too long.
  [[nodiscard]] Result<std::string> text() const;
  // The reverse; kInvalid unless it is what text() writes.
  static Result<Entry> parse(std::string_view text);
};

// The subject that an entry names, quickly, without reading the rest: for looking through a log.
// Nothing of what is no entry, or names none.
std::optional<SubjectCommitment> subject_of(std::string_view entry);

// Whose form an entry of a log has: ours, or another canonical JSON object's. kInvalid says where
// it stops being one.
enum class EntryForm { kOurs, kForeign };
Result<EntryForm> form_of(std::string_view text);

// What we ask of our own entries of any version: canonical JSON, an object with "v", "kind" and
// "time". Members it does not know are no error, so that an old verifier reads a newer log.
Result<void> check_entry(std::string_view text);

}  // namespace madoguchi::ledger
