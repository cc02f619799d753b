#include "store/vault/postgres_key_store.h"

#include <algorithm>
#include <atomic>

#include "store/vault/postgres_link.h"

namespace madoguchi::store {
namespace {

using vault::ErasureRow;
using vault::RecordNumber;
using vault::SubjectKeyRow;

constexpr std::int64_t kOwnerLock = 0x6b65797374617265;  // any number of our own choosing

constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS key_subjects (number BIGINT PRIMARY KEY, organisation_id TEXT NOT "
    "NULL, version BIGINT NOT NULL, wrapped BYTEA NOT NULL)",
    "CREATE TABLE IF NOT EXISTS key_erasures (record BIGINT NOT NULL, mark BYTEA NOT NULL, at_us "
    "BIGINT NOT NULL, PRIMARY KEY (mark, record))",
    "CREATE TABLE IF NOT EXISTS key_settled (one INT PRIMARY KEY, number BIGINT NOT NULL)",
};

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::kCorrupt, "the store of keys is damaged; restore a backup");
}

Result<SubjectKeyRow> row_of(const PostgresRows& rows, std::size_t at) {
  SubjectKeyRow row;
  row.number = static_cast<RecordNumber>(rows.integer(at, 0));
  row.organisation = OrganisationId(rows.text(at, 1));
  row.version = static_cast<std::uint32_t>(rows.integer(at, 2));
  const Bytes wrapped = rows.bytes(at, 3);
  if (wrapped.size() != row.wrapped.size()) return damaged();
  std::copy(wrapped.begin(), wrapped.end(), row.wrapped.begin());
  return row;
}

class PostgresKeyStore final : public vault::SubjectKeyStore {
 public:
  explicit PostgresKeyStore(std::unique_ptr<PostgresLink> link) : link_(std::move(link)) {}

  // The mark is kept after the keys: it only ever says less than could be said.
  Result<void> put(std::span<const SubjectKeyRow> keys, RecordNumber settled) override {
    if (auto kept =
            write(keys,
                  "INSERT INTO key_subjects (number, organisation_id, version, wrapped) SELECT * "
                  "FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[]) ON CONFLICT "
                  "(number) DO UPDATE SET organisation_id = excluded.organisation_id, version = "
                  "excluded.version, wrapped = excluded.wrapped");
        !kept)
      return kept;
    return settled > noted_ ? settle(settled) : Result<void>();
  }
  Result<void> settle(RecordNumber settled) override {
    const auto done = link_->ask(
        "INSERT INTO key_settled (one, number) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET "
        "number = GREATEST(key_settled.number, excluded.number)",
        {pg(settled)});
    if (!done) return tl::unexpected<Error>(done.error());
    noted_ = settled;
    return {};
  }
  Result<RecordNumber> settled() override {
    const auto rows = link_->ask("SELECT COALESCE(MAX(number), 0) FROM key_settled");
    if (!rows) return tl::unexpected<Error>(rows.error());
    return static_cast<RecordNumber>(rows->integer(0, 0));
  }
  Result<void> replace(std::span<const SubjectKeyRow> keys) override {
    return write(keys,
                 "UPDATE key_subjects SET version = fresh.version, wrapped = fresh.wrapped FROM "
                 "unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[]) AS fresh (number, "
                 "organisation_id, version, wrapped) WHERE key_subjects.number = fresh.number");
  }

  Result<std::optional<SubjectKeyRow>> key(RecordNumber number) override {
    const auto rows = link_->ask(
        "SELECT number, organisation_id, version, wrapped FROM key_subjects WHERE number = $1",
        {pg(number)});
    if (!rows) return tl::unexpected<Error>(rows.error());
    if (rows->size() == 0) return std::optional<SubjectKeyRow>();
    auto row = row_of(*rows, 0);
    if (!row) return tl::unexpected<Error>(row.error());
    return std::optional(*row);
  }

  Result<RecordNumber> highest_number() override {
    const auto rows = link_->ask("SELECT COALESCE(MAX(number), 0) FROM key_subjects");
    if (!rows) return tl::unexpected<Error>(rows.error());
    return static_cast<RecordNumber>(rows->integer(0, 0));
  }

  Result<Page> walk(RecordNumber from, std::size_t most) override {
    const auto rows = link_->ask(
        "SELECT number, organisation_id, version, wrapped FROM key_subjects WHERE number >= $1 "
        "ORDER BY number LIMIT $2",
        {pg(from), pg(std::uint64_t{most})});
    if (!rows) return tl::unexpected<Error>(rows.error());
    Page page;
    for (std::size_t i = 0; i < rows->size(); ++i) {
      auto row = row_of(*rows, i);
      if (!row) return tl::unexpected<Error>(row.error());
      page.keys.push_back(*row);
    }
    if (page.keys.size() == most) page.next = page.keys.back().number + 1;
    return page;
  }

  Result<void> destroy(std::span<const RecordNumber> numbers,
                       std::span<const ErasureRow> erasures) override {
    PostgresArray all;
    for (const RecordNumber number : numbers) all.add(number);
    auto done = link_->transact([&](const PostgresLink::Ask& ask) -> Result<void> {
      for (const char* sql :
           {"UPDATE key_subjects SET wrapped = decode(repeat('00', 104), 'hex') WHERE number = "
            "ANY ($1::bigint[])",
            "DELETE FROM key_subjects WHERE number = ANY ($1::bigint[])"})
        if (auto gone = ask(sql, {all.text()}); !gone) return tl::unexpected<Error>(gone.error());
      for (const ErasureRow& erasure : erasures)
        if (auto noted =
                ask("INSERT INTO key_erasures (record, mark, at_us) VALUES ($1, $2, $3) "
                    "ON CONFLICT DO NOTHING",
                    {pg(erasure.number), pg(ByteView(erasure.mark)), pg(to_micros(erasure.at))});
            !noted)
          return tl::unexpected<Error>(noted.error());
      return {};
    });
    if (!done) return done;
    if (auto vacuumed = link_->ask("VACUUM key_subjects"); !vacuumed)
      return tl::unexpected<Error>(vacuumed.error());
    return {};
  }

  Result<std::vector<ErasureRow>> erasures() override {
    const auto rows = link_->ask("SELECT record, mark, at_us FROM key_erasures");
    if (!rows) return tl::unexpected<Error>(rows.error());
    std::vector<ErasureRow> all;
    for (std::size_t i = 0; i < rows->size(); ++i) {
      ErasureRow row;
      row.number = static_cast<RecordNumber>(rows->integer(i, 0));
      const Bytes mark = rows->bytes(i, 1);
      if (mark.size() != row.mark.size()) return damaged();
      std::copy(mark.begin(), mark.end(), row.mark.begin());
      row.at = time_from_micros(rows->integer(i, 2));
      all.push_back(row);
    }
    return all;
  }

 private:
  Result<void> write(std::span<const SubjectKeyRow> keys, const char* sql) {
    if (keys.empty()) return {};
    PostgresArray numbers;
    PostgresArray versions;
    PostgresArray wrapped;
    std::string organisations;
    for (const SubjectKeyRow& key : keys) {
      numbers.add(key.number);
      versions.add(std::uint64_t{key.version});
      wrapped.add(ByteView(key.wrapped));
      // Ids hold nothing that an array would have to quote.
      organisations += (organisations.empty() ? "" : ",") + key.organisation.text();
    }
    const auto done = link_->ask(
        sql, {numbers.text(), "{" + organisations + "}", versions.text(), wrapped.text()});
    if (!done) return tl::unexpected<Error>(done.error());
    return {};
  }

  const std::unique_ptr<PostgresLink> link_;
  std::atomic<RecordNumber> noted_{0};
};

}  // namespace

Result<std::unique_ptr<vault::SubjectKeyStore>> open_postgres_key_store(
    const std::string& url, std::chrono::milliseconds lock_timeout) {
  auto link = PostgresLink::open(url, kOwnerLock, lock_timeout);
  if (!link) return tl::unexpected<Error>(link.error());
  for (const char* sql : kTables)
    if (auto made = (*link)->ask(sql); !made) return tl::unexpected<Error>(made.error());
  return std::unique_ptr<vault::SubjectKeyStore>(
      std::make_unique<PostgresKeyStore>(std::move(*link)));
}

}  // namespace madoguchi::store
