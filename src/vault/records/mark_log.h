// Marks of an import that wait for its end: a file beside the records, appended to before each
// commit and cut back to what was committed when an import goes on. Then read in ascending order,
// in memory where they fit and by merging sorted pieces where they don't: inserting in order is
// what makes building the index fast. Holds marks and record numbers, nothing else. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vault/records/record_store.h"

namespace madoguchi::vault {

std::string mark_log_name(std::string_view import_id);

class MarkLog {
 public:
  struct Entry {
    MarkRow row;
    bool unique = false;
  };

  // `bytes` of it count; what is there beyond is cut off. kCorrupt when there is less.
  static Result<std::unique_ptr<MarkLog>> open(const std::filesystem::path& file,
                                               std::uint64_t bytes);
  ~MarkLog();

  // Durable when this returns; gives the log's bytes.
  Result<std::uint64_t> append(std::span<const Entry> entries);
  Result<void> every(const std::function<void(const Entry&)>& each);
  // Ascending slices of at most `slice` rows. Stops at the first error.
  Result<void> sorted(std::size_t slice,
                      const std::function<Result<void>(std::span<const MarkRow>)>& take);
  [[nodiscard]] std::uint64_t entries() const;
  // The file goes.
  void remove();

 private:
  MarkLog(std::filesystem::path file, int fd, std::uint64_t bytes);
  Result<std::vector<MarkRow>> read(std::uint64_t from, std::size_t count);
  Result<void> merge(std::size_t slice,
                     const std::function<Result<void>(std::span<const MarkRow>)>& take);

  const std::filesystem::path file_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
};

}  // namespace madoguchi::vault
