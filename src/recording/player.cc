#include "recording/player.h"

#include <algorithm>

namespace madoguchi::recording {
namespace {

constexpr std::size_t kMostMarks = 10'000;
constexpr Micros kMostAtOnce = std::chrono::seconds(60);

// Samples are 125 µs long.
Micros whole_samples(Micros time) {
  return time - time % Micros(125);
}

}  // namespace

Result<Outline> outline_of(ByteView file, const SealKeyPair& keys) {
  auto reader = Reader::open(file, keys);
  if (!reader) return tl::unexpected(reader.error());
  Outline outline;
  outline.header = reader->header();
  Timeline timeline;
  while (true) {
    auto chunk = reader->next();
    if (!chunk) return tl::unexpected(chunk.error());
    if (*chunk == nullptr) break;
    timeline.discard((*chunk)->base - Timeline::kSettle);
    for (const Frame& frame : (*chunk)->frames) timeline.add(frame);
    outline.frames += (*chunk)->frames.size();
    for (const Mark& mark : (*chunk)->marks) {
      outline.length = std::max(outline.length, mark.at);
      if (mark.kind != MarkKind::kEnd && outline.marks.size() < kMostMarks)
        outline.marks.push_back(mark);
    }
  }
  outline.ending = reader->ending();
  outline.lost = timeline.lost();
  outline.length = std::max(outline.length, timeline.end());
  return outline;
}

Result<Player> Player::open(Bytes file, const SealKeyPair& keys) {
  auto outline = outline_of(file, keys);
  if (!outline) return tl::unexpected(outline.error());
  return Player(std::move(file), *std::move(outline));
}

// The next chunk's frames wait until what lies well before them was released: the time line holds
// some seconds only, and a pause may be long.
Result<void> Player::read_on(Pass& pass) {
  if (pass.pending != nullptr)
    for (const Frame& frame : pass.pending->frames) pass.timeline.add(frame);
  const auto chunk = pass.reader.next();
  if (!chunk) return tl::unexpected(chunk.error());
  pass.pending = *chunk;
  pass.over = *chunk == nullptr;
  if (!pass.over)
    pass.settled = std::max(pass.settled, whole_samples((*chunk)->base - Timeline::kSettle));
  return {};
}

Result<std::vector<std::int16_t>> Player::take(Micros from, Micros span, const SealKeyPair& keys) {
  from = whole_samples(std::max(from, Micros(0)));
  const Micros end = std::min(whole_samples(from + std::min(span, kMostAtOnce)), outline_.length);
  std::vector<std::int16_t> samples;
  if (end <= from) return samples;
  if (!pass_ || pass_->at > from) {
    auto reader = Reader::open(file_, keys);
    if (!reader) return tl::unexpected(reader.error());
    pass_.emplace(Pass{std::move(*reader), {}});
  }
  Pass& pass = *pass_;
  while (pass.at < end) {
    const Micros ready = pass.over ? end : std::min(end, pass.settled);
    if (pass.at < std::min(ready, from)) {
      pass.at = std::min(ready, from);
      pass.timeline.discard(pass.at);
    }
    if (pass.at < ready && pass.at >= from) {
      while (!pass.timeline.release(ready, samples)) {
      }
      pass.at = ready;
    }
    if (pass.at >= end) break;
    if (auto read = read_on(pass); !read) {
      pass_.reset();
      return tl::unexpected(read.error());
    }
  }
  return samples;
}

}  // namespace madoguchi::recording
