#include "exchange/media/recording_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "recording/chunk_builder.h"

namespace madoguchi::exchange {

using recording::MarkKind;

RecordingFile::RecordingFile(std::string name, recording::Sealer sealer, Write write)
    : name_(std::move(name)),
      sealer_(std::move(sealer)),
      write_(write ? std::move(write) : [](int fd, const void* bytes, std::size_t count) {
        return ::write(fd, bytes, count);
      }) {}

RecordingFile::~RecordingFile() {
  if (fd_ >= 0) ::close(fd_);
}

RecordingFile::Written RecordingFile::begin(int directory) {
  fd_ = ::openat(directory, name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  return fd_ < 0 ? Written::kFailed : put(sealer_.header_bytes());
}

RecordingFile::Written RecordingFile::put(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t done = write_(fd_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && errno != ENOSPC && errno != EDQUOT) return Written::kFailed;
    if (done <= 0) {
      waiting_.assign(bytes.begin(), bytes.end());
      return Written::kWaits;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return Written::kWhole;
}

RecordingFile::Written RecordingFile::put_waiting() {
  const Bytes bytes = std::exchange(waiting_, {});
  const Written written = put(bytes);
  if (written != Written::kWhole || !gap_from_) return written;
  ++gaps_;
  const Micros from = *std::exchange(gap_from_, std::nullopt);
  return put(sealer_.seal_chunk(recording::mark_chunk(MarkKind::kGap, from)));
}

RecordingFile::Written RecordingFile::chunk(ByteView plain) {
  if (waits()) {
    const Written written = put_waiting();
    if (written != Written::kWhole) {
      if (!gap_from_) gap_from_ = recording::base_of(plain);
      return written;
    }
  }
  return put(sealer_.seal_chunk(plain));
}

RecordingFile::Written RecordingFile::finish(Micros at) {
  if (waits())
    if (const Written written = put_waiting(); written != Written::kWhole) return written;
  return put(sealer_.finish(at));
}

}  // namespace madoguchi::exchange
