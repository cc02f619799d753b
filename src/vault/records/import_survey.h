// What a file of records is, found out by reading all of it once before anything is taken in: its
// digest, encoding, format and columns. Runs where the file is; needs no vault but its schema.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
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
  std::filesystem::file_time_type written;
};

// kNotFound unless it is a regular file: of a pipe or a device nobody knows where it ends, and what
// was read of it is gone.
Result<void> check_plain_file(const std::filesystem::path& file);

// kInvalid with line, reason and how to mend; also of a file that was cut off amid its last row.
// kNotFound: it is no plain file, or can't be opened. kUnavailable: it can't be read to its end.
Result<Survey> survey(const SurveyAsked& asked, const Schema& schema);

// The bytes that a survey was about, read again piece by piece: all of them, or an error. One
// thread.
class SurveyedFile {
 public:
  SurveyedFile(std::filesystem::path file, const Survey& about, std::uint64_t from);

  // Empty at the end. kUnavailable: it can't be read to its end; kConflict: it is not what it was.
  Result<ByteView> next();

 private:
  [[nodiscard]] Result<void> is_the_same();

  const std::filesystem::path file_;
  const std::uint64_t bytes_;
  const std::filesystem::file_time_type written_;
  std::uint64_t at_;
  std::ifstream in_;
  Bytes piece_;
};

}  // namespace madoguchi::vault
