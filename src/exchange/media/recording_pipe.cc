#include "exchange/media/recording_pipe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "recording/digest.h"

namespace madoguchi::exchange {
namespace {

// Beginnings and ends are few beside chunks; this many may wait on top of them.
constexpr std::size_t kRoomForEnds = 65536;
constexpr std::size_t kBuffersKept = 4096;
constexpr std::chrono::seconds kBetweenSyncs{1};

// Chunks that come within this time are sealed and written together: one wake-up for all of them.
// With ChunkBuilder's span and the media thread's watch it stays within a second.
constexpr std::chrono::milliseconds kRest{25};

// What is really in the file, for the digest of one that failed half-way.
recording::Digest digest_of(int fd, std::uint64_t& bytes) {
  recording::RunningDigest digest;
  Bytes piece(64 * 1024);
  bytes = 0;
  while (true) {
    const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(bytes));
    if (got <= 0) return digest.value();
    digest.add(ByteView(piece).first(static_cast<std::size_t>(got)));
    bytes += static_cast<std::uint64_t>(got);
  }
}

// A file system of its own: its journal is not the spool's, for which calls wait.
OnOff is_mounted(const std::string& directory, int fd) {
  struct stat own {};
  struct stat above {};
  const std::string parent = std::filesystem::path(directory).parent_path().string();
  const bool known = ::fstat(fd, &own) == 0 && ::stat(parent.c_str(), &above) == 0;
  return known && own.st_dev != above.st_dev ? OnOff::kOn : OnOff::kOff;
}

}  // namespace

Result<std::unique_ptr<RecordingPipe>> RecordingPipe::start(const std::string& directory,
                                                            std::size_t queue_chunks,
                                                            EventOutlet& events,
                                                            const Clock& clock) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kDenied,
                fmt::format("the recordings directory {} can't be opened: {}", directory,
                            std::strerror(errno)));
  return std::unique_ptr<RecordingPipe>(
      new RecordingPipe(fd, is_mounted(directory, fd), queue_chunks, events, clock));
}

RecordingPipe::RecordingPipe(int directory, OnOff forced, std::size_t queue_chunks,
                             EventOutlet& events, const Clock& clock)
    : directory_(directory),
      sync_(forced == OnOff::kOn ? std::make_unique<FolderSync>(directory, kBetweenSyncs)
                                 : nullptr),
      events_(events),
      clock_(clock),
      most_chunks_(queue_chunks),
      jobs_(queue_chunks + kRoomForEnds),
      used_buffers_(kBuffersKept) {
  thread_ = std::thread([this] { run(); });
}

RecordingPipe::~RecordingPipe() {
  stopping_.store(true);
  wake_.raise();
  thread_.join();
  open_.clear();
  if (sync_) sync_->stop();
  ::close(directory_);
}

void RecordingPipe::submit(Job job) {
  bool was_empty = false;
  CHECK(jobs_.push(std::move(job), &was_empty));
  if (was_empty) wake_.raise();
}

RecordingNumber RecordingPipe::begin(recording::Header header, const SealPublicKey& key,
                                     std::string file) {
  {
    const std::lock_guard lock(idle_mutex_);
    ++unfinished_;
  }
  const RecordingNumber number = ++last_number_;
  submit({number, Begin{std::move(header), key, std::move(file)}});
  return number;
}

bool RecordingPipe::chunk(RecordingNumber recording, Bytes& plain) {
  if (chunks_waiting_.load(std::memory_order_relaxed) >= most_chunks_) return false;
  chunks_waiting_.fetch_add(1, std::memory_order_relaxed);
  submit({recording, ChunkReady{std::move(plain)}});
  return true;
}

void RecordingPipe::end(RecordingNumber recording, Micros at, std::uint32_t gaps,
                        RecordingFate fate) {
  submit({recording, End{at, gaps, fate}});
}

Bytes RecordingPipe::buffer() {
  if (buffers_.empty()) used_buffers_.drain(buffers_);
  if (buffers_.empty()) return {};
  Bytes last = std::move(buffers_.back());
  buffers_.pop_back();
  return last;
}

bool RecordingPipe::wait_until_idle(std::chrono::milliseconds patience) {
  std::unique_lock lock(idle_mutex_);
  return idle_.wait_for(lock, patience, [this] { return unfinished_ == 0; });
}

bool RecordingPipe::wait_until_written(std::chrono::milliseconds patience) {
  std::unique_lock lock(idle_mutex_);
  return idle_.wait_for(lock, patience, [this] { return chunks_waiting_.load() == 0; });
}

// ---- the recording thread

void RecordingPipe::run() {
  ::pthread_setname_np(::pthread_self(), "recording");
  std::vector<Job> jobs;
  while (true) {
    const bool last_round = stopping_.load();
    jobs_.drain(jobs);
    for (Job& job : jobs) carry_out(job);
    jobs.clear();
    {
      const std::lock_guard lock(idle_mutex_);
      idle_.notify_all();
    }
    events_.retry();
    forget_old_sessions();
    if (last_round) return;
    pollfd ready{wake_.fd(), POLLIN, 0};
    const bool woken = ::poll(&ready, 1, 1000) > 0;
    if (woken && !stopping_.load()) std::this_thread::sleep_for(kRest);
    wake_.clear();
  }
}

void RecordingPipe::carry_out(Job& job) {
  if (const auto* begin = std::get_if<Begin>(&job.what)) return open_file(job.recording, *begin);
  if (const auto* end = std::get_if<End>(&job.what)) return close_file(job.recording, *end);
  Bytes& plain = std::get<ChunkReady>(job.what).plain;
  if (const auto found = open_.find(job.recording); found != open_.end())
    static_cast<void>(took(job.recording, found->second, found->second.file.chunk(plain)));
  chunks_waiting_.fetch_sub(1, std::memory_order_relaxed);
  plain.clear();
  static_cast<void>(used_buffers_.push(std::move(plain)));  // when full, memory is given back
}

// False: the recording is over.
bool RecordingPipe::took(RecordingNumber number, Open& open, RecordingFile::Written written) {
  const int why = errno;
  if (written == RecordingFile::Written::kFailed) {
    give_up(number, fmt::format("the recording can't be written: {}", std::strerror(why)));
    return false;
  }
  if (sync_) sync_->touched();
  if (open.told == open.file.waits()) return true;
  open.told = open.file.waits();
  events_.push(RecordingInterrupted{
      open.call, open.told ? OnOff::kOn : OnOff::kOff,
      open.told ? fmt::format("the recording can't be written: {}", std::strerror(why)) : ""});
  return true;
}

SealingSession& RecordingPipe::session_to(const SealPublicKey& key) {
  return sessions_.try_emplace(key, key).first->second;
}

void RecordingPipe::forget_old_sessions() {
  const MonoTime now = clock_.mono();
  for (auto entry = sessions_.begin(); entry != sessions_.end();) {
    entry->second.forget_old(now);
    entry = entry->second.ends() ? std::next(entry) : sessions_.erase(entry);
  }
}

void RecordingPipe::open_file(RecordingNumber number, const Begin& begin) {
  const auto [found, fresh] =
      open_.try_emplace(number, begin.header.call, begin.file,
                        recording::Sealer(begin.header, session_to(begin.key), clock_.mono()));
  CHECK(fresh);
  Open& open = found->second;
  const RecordingFile::Written written = open.file.begin(directory_);
  if (open.file.fd() < 0)
    return give_up(number, fmt::format("the recording {} can't be made: {}", begin.file,
                                       std::strerror(errno)));
  static_cast<void>(took(number, open, written));
}

void RecordingPipe::close_file(RecordingNumber number, const End& end) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;  // it failed, and that was said
  Open& open = found->second;
  if (end.fate == RecordingFate::kKeep &&
      open.file.finish(end.at) != RecordingFile::Written::kWhole)
    return give_up(number, fmt::format("the recording can't be written: {}", std::strerror(errno)));
  RecordingClosed how;
  how.gaps = end.gaps + open.file.gaps();
  how.digest = open.file.sealer().digest();
  how.bytes = open.file.sealer().bytes();
  if (end.fate == RecordingFate::kErase) {
    how.erased = OnOff::kOn;
    if (::unlinkat(directory_, open.file.name().c_str(), 0) != 0) {
      how.erased = OnOff::kOff;
      how.cut = OnOff::kOn;
      how.reason = fmt::format("the recording can't be erased: {}", std::strerror(errno));
    }
  }
  closed(number, std::move(how));
}

void RecordingPipe::give_up(RecordingNumber number, std::string reason) {
  const Open& open = open_.at(number);
  RecordingClosed how;
  how.cut = OnOff::kOn;
  how.reason = reason;
  how.gaps = open.file.gaps();
  if (open.file.fd() >= 0) how.digest = digest_of(open.file.fd(), how.bytes);
  events_.push(RecordingFailed{open.call, std::move(reason)});
  closed(number, std::move(how));
}

void RecordingPipe::closed(RecordingNumber number, RecordingClosed how) {
  const auto found = open_.find(number);
  how.call = found->second.call;
  how.file = found->second.file.name();
  open_.erase(found);
  if (sync_) sync_->touched();
  events_.push(std::move(how));
  const std::lock_guard lock(idle_mutex_);
  --unfinished_;
  idle_.notify_all();
}

}  // namespace madoguchi::exchange
