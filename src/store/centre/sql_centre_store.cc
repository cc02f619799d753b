#include "store/centre/sql_centre_store.h"

#include <mutex>
#include <unordered_map>

#include "base/bytes.h"
#include "store/centre/centre_tables.h"
#include "store/centre/row_statement.h"
#include "store/database.h"

namespace madoguchi::centre {

std::string_view name_of(LegKind kind) {
  switch (kind) {
    case LegKind::kOperator:
      return "operator";
    case LegKind::kConsulted:
      return "consulted";
    case LegKind::kDialled:
      return "dialled";
  }
  return {};
}

std::string_view name_of(LegEnd how) {
  switch (how) {
    case LegEnd::kTalked:
      return "talked";
    case LegEnd::kMissed:
      return "missed";
    case LegEnd::kRefused:
      return "refused";
    case LegEnd::kAudioLost:
      return "audio_lost";
    case LegEnd::kCancelled:
      return "cancelled";
    case LegEnd::kHandedOver:
      return "handed_over";
  }
  return {};
}

}  // namespace madoguchi::centre

namespace madoguchi::store {
namespace {

using namespace centre;  // NOLINT: this file is the other half of centre_store.h

constexpr std::size_t kMostOfALog = 20'000;  // calls in one export

struct Conditions {
  std::string sql;
  Parameters parameters;

  void add(std::string_view condition, Cell value) {
    sql += fmt::format("{} {}", sql.empty() ? "WHERE" : " AND", condition);
    parameters.push_back(std::move(value));
  }
};

Conditions conditions_of(const CallQuery& query) {
  Conditions where;
  if (!query.page.after.empty()) where.add("id < :after", parameter(query.page.after));
  if (!query.organisation.empty())
    where.add("organisation = :organisation", parameter(query.organisation.text()));
  if (!query.desk.empty()) where.add("desk = :desk", parameter(query.desk.text()));
  if (!query.with.empty()) where.add("talked_with = :who", parameter(query.with.text()));
  if (query.from) where.add("arrived >= :from_time", parameter(*query.from));
  if (query.to) where.add("arrived < :to_time", parameter(*query.to));
  return where;
}

std::vector<CallRecord> select_calls(soci::session& sql, const CallQuery& query) {
  auto where = conditions_of(query);
  return select<CallRecord>(sql,
                            fmt::format("{} ORDER BY id DESC LIMIT {}", where.sql,
                                        std::min(query.page.limit, kMostOfALog)),
                            std::move(where.parameters));
}

// Writes batches: each kind of row through one statement, prepared once for the connection.
class BatchWriter {
 public:
  explicit BatchWriter(soci::session& sql) : sql_(sql) {}

  void operator()(const CallRecord& row) { calls_.put(row); }
  void operator()(const LegRecord& row) { legs_.put(row); }
  void operator()(const StateRecord& row) { states_.put(row); }
  void operator()(const PromiseRecord& row) { promises_.put(row); }
  void operator()(const AttemptRecord& row) { attempts_.put(row); }
  void operator()(const RecordingRecord& row) { recordings_.put(row); }
  void operator()(const SettledWishRecord& row) { settled_.put(row); }
  void operator()(const PositionRecord& row) {
    epoch_ = row.epoch;
    sequence_ = static_cast<long long>(row.sequence);
    position_.execute(true);
  }

 private:
  soci::session& sql_;
  Upsert<CallRecord> calls_{sql_, "id", "arrived"};
  Upsert<LegRecord> legs_{sql_, "id", "call_id"};
  Upsert<StateRecord> states_{sql_, "id", "call_id"};
  Upsert<PromiseRecord> promises_{sql_, "id", "asked"};
  Upsert<AttemptRecord> attempts_{sql_, "call_id", "promise"};
  Upsert<RecordingRecord> recordings_{sql_, "id", "call_id"};
  Upsert<SettledWishRecord> settled_{sql_, "wish"};
  std::string epoch_;
  long long sequence_ = 0;
  soci::statement position_{
      (sql_.prepare << "INSERT INTO exchange_position (id, epoch, sequence) VALUES (1, :epoch, "
                       ":sequence) ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, "
                       "sequence = excluded.sequence",
       soci::use(epoch_), soci::use(sequence_))};
};

class SqlCentreStore final : public CentreStore {
 public:
  SqlCentreStore(std::unique_ptr<Database> writing, std::unique_ptr<Database> reading)
      : writing_(std::move(writing)), reading_(std::move(reading)) {}

  Result<void> commit(const std::vector<Record>& records) override {
    return note(writing_->transact([&](soci::session& sql) -> Result<void> {
      auto& prepared = writing_->prepared();
      if (!prepared) prepared = std::make_shared<BatchWriter>(sql);
      auto& write = *static_cast<BatchWriter*>(prepared.get());
      for (const Record& record : records) std::visit(write, record);
      return {};
    }));
  }

  Result<Stored> load(Time since) override {
    return reading_->read([&](soci::session& sql) -> Result<Stored> {
      Stored stored;
      long long sequence = 0;
      sql << "SELECT epoch, sequence FROM exchange_position WHERE id = 1",
          soci::into(stored.position.epoch), soci::into(sequence);
      stored.position.sequence = static_cast<std::uint64_t>(sequence);
      stored.calls = select<CallRecord>(
          sql, "WHERE ended = 0 OR arrived >= :since ORDER BY arrived, id", {parameter(since)});
      stored.legs = select<LegRecord>(sql, "WHERE ended = 0 ORDER BY offered, id");
      stored.states = select<StateRecord>(sql, "WHERE ended = 0 ORDER BY since, id");
      stored.promises = select<PromiseRecord>(
          sql, "WHERE ended = 0 OR asked >= :since ORDER BY asked, id", {parameter(since)});
      stored.attempts = select<AttemptRecord>(sql, "WHERE ended = 0 ORDER BY started");
      stored.recordings = select<RecordingRecord>(sql, "WHERE closed = 0 ORDER BY started");
      stored.settled = select<SettledWishRecord>(sql, "ORDER BY at");
      return stored;
    });
  }

  Result<void> drop_settled_wish(const WishId& wish) override {
    return note(writing_->transact([&](soci::session& sql) -> Result<void> {
      sql << "DELETE FROM settled_wishes WHERE wish = :wish", soci::use(wish.text());
      return {};
    }));
  }

  Result<std::vector<CallRecord>> calls(const CallQuery& query) override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<CallRecord>> {
      return select_calls(sql, query);
    });
  }

  Result<std::vector<LoggedCall>> call_log(const CallQuery& query) override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<LoggedCall>> {
      std::vector<LoggedCall> log;
      std::unordered_map<CallId, std::size_t> places;
      for (CallRecord& call : select_calls(sql, query)) {
        places[call.id] = log.size();
        log.push_back({std::move(call), {}, {}, {}});
      }
      if (log.empty()) return log;
      // What belongs to these calls lies between the first and the last of their ids, since that is
      // how they were chosen.
      const auto between = [&] {
        return Parameters{parameter(log.back().call.id.text()),
                          parameter(log.front().call.id.text())};
      };
      const auto hand_out = [&](auto rows, auto member) {
        for (auto& row : rows)
          if (const auto place = places.find(row.call); place != places.end())
            (log[place->second].*member).push_back(std::move(row));
      };
      hand_out(select<LegRecord>(
                   sql, "WHERE call_id >= :first AND call_id <= :last ORDER BY offered", between()),
               &LoggedCall::legs);
      hand_out(select<StateRecord>(
                   sql, "WHERE call_id >= :first AND call_id <= :last ORDER BY since", between()),
               &LoggedCall::states);
      hand_out(select<RecordingRecord>(
                   sql, "WHERE call_id >= :first AND call_id <= :last ORDER BY started", between()),
               &LoggedCall::recordings);
      return log;
    });
  }

  Result<std::optional<LoggedCall>> call(const CallId& id) override {
    return reading_->read([&](soci::session& sql) -> Result<std::optional<LoggedCall>> {
      auto calls = select<CallRecord>(sql, "WHERE id = :id", {parameter(id.text())});
      if (calls.empty()) return std::optional<LoggedCall>();
      LoggedCall found{std::move(calls.front()), {}, {}, {}};
      found.legs =
          select<LegRecord>(sql, "WHERE call_id = :id ORDER BY offered", {parameter(id.text())});
      found.states = select<StateRecord>(
          sql, "WHERE call_id = :id AND call_id <> '' ORDER BY since", {parameter(id.text())});
      found.recordings = select<RecordingRecord>(sql, "WHERE call_id = :id ORDER BY started",
                                                 {parameter(id.text())});
      return std::optional<LoggedCall>(std::move(found));
    });
  }

  Result<std::vector<PromiseRecord>> promises(const PromiseQuery& query) override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<PromiseRecord>> {
      Conditions where;
      if (query.asked_from && query.asked_to) {
        where.add("asked >= :from_time", parameter(*query.asked_from));
        where.add("asked < :to_time", parameter(*query.asked_to));
      } else {
        where.add("absorbed_by = :nobody", parameter(std::string()));
      }
      if (!query.page.after.empty()) where.add("id < :after", parameter(query.page.after));
      if (!query.organisation.empty())
        where.add("organisation = :organisation", parameter(query.organisation.text()));
      if (!query.desk.empty()) where.add("desk = :desk", parameter(query.desk.text()));
      return select<PromiseRecord>(
          sql,
          fmt::format("{}{} ORDER BY id DESC LIMIT {}", where.sql,
                      query.open_only ? " AND ended = 0" : "", query.page.limit),
          std::move(where.parameters));
    });
  }

  Result<std::optional<PromiseRecord>> promise(const PromiseId& id) override {
    return reading_->read([&](soci::session& sql) -> Result<std::optional<PromiseRecord>> {
      auto found = select<PromiseRecord>(sql, "WHERE id = :id", {parameter(id.text())});
      return found.empty() ? std::nullopt : std::optional<PromiseRecord>(std::move(found.front()));
    });
  }

  Result<std::vector<AttemptRecord>> attempts(const PromiseId& promise) override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<AttemptRecord>> {
      return select<AttemptRecord>(sql, "WHERE promise = :promise ORDER BY started LIMIT 1000",
                                   {parameter(promise.text())});
    });
  }

  Result<std::vector<FloorRow>> floor() override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<FloorRow>> {
      return select<FloorRow>(sql, "ORDER BY kind, id");
    });
  }

  Result<void> put_floor(const std::vector<FloorRow>& rows) override {
    return put_all(rows, "kind, id");
  }

  Result<std::vector<AccountRow>> accounts() override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<AccountRow>> {
      return select<AccountRow>(sql, "ORDER BY id");
    });
  }

  Result<void> put_account(const AccountRow& account) override {
    return put_all(std::vector<AccountRow>{account}, "id");
  }

  Result<std::vector<SessionRow>> sessions() override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<SessionRow>> {
      return select<SessionRow>(sql, "");
    });
  }

  Result<void> put_session(const SessionRow& session) override {
    return put_all(std::vector<SessionRow>{session}, "token_digest");
  }

  Result<void> drop_session(const std::string& token_digest) override {
    return note(writing_->transact([&](soci::session& sql) -> Result<void> {
      sql << "DELETE FROM sessions WHERE token_digest = :digest", soci::use(token_digest);
      return {};
    }));
  }

  Result<void> drop_sessions_before(Time expired) override {
    return note(writing_->transact([&](soci::session& sql) -> Result<void> {
      const long long before = to_micros(expired);
      sql << "DELETE FROM sessions WHERE expires < :before", soci::use(before);
      return {};
    }));
  }

  Result<std::vector<PromptRow>> prompts() override {
    return reading_->read([&](soci::session& sql) -> Result<std::vector<PromptRow>> {
      return select<PromptRow>(sql, "ORDER BY id");
    });
  }

  Result<void> put_prompt(const PromptRow& prompt, ByteView wav) override {
    return note(writing_->transact([&](soci::session& sql) -> Result<void> {
      Upsert<PromptRow>(sql, "id").put(prompt);
      const std::string sound = to_base64(wav);
      sql << "INSERT INTO prompt_sounds (id, wav) VALUES (:id, :wav) "
             "ON CONFLICT (id) DO UPDATE SET wav = excluded.wav",
          soci::use(prompt.id.text()), soci::use(sound);
      return {};
    }));
  }

  Result<std::optional<Bytes>> prompt_audio(const PromptId& id) override {
    return reading_->read([&](soci::session& sql) -> Result<std::optional<Bytes>> {
      std::string sound;
      sql << "SELECT wav FROM prompt_sounds WHERE id = :id", soci::use(id.text()),
          soci::into(sound);
      if (!sql.got_data()) return std::optional<Bytes>();
      auto bytes = from_base64(sound);
      if (!bytes) return fail(ErrorCode::kCorrupt, "a stored sound is not what was stored");
      return std::optional<Bytes>(std::move(*bytes));
    });
  }

  Result<void> drop_prompt(const PromptId& id) override {
    return note(writing_->transact([&](soci::session& sql) -> Result<void> {
      for (const char* table : {"prompts", "prompt_sounds"})
        sql << "DELETE FROM " << table << " WHERE id = :id", soci::use(id.text());
      return {};
    }));
  }

  std::string trouble() const override {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

 private:
  template <typename Row>
  Result<void> put_all(const std::vector<Row>& rows, std::string_view key) {
    return note(writing_->transact([&](soci::session& sql) -> Result<void> {
      Upsert<Row> write(sql, key);
      for (const Row& row : rows) write.put(row);
      return {};
    }));
  }

  // A refused constraint is the caller's matter; only failures of the store itself are trouble.
  Result<void> note(Result<void> outcome) {
    const std::lock_guard lock(mutex_);
    if (outcome)
      trouble_.clear();
    else if (writing_->state() != StoreState::kReady)
      trouble_ = fmt::format("{}: {}", name_of(writing_->state()), outcome.error().message);
    return outcome;
  }

  const std::unique_ptr<Database> writing_;
  const std::unique_ptr<Database> reading_;
  mutable std::mutex mutex_;
  std::string trouble_;
};

}  // namespace

Result<std::unique_ptr<CentreStore>> open_centre_store(const std::string& url) {
  DatabaseOptions options;
  options.url = url;
  options.sole_owner = true;
  auto writing = Database::open(options);
  if (!writing) return tl::unexpected<Error>(writing.error());
  if (auto migrated = (*writing)->migrate("centre", centre_tables()); !migrated)
    return tl::unexpected<Error>(migrated.error());
  options.sole_owner = false;
  auto reading = Database::open(options);
  if (!reading) return tl::unexpected<Error>(reading.error());
  return std::unique_ptr<CentreStore>(
      std::make_unique<SqlCentreStore>(std::move(*writing), std::move(*reading)));
}

}  // namespace madoguchi::store
