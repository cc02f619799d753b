// The call log as a file for spreadsheets: one line per call, then its legs and states in columns
// of their own lines, in UTF-8 or in CP932 as Japanese spreadsheets of old expect. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "centre/centre_store.h"
#include "centre/floor_settings.h"

namespace madoguchi::centre {

enum class Encoding { kUtf8, kCp932 };

// Cells that a spreadsheet would run as a formula are defused with an apostrophe.
std::string call_log_csv(const std::vector<LoggedCall>& log, const FloorParts& floor,
                         Encoding encoding);
// The same in parts: the head once, then the lines of any number of calls.
std::string call_log_head(Encoding encoding);
std::string call_log_lines(const std::vector<LoggedCall>& log, const FloorParts& floor,
                           Encoding encoding);

// What CP932 has no sign for becomes "?".
std::string to_cp932(const std::string& utf8);

}  // namespace madoguchi::centre
