#include "store/vault/access_rows.h"

#include <soci/soci.h>

#include <cstdint>
#include <string>

namespace madoguchi::store {
namespace {

using soci::use;

std::string text_at(const soci::row& row, const char* column) {
  return row.get<std::string>(column);
}
Time time_at(const soci::row& row, const char* column) {
  return time_from_micros(row.get<long long>(column));
}
template <typename IdType>
IdType id_at(const soci::row& row, const char* column) {
  return IdType(text_at(row, column));
}

// SOCI binds by reference until the statement has run, so values that are made here are named.
Result<void> put(soci::session& sql, const vault::PutMandate& change) {
  const vault::MandateRow& row = change.row;
  const std::int64_t version = row.version;
  const std::int64_t made = to_micros(row.made);
  sql << "INSERT INTO vault_mandates (mandate_id, version, json, made_by, made_us) "
         "VALUES (:m, :v, :j, :b, :a)",
      use(row.id.text()), use(version), use(row.json), use(row.by.text()), use(made);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutSignature& change) {
  const vault::Signature& row = change.row;
  const std::int64_t version = row.version;
  const std::int64_t at = to_micros(row.at);
  sql << "INSERT INTO vault_signatures (mandate_id, version, owner_id, signed_by, signed_us) "
         "VALUES (:m, :v, :o, :b, :a) ON CONFLICT (mandate_id, version, owner_id) DO NOTHING",
      use(row.mandate.text()), use(version), use(row.owner.text()), use(row.by.text()), use(at);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutRevocation& change) {
  const vault::Revocation& row = change.row;
  const std::int64_t at = to_micros(row.at);
  sql << "INSERT INTO vault_revocations (mandate_id, owner_id, revoked_by, revoked_us) "
         "VALUES (:m, :o, :b, :a) ON CONFLICT (mandate_id, owner_id) DO NOTHING",
      use(row.mandate.text()), use(row.owner.text()), use(row.by.text()), use(at);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutFreeze& change) {
  const vault::Freeze& row = change.row;
  const std::string scope(name_of(row.scope));
  const std::int64_t since = to_micros(row.since);
  sql << "INSERT INTO vault_freezes (freeze_id, owner_id, scope, name, made_by, since_us, reason, "
         "script) "
         "VALUES (:f, :o, :s, :n, :b, :a, :r, :t)",
      use(row.id.text()), use(row.owner.text()), use(scope), use(row.name), use(row.by.text()),
      use(since), use(row.reason), use(row.script);
  return {};
}

Result<void> put(soci::session& sql, const vault::LiftFreeze& change) {
  sql << "DELETE FROM vault_freezes WHERE freeze_id = :f", use(change.id.text());
  return {};
}

Result<void> put(soci::session& sql, const vault::PutStaffPlace& change) {
  const vault::StaffPlace& row = change.row;
  const std::string role(name_of(row.role));
  sql << "INSERT INTO vault_places (operator_id, organisation_id, role, phone_user) "
         "VALUES (:p, :o, :r, :u) ON CONFLICT (operator_id) DO UPDATE SET "
         "organisation_id = excluded.organisation_id, role = excluded.role, "
         "phone_user = excluded.phone_user",
      use(row.who.text()), use(row.organisation.text()), use(role), use(row.phone_user);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutSessionLeg& change) {
  const vault::SessionLeg& row = change.row;
  const int phone = row.leg.kind == vault::LegKind::kPhone ? 1 : 0;
  const std::int64_t expires = to_micros(row.expires);
  const std::int64_t now = to_micros(change.now);
  sql << "DELETE FROM vault_session_legs WHERE expires_us <= :n", use(now);
  sql << "INSERT INTO vault_session_legs (phone, proof, session, operator_id, expires_us) "
         "VALUES (:k, :p, :s, :o, :e) ON CONFLICT (phone, proof) DO UPDATE SET "
         "session = excluded.session, operator_id = excluded.operator_id, "
         "expires_us = excluded.expires_us",
      use(phone), use(row.leg.proof), use(row.session.text()), use(row.who.text()), use(expires);
  return {};
}

Result<void> put(soci::session& sql, const vault::PutCaseTicket& change) {
  const vault::CaseTicket& row = change.row;
  const std::string origin(name_of(row.origin));
  const int own_voice = row.speaks.own_voice ? 1 : 0;
  const std::int64_t made = to_micros(row.made);
  const std::int64_t ends = to_micros(row.ends);
  sql << "INSERT INTO vault_case_tickets (ticket_id, reference, origin, made_from, made_by, "
         "owner_id, subject_id, caller, caller_basis, own_voice, actor_id, called_id, desk_id, "
         "purpose, holder_id, made_us, ends_us) "
         "VALUES (:i, :r, :g, :f, :b, :o, :s, :c, :n, :v, :a, :l, :d, :p, :h, :m, :e) "
         "ON CONFLICT (ticket_id) DO UPDATE SET holder_id = excluded.holder_id",
      use(row.id.text()), use(row.reference), use(origin), use(row.from), use(row.made_by.text()),
      use(row.owner.text()), use(row.subject.text()), use(row.speaks.kind), use(row.speaks.basis),
      use(own_voice), use(row.actor.text()), use(row.called.text()), use(row.desk.text()),
      use(row.purpose), use(row.holder.text()), use(made), use(ends);
  return {};
}

Result<void> put(soci::session& sql, const vault::DropCaseTicket& change) {
  sql << "DELETE FROM vault_case_tickets WHERE ticket_id = :i", use(change.id.text());
  return {};
}

soci::rowset<soci::row> rows(soci::session& sql, const char* query) {
  return sql.prepare << query;
}

Result<void> read_acts(soci::session& sql, vault::AccessImage& image) {
  for (const soci::row& row : rows(sql, "SELECT * FROM vault_mandates ORDER BY made_us, version"))
    image.mandates.push_back({id_at<vault::MandateId>(row, "mandate_id"),
                              static_cast<std::uint32_t>(row.get<long long>("version")),
                              text_at(row, "json"), id_at<OperatorId>(row, "made_by"),
                              time_at(row, "made_us")});
  for (const soci::row& row :
       rows(sql, "SELECT * FROM vault_signatures ORDER BY signed_us, version"))
    image.signatures.push_back({id_at<vault::MandateId>(row, "mandate_id"),
                                static_cast<std::uint32_t>(row.get<long long>("version")),
                                id_at<OrganisationId>(row, "owner_id"),
                                id_at<OperatorId>(row, "signed_by"), time_at(row, "signed_us")});
  for (const soci::row& row : rows(sql, "SELECT * FROM vault_revocations"))
    image.revocations.push_back({id_at<vault::MandateId>(row, "mandate_id"),
                                 id_at<OrganisationId>(row, "owner_id"),
                                 id_at<OperatorId>(row, "revoked_by"), time_at(row, "revoked_us")});
  for (const soci::row& row : rows(sql, "SELECT * FROM vault_freezes")) {
    const auto scope = vault::scope_named(text_at(row, "scope"));
    if (!scope) return fail(ErrorCode::kCorrupt, "a freeze has an unknown scope");
    image.freezes.push_back({id_at<vault::FreezeId>(row, "freeze_id"),
                             id_at<OrganisationId>(row, "owner_id"), *scope, text_at(row, "name"),
                             id_at<OperatorId>(row, "made_by"), time_at(row, "since_us"),
                             text_at(row, "reason"), text_at(row, "script")});
  }
  return {};
}

Result<void> read_cases(soci::session& sql, vault::AccessImage& image) {
  for (const soci::row& row : rows(sql, "SELECT * FROM vault_case_tickets")) {
    const auto origin = vault::origin_named(text_at(row, "origin"));
    if (!origin) return fail(ErrorCode::kCorrupt, "a case ticket has an unknown origin");
    vault::CaseTicket& ticket = image.cases.emplace_back();
    ticket.id = id_at<vault::CaseTicketId>(row, "ticket_id");
    ticket.reference = text_at(row, "reference");
    ticket.origin = *origin;
    ticket.from = text_at(row, "made_from");
    ticket.made_by = id_at<OperatorId>(row, "made_by");
    ticket.owner = id_at<OrganisationId>(row, "owner_id");
    ticket.subject = id_at<vault::SubjectId>(row, "subject_id");
    ticket.speaks = {text_at(row, "caller"), text_at(row, "caller_basis"),
                     row.get<int>("own_voice") != 0};
    ticket.actor = id_at<OrganisationId>(row, "actor_id");
    ticket.called = id_at<OrganisationId>(row, "called_id");
    ticket.desk = id_at<DeskId>(row, "desk_id");
    ticket.purpose = text_at(row, "purpose");
    ticket.holder = id_at<OperatorId>(row, "holder_id");
    ticket.made = time_at(row, "made_us");
    ticket.ends = time_at(row, "ends_us");
  }
  return {};
}

}  // namespace

const std::vector<Migration>& access_tables() {
  static const std::vector<Migration> tables = {{1, "access", R"(
CREATE TABLE vault_mandates (
  mandate_id TEXT NOT NULL, version BIGINT NOT NULL, json TEXT NOT NULL, made_by TEXT NOT NULL,
  made_us BIGINT NOT NULL, PRIMARY KEY (mandate_id, version));
CREATE TABLE vault_signatures (
  mandate_id TEXT NOT NULL, version BIGINT NOT NULL, owner_id TEXT NOT NULL,
  signed_by TEXT NOT NULL, signed_us BIGINT NOT NULL,
  PRIMARY KEY (mandate_id, version, owner_id));
CREATE TABLE vault_revocations (
  mandate_id TEXT NOT NULL, owner_id TEXT NOT NULL, revoked_by TEXT NOT NULL,
  revoked_us BIGINT NOT NULL, PRIMARY KEY (mandate_id, owner_id));
CREATE TABLE vault_freezes (
  freeze_id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL,
  made_by TEXT NOT NULL, since_us BIGINT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE vault_places (
  operator_id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, role TEXT NOT NULL,
  phone_user TEXT NOT NULL);
CREATE TABLE vault_session_legs (
  phone INTEGER NOT NULL, proof TEXT NOT NULL, session TEXT NOT NULL, operator_id TEXT NOT NULL,
  expires_us BIGINT NOT NULL, PRIMARY KEY (phone, proof));
)"},
                                                {2, "what operators say in a freeze", R"(
ALTER TABLE vault_freezes ADD COLUMN script TEXT NOT NULL DEFAULT '';
)"},
                                                {3, "tickets for cases", R"(
CREATE TABLE vault_case_tickets (
  ticket_id TEXT PRIMARY KEY, reference TEXT NOT NULL, origin TEXT NOT NULL,
  made_from TEXT NOT NULL, made_by TEXT NOT NULL, owner_id TEXT NOT NULL, subject_id TEXT NOT NULL,
  caller TEXT NOT NULL, caller_basis TEXT NOT NULL, own_voice INTEGER NOT NULL,
  actor_id TEXT NOT NULL, called_id TEXT NOT NULL, desk_id TEXT NOT NULL, purpose TEXT NOT NULL,
  holder_id TEXT NOT NULL, made_us BIGINT NOT NULL, ends_us BIGINT NOT NULL);
)"}};
  return tables;
}

Result<void> write_access(soci::session& sql, const vault::AccessChange& change) {
  return std::visit([&](const auto& one) { return put(sql, one); }, change);
}

Result<vault::AccessImage> read_access(soci::session& sql) {
  vault::AccessImage image;
  if (auto read = read_acts(sql, image); !read) return tl::unexpected<Error>(read.error());
  if (auto read = read_cases(sql, image); !read) return tl::unexpected<Error>(read.error());
  for (const soci::row& row : rows(sql, "SELECT * FROM vault_places")) {
    const auto role = vault::role_named(text_at(row, "role"));
    if (!role) return fail(ErrorCode::kCorrupt, "a member of staff has an unknown role");
    image.places.push_back({id_at<OperatorId>(row, "operator_id"),
                            id_at<OrganisationId>(row, "organisation_id"), *role,
                            text_at(row, "phone_user")});
  }
  for (const soci::row& row : rows(sql, "SELECT * FROM vault_session_legs")) {
    const auto kind =
        row.get<int>("phone") != 0 ? vault::LegKind::kPhone : vault::LegKind::kBrowser;
    image.legs.push_back({id_at<vault::SessionKey>(row, "session"),
                          id_at<OperatorId>(row, "operator_id"),
                          {kind, text_at(row, "proof")},
                          time_at(row, "expires_us")});
  }
  return image;
}

}  // namespace madoguchi::store
