// Where the resources of a log come from: a folder, a web server, a test. The caller's thread; an
// implementation may block.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace madoguchi::ledger {

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // `path` is relative to the log's prefix: "checkpoint", "tile/0/000". kNotFound: it is not there;
  // kUnavailable: it could not be asked; kCorrupt: it is larger than `most`.
  virtual Result<Bytes> fetch(std::string_view path, std::size_t most) = 0;
};

class FolderFetcher final : public Fetcher {
 public:
  explicit FolderFetcher(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<Bytes> fetch(std::string_view path, std::size_t most) override;

 private:
  std::filesystem::path folder_;
};

}  // namespace madoguchi::ledger
