// What the vault needs kept, as rows, and the interface of whoever keeps them (src/store/vault).
// The vault is the store's only owner. Rows hold no number in clear: a number is wrapped under the
// key of its organisation, and found again by a keyed mark.
//
// commit() is the only way to write: all changes of an act, its journal lines and its log entries
// become durable together or not at all; acts committed at the same time share one fsync. After an
// error the act may still have been kept (a connection lost during the commit), so whoever holds
// copies in memory reads them again, and acts are safe to repeat.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/log_store.h"
#include "vault/access_store.h"
#include "vault/export_store.h"
#include "vault/journal.h"
#include "vault/retention_store.h"

namespace madoguchi::vault {

using WishId = Id<struct WishTag>;
using RecordingId = Id<struct RecordingTag>;

struct KeyRow {
  OrganisationId organisation;  // empty: the vault's own
  std::string kind;             // "recording", "token", "wish"; the vault's: "sealing", "redial"
  std::int64_t version = 1;
  std::string key_id;
  std::string wrapped;
  Time made;
};

struct OrganisationRow {
  OrganisationId id;
  std::string name;
};

// A number of ours that callers call: published, so it may stand in clear.
struct NumberRow {
  std::string number_called;  // as the exchange sees it
  std::string canonical;      // E.164; unique over all organisations
  OrganisationId organisation;
  OperatorId given_free_by{};  // the owner's person who let it go; empty: it stays
  Time given_free{};
};

struct WishRow {
  WishId id;
  CallId call;
  OrganisationId organisation;
  LineToken token;
  std::string wrapped_number;
  std::string mark;  // equal for equal lines, over all organisations
  bool other_line = false;
  Time asked;
  std::string refused;  // a word of the gate; empty: may be rung back
  std::string settled;  // how it ended; empty: open
};

struct TicketRow {
  TicketId id;
  WishId wish;  // empty: the operator's own phone
  OrganisationId organisation;
  OperatorId operator_id;
  DeskId desk;
  PromiseId promise;
  std::string mark;
  Time made;
  Time expires;
  CallId redeemed_by;  // empty: not yet
  Time redeemed;
  std::string outcome;
};

struct RecordingRow {
  RecordingId id;
  CallId call;
  OrganisationId organisation;
  std::string digest_hex;
  std::uint64_t bytes = 0;
  bool cut_off = false;
};

struct StaffRow {
  OperatorId id;
  std::string display_name;
  std::string password_hash;  // Argon2id; empty: may not sign in yet
  bool own_password = false;  // set for this person at the vault itself, not by the centre's demo
  std::string wrapped_phone;  // own phone; empty: none
  std::string phone_mark;
  std::int64_t failures = 0;  // sign-ins failed since the last right one
  Time locked_until;
};

struct SessionRow {
  std::string digest;  // SHA-256 of the cookie's value, hex: the database opens no session
  OperatorId operator_id;
  Time begun;
  Time expires;
};

struct PasskeyRow {
  std::string credential;  // base64url
  OperatorId operator_id;
  std::string public_key;  // COSE, base64
  std::int64_t sign_count = 0;
  Time made;
};

// A one-time code of the administrator's, with which a first passkey is made.
struct EnrolmentRow {
  std::string digest;  // of the code, hex
  OperatorId operator_id;
  Time expires;
};

// ---- changes

struct PutMeta {
  std::string name;
  std::string value;
};
struct PutKey {
  KeyRow row;
};
struct ReplaceKey {  // wrapped anew: by organisation, kind and version
  KeyRow row;
};
struct PutOrganisation {  // new, or another name
  OrganisationRow row;
};
struct BindNumber {
  NumberRow row;
};
// kConflict unless it is still that organisation's, on that person's word (empty: on nobody's): a
// word that was taken back in between gives nothing, and goes with the number.
struct ReleaseNumber {
  std::string canonical;
  OrganisationId organisation;
  OperatorId given_free_by;
};
struct PutNumbersWord {  // its owner's; empty: it stays
  std::string canonical;
  OperatorId given_free_by;
  Time given_free;
};
struct PutWish {
  WishRow row;
};
struct SettleWish {
  WishId id;
  std::string outcome;
};
struct PutTicket {
  TicketRow row;
};
// kConflict when it was redeemed before: single use is the database's promise, not memory's.
struct RedeemTicket {
  TicketId id;
  CallId call;
  Time at;
};
struct EndTicket {
  TicketId id;
  std::string outcome;
};
struct PutRecording {
  RecordingRow row;
};
struct PutStaff {  // new, or another name or password; phone and failures stay as they are
  StaffRow row;
};
struct PutPhone {
  OperatorId id;
  std::string wrapped_phone;
  std::string phone_mark;
};
struct CountFailures {
  OperatorId id;
  std::int64_t failures = 0;
  Time locked_until;
};
struct PutSession {
  SessionRow row;
};
struct DropSession {
  std::string digest;
};
struct DropSessionsOf {
  OperatorId id;
};
struct PutPasskey {
  PasskeyRow row;
};
// kConflict when the count is not `before` any more: two sign-ins of one authenticator at once.
struct CountPasskey {
  std::string credential;
  std::int64_t before = 0;
  std::int64_t sign_count = 0;
};
// And enrolment codes.
struct DropPasskeysOf {
  OperatorId id;
};
struct PutEnrolment {  // in place of the person's earlier one
  EnrolmentRow row;
};
// kConflict when it was used before.
struct UseEnrolment {
  std::string digest;
};

using Change =
    std::variant<PutMeta, PutKey, ReplaceKey, PutOrganisation, BindNumber, ReleaseNumber,
                 PutNumbersWord, PutWish, SettleWish, PutTicket, RedeemTicket, EndTicket,
                 PutRecording, PutStaff, PutPhone, CountFailures, PutSession, DropSession,
                 DropSessionsOf, PutPasskey, CountPasskey, DropPasskeysOf, PutEnrolment,
                 UseEnrolment, AccessChange, ExportChange, RetentionChange>;

struct Act {
  std::vector<Change> changes;
  std::vector<JournalEntry> journal;
  std::vector<ledger::Draft> entries{};  // of clients' logs
};

// What is kept in memory while the vault runs.
struct VaultImage {
  std::map<std::string, std::string> meta;
  std::vector<KeyRow> keys;
  std::vector<OrganisationRow> organisations;
  std::vector<NumberRow> numbers;
};

// Any thread. kUnavailable: locked or away, try again; kExhausted: disk full.
class VaultStore {
 public:
  virtual ~VaultStore() = default;

  virtual Result<void> commit(Time now, const Act& act) = 0;

  // Called after each commit that has entries, with them, on its thread, before commit() returns;
  // an empty one ends that. It must not block.
  using OnEntries = std::function<void(const std::vector<ledger::Draft>&)>;
  virtual void on_entries(OnEntries told) = 0;

  virtual Result<VaultImage> load() = 0;
  virtual Result<AccessImage> load_access() = 0;
  virtual Result<ExportImage> load_exports() = 0;
  virtual Result<RetentionImage> load_retention() = 0;
  // Who is in it, sealed. kNotFound.
  virtual Result<std::string> people_of(const ExportId& id) = 0;
  virtual Result<std::optional<WishRow>> find_wish(const WishId& id) = 0;
  virtual Result<std::optional<TicketRow>> find_ticket(const TicketId& id) = 0;
  // Tickets for this wish (or, with an empty one, for the operator's own phone) that are neither
  // redeemed nor expired.
  virtual Result<std::vector<TicketRow>> open_tickets(const WishId& wish,
                                                      const OperatorId& own_phone_of, Time now) = 0;
  // When a line was rung since then.
  virtual Result<std::vector<Time>> dialled(std::string_view mark, Time since) = 0;
  virtual Result<std::optional<RecordingRow>> find_recording(const RecordingId& id) = 0;
  // The digests of those of `ids` that are known.
  virtual Result<std::map<RecordingId, std::string>> digests_of(
      const std::vector<RecordingId>& ids) = 0;
  virtual Result<std::optional<StaffRow>> find_staff(const OperatorId& id) = 0;
  virtual Result<std::optional<SessionRow>> find_session(std::string_view digest) = 0;
  // Those of `ids` who have a session that has not expired.
  virtual Result<std::vector<OperatorId>> signed_in(const std::vector<OperatorId>& ids,
                                                    Time now) = 0;
  virtual Result<std::optional<PasskeyRow>> find_passkey(std::string_view credential) = 0;
  virtual Result<std::vector<PasskeyRow>> passkeys_of(const OperatorId& id) = 0;
  virtual Result<std::optional<EnrolmentRow>> find_enrolment(std::string_view digest) = 0;
  // Lines after a sequence number, oldest first, at most so many.
  virtual Result<std::vector<JournalLine>> journal(std::uint64_t after, std::size_t most) = 0;
};

}  // namespace madoguchi::vault
