#include "store/vault/sql_vault_store.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <mutex>
#include <shared_mutex>
#include <utility>

#include "store/group_commit.h"
#include "store/ledger/sql_log_store.h"
#include "store/vault/access_rows.h"
#include "store/vault/export_rows.h"
#include "store/vault/retention_rows.h"
#include "store/vault/vault_changes.h"
#include "store/vault/vault_tables.h"

namespace madoguchi::store {
namespace {

using soci::into;
using soci::use;
using vault::Act;
using vault::EnrolmentRow;
using vault::JournalLine;
using vault::KeyRow;
using vault::NumberRow;
using vault::OrganisationRow;
using vault::PasskeyRow;
using vault::RecordingId;
using vault::RecordingRow;
using vault::SessionRow;
using vault::StaffRow;
using vault::TicketRow;
using vault::VaultImage;
using vault::WishId;
using vault::WishRow;

Time time_at(const soci::row& row, const std::string& column) {
  return time_from_micros(row.get<long long>(column));
}
template <typename IdType>
IdType id_at(const soci::row& row, const std::string& column) {
  return IdType(row.get<std::string>(column));
}
std::string text_at(const soci::row& row, const std::string& column) {
  return row.get<std::string>(column);
}

WishRow wish_of(const soci::row& row) {
  WishRow wish;
  wish.id = id_at<WishId>(row, "wish_id");
  wish.call = id_at<CallId>(row, "call_id");
  wish.organisation = id_at<OrganisationId>(row, "organisation_id");
  wish.token = id_at<LineToken>(row, "line_token");
  wish.wrapped_number = text_at(row, "wrapped_number");
  wish.mark = text_at(row, "mark");
  wish.other_line = row.get<int>("other_line") != 0;
  wish.asked = time_at(row, "asked_us");
  wish.refused = text_at(row, "refused");
  wish.settled = text_at(row, "settled");
  return wish;
}

TicketRow ticket_of(const soci::row& row) {
  TicketRow ticket;
  ticket.id = id_at<TicketId>(row, "ticket_id");
  ticket.wish = id_at<WishId>(row, "wish_id");
  ticket.organisation = id_at<OrganisationId>(row, "organisation_id");
  ticket.operator_id = id_at<OperatorId>(row, "operator_id");
  ticket.desk = id_at<DeskId>(row, "desk_id");
  ticket.promise = id_at<PromiseId>(row, "promise_id");
  ticket.mark = text_at(row, "mark");
  ticket.made = time_at(row, "made_us");
  ticket.expires = time_at(row, "expires_us");
  ticket.redeemed_by = id_at<CallId>(row, "redeemed_by");
  ticket.redeemed = time_at(row, "redeemed_us");
  ticket.outcome = text_at(row, "outcome");
  return ticket;
}

StaffRow staff_of(const soci::row& row) {
  StaffRow staff;
  staff.id = id_at<OperatorId>(row, "operator_id");
  staff.display_name = text_at(row, "display_name");
  staff.password_hash = text_at(row, "password_hash");
  staff.own_password = row.get<int>("own_password") != 0;
  staff.wrapped_phone = text_at(row, "wrapped_phone");
  staff.phone_mark = text_at(row, "phone_mark");
  staff.failures = row.get<long long>("failures");
  staff.locked_until = time_at(row, "locked_until_us");
  return staff;
}

PasskeyRow passkey_of(const soci::row& row) {
  return {text_at(row, "credential"), id_at<OperatorId>(row, "operator_id"),
          text_at(row, "public_key"), row.get<long long>("sign_count"), time_at(row, "made_us")};
}

class SqlVaultStore final : public vault::VaultStore {
 public:
  SqlVaultStore(std::unique_ptr<Database> writing, std::unique_ptr<Database> reading)
      : writing_(std::move(writing)), reading_(std::move(reading)) {}

  Result<void> commit(Time now, const Act& act) override {
    auto kept = group_.run({[&](soci::session& sql) -> Result<void> {
                              VaultStatements& statements = prepared(*writing_, sql);
                              for (const vault::Change& change : act.changes)
                                if (auto written = statements.write(change); !written)
                                  return written;
                              statements.write_journal(now, act.journal);
                              return {};
                            },
                            act.entries});
    if (kept && !act.entries.empty()) {
      const std::shared_lock lock(told_mutex_);
      if (told_) told_(act.entries);
    }
    return kept;
  }

  void on_entries(OnEntries told) override {
    const std::unique_lock lock(told_mutex_);
    told_ = std::move(told);
  }

  Result<VaultImage> load() override {
    return reading_->read([&](soci::session& sql) -> Result<VaultImage> {
      VaultImage image;
      for (const soci::row& row : rows(sql, "SELECT name, value FROM vault_meta"))
        image.meta[text_at(row, "name")] = text_at(row, "value");
      for (const soci::row& row : rows(sql,
                                       "SELECT organisation_id, kind, version, key_id, wrapped, "
                                       "made_us FROM vault_keys ORDER BY version"))
        image.keys.push_back(KeyRow{id_at<OrganisationId>(row, "organisation_id"),
                                    text_at(row, "kind"), row.get<long long>("version"),
                                    text_at(row, "key_id"), text_at(row, "wrapped"),
                                    time_at(row, "made_us")});
      for (const soci::row& row :
           rows(sql, "SELECT organisation_id, name FROM vault_organisations ORDER BY 1"))
        image.organisations.push_back(
            OrganisationRow{id_at<OrganisationId>(row, "organisation_id"), text_at(row, "name")});
      for (const soci::row& row : rows(sql,
                                       "SELECT number_called, canonical, organisation_id, "
                                       "given_free_by, given_free_us "
                                       "FROM vault_numbers ORDER BY canonical"))
        image.numbers.push_back(NumberRow{text_at(row, "number_called"), text_at(row, "canonical"),
                                          id_at<OrganisationId>(row, "organisation_id"),
                                          id_at<OperatorId>(row, "given_free_by"),
                                          time_at(row, "given_free_us")});
      return image;
    });
  }

  Result<vault::AccessImage> load_access() override {
    return reading_->read([](soci::session& sql) { return read_access(sql); });
  }

  Result<vault::ExportImage> load_exports() override {
    return reading_->read([](soci::session& sql) { return read_exports(sql); });
  }
  Result<vault::RetentionImage> load_retention() override {
    return reading_->read([](soci::session& sql) { return read_retention(sql); });
  }
  Result<std::string> people_of(const vault::ExportId& id) override {
    return reading_->read([&](soci::session& sql) { return read_people_of(sql, id); });
  }

  Result<std::optional<WishRow>> find_wish(const WishId& id) override {
    return one("SELECT * FROM vault_wishes WHERE wish_id = :i", id.text(), wish_of);
  }
  Result<std::optional<TicketRow>> find_ticket(const TicketId& id) override {
    return one("SELECT * FROM vault_tickets WHERE ticket_id = :i", id.text(), ticket_of);
  }

  Result<std::vector<TicketRow>> open_tickets(const WishId& wish, const OperatorId& own_phone_of,
                                              Time now) override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<TicketRow>> {
      const std::int64_t at = to_micros(now);
      soci::rowset<soci::row> found =
          (sql.prepare << "SELECT * FROM vault_tickets WHERE wish_id = :w AND redeemed_by = '' AND "
                          "expires_us > :n AND (:v <> '' OR operator_id = :o)",
           use(wish.text()), use(at), use(wish.text()), use(own_phone_of.text()));
      std::vector<TicketRow> tickets;
      for (const soci::row& row : found) tickets.push_back(ticket_of(row));
      return tickets;
    });
  }

  // An operator's own phone that answered may ring for the next caller: that is no redial.
  Result<std::vector<Time>> dialled(std::string_view mark, Time since) override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<Time>> {
      const std::string marked(mark);
      const std::int64_t from = to_micros(since);
      soci::rowset<soci::row> found =
          (sql.prepare << "SELECT redeemed_us FROM vault_tickets WHERE mark = :m AND "
                          "redeemed_us > :s AND NOT (wish_id = '' AND outcome = 'talked')",
           use(marked), use(from));
      std::vector<Time> times;
      for (const soci::row& row : found) times.push_back(time_at(row, "redeemed_us"));
      return times;
    });
  }

  Result<std::optional<RecordingRow>> find_recording(const RecordingId& id) override {
    return one("SELECT * FROM vault_recordings WHERE recording_id = :i", id.text(),
               [](const soci::row& row) {
                 return RecordingRow{id_at<RecordingId>(row, "recording_id"),
                                     id_at<CallId>(row, "call_id"),
                                     id_at<OrganisationId>(row, "organisation_id"),
                                     text_at(row, "digest_hex"),
                                     static_cast<std::uint64_t>(row.get<long long>("bytes")),
                                     row.get<int>("cut_off") != 0};
               });
  }
  Result<std::map<RecordingId, std::string>> digests_of(
      const std::vector<RecordingId>& ids) override {
    return reading_->read([&](soci::session& sql) -> Result<std::map<RecordingId, std::string>> {
      VaultStatements& statements = prepared(*reading_, sql);
      std::map<RecordingId, std::string> found;
      for (const RecordingId& id : ids)
        if (auto digest = statements.digest_of(id)) found.emplace(id, *std::move(digest));
      return found;
    });
  }
  Result<std::optional<StaffRow>> find_staff(const OperatorId& id) override {
    return one("SELECT * FROM vault_staff WHERE operator_id = :i", id.text(), staff_of);
  }
  Result<std::optional<SessionRow>> find_session(std::string_view digest) override {
    return one("SELECT * FROM vault_sessions WHERE digest = :i", std::string(digest),
               [](const soci::row& row) {
                 return SessionRow{text_at(row, "digest"), id_at<OperatorId>(row, "operator_id"),
                                   time_at(row, "begun_us"), time_at(row, "expires_us")};
               });
  }

  Result<std::optional<PasskeyRow>> find_passkey(std::string_view credential) override {
    return one("SELECT * FROM vault_passkeys WHERE credential = :i", std::string(credential),
               passkey_of);
  }
  Result<std::vector<PasskeyRow>> passkeys_of(const OperatorId& id) override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<PasskeyRow>> {
      soci::rowset<soci::row> found =
          (sql.prepare << "SELECT * FROM vault_passkeys WHERE operator_id = :o ORDER BY made_us",
           use(id.text()));
      std::vector<PasskeyRow> passkeys;
      for (const soci::row& row : found) passkeys.push_back(passkey_of(row));
      return passkeys;
    });
  }
  Result<std::optional<EnrolmentRow>> find_enrolment(std::string_view digest) override {
    return one("SELECT * FROM vault_enrolments WHERE digest = :i", std::string(digest),
               [](const soci::row& row) {
                 return EnrolmentRow{text_at(row, "digest"), id_at<OperatorId>(row, "operator_id"),
                                     time_at(row, "expires_us")};
               });
  }
  Result<std::vector<OperatorId>> signed_in(const std::vector<OperatorId>& ids, Time now) override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<OperatorId>> {
      const std::int64_t at = to_micros(now);
      std::vector<OperatorId> found;
      for (const OperatorId& id : ids) {
        int sessions = 0;
        sql << "SELECT COUNT(*) FROM vault_sessions WHERE operator_id = :o AND expires_us > :n",
            use(id.text()), use(at), into(sessions);
        if (sessions > 0) found.push_back(id);
      }
      return found;
    });
  }

  Result<std::vector<JournalLine>> journal(std::uint64_t after, std::size_t most) override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<JournalLine>> {
      const auto from = static_cast<std::int64_t>(after);
      const auto limit = static_cast<std::int64_t>(most);
      soci::rowset<soci::row> found = (sql.prepare << "SELECT sequence, json, digest "
                                                      "FROM vault_journal WHERE sequence > :s "
                                                      "ORDER BY sequence LIMIT :l",
                                       use(from), use(limit));
      std::vector<JournalLine> lines;
      for (const soci::row& row : found)
        lines.push_back(JournalLine{static_cast<std::uint64_t>(row.get<long long>("sequence")),
                                    text_at(row, "json"), text_at(row, "digest")});
      return lines;
    });
  }

 private:
  static VaultStatements& prepared(Database& database, soci::session& sql) {
    auto& kept = database.prepared();
    if (!kept) kept = std::make_shared<VaultStatements>(sql);
    return *static_cast<VaultStatements*>(kept.get());
  }

  static soci::rowset<soci::row> rows(soci::session& sql, const std::string& query) {
    return sql.prepare << query;
  }

  template <typename Make>
  auto one(const std::string& query, const std::string& id, Make make)
      -> Result<std::optional<decltype(make(std::declval<const soci::row&>()))>> {
    using Row = decltype(make(std::declval<const soci::row&>()));
    return reading_->read([&](soci::session& sql) -> Result<std::optional<Row>> {
      soci::row row;
      sql << query, use(id), into(row);
      if (!sql.got_data()) return std::optional<Row>();
      return std::optional<Row>(make(row));
    });
  }

  std::shared_mutex told_mutex_;  // guards the next
  OnEntries told_;
  const std::unique_ptr<Database> writing_;
  const std::unique_ptr<Database> reading_;  // so that nobody who reads waits for a commit
  GroupCommit group_{*writing_};             // after the databases: it still writes while it ends
};

}  // namespace

Result<std::unique_ptr<vault::VaultStore>> open_vault_store(DatabaseOptions options) {
  options.sole_owner = true;
  auto writing = Database::open(options);
  if (!writing) return tl::unexpected<Error>(writing.error());
  if (auto made = (*writing)->migrate("ledger", ledger_tables()); !made)
    return tl::unexpected<Error>(made.error());
  if (auto made = (*writing)->migrate("vault", vault_tables()); !made)
    return tl::unexpected<Error>(made.error());
  if (auto made = (*writing)->migrate("vault_access", access_tables()); !made)
    return tl::unexpected<Error>(made.error());
  if (auto made = (*writing)->migrate("vault_exports", export_tables()); !made)
    return tl::unexpected<Error>(made.error());
  if (auto made = (*writing)->migrate("vault_retention", retention_tables()); !made)
    return tl::unexpected<Error>(made.error());
  options.sole_owner = false;
  options.commit_fault = {};
  auto reading = Database::open(std::move(options));
  if (!reading) return tl::unexpected<Error>(reading.error());
  return std::unique_ptr<vault::VaultStore>(
      std::make_unique<SqlVaultStore>(std::move(*writing), std::move(*reading)));
}

}  // namespace madoguchi::store
