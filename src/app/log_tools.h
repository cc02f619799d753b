// The client's own tools, which need no server of ours: `madoguchi verify` checks a log or a proof
// file, `madoguchi report` counts a month of a log, `madoguchi witness` cosigns logs. The calling
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace madoguchi::app {

struct VerifyOptions {
  std::string log;  // URL or folder
  std::string key;
  std::vector<std::string> witnesses;
  std::filesystem::path state;  // checkpoint of the last check; empty: the key's own; "none"
  std::filesystem::path proof;  // a proof file, or a disclosure about one person, instead of a log
  std::filesystem::path entry;  // the entry it is about; empty: the one the file carries
  std::filesystem::path authorities;
  bool json = false;
};

// 0: all is well; 1: something is wrong with the log, and it was said what; 2: wrong use; 3: it
// could not be checked.
int verify_log_command(const VerifyOptions& options);

struct ReportOptions {
  VerifyOptions verify;  // of which: log, key, witnesses, authorities
  std::string month;     // "2026-11"
  std::string language = "ja";
  std::filesystem::path out;
};

// The monthly report, counted out of the log while that is verified; nothing is written unless all
// is well. Codes as above.
int report_command(const ReportOptions& options);

struct WitnessOptions {
  std::filesystem::path config;
  bool print_key = false;  // only says the verifier key, making it if there is none
};

// Serves until a signal ends it.
Result<void> witness_command(const WitnessOptions& options);

}  // namespace madoguchi::app
