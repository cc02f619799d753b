// The vault's tables, as numbered migrations. Times are microseconds since 1970 (UTC), flags 0 or
// 1, empty text stands for absence.
#pragma once

#include <vector>

#include "store/database.h"

namespace madoguchi::store {

inline const std::vector<Migration>& vault_tables() {
  static const std::vector<Migration> tables = {
      {1, "vault", R"(
CREATE TABLE vault_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE vault_keys (
  organisation_id TEXT NOT NULL, kind TEXT NOT NULL, version BIGINT NOT NULL, key_id TEXT NOT NULL,
  wrapped TEXT NOT NULL, made_us BIGINT NOT NULL, PRIMARY KEY (organisation_id, kind, version));
CREATE TABLE vault_organisations (organisation_id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE vault_numbers (
  canonical TEXT PRIMARY KEY, number_called TEXT NOT NULL,
  organisation_id TEXT NOT NULL REFERENCES vault_organisations (organisation_id));
CREATE TABLE vault_wishes (
  wish_id TEXT PRIMARY KEY, call_id TEXT NOT NULL, organisation_id TEXT NOT NULL,
  line_token TEXT NOT NULL, wrapped_number TEXT NOT NULL, mark TEXT NOT NULL,
  other_line INTEGER NOT NULL, asked_us BIGINT NOT NULL, refused TEXT NOT NULL,
  settled TEXT NOT NULL);
CREATE TABLE vault_tickets (
  ticket_id TEXT PRIMARY KEY, wish_id TEXT NOT NULL, organisation_id TEXT NOT NULL,
  operator_id TEXT NOT NULL, desk_id TEXT NOT NULL, promise_id TEXT NOT NULL, mark TEXT NOT NULL,
  made_us BIGINT NOT NULL, expires_us BIGINT NOT NULL, redeemed_by TEXT NOT NULL,
  redeemed_us BIGINT NOT NULL, outcome TEXT NOT NULL);
CREATE INDEX vault_tickets_by_mark ON vault_tickets (mark, redeemed_us);
CREATE INDEX vault_tickets_by_wish ON vault_tickets (wish_id, expires_us);
CREATE TABLE vault_recordings (
  recording_id TEXT PRIMARY KEY, call_id TEXT NOT NULL, organisation_id TEXT NOT NULL,
  digest_hex TEXT NOT NULL, bytes BIGINT NOT NULL, cut_off INTEGER NOT NULL);
CREATE TABLE vault_staff (
  operator_id TEXT PRIMARY KEY, display_name TEXT NOT NULL, password_hash TEXT NOT NULL,
  own_password INTEGER NOT NULL,
  wrapped_phone TEXT NOT NULL, phone_mark TEXT NOT NULL, failures BIGINT NOT NULL,
  locked_until_us BIGINT NOT NULL);
CREATE TABLE vault_sessions (
  digest TEXT PRIMARY KEY, operator_id TEXT NOT NULL, begun_us BIGINT NOT NULL,
  expires_us BIGINT NOT NULL);
CREATE INDEX vault_sessions_by_operator ON vault_sessions (operator_id, expires_us);
CREATE TABLE vault_journal (
  sequence BIGINT PRIMARY KEY, json TEXT NOT NULL, digest TEXT NOT NULL);
$SQLITE CREATE TRIGGER vault_journal_kept BEFORE UPDATE ON vault_journal
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
$SQLITE CREATE TRIGGER vault_journal_whole BEFORE DELETE ON vault_journal
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
$POSTGRES CREATE FUNCTION vault_journal_refuse() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN RAISE EXCEPTION ''the journal is append-only''; END';
$POSTGRES CREATE TRIGGER vault_journal_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON vault_journal
  FOR EACH STATEMENT EXECUTE FUNCTION vault_journal_refuse();
)"},
      {2, "passkeys", R"(
CREATE TABLE vault_passkeys (
  credential TEXT PRIMARY KEY, operator_id TEXT NOT NULL, public_key TEXT NOT NULL,
  sign_count BIGINT NOT NULL, made_us BIGINT NOT NULL);
CREATE INDEX vault_passkeys_by_operator ON vault_passkeys (operator_id, made_us);
CREATE TABLE vault_enrolments (
  operator_id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, expires_us BIGINT NOT NULL);
)"},
      {3, "numbers that their owner gives free", R"(
ALTER TABLE vault_numbers ADD COLUMN given_free_by TEXT NOT NULL DEFAULT '';
ALTER TABLE vault_numbers ADD COLUMN given_free_us BIGINT NOT NULL DEFAULT 0;
)"},
  };
  return tables;
}

}  // namespace madoguchi::store
