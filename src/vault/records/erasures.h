// Who was erased, in a file of its own apart from the databases' folder: restoring a backup must
// not bring anybody back, so it is read at every start and what a restored database does not know
// is erased again. A line holds the record's number and a keyed mark of the subject's id, never the
// id; each line carries a keyed digest over itself and the line before, so that none can be made
// up, changed or taken out of the middle. Append-only; durable before a key is destroyed. Owned by
// the vault; any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "vault/records/record_store.h"

namespace madoguchi::vault {

class Erasures {
 public:
  enum class IfMissing {
    kMake,    // (0600), with its name durable in its folder
    kRefuse,  // there was one: kNotFound
  };
  // `key` is for this alone, derived from the master key. kCorrupt, naming file and line, when
  // somebody changed it; a last line that a crash cut short is taken away. An empty file counts as
  // a list of nobody.
  static Result<std::unique_ptr<Erasures>> open(const std::filesystem::path& file, Secret key,
                                                IfMissing missing = IfMissing::kMake);
  ~Erasures();
  Erasures(const Erasures&) = delete;

  [[nodiscard]] Mark mark_of(const SubjectId& subject) const;
  [[nodiscard]] std::vector<ErasureRow> all() const;
  // Durable when it returns, in the file that the next start reads: kUnavailable where another one
  // was put in its place meanwhile.
  Result<void> append(std::span<const ErasureRow> erasures);
  [[nodiscard]] std::size_t lines() const;
  // Different people in it; looks at every line.
  [[nodiscard]] std::size_t people() const;
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  // Takes in those of another list that this one lacks, and removes the other.
  Result<void> take_in(const std::filesystem::path& other, Secret key);

 private:
  Erasures(std::filesystem::path file, Secret key);
  [[nodiscard]] std::string line_of(const ErasureRow& row, const std::string& previous) const;
  Result<void> read(IfMissing missing);
  Result<void> begin(std::string_view text);
  [[nodiscard]] bool is_in_place() const;

  const std::filesystem::path file_;
  const Secret key_;
  mutable std::mutex mutex_;  // guards the rest
  int fd_ = -1;
  std::vector<ErasureRow> rows_;
  std::string last_digest_;
};

}  // namespace madoguchi::vault
