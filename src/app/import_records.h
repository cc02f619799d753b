// `madoguchi import`: a client's file of records into the running vault. The file is looked at
// here, read once, and streamed to the vault, which seals each row as it arrives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "app/admin_client.h"
#include "base/result.h"

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

// kInvalid: the file, or with `strict` a row of it. Shows progress where stderr is a terminal.
Result<Imported> import_records(const ProcessAccess& vault, const ImportAsked& asked);

}  // namespace madoguchi::app
