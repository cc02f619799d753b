// What the centre keeps on disk, as an interface that src/store implements over SQLite and
// PostgreSQL. Calls block: commit() comes from the centre's store thread alone, everything else
// from its worker threads; implementations are thread-safe and let reads go on beside a commit.
// What returned without an error is durable. Every write is an upsert by key, so that one whose
// answer was lost may simply be repeated. Nothing in here is a caller's number or free text about a
// person.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "centre/flow/records.h"

namespace madoguchi::centre {

using AccountId = Id<struct AccountTag>;
using PromptId = Id<struct PromptTag>;

enum class Role : std::uint8_t { kOperator, kSupervisor, kAdministrator, kClient };
std::string_view name_of(Role role);
std::optional<Role> role_from_name(std::string_view name);

// By which a SIP telephone registers: digests of the password with our realm (RFC 8760), as a
// registrar needs them. An empty user: there is none.
struct PhoneLogin {
  std::string user;
  std::string ha1_md5;
  std::string ha1_sha256;
};

struct AccountRow {
  AccountId id;
  std::string name;  // what one signs in with; unique
  std::string display_name;
  Role role = Role::kOperator;
  OperatorId operator_id;       // empty: answers no calls
  OrganisationId organisation;  // of a client's account
  std::vector<GroupId> groups;  // of an operator
  std::string password_hash;    // Argon2id, libsodium's text form
  bool disabled = false;
  int failures = 0;  // wrong passwords in a row
  std::optional<Time> locked_until;
  PhoneLogin phone;        // of an operator's SIP telephone
  bool own_phone = false;  // this operator chose to be rung at an own phone, which the vault knows
};

// A signed-in browser. The cookie itself is not stored, only its digest.
struct SessionRow {
  std::string token_digest;  // SHA-256, hex
  AccountId account;
  std::string csrf_token;
  Time expires{};
};

// A part of the floor's settings: kind is "organisation", "group", "desk" or "desk_prompts"; body
// is JSON, written and read by floor_settings.h.
struct FloorRow {
  std::string kind;
  std::string id;
  std::string body;
};

enum class PromptSource : std::uint8_t { kSpoken, kUploaded, kMade };
std::string_view name_of(PromptSource source);

struct PromptRow {
  PromptId id;
  std::string name;
  std::string text;  // of a spoken one
  PromptSource source = PromptSource::kMade;
  Micros duration{};
  std::int64_t bytes = 0;
  std::string digest;  // SHA-256 of the WAV, hex
  Time made{};
};

struct PageAsk {
  std::size_t limit = 50;
  std::string after;  // key of the last one of the page before; empty: the first page
};

struct CallQuery {
  PageAsk page;                 // `after` is a call's id; ids sort by time
  OrganisationId organisation;  // empty: any
  DeskId desk;                  // empty: any
  OperatorId with;              // empty: any
  std::optional<Time> from;     // of arrival
  std::optional<Time> to;
};

struct LoggedCall {
  CallRecord call;
  std::vector<LegRecord> legs;      // by time
  std::vector<StateRecord> states;  // operators' states that belong to this call
  std::vector<RecordingRecord> recordings;
};

struct PromiseQuery {
  PageAsk page;
  OrganisationId organisation;
  DeskId desk;
  bool open_only = true;
  // Of those asked in [from, to), also those absorbed by another.
  std::optional<Time> asked_from;
  std::optional<Time> asked_to;
};

class CentreStore {
 public:
  virtual ~CentreStore() = default;

  // All of it or nothing.
  virtual Result<void> commit(const std::vector<Record>& records) = 0;
  // What CallFlow::restore() wants; `since` is the beginning of yesterday.
  virtual Result<Stored> load(Time since) = 0;
  // The vault has acknowledged it.
  virtual Result<void> drop_settled_wish(const WishId& wish) = 0;

  virtual Result<std::vector<CallRecord>> calls(const CallQuery& query) = 0;  // newest first
  virtual Result<std::vector<LoggedCall>> call_log(const CallQuery& query) = 0;
  virtual Result<std::optional<LoggedCall>> call(const CallId& id) = 0;
  virtual Result<std::vector<PromiseRecord>> promises(const PromiseQuery& query) = 0;
  virtual Result<std::optional<PromiseRecord>> promise(const PromiseId& id) = 0;
  virtual Result<std::vector<AttemptRecord>> attempts(const PromiseId& promise) = 0;

  virtual Result<std::vector<FloorRow>> floor() = 0;
  virtual Result<void> put_floor(const std::vector<FloorRow>& rows) = 0;

  virtual Result<std::vector<AccountRow>> accounts() = 0;
  virtual Result<void> put_account(const AccountRow& account) = 0;  // kConflict: name is taken
  virtual Result<std::vector<SessionRow>> sessions() = 0;
  virtual Result<void> put_session(const SessionRow& session) = 0;
  virtual Result<void> drop_session(const std::string& token_digest) = 0;
  virtual Result<void> drop_sessions_before(Time expired) = 0;

  virtual Result<std::vector<PromptRow>> prompts() = 0;
  virtual Result<void> put_prompt(const PromptRow& prompt, ByteView wav) = 0;
  virtual Result<std::optional<Bytes>> prompt_audio(const PromptId& id) = 0;
  virtual Result<void> drop_prompt(const PromptId& id) = 0;

  // How the last call went, for people: empty when well, else "locked: …", "away: …", "disk_full:
  // …".
  virtual std::string trouble() const = 0;
};

}  // namespace madoguchi::centre
