#include "store/vault/vault_changes.h"

#include <soci/soci.h>

#include <cstdint>
#include <string>

#include "store/vault/access_rows.h"

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

Result<void> put(soci::session& sql, const vault::PutRecording& change) {
  const vault::RecordingRow& row = change.row;
  const auto bytes = static_cast<std::int64_t>(row.bytes);
  const int cut_off = row.cut_off ? 1 : 0;
  sql << "INSERT INTO vault_recordings (recording_id, call_id, organisation_id, digest_hex, bytes, "
         "cut_off) VALUES (:r, :c, :o, :d, :b, :f)",
      use(row.id.text()), use(row.call.text()), use(row.organisation.text()), use(row.digest_hex),
      use(bytes), use(cut_off);
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

Result<void> put(soci::session& sql, const vault::AccessChange& change) {
  return write_access(sql, change);
}

}  // namespace

Result<void> write(soci::session& sql, const vault::Change& change) {
  return std::visit([&](const auto& one) { return put(sql, one); }, change);
}

void write_journal(soci::session& sql, Time now, const std::vector<vault::JournalEntry>& entries) {
  if (entries.empty()) return;
  vault::JournalHead head;
  std::int64_t last = 0;
  std::string digest = head.digest;
  // The chain's end is asked of the database each time: after a commit whose answer was lost,
  // memory would not know it.
  sql << "SELECT sequence, digest FROM vault_journal ORDER BY sequence DESC LIMIT 1",
      soci::into(last), soci::into(digest);
  if (sql.got_data()) head = {static_cast<std::uint64_t>(last), digest};
  for (const vault::JournalEntry& entry : entries) {
    const vault::JournalLine line = vault::next_line(head, now, entry);
    const auto sequence = static_cast<std::int64_t>(line.sequence);
    sql << "INSERT INTO vault_journal (sequence, json, digest) VALUES (:s, :j, :d)", use(sequence),
        use(line.json), use(line.digest);
    head = {line.sequence, line.digest};
  }
}

}  // namespace madoguchi::store
