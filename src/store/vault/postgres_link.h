// One connection to PostgreSQL for the stores of records and keys, by libpq: values as parameters,
// bytes as bytea, many rows as arrays in one statement. Calls from several threads are serialised.
// Promises as database.h: what was committed is durable; a connection that was lost meanwhile is
// opened again by the next call, which succeeds if the server is there; no error holds a value.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

struct pg_conn;

namespace madoguchi::store {

// The rows of an answer, as text; bytes come back by bytes().
class PostgresRows {
 public:
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column) const;
  [[nodiscard]] const std::string& text(std::size_t row, std::size_t column) const {
    return rows_[row][column];
  }
  [[nodiscard]] Bytes bytes(std::size_t row, std::size_t column) const;
  std::int64_t affected = 0;

 private:
  friend class PostgresLink;
  std::vector<std::vector<std::string>> rows_;
};

// A parameter as PostgreSQL reads it.
std::string pg(std::int64_t value);
std::string pg(std::uint64_t value);
std::string pg(ByteView bytes);
// Elements of an array, appended one by one.
class PostgresArray {
 public:
  void add(std::int64_t value) { add_text(std::to_string(value)); }
  void add(std::uint64_t value) { add_text(std::to_string(value)); }
  void add(ByteView bytes);
  [[nodiscard]] std::string text() const { return "{" + text_ + "}"; }

 private:
  void add_text(std::string_view text);
  std::string text_;
};

class PostgresLink {
 public:
  // `owner_lock`: the number of the advisory lock that only one process may hold; 0: none.
  static Result<std::unique_ptr<PostgresLink>> open(std::string url, std::int64_t owner_lock,
                                                    std::chrono::milliseconds lock_timeout);
  ~PostgresLink();
  PostgresLink(const PostgresLink&) = delete;

  // One statement by itself, which may be run twice when the connection is lost in the midst of it.
  Result<PostgresRows> ask(const char* sql, const std::vector<std::string>& parameters = {});
  // Several in one transaction; `work` calls the given ask and nothing else of this link.
  using Ask = std::function<Result<PostgresRows>(const char*, const std::vector<std::string>&)>;
  Result<void> transact(const std::function<Result<void>(const Ask&)>& work);

 private:
  PostgresLink() = default;
  Result<void> connect();
  // The first statement of a call.
  Result<PostgresRows> begin(const char* sql, const std::vector<std::string>& parameters);
  Result<PostgresRows> run(const char* sql, const std::vector<std::string>& parameters);

  std::string url_;
  std::string shown_;
  std::int64_t owner_lock_ = 0;
  std::chrono::milliseconds lock_timeout_{0};
  std::mutex mutex_;  // guards the connection
  pg_conn* connection_ = nullptr;
};

}  // namespace madoguchi::store
