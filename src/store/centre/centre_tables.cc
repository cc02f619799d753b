#include "store/centre/centre_tables.h"

namespace madoguchi::store {
namespace {

constexpr std::string_view kCalls = R"(
CREATE TABLE calls (
  id TEXT PRIMARY KEY, number_called TEXT NOT NULL, number_desk TEXT NOT NULL, desk TEXT NOT NULL,
  organisation TEXT NOT NULL, line TEXT NOT NULL, withheld INTEGER NOT NULL,
  outbound INTEGER NOT NULL, trunk TEXT NOT NULL, in_hours INTEGER NOT NULL, phase TEXT NOT NULL,
  bucket TEXT NOT NULL, agreed INTEGER NOT NULL, returned INTEGER NOT NULL,
  talking_at_end INTEGER NOT NULL, recording_refused INTEGER NOT NULL, talked_with TEXT NOT NULL,
  arrived BIGINT NOT NULL, answered BIGINT NOT NULL, talked BIGINT NOT NULL, ended BIGINT NOT NULL,
  settled BIGINT NOT NULL, cause TEXT NOT NULL, cause_detail TEXT NOT NULL, promise TEXT NOT NULL,
  disposition TEXT NOT NULL);
CREATE INDEX calls_arrived ON calls (arrived);
CREATE INDEX calls_open ON calls (ended) WHERE ended = 0;
CREATE TABLE legs (
  id TEXT PRIMARY KEY, call_id TEXT NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL,
  by_phone INTEGER NOT NULL, offered BIGINT NOT NULL, connected BIGINT NOT NULL,
  ended BIGINT NOT NULL, how TEXT NOT NULL);
CREATE INDEX legs_of_call ON legs (call_id);
CREATE INDEX legs_open ON legs (ended) WHERE ended = 0;
CREATE TABLE operator_states (
  id TEXT PRIMARY KEY, who TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
  call_id TEXT NOT NULL, since BIGINT NOT NULL, ended BIGINT NOT NULL);
CREATE INDEX operator_states_of_call ON operator_states (call_id) WHERE call_id <> '';
CREATE INDEX operator_states_open ON operator_states (ended) WHERE ended = 0;
CREATE TABLE recordings (
  id TEXT PRIMARY KEY, call_id TEXT NOT NULL, started BIGINT NOT NULL, pauses TEXT NOT NULL,
  closed BIGINT NOT NULL, digest TEXT NOT NULL, bytes BIGINT NOT NULL, cut_off INTEGER NOT NULL);
CREATE INDEX recordings_of_call ON recordings (call_id);
CREATE INDEX recordings_open ON recordings (closed) WHERE closed = 0;
CREATE TABLE exchange_position (
  id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, sequence BIGINT NOT NULL);
)";

constexpr std::string_view kPromises = R"(
CREATE TABLE promises (
  id TEXT PRIMARY KEY, organisation TEXT NOT NULL, desk TEXT NOT NULL, line TEXT NOT NULL,
  basis TEXT NOT NULL, kind TEXT NOT NULL, wish TEXT NOT NULL, call_id TEXT NOT NULL,
  state TEXT NOT NULL, asked BIGINT NOT NULL, deadline BIGINT NOT NULL, missed INTEGER NOT NULL,
  asks INTEGER NOT NULL, merged INTEGER NOT NULL, attempts INTEGER NOT NULL,
  taken_by TEXT NOT NULL, absorbed_by TEXT NOT NULL, ended BIGINT NOT NULL, how TEXT NOT NULL,
  reason TEXT NOT NULL, closed_by TEXT NOT NULL, stated_reason TEXT NOT NULL,
  last_outcome TEXT NOT NULL);
CREATE INDEX promises_asked ON promises (asked);
CREATE INDEX promises_open ON promises (deadline) WHERE ended = 0;
CREATE TABLE promise_attempts (
  call_id TEXT PRIMARY KEY, promise TEXT NOT NULL, who TEXT NOT NULL, ticket TEXT NOT NULL,
  started BIGINT NOT NULL, ended BIGINT NOT NULL, outcome TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX promise_attempts_of_promise ON promise_attempts (promise);
CREATE INDEX promise_attempts_open ON promise_attempts (ended) WHERE ended = 0;
)";

constexpr std::string_view kFloor = R"(
CREATE TABLE floor_parts (
  kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE accounts (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, role TEXT NOT NULL,
  operator_id TEXT NOT NULL, organisation TEXT NOT NULL, floor_groups TEXT NOT NULL,
  password_hash TEXT NOT NULL, disabled INTEGER NOT NULL, failures INTEGER NOT NULL,
  locked_until BIGINT NOT NULL);
CREATE TABLE sessions (
  token_digest TEXT PRIMARY KEY, account TEXT NOT NULL, csrf_token TEXT NOT NULL,
  expires BIGINT NOT NULL);
CREATE TABLE prompts (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, spoken_text TEXT NOT NULL, source TEXT NOT NULL,
  duration BIGINT NOT NULL, bytes BIGINT NOT NULL, digest TEXT NOT NULL, made BIGINT NOT NULL);
CREATE TABLE prompt_sounds (id TEXT PRIMARY KEY, wav TEXT NOT NULL);
)";

constexpr std::string_view kSettled = R"(
CREATE TABLE settled_wishes (
  wish TEXT PRIMARY KEY, outcome TEXT NOT NULL, at BIGINT NOT NULL);
)";

constexpr std::string_view kPhones = R"(
ALTER TABLE accounts ADD COLUMN phone_user TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN phone_ha1_md5 TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN phone_ha1_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN own_phone INTEGER NOT NULL DEFAULT 0;
)";

}  // namespace

const std::vector<Migration>& centre_tables() {
  static const std::vector<Migration> tables = {{1, "calls", kCalls},
                                                {2, "promises", kPromises},
                                                {3, "floor", kFloor},
                                                {4, "settled wishes", kSettled},
                                                {5, "phones of accounts", kPhones}};
  return tables;
}

}  // namespace madoguchi::store
