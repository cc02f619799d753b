// One recording's file, on the recording thread (RecordingPipe owns it). A full disk does not end
// it: the sealed bytes that found no room wait, chunks that come meanwhile are given up in clear,
// before they are sealed, and once there is room again a mark (MarkKind::kGap) says from when on
// sound is missing, and the recording goes on in the same file. Until then the file reads as cut
// off at its last whole chunk.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "recording/sealer.h"

namespace madoguchi::exchange {

class RecordingFile {
 public:
  enum class Written : std::uint8_t {
    kWhole,
    kWaits,   // no room: tried again with the next chunk
    kFailed,  // errno says why; nothing more may be written
  };
  // As write(2). Given by tests.
  using Write = std::function<ssize_t(int fd, const void* bytes, std::size_t count)>;

  RecordingFile(std::string name, recording::Sealer sealer, Write write = {});
  ~RecordingFile();
  RecordingFile(RecordingFile&&) = delete;
  RecordingFile& operator=(RecordingFile&&) = delete;

  // Makes it in `directory`, where there must be none of that name, and writes its head.
  Written begin(int directory);
  Written chunk(ByteView plain);
  // The end mark. kWaits means here that the file stays without an end.
  Written finish(Micros at);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return fd_; }  // -1: it could not be made
  [[nodiscard]] bool waits() const { return !waiting_.empty(); }
  [[nodiscard]] std::uint32_t gaps() const { return gaps_; }
  [[nodiscard]] const recording::Sealer& sealer() const { return sealer_; }

 private:
  Written put(ByteView bytes);
  Written put_waiting();

  const std::string name_;
  recording::Sealer sealer_;
  const Write write_;
  int fd_ = -1;
  Bytes waiting_;  // sealed, and not in the file yet
  std::optional<Micros> gap_from_;
  std::uint32_t gaps_ = 0;
};

}  // namespace madoguchi::exchange
