#include "store/ledger/sql_log_store.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <algorithm>
#include <map>
#include <string>

namespace madoguchi::store {
namespace {

using ledger::Hash;
using ledger::LogSize;
using ledger::SignedHead;
using ledger::StoredEntry;
using soci::into;
using soci::use;

tl::unexpected<Error> damaged(std::string_view log, std::uint64_t index, std::string_view why) {
  return fail(ErrorCode::kCorrupt, fmt::format("log {}: entry {} {}", log, index, why));
}

// The indexes from which on these many entries of each log go.
std::map<std::string_view, std::uint64_t> take_indexes(soci::session& sql,
                                                       std::span<const ledger::Draft> drafts) {
  std::map<std::string_view, std::uint64_t> counts;
  for (const ledger::Draft& draft : drafts) ++counts[draft.log];
  std::string log;
  std::int64_t count = 0;
  std::int64_t size = 0;
  soci::statement take =
      (sql.prepare << "INSERT INTO ledger_logs (log, size) VALUES (:l, :c) ON CONFLICT (log) "
                      "DO UPDATE SET size = ledger_logs.size + excluded.size RETURNING size",
       use(log), use(count), into(size));
  for (auto& [name, next] : counts) {
    log = name;
    count = static_cast<std::int64_t>(next);
    take.execute(true);
    next = static_cast<std::uint64_t>(size - count);
  }
  return counts;
}

class SqlLogStore final : public ledger::LogStore {
 public:
  explicit SqlLogStore(Database& database) : database_(database) {}

  Result<std::vector<LogSize>> sizes() override {
    return database_.read([&](soci::session& sql) -> Result<std::vector<LogSize>> {
      soci::rowset<soci::row> found = (sql.prepare << "SELECT log, size FROM ledger_logs");
      std::vector<LogSize> sizes;
      for (const soci::row& row : found)
        sizes.push_back(
            {row.get<std::string>(0), static_cast<std::uint64_t>(row.get<long long>(1))});
      return sizes;
    });
  }

  Result<std::vector<StoredEntry>> entries(std::string_view log, std::uint64_t from,
                                           std::size_t most) override {
    return database_.read([&](soci::session& sql) -> Result<std::vector<StoredEntry>> {
      const std::string name(log);
      const auto first = static_cast<std::int64_t>(from);
      const auto limit = static_cast<std::int64_t>(most);
      // SOCI fills no vector of one element: it takes that for a single row and loses it.
      const std::size_t room = std::max<std::size_t>(most, 2);
      std::vector<long long> positions(room);
      std::vector<std::string> texts(room);
      std::vector<std::string> leaves(room);
      sql << "SELECT position, entry, leaf FROM ledger_entries WHERE log = :l AND position >= :f "
             "ORDER BY position LIMIT :m",
          use(name), use(first), use(limit), into(positions), into(texts), into(leaves);
      std::vector<StoredEntry> entries;
      entries.reserve(positions.size());
      for (std::size_t i = 0; i < positions.size(); ++i) {
        const std::uint64_t expected = from + i;
        if (static_cast<std::uint64_t>(positions[i]) != expected)
          return damaged(log, expected, "is missing; restore the vault's database from a backup");
        const auto leaf = ledger::hash_from_base64(leaves[i]);
        if (!leaf) return damaged(log, expected, "has no hash; restore a backup");
        entries.push_back({std::move(texts[i]), *leaf});
      }
      return entries;
    });
  }

  Result<std::vector<SignedHead>> signed_heads() override {
    return database_.read([&](soci::session& sql) -> Result<std::vector<SignedHead>> {
      soci::rowset<soci::row> found = (sql.prepare << "SELECT log, size, root FROM ledger_signed");
      std::vector<SignedHead> heads;
      for (const soci::row& row : found) {
        const auto root = ledger::hash_from_base64(row.get<std::string>(2));
        if (!root)
          return fail(ErrorCode::kCorrupt,
                      fmt::format("log {}: the root signed last is no hash; restore a backup",
                                  row.get<std::string>(0)));
        heads.push_back(
            {row.get<std::string>(0), static_cast<std::uint64_t>(row.get<long long>(1)), *root});
      }
      return heads;
    });
  }

  Result<void> keep_signed(std::span<const SignedHead> heads) override {
    return database_.transact([&](soci::session& sql) -> Result<void> {
      for (const SignedHead& head : heads) {
        const std::string root = ledger::to_base64(head.root);
        const auto size = static_cast<std::int64_t>(head.size);
        std::int64_t kept = -1;
        std::string kept_root;
        sql << "SELECT size, root FROM ledger_signed WHERE log = :l", use(head.log), into(kept),
            into(kept_root);
        if (kept > size || (kept == size && kept_root != root))
          return fail(ErrorCode::kConflict,
                      fmt::format("log {}: size {} was signed before, with another tree; nothing "
                                  "was signed now",
                                  head.log, kept));
        sql << "INSERT INTO ledger_signed (log, size, root) VALUES (:l, :s, :r) ON CONFLICT (log) "
               "DO UPDATE SET size = excluded.size, root = excluded.root",
            use(head.log), use(size), use(root);
      }
      return {};
    });
  }

 private:
  Database& database_;
};

}  // namespace

const std::vector<Migration>& ledger_tables() {
  static const std::vector<Migration> tables = {
      {1, "ledger", R"(
CREATE TABLE ledger_logs (log TEXT PRIMARY KEY, size BIGINT NOT NULL);
$SQLITE CREATE TABLE ledger_entries (
  log TEXT NOT NULL, position BIGINT NOT NULL, entry TEXT NOT NULL, leaf TEXT NOT NULL,
  PRIMARY KEY (log, position)) WITHOUT ROWID;
$POSTGRES CREATE TABLE ledger_entries (
  log TEXT NOT NULL, position BIGINT NOT NULL, entry TEXT NOT NULL, leaf TEXT NOT NULL,
  PRIMARY KEY (log, position));
CREATE TABLE ledger_signed (log TEXT PRIMARY KEY, size BIGINT NOT NULL, root TEXT NOT NULL);
$SQLITE CREATE TRIGGER ledger_entries_kept BEFORE UPDATE ON ledger_entries
  BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
$SQLITE CREATE TRIGGER ledger_entries_whole BEFORE DELETE ON ledger_entries
  BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
$POSTGRES CREATE FUNCTION ledger_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN RAISE EXCEPTION ''the log is append-only''; END';
$POSTGRES CREATE TRIGGER ledger_entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_refuse();
)"},
      // Rows in the order in which they came: those of one commit lie together, whichever logs
      // they are of. In the order of the logs each went to a page of its own, in the middle of the
      // tree, where it split its neighbours: 44 pages written for a commit of 11 entries.
      {2, "ledger entries in the order of commits", R"(
$SQLITE CREATE TABLE ledger_entries_new (
  log TEXT NOT NULL, position BIGINT NOT NULL, entry TEXT NOT NULL, leaf TEXT NOT NULL,
  PRIMARY KEY (log, position));
$SQLITE INSERT INTO ledger_entries_new SELECT log, position, entry, leaf FROM ledger_entries
  ORDER BY log, position;
$SQLITE DROP TABLE ledger_entries;
$SQLITE ALTER TABLE ledger_entries_new RENAME TO ledger_entries;
$SQLITE CREATE TRIGGER ledger_entries_kept BEFORE UPDATE ON ledger_entries
  BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
$SQLITE CREATE TRIGGER ledger_entries_whole BEFORE DELETE ON ledger_entries
  BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
)"},
  };
  return tables;
}

Result<std::vector<std::uint64_t>> append_entries(soci::session& sql,
                                                  std::span<const ledger::Draft> drafts) {
  std::vector<std::uint64_t> indexes;
  if (drafts.empty()) return indexes;
  for (const ledger::Draft& draft : drafts)
    if (auto right = ledger::check_draft(draft); !right)
      return tl::unexpected<Error>(right.error());
  auto next = take_indexes(sql, drafts);
  std::string log;
  std::int64_t position = 0;
  std::string entry;
  std::string leaf;
  soci::statement insert =
      (sql.prepare << "INSERT INTO ledger_entries (log, position, entry, leaf) "
                      "VALUES (:l, :p, :e, :h)",
       use(log), use(position), use(entry), use(leaf));
  for (const ledger::Draft& draft : drafts) {
    const std::uint64_t index = next[draft.log]++;
    log = draft.log;
    position = static_cast<std::int64_t>(index);
    entry = draft.entry;
    leaf = ledger::to_base64(ledger::leaf_hash(as_bytes(draft.entry)));
    insert.execute(true);
    indexes.push_back(index);
  }
  return indexes;
}

std::unique_ptr<ledger::LogStore> make_log_store(Database& database) {
  return std::make_unique<SqlLogStore>(database);
}

}  // namespace madoguchi::store
