#include "store/vault/sqlite_key_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "base/secret.h"
#include "store/sole_owner.h"
#include "store/vault/sqlite_file.h"

namespace madoguchi::store {
namespace {

using vault::ErasureRow;
using vault::RecordNumber;
using vault::SubjectKeyRow;

// organisation (4) | key version (4) | wrapped key; organisation 0: no key.
constexpr std::size_t kSlotBytes = 4 + 4 + vault::kWrappedKeyBytes;
constexpr std::size_t kSlots = 36;  // 4032 bytes: with its header a row fills a page of 4096
constexpr std::size_t kBlockBytes = kSlots * kSlotBytes;

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS key_organisations (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS key_blocks (block INTEGER PRIMARY KEY, slots BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS key_erasures (
  record INTEGER NOT NULL, mark BLOB NOT NULL, at_us INTEGER NOT NULL, PRIMARY KEY (mark, record))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS key_settled (one INTEGER PRIMARY KEY, number INTEGER NOT NULL);
PRAGMA user_version = 1;
)";

void put_u32(std::uint8_t* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}
std::uint32_t u32_at(const std::uint8_t* at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | at[i];
  return value;
}
std::int64_t block_of(RecordNumber number) {
  return static_cast<std::int64_t>(number / kSlots);
}
std::size_t place_of(RecordNumber number) {
  return static_cast<std::size_t>(number % kSlots) * kSlotBytes;
}

class SqliteKeyStore final : public vault::SubjectKeyStore {
 public:
  SqliteKeyStore(FileLock owner, std::unique_ptr<SqliteFile> file,
                 std::unique_ptr<SqliteFile> reader)
      : owner_(std::move(owner)), file_(std::move(file)), reader_(std::move(reader)) {}

  Result<void> load() {
    auto organisations = file_->query("SELECT number, id FROM key_organisations");
    for (auto row = organisations.step();; row = organisations.step()) {
      if (!row) return tl::unexpected<Error>(row.error());
      if (!*row) break;
      learn(organisations.integer(0), organisations.text(1));
    }
    auto blocks = file_->query("SELECT COALESCE(MAX(block), -1) FROM key_blocks");
    const auto row = blocks.step();
    if (!row) return tl::unexpected<Error>(row.error());
    last_block_ = blocks.integer(0);
    return {};
  }

  Result<void> put(std::span<const SubjectKeyRow> keys, RecordNumber settled) override {
    return write(keys, settled, [](const std::uint8_t*) { return true; });
  }
  Result<void> replace(std::span<const SubjectKeyRow> keys) override {
    return write(keys, 0, [](const std::uint8_t* slot) { return u32_at(slot) != 0; });
  }
  Result<void> settle(RecordNumber settled) override { return put({}, settled); }

  Result<RecordNumber> settled() override {
    const std::lock_guard lock(mutex_);
    auto found = file_->query("SELECT COALESCE(MAX(number), 0) FROM key_settled");
    if (const auto row = found.step(); !row) return tl::unexpected<Error>(row.error());
    return static_cast<RecordNumber>(found.integer(0));
  }

  Result<std::optional<SubjectKeyRow>> key(RecordNumber number) override {
    const std::lock_guard lock(reader_mutex_);
    auto found = reader_->query("SELECT slots FROM key_blocks WHERE block = ?");
    found.bind(1, block_of(number));
    const auto row = found.step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return std::optional<SubjectKeyRow>();
    const ByteView slots = found.bytes(0);
    if (slots.size() != kBlockBytes) return damaged();
    return row_of(slots.data() + place_of(number), number);
  }

  // The end of the last block: a few numbers are passed over at each start, none is given twice.
  Result<RecordNumber> highest_number() override {
    const std::lock_guard lock(mutex_);
    if (last_block_ < 0) return RecordNumber{0};
    return static_cast<RecordNumber>(last_block_ + 1) * kSlots - 1;
  }

  Result<Page> walk(RecordNumber from, std::size_t most) override {
    const std::lock_guard lock(mutex_);
    Page page;
    const std::int64_t first = block_of(from);
    const auto blocks = static_cast<std::int64_t>(most / kSlots + 1);
    auto found = file_->query(
        "SELECT block, slots FROM key_blocks WHERE block >= ? AND block < ? ORDER BY block");
    found.bind(1, first).bind(2, first + blocks);
    for (auto row = found.step();; row = found.step()) {
      if (!row) return tl::unexpected<Error>(row.error());
      if (!*row) break;
      const ByteView slots = found.bytes(1);
      if (slots.size() != kBlockBytes) return damaged();
      const auto base = static_cast<RecordNumber>(found.integer(0)) * kSlots;
      for (std::size_t i = 0; i < kSlots; ++i) {
        if (base + i < from) continue;
        auto key = row_of(slots.data() + i * kSlotBytes, base + i);
        if (!key) return tl::unexpected<Error>(key.error());
        if (*key) page.keys.push_back(**key);
      }
    }
    if (first + blocks <= last_block_)
      page.next = static_cast<RecordNumber>(first + blocks) * kSlots;
    return page;
  }

  Result<void> destroy(std::span<const RecordNumber> numbers,
                       std::span<const ErasureRow> erasures) override {
    const std::lock_guard lock(mutex_);
    std::vector<RecordNumber> sorted(numbers.begin(), numbers.end());
    std::sort(sorted.begin(), sorted.end());
    auto done = file_->transact([&]() -> Result<void> {
      for (std::size_t i = 0; i < sorted.size();) {
        const std::int64_t block = block_of(sorted[i]);
        std::size_t end = i;
        while (end < sorted.size() && block_of(sorted[end]) == block) ++end;
        auto changed = change(block, [&](std::uint8_t* slots) {
          for (; i < end; ++i) std::memset(slots + place_of(sorted[i]), 0, kSlotBytes);
        });
        if (!changed) return changed;
        i = end;
      }
      for (const ErasureRow& erasure : erasures) {
        auto note = file_->query(
            "INSERT OR IGNORE INTO key_erasures (record, mark, at_us) VALUES (?, ?, ?)");
        note.bind(1, static_cast<std::int64_t>(erasure.number))
            .bind(2, ByteView(erasure.mark))
            .bind(3, to_micros(erasure.at));
        if (auto noted = note.run(); !noted) return noted;
      }
      return {};
    });
    if (!done) return done;
    return file_->empty_log();
  }

  Result<std::vector<ErasureRow>> erasures() override {
    const std::lock_guard lock(mutex_);
    std::vector<ErasureRow> rows;
    auto found = file_->query("SELECT record, mark, at_us FROM key_erasures");
    for (auto row = found.step();; row = found.step()) {
      if (!row) return tl::unexpected<Error>(row.error());
      if (!*row) return rows;
      ErasureRow erasure;
      erasure.number = static_cast<RecordNumber>(found.integer(0));
      const ByteView mark = found.bytes(1);
      if (mark.size() != erasure.mark.size()) return damaged();
      std::copy(mark.begin(), mark.end(), erasure.mark.begin());
      erasure.at = time_from_micros(found.integer(2));
      rows.push_back(erasure);
    }
  }

 private:
  static tl::unexpected<Error> damaged() {
    return fail(ErrorCode::kCorrupt, "the store of keys is damaged; restore a backup");
  }

  void learn(std::int64_t number, const std::string& id) {
    const std::lock_guard lock(names_mutex_);
    numbers_[id] = static_cast<std::uint32_t>(number);
    ids_[static_cast<std::uint32_t>(number)] = OrganisationId(id);
  }

  Result<std::optional<SubjectKeyRow>> row_of(const std::uint8_t* slot, RecordNumber number) const {
    const std::uint32_t organisation = u32_at(slot);
    if (organisation == 0) return std::optional<SubjectKeyRow>();
    const std::lock_guard lock(names_mutex_);
    const auto known = ids_.find(organisation);
    if (known == ids_.end()) return damaged();
    SubjectKeyRow row{number, known->second, u32_at(slot + 4), {}};
    std::memcpy(row.wrapped.data(), slot + 8, row.wrapped.size());
    return std::optional(row);
  }

  Result<std::uint32_t> number_of(const OrganisationId& organisation) {
    const auto known = numbers_.find(organisation.text());
    if (known != numbers_.end()) return known->second;
    auto insert = file_->query(
        "INSERT INTO key_organisations (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET "
        "id = excluded.id RETURNING number");
    insert.bind(1, organisation.text());
    const auto row = insert.step();
    if (!row) return tl::unexpected<Error>(row.error());
    return static_cast<std::uint32_t>(insert.integer(0));
  }

  // Blocks up to this one, empty. In a transaction.
  Result<void> grow(std::int64_t block) {
    const Bytes empty(kBlockBytes, 0);
    for (std::int64_t next = grown_ + 1; next <= block; ++next) {
      auto insert = file_->query("INSERT INTO key_blocks (block, slots) VALUES (?, ?)");
      insert.bind(1, next).bind(2, ByteView(empty));
      if (auto done = insert.run(); !done) return done;
      grown_ = next;
    }
    return {};
  }

  template <typename Edit>
  Result<void> change(std::int64_t block, Edit&& edit) {
    Bytes slots;
    {
      auto found = file_->query("SELECT slots FROM key_blocks WHERE block = ?");
      found.bind(1, block);
      const auto row = found.step();
      if (!row) return tl::unexpected<Error>(row.error());
      // A number beyond the last block has no key to change.
      slots.assign(kBlockBytes, 0);
      if (*row) {
        if (found.bytes(0).size() != kBlockBytes) return damaged();
        std::memcpy(slots.data(), found.bytes(0).data(), kBlockBytes);
      }
    }
    edit(slots.data());
    auto update = file_->query("UPDATE key_blocks SET slots = ? WHERE block = ?");
    update.bind(1, ByteView(slots)).bind(2, block);
    return update.run();
  }

  // In a transaction.
  Result<void> note_settled(RecordNumber settled) {
    if (settled == 0) return {};
    auto note = file_->query(
        "INSERT INTO key_settled (one, number) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET "
        "number = MAX(number, ?1)");
    note.bind(1, static_cast<std::int64_t>(settled));
    return note.run();
  }

  template <typename May>
  Result<void> write(std::span<const SubjectKeyRow> keys, RecordNumber settled, May&& may) {
    const std::lock_guard lock(mutex_);
    grown_ = last_block_;
    std::map<std::string, std::uint32_t> fresh;
    auto done = file_->transact([&]() -> Result<void> {
      for (std::size_t i = 0; i < keys.size();) {
        const std::int64_t block = block_of(keys[i].number);
        if (auto made = grow(block); !made) return made;
        std::size_t end = i;
        while (end < keys.size() && block_of(keys[end].number) == block) ++end;
        for (std::size_t k = i; k < end; ++k) {
          const std::string& id = keys[k].organisation.text();
          if (numbers_.contains(id) || fresh.contains(id)) continue;
          const auto number = number_of(keys[k].organisation);
          if (!number) return tl::unexpected<Error>(number.error());
          fresh[id] = *number;
        }
        auto changed = change(block, [&](std::uint8_t* slots) {
          for (; i < end; ++i) {
            std::uint8_t* slot = slots + place_of(keys[i].number);
            if (!may(slot)) continue;
            const std::string& id = keys[i].organisation.text();
            const auto known = numbers_.find(id);
            put_u32(slot, known != numbers_.end() ? known->second : fresh[id]);
            put_u32(slot + 4, keys[i].version);
            std::memcpy(slot + 8, keys[i].wrapped.data(), keys[i].wrapped.size());
          }
        });
        if (!changed) return changed;
        i = end;
      }
      return note_settled(settled);
    });
    if (!done) return done;
    for (const auto& [id, number] : fresh) learn(number, id);
    last_block_ = std::max(last_block_, grown_);
    return {};
  }

  const FileLock owner_;
  std::mutex mutex_;  // guards the next four
  std::unique_ptr<SqliteFile> file_;
  std::map<std::string, std::uint32_t> numbers_;
  std::int64_t last_block_ = -1;
  std::int64_t grown_ = -1;  // during a transaction

  std::mutex reader_mutex_;  // an opening does not wait for a disk that an import keeps busy
  std::unique_ptr<SqliteFile> reader_;

  mutable std::mutex names_mutex_;  // taken last
  std::map<std::uint32_t, OrganisationId> ids_;
};

}  // namespace

Result<std::unique_ptr<vault::SubjectKeyStore>> open_sqlite_key_store(
    const std::string& path, std::chrono::milliseconds busy_timeout) {
  auto owner = sole_owner_of(path);
  if (!owner) return tl::unexpected<Error>(owner.error());
  auto file = SqliteFile::open({path, SqliteUse::kWrite, busy_timeout});
  if (!file) return tl::unexpected<Error>(file.error());
  if (auto made = (*file)->execute(kTables); !made) return tl::unexpected<Error>(made.error());
  auto reader = SqliteFile::open({path, SqliteUse::kRead, busy_timeout});
  if (!reader) return tl::unexpected<Error>(reader.error());
  auto store =
      std::make_unique<SqliteKeyStore>(std::move(*owner), std::move(*file), std::move(*reader));
  if (auto loaded = store->load(); !loaded) return tl::unexpected<Error>(loaded.error());
  return store;
}

}  // namespace madoguchi::store
