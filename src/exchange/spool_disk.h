// Where the spool's segments lie: numbered files that only grow at their end. The interface is what
// tests replace to make a disk full, a write torn or a sync fail. Opening and reading happen on
// the loop thread before the spool's writer starts; afterwards create(), append(), sync() and
// remove() are the writer thread's alone, and read() may be called beside it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace madoguchi::exchange {

using SegmentNumber = std::uint64_t;

class SpoolDisk {
 public:
  virtual ~SpoolDisk() = default;
  // Of the segments that exist, ascending.
  virtual Result<std::vector<SegmentNumber>> segments() = 0;
  virtual Result<Bytes> read(SegmentNumber segment) = 0;
  // Makes an empty segment, durably, and directs append() and sync() to it: what the one before
  // was given must have been synced.
  virtual Result<void> create(SegmentNumber segment) = 0;
  // On an error some of the bytes may be there all the same.
  virtual Result<void> append(ByteView bytes) = 0;
  // What was appended is on the disk when this returns without error.
  virtual Result<void> sync() = 0;
  virtual Result<void> truncate(SegmentNumber segment, std::uint64_t size) = 0;
  virtual Result<void> remove(SegmentNumber segment) = 0;
};

// A folder of files "<number>.spool", mode 0600. kDenied or kUnavailable when it can't be made or
// written.
Result<std::unique_ptr<SpoolDisk>> open_spool_folder(const std::filesystem::path& folder);

}  // namespace madoguchi::exchange
