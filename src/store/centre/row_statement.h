// Runs the SQL that a record's column list stands for. Cells are bound once and refilled for each
// row, so a batch prepares one statement per table. Internal to this folder; used inside a
// transaction of store/database.h, whose thread it is on.
#pragma once

#include <fmt/format.h>
#include <soci/soci.h>

#include <deque>
#include <string>
#include <type_traits>
#include <vector>

#include "store/centre/record_columns.h"

namespace madoguchi::store {

struct Cell {
  const char* name = "";
  bool is_number = false;
  long long number = 0;
  std::string text;
};

// Visitors over columns(): one lists them, one fills cells, one reads cells.
class FillCells {
 public:
  explicit FillCells(std::deque<Cell>& cells) : cells_(cells) {}

  void operator()(const char* name, const std::string& value) { text(name, value); }
  template <typename Tag>
  void operator()(const char* name, const Id<Tag>& value) {
    text(name, value.text());
  }
  void operator()(const char* name, bool value) { number(name, value ? 1 : 0); }
  void operator()(const char* name, int value) { number(name, value); }
  void operator()(const char* name, std::int64_t value) { number(name, value); }
  void operator()(const char* name, std::uint64_t value) {
    number(name, static_cast<long long>(value));
  }
  void operator()(const char* name, Time value) { number(name, to_micros(value)); }
  void operator()(const char* name, Micros value) { number(name, value.count()); }
  void operator()(const char* name, const std::optional<Time>& value) {
    number(name, value ? to_micros(*value) : 0);
  }
  void operator()(const char* name, const std::vector<GroupId>& value) {
    std::string joined;
    for (const GroupId& group : value) joined += (joined.empty() ? "" : ",") + group.text();
    text(name, joined);
  }
  void operator()(const char* name, const std::vector<std::pair<Time, bool>>& value) {
    std::string joined;
    for (const auto& [at, paused] : value)
      joined += fmt::format("{}{}{}", joined.empty() ? "" : ",", paused ? "" : "-", to_micros(at));
    text(name, joined);
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum value) { text(name, std::string(name_of(value))); }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, const std::optional<Enum>& value) {
    text(name, value ? std::string(name_of(*value)) : std::string());
  }

 private:
  Cell& next(const char* name) {
    if (at_ == cells_.size()) cells_.emplace_back();
    Cell& cell = cells_[at_++];
    cell.name = name;
    return cell;
  }
  void text(const char* name, const std::string& value) { next(name).text = value; }
  void number(const char* name, long long value) {
    Cell& cell = next(name);
    cell.is_number = true;
    cell.number = value;
  }

  std::deque<Cell>& cells_;  // a deque: statements hold the addresses of cells
  std::size_t at_ = 0;
};

class ReadCells {
 public:
  explicit ReadCells(const std::deque<Cell>& cells) : cells_(cells) {}

  void operator()(const char*, std::string& value) { value = next().text; }
  template <typename Tag>
  void operator()(const char*, Id<Tag>& value) {
    value = Id<Tag>(next().text);
  }
  void operator()(const char*, bool& value) { value = next().number != 0; }
  void operator()(const char*, int& value) { value = static_cast<int>(next().number); }
  void operator()(const char*, std::int64_t& value) { value = next().number; }
  void operator()(const char*, std::uint64_t& value) {
    value = static_cast<std::uint64_t>(next().number);
  }
  void operator()(const char*, Time& value) { value = time_from_micros(next().number); }
  void operator()(const char*, Micros& value) { value = Micros(next().number); }
  void operator()(const char*, std::optional<Time>& value) {
    const long long number = next().number;
    value = number == 0 ? std::nullopt : std::optional<Time>(time_from_micros(number));
  }
  void operator()(const char*, std::vector<GroupId>& value) {
    value.clear();
    for_each_part(next().text, [&](const std::string& part) { value.emplace_back(part); });
  }
  void operator()(const char*, std::vector<std::pair<Time, bool>>& value) {
    value.clear();
    for_each_part(next().text, [&](const std::string& part) {
      const bool paused = part.front() != '-';
      value.emplace_back(time_from_micros(std::stoll(paused ? part : part.substr(1))), paused);
    });
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char*, Enum& value) {
    if (const auto known = stored_enum<Enum>(next().text)) value = *known;
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char*, std::optional<Enum>& value) {
    const std::string& text = next().text;
    value = text.empty() ? std::nullopt : stored_enum<Enum>(text);
  }

 private:
  const Cell& next() { return cells_[at_++]; }

  template <typename Each>
  static void for_each_part(const std::string& joined, const Each& each) {
    std::size_t begin = 0;
    while (begin < joined.size()) {
      const auto end = std::min(joined.find(',', begin), joined.size());
      if (end > begin) each(joined.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  const std::deque<Cell>& cells_;
  std::size_t at_ = 0;
};

// The names and kinds of a record's columns, from a default one.
template <typename Row>
std::deque<Cell> cells_of() {
  std::deque<Cell> cells;
  Row row;
  FillCells fill(cells);
  columns(row, fill);
  return cells;
}

// `fixed` names columns that keep their first value.
template <typename Row>
std::string upsert_sql(std::string_view key, std::string_view fixed) {
  std::string names, values, sets;
  for (const Cell& cell : cells_of<Row>()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", cell.name);
    values += fmt::format("{}:{}", values.empty() ? "" : ", ", cell.name);
    if (key.find(cell.name) == std::string_view::npos && cell.name != fixed)
      sets += fmt::format("{}{} = excluded.{}", sets.empty() ? "" : ", ", cell.name, cell.name);
  }
  return fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}",
                     table_of(static_cast<const Row*>(nullptr)), names, values, key, sets);
}

// Writes rows of one kind; prepared at the first. SQLite writes every index of a column that an
// update names anew, changed or not: an indexed column that never changes is `fixed`.
template <typename Row>
class Upsert {
 public:
  Upsert(soci::session& sql, std::string_view key, std::string_view fixed = {})
      : sql_(sql), key_(key), fixed_(fixed) {}

  void put(const Row& row) {
    FillCells fill(cells_);
    columns(const_cast<Row&>(row), fill);  // the list serves reading too; filling changes nothing
    if (!statement_) {
      static const std::string text = upsert_sql<Row>(key_, fixed_);
      statement_.emplace(sql_);
      for (Cell& cell : cells_) {
        if (cell.is_number)
          statement_->exchange(soci::use(cell.number));
        else
          statement_->exchange(soci::use(cell.text));
      }
      statement_->alloc();
      statement_->prepare(text);
      statement_->define_and_bind();
    }
    statement_->execute(true);
  }

 private:
  soci::session& sql_;
  const std::string key_, fixed_;
  std::deque<Cell> cells_;
  std::optional<soci::statement> statement_;
};

// Values for the :name places of a condition, by position.
using Parameters = std::vector<Cell>;

inline Cell parameter(std::string text) {
  return {"", false, 0, std::move(text)};
}
inline Cell parameter(Time time) {
  return {"", true, to_micros(time), {}};
}

// Rows whose columns fit `rest` ("WHERE … ORDER BY … LIMIT …").
template <typename Row>
std::vector<Row> select(soci::session& sql, const std::string& rest, Parameters parameters = {}) {
  std::deque<Cell> cells = cells_of<Row>();
  std::string names;
  soci::statement statement(sql);
  for (Cell& cell : cells) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", cell.name);
    if (cell.is_number)
      statement.exchange(soci::into(cell.number));
    else
      statement.exchange(soci::into(cell.text));
  }
  for (Cell& value : parameters) {
    if (value.is_number)
      statement.exchange(soci::use(value.number));
    else
      statement.exchange(soci::use(value.text));
  }
  statement.alloc();
  statement.prepare(
      fmt::format("SELECT {} FROM {} {}", names, table_of(static_cast<const Row*>(nullptr)), rest));
  statement.define_and_bind();
  std::vector<Row> rows;
  statement.execute(false);
  while (statement.fetch()) {
    Row row;
    ReadCells read(cells);
    columns(row, read);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace madoguchi::store
