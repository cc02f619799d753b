// `madoguchi import`: a client's file of records into the running vault. The file is looked at
// here, read once, and streamed to the vault, which seals each row as it arrives. What came in may
// be listed and taken back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/admin_client.h"
#include "base/result.h"
#include "base/time.h"

namespace madoguchi::app {

struct ImportAsked {
  std::string organisation;
  std::filesystem::path file;
  std::filesystem::path mapping;  // empty: guess by header names
  // Of bad rows, or of an update's rows; empty: <file>.bad-rows.csv, <file>.update-rows.csv
  std::filesystem::path report;
  std::string source, given_for, obtained_on, obtained_by;
  bool strict = false;
  bool update = false;  // people who are there are changed, not refused
  bool json = false;
  std::string asked_by;
};

struct Imported {
  std::string import_id;
  std::uint64_t rows = 0;
  std::uint64_t bad_rows = 0;
  std::uint64_t changed = 0;  // of an update: people who were there
  std::uint64_t unchanged = 0;
  std::filesystem::path report;  // empty: no row was bad, and it was no update
};

struct ImportSeen {
  std::string import_id, state, digest;
  std::uint64_t rows = 0, bad_rows = 0, changed = 0, unchanged = 0;
  Time began;
  std::optional<Time> ended;
};

// kInvalid: the file, or with `strict` a row of it. Shows progress where stderr is a terminal.
Result<Imported> import_records(const ProcessAccess& vault, const ImportAsked& asked);

// An organisation's imports, in the order of their beginning.
Result<std::vector<ImportSeen>> list_imports(const ProcessAccess& vault,
                                             const std::string& organisation);
struct Withdrawn {
  std::uint64_t taken_away = 0;  // records
  std::uint64_t changed = 0;     // people who were there before, and stay as it made them
};
// Takes the records of one away for good. `finished_too`: of one that is done as well.
Result<Withdrawn> withdraw_import(const ProcessAccess& vault, const ImportAsked& asked,
                                  const std::string& import_id, bool finished_too);

}  // namespace madoguchi::app
