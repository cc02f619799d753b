#include "store/vault/postgres_link.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cstdlib>

#include "store/owner_wait.h"

namespace madoguchi::store {
namespace {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ClearResult>;

// Classes of SQLSTATE: PostgreSQL's own text may quote values, so only the code is used.
ErrorCode code_of(std::string_view state) {
  if (state.starts_with("23")) return ErrorCode::kConflict;
  if (state.starts_with("53")) return ErrorCode::kExhausted;
  if (state.starts_with("XX")) return ErrorCode::kCorrupt;
  return ErrorCode::kUnavailable;
}

}  // namespace

std::int64_t PostgresRows::integer(std::size_t row, std::size_t column) const {
  return std::strtoll(rows_[row][column].c_str(), nullptr, 10);
}
Bytes PostgresRows::bytes(std::size_t row, std::size_t column) const {
  const std::string& text = rows_[row][column];
  if (!text.starts_with("\\x")) return {};
  return from_hex(std::string_view(text).substr(2)).value_or(Bytes());
}

std::string pg(std::int64_t value) {
  return std::to_string(value);
}
std::string pg(std::uint64_t value) {
  return std::to_string(value);
}
std::string pg(ByteView bytes) {
  return "\\x" + to_hex(bytes);
}

void PostgresArray::add_text(std::string_view text) {
  if (!text_.empty()) text_ += ',';
  text_ += text;
}
void PostgresArray::add(ByteView bytes) {
  add_text("\"\\\\x" + to_hex(bytes) + "\"");
}

PostgresLink::~PostgresLink() {
  PQfinish(connection_);
}

Result<std::unique_ptr<PostgresLink>> PostgresLink::open(std::string url, std::int64_t owner_lock,
                                                         std::chrono::milliseconds lock_timeout) {
  std::unique_ptr<PostgresLink> link(new PostgresLink);
  // Nothing of the address but its host and base is shown.
  const auto at = url.rfind('@');
  link->shown_ = at == std::string::npos ? "PostgreSQL" : "PostgreSQL at " + url.substr(at + 1);
  link->url_ = std::move(url);
  link->owner_lock_ = owner_lock;
  link->lock_timeout_ = lock_timeout;
  if (auto connected = link->connect(); !connected) return tl::unexpected<Error>(connected.error());
  return link;
}

Result<void> PostgresLink::connect() {
  PQfinish(connection_);
  connection_ = PQconnectdb(url_.c_str());
  if (PQstatus(connection_) != CONNECTION_OK) {
    PQfinish(connection_);
    connection_ = nullptr;
    return fail(ErrorCode::kUnavailable, fmt::format("{}: cannot be reached", shown_));
  }
  for (const std::string& setting :
       {std::string("SET synchronous_commit = on"), std::string("SET client_encoding = 'UTF8'"),
        std::string("SET client_min_messages = warning"), std::string("SET bytea_output = 'hex'"),
        fmt::format("SET lock_timeout = {}", lock_timeout_.count())})
    if (auto set = run(setting.c_str(), {}); !set) return tl::unexpected<Error>(set.error());
  if (owner_lock_ == 0) return {};
  Result<void> asked;
  const bool locked = locked_soon([&] {
    const auto now = run("SELECT CASE WHEN pg_try_advisory_lock($1::bigint) THEN 1 ELSE 0 END",
                         {pg(owner_lock_)});
    if (!now) asked = tl::unexpected<Error>(now.error());
    return !now || (now->size() == 1 && now->integer(0, 0) == 1);
  });
  if (!asked) return asked;
  if (locked) return {};
  PQfinish(connection_);
  connection_ = nullptr;
  return fail(
      ErrorCode::kConflict,
      fmt::format("{}: another process of ours has this store open; stop it first", shown_));
}

Result<PostgresRows> PostgresLink::run(const char* sql,
                                       const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  const PgResult result(PQexecParams(connection_, sql, static_cast<int>(values.size()), nullptr,
                                     values.data(), nullptr, nullptr, 0));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    const std::string_view code = state == nullptr ? "" : state;
    return fail(code_of(code),
                fmt::format("{}: {}", shown_,
                            code.empty() ? "the connection was lost"
                                         : fmt::format("refused a statement ({})", code)));
  }
  PostgresRows rows;
  rows.affected = std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
  const int columns = PQnfields(result.get());
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    auto& into = rows.rows_.emplace_back();
    for (int column = 0; column < columns; ++column)
      into.emplace_back(PQgetvalue(result.get(), row, column),
                        static_cast<std::size_t>(PQgetlength(result.get(), row, column)));
  }
  return rows;
}

Result<PostgresRows> PostgresLink::begin(const char* sql,
                                         const std::vector<std::string>& parameters) {
  if (connection_ != nullptr && PQstatus(connection_) == CONNECTION_OK) {
    auto rows = run(sql, parameters);
    // A server that was restarted is noticed by the first statement.
    if (rows || PQstatus(connection_) == CONNECTION_OK) return rows;
  }
  if (auto connected = connect(); !connected) return tl::unexpected<Error>(connected.error());
  return run(sql, parameters);
}

Result<PostgresRows> PostgresLink::ask(const char* sql,
                                       const std::vector<std::string>& parameters) {
  const std::lock_guard lock(mutex_);
  return begin(sql, parameters);
}

Result<void> PostgresLink::transact(const std::function<Result<void>(const Ask&)>& work) {
  const std::lock_guard lock(mutex_);
  if (auto begun = begin("BEGIN", {}); !begun) return tl::unexpected<Error>(begun.error());
  const auto done = work([this](const char* sql, const std::vector<std::string>& parameters) {
    return run(sql, parameters);
  });
  if (!done) {
    static_cast<void>(run("ROLLBACK", {}));
    return done;
  }
  if (auto committed = run("COMMIT", {}); !committed)
    return tl::unexpected<Error>(committed.error());
  return {};
}

}  // namespace madoguchi::store
