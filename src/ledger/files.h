// Files that are there whole or not at all: written beside their place, then renamed into it, so
// that a crash of the program or a full disk leaves the old file or none; and durable ones, which
// a crash of the machine leaves so too. No thread of its own.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace madoguchi::ledger {

// Several files made durable together: one pass of fsync over them and their folders. What was
// renamed before an error stays.
class DurableFiles {
 public:
  DurableFiles() = default;
  DurableFiles(const DurableFiles&) = delete;
  DurableFiles& operator=(const DurableFiles&) = delete;
  ~DurableFiles();  // takes away what was not committed

  // Folders are made as needed. kExhausted: disk full; kUnavailable: it can't be written.
  Result<void> put(const std::filesystem::path& file, ByteView bytes);
  // When it returns without an error all of them survive a crash.
  Result<void> commit();
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    int fd = -1;
    std::filesystem::path temporary;
    std::filesystem::path file;
  };

  std::vector<Waiting> waiting_;
  std::set<std::filesystem::path> folders_;  // whose names changed
};

Result<void> write_durably(const std::filesystem::path& file, ByteView bytes);

// Not forced to disk: after a crash of the machine the file may be empty or an older one, so it is
// for what can be made again. Its folders are made as needed; errors as of put().
Result<void> write_whole(const std::filesystem::path& file, ByteView bytes);

// kNotFound, kUnavailable, or kCorrupt when it is larger than `most`.
Result<Bytes> read_whole(const std::filesystem::path& file, std::size_t most);

}  // namespace madoguchi::ledger
