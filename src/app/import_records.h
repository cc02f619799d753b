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
  std::filesystem::path report;   // of bad rows; empty: <file>.bad-rows.csv
  std::string source, given_for, obtained_on, obtained_by;
  bool strict = false;
  bool json = false;
  std::string asked_by;
};

struct Imported {
  std::string import_id;
  std::uint64_t rows = 0;
  std::uint64_t bad_rows = 0;
  std::filesystem::path report;  // empty: no row was bad
};

struct ImportSeen {
  std::string import_id, state, digest;
  std::uint64_t rows = 0, bad_rows = 0;
  Time began;
  std::optional<Time> ended;
};

// kInvalid: the file, or with `strict` a row of it. Shows progress where stderr is a terminal.
Result<Imported> import_records(const ProcessAccess& vault, const ImportAsked& asked);

// An organisation's imports, in the order of their beginning.
Result<std::vector<ImportSeen>> list_imports(const ProcessAccess& vault,
                                             const std::string& organisation);
// Takes the records of one away for good; gives how many there were. `finished_too`: of one that
// is done as well.
Result<std::uint64_t> withdraw_import(const ProcessAccess& vault, const ImportAsked& asked,
                                      const std::string& import_id, bool finished_too);

}  // namespace madoguchi::app
