#include "store/vault/vault_changes.h"

#include <soci/soci.h>

#include <cstdint>
#include <string>

#include "store/vault/access_rows.h"
#include "store/vault/export_rows.h"
#include "store/vault/retention_rows.h"

namespace madoguchi::store {
namespace {

using soci::use;

// SOCI binds by reference until the statement has run, so values that are made here are named.
Result<void> put(soci::session& sql, const vault::PutMeta& change) {
  sql << "INSERT INTO vault_meta (name, value) VALUES (:n, :v) "
         "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      use(change.name), use(change.value);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutKey& change) {
  const vault::KeyRow& row = change.row;
  const std::int64_t made = to_micros(row.made);
  sql << "INSERT INTO vault_keys (organisation_id, kind, version, key_id, wrapped, made_us) "
         "VALUES (:o, :k, :v, :i, :w, :m)",
      use(row.organisation.text()), use(row.kind), use(row.version), use(row.key_id),
      use(row.wrapped), use(made);
  return {};
}

Result<void> put(soci::session& sql, const vault::ReplaceKey& change) {
  const vault::KeyRow& row = change.row;
  sql << "UPDATE vault_keys SET wrapped = :w WHERE organisation_id = :o AND kind = :k AND "
         "version = :v",
      use(row.wrapped), use(row.organisation.text()), use(row.kind), use(row.version);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutOrganisation& change) {
  sql << "INSERT INTO vault_organisations (organisation_id, name) VALUES (:o, :n) "
         "ON CONFLICT (organisation_id) DO UPDATE SET name = excluded.name",
      use(change.row.id.text()), use(change.row.name);
  return {};
}

Result<void> put(soci::session& sql, const vault::BindNumber& change) {
  sql << "INSERT INTO vault_numbers (canonical, number_called, organisation_id) "
         "VALUES (:c, :n, :o)",
      use(change.row.canonical), use(change.row.number_called), use(change.row.organisation.text());
  return {};
}

Result<void> put(soci::session& sql, const vault::ReleaseNumber& change) {
  soci::statement released =
      (sql.prepare << "DELETE FROM vault_numbers WHERE canonical = :c AND "
                      "organisation_id = :o AND given_free_by = :b",
       use(change.canonical), use(change.organisation.text()), use(change.given_free_by.text()));
  released.execute(true);
  if (released.get_affected_rows() == 1) return {};
  return fail(ErrorCode::kConflict, "the number, or its owner's word, has changed; ask again");
}

Result<void> put(soci::session& sql, const vault::PutNumbersWord& change) {
  const std::int64_t at = change.given_free_by.empty() ? 0 : to_micros(change.given_free);
  sql << "UPDATE vault_numbers SET given_free_by = :b, given_free_us = :a WHERE canonical = :c",
      use(change.given_free_by.text()), use(at), use(change.canonical);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutWish& change) {
  const vault::WishRow& row = change.row;
  const int other_line = row.other_line ? 1 : 0;
  const std::int64_t asked = to_micros(row.asked);
  sql << "INSERT INTO vault_wishes (wish_id, call_id, organisation_id, line_token, wrapped_number, "
         "mark, other_line, asked_us, refused, settled) "
         "VALUES (:w, :c, :o, :t, :n, :m, :l, :a, :r, :s)",
      use(row.id.text()), use(row.call.text()), use(row.organisation.text()), use(row.token.text()),
      use(row.wrapped_number), use(row.mark), use(other_line), use(asked), use(row.refused),
      use(row.settled);
  return {};
}

Result<void> put(soci::session& sql, const vault::SettleWish& change) {
  sql << "UPDATE vault_wishes SET settled = :s WHERE wish_id = :w AND settled = ''",
      use(change.outcome), use(change.id.text());
  return {};
}

Result<void> put(soci::session& sql, const vault::PutTicket& change) {
  const vault::TicketRow& row = change.row;
  const std::int64_t made = to_micros(row.made);
  const std::int64_t expires = to_micros(row.expires);
  sql << "INSERT INTO vault_tickets (ticket_id, wish_id, organisation_id, operator_id, desk_id, "
         "promise_id, mark, made_us, expires_us, redeemed_by, redeemed_us, outcome) "
         "VALUES (:t, :w, :o, :p, :d, :r, :m, :a, :e, '', 0, '')",
      use(row.id.text()), use(row.wish.text()), use(row.organisation.text()),
      use(row.operator_id.text()), use(row.desk.text()), use(row.promise.text()), use(row.mark),
      use(made), use(expires);
  return {};
}

Result<void> put(soci::session& sql, const vault::RedeemTicket& change) {
  const std::int64_t at = to_micros(change.at);
  soci::statement redeem = (sql.prepare << "UPDATE vault_tickets SET redeemed_by = :c, "
                                           "redeemed_us = :a "
                                           "WHERE ticket_id = :t AND redeemed_by = ''",
                            use(change.call.text()), use(at), use(change.id.text()));
  redeem.execute(true);
  if (redeem.get_affected_rows() == 1) return {};
  return fail(ErrorCode::kConflict, "the ticket was redeemed before");
}

Result<void> put(soci::session& sql, const vault::EndTicket& change) {
  sql << "UPDATE vault_tickets SET outcome = :o WHERE ticket_id = :t", use(change.outcome),
      use(change.id.text());
  return {};
}

Result<void> put(soci::session& sql, const vault::PutStaff& change) {
  const vault::StaffRow& row = change.row;
  const int own_password = row.own_password ? 1 : 0;
  sql << "INSERT INTO vault_staff (operator_id, display_name, password_hash, own_password, "
         "wrapped_phone, phone_mark, failures, locked_until_us) "
         "VALUES (:o, :d, :p, :w, '', '', 0, 0) "
         "ON CONFLICT (operator_id) DO UPDATE SET display_name = excluded.display_name, "
         "password_hash = excluded.password_hash, own_password = excluded.own_password",
      use(row.id.text()), use(row.display_name), use(row.password_hash), use(own_password);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutPhone& change) {
  sql << "UPDATE vault_staff SET wrapped_phone = :w, phone_mark = :m WHERE operator_id = :o",
      use(change.wrapped_phone), use(change.phone_mark), use(change.id.text());
  return {};
}

Result<void> put(soci::session& sql, const vault::CountFailures& change) {
  const std::int64_t locked_until = to_micros(change.locked_until);
  sql << "UPDATE vault_staff SET failures = :f, locked_until_us = :l WHERE operator_id = :o",
      use(change.failures), use(locked_until), use(change.id.text());
  return {};
}

Result<void> put(soci::session& sql, const vault::PutSession& change) {
  const vault::SessionRow& row = change.row;
  const std::int64_t begun = to_micros(row.begun);
  const std::int64_t expires = to_micros(row.expires);
  sql << "DELETE FROM vault_sessions WHERE expires_us <= :n", use(begun);
  sql << "INSERT INTO vault_sessions (digest, operator_id, begun_us, expires_us) "
         "VALUES (:d, :o, :b, :e)",
      use(row.digest), use(row.operator_id.text()), use(begun), use(expires);
  return {};
}

Result<void> put(soci::session& sql, const vault::DropSession& change) {
  sql << "DELETE FROM vault_sessions WHERE digest = :d", use(change.digest);
  return {};
}

Result<void> put(soci::session& sql, const vault::DropSessionsOf& change) {
  sql << "DELETE FROM vault_sessions WHERE operator_id = :o", use(change.id.text());
  return {};
}

Result<void> put(soci::session& sql, const vault::PutPasskey& change) {
  const vault::PasskeyRow& row = change.row;
  const std::int64_t made = to_micros(row.made);
  sql << "INSERT INTO vault_passkeys (credential, operator_id, public_key, sign_count, made_us) "
         "VALUES (:c, :o, :p, :s, :m)",
      use(row.credential), use(row.operator_id.text()), use(row.public_key), use(row.sign_count),
      use(made);
  return {};
}

Result<void> put(soci::session& sql, const vault::CountPasskey& change) {
  soci::statement count = (sql.prepare << "UPDATE vault_passkeys SET sign_count = :s "
                                          "WHERE credential = :c AND sign_count = :b",
                           use(change.sign_count), use(change.credential), use(change.before));
  count.execute(true);
  if (count.get_affected_rows() == 1) return {};
  return fail(ErrorCode::kConflict, "the passkey is being used elsewhere, or gone");
}

Result<void> put(soci::session& sql, const vault::DropPasskeysOf& change) {
  sql << "DELETE FROM vault_passkeys WHERE operator_id = :o", use(change.id.text());
  sql << "DELETE FROM vault_enrolments WHERE operator_id = :o", use(change.id.text());
  return {};
}

Result<void> put(soci::session& sql, const vault::PutEnrolment& change) {
  const std::int64_t expires = to_micros(change.row.expires);
  sql << "INSERT INTO vault_enrolments (operator_id, digest, expires_us) VALUES (:o, :d, :e) "
         "ON CONFLICT (operator_id) DO UPDATE SET digest = excluded.digest, "
         "expires_us = excluded.expires_us",
      use(change.row.operator_id.text()), use(change.row.digest), use(expires);
  return {};
}

Result<void> put(soci::session& sql, const vault::UseEnrolment& change) {
  soci::statement taken =
      (sql.prepare << "DELETE FROM vault_enrolments WHERE digest = :d", use(change.digest));
  taken.execute(true);
  if (taken.get_affected_rows() == 1) return {};
  return fail(ErrorCode::kConflict, "the enrolment code was used before");
}

Result<void> put(soci::session& sql, const vault::AccessChange& change) {
  return write_access(sql, change);
}

Result<void> put(soci::session& sql, const vault::ExportChange& change) {
  return write_export(sql, change);
}

Result<void> put(soci::session& sql, const vault::RetentionChange& change) {
  return write_retention(sql, change);
}

}  // namespace

// SOCI binds to the members, which are refilled before each execution.
struct VaultStatements::Prepared {
  explicit Prepared(soci::session& sql)
      : head((sql.prepare << "SELECT sequence, digest FROM vault_journal ORDER BY sequence DESC "
                             "LIMIT 1",
              soci::into(sequence), soci::into(digest))),
        line((sql.prepare << "INSERT INTO vault_journal (sequence, json, digest) "
                             "VALUES (:s, :j, :d)",
              use(sequence), use(json), use(digest))),
        recording((sql.prepare << "INSERT INTO vault_recordings (recording_id, call_id, "
                                  "organisation_id, digest_hex, bytes, cut_off) "
                                  "VALUES (:r, :c, :o, :d, :b, :f)",
                   use(id), use(call), use(organisation), use(digest), use(bytes), use(cut_off))),
        find((sql.prepare << "SELECT digest_hex FROM vault_recordings WHERE recording_id = :r",
              use(id), soci::into(digest))) {}

  std::int64_t sequence = 0;
  std::string json, digest, id, call, organisation;
  std::int64_t bytes = 0;
  int cut_off = 0;
  soci::statement head, line, recording, find;

  // Fetches to the end, so that no statement stays open with the transaction. Whether there was a
  // row; the members hold the last.
  static bool fetched(soci::statement& statement) {
    bool any = false;
    statement.execute(false);
    while (statement.fetch()) any = true;
    return any;
  }
};

VaultStatements::VaultStatements(soci::session& sql)
    : sql_(sql), prepared_(std::make_unique<Prepared>(sql)) {}
VaultStatements::~VaultStatements() = default;

Result<void> VaultStatements::write(const vault::Change& change) {
  const auto* put_recording = std::get_if<vault::PutRecording>(&change);
  if (put_recording == nullptr)
    return std::visit(
        [&](const auto& one) -> Result<void> {
          if constexpr (std::is_same_v<std::decay_t<decltype(one)>, vault::PutRecording>)
            return {};
          else
            return put(sql_, one);
        },
        change);
  const vault::RecordingRow& row = put_recording->row;
  prepared_->id = row.id.text();
  prepared_->call = row.call.text();
  prepared_->organisation = row.organisation.text();
  prepared_->digest = row.digest_hex;
  prepared_->bytes = static_cast<std::int64_t>(row.bytes);
  prepared_->cut_off = row.cut_off ? 1 : 0;
  prepared_->recording.execute(true);
  return {};
}

void VaultStatements::write_journal(Time now, const std::vector<vault::JournalEntry>& entries) {
  if (entries.empty()) return;
  Prepared& p = *prepared_;
  vault::JournalHead head;
  // The chain's end is asked of the database each time: after a commit whose answer was lost,
  // memory would not know it.
  if (Prepared::fetched(p.head)) head = {static_cast<std::uint64_t>(p.sequence), p.digest};
  for (const vault::JournalEntry& entry : entries) {
    const vault::JournalLine line = vault::next_line(head, now, entry);
    p.sequence = static_cast<std::int64_t>(line.sequence);
    p.json = line.json;
    p.digest = line.digest;
    p.line.execute(true);
    head = {line.sequence, line.digest};
  }
}

std::optional<std::string> VaultStatements::digest_of(const vault::RecordingId& recording) {
  prepared_->id = recording.text();
  if (!Prepared::fetched(prepared_->find)) return std::nullopt;
  return prepared_->digest;
}

}  // namespace madoguchi::store
