// What a file of records is, found out by reading all of it once before anything is taken in: its
// digest, encoding, format and columns. Runs where the file is; needs no vault but its schema.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "vault/records/importer.h"

namespace madoguchi::vault {

struct SurveyAsked {
  std::filesystem::path file;
  std::string mapping_toml;          // empty: guess by header names
  std::string mapping_name;          // for messages
  std::optional<FileFormat> format;  // none: by the first character
};

struct Survey {
  ImportTerms terms;  // without organisation, provenance and strictness
  std::uint64_t bytes = 0;
};

// kInvalid with line, reason and how to mend.
Result<Survey> survey(const SurveyAsked& asked, const Schema& schema);

}  // namespace madoguchi::vault
