#include "vault/recording_shelf.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "recording/reader.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kHeaderAtMost = 1024;
constexpr int kMostOfACall = 50;  // the exchange numbers them from 1

std::string name_of(const RecordingId& id) {
  return id.text() + ".mdgrec";
}

// At most so many bytes from its start.
Result<Bytes> bytes_of(const std::filesystem::path& file, std::size_t most) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::kNotFound, "there is no such recording here");
  in.seekg(0, std::ios::end);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
  in.seekg(0);
  Bytes bytes(std::min(size, most));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return bytes;
}

}  // namespace

LentKeys::LentKeys(const RecordingKey& key) {
  pair_.public_key = key.keys.public_key;
  std::copy_n(key.keys.secret_key.reveal().data(), pair_.secret_key.size(),
              pair_.secret_key.data());
}

LentKeys::~LentKeys() {
  wipe(std::span(pair_.secret_key));
}

std::vector<ShelvedRecording> RecordingShelf::of_call(const CallId& call) const {
  std::vector<ShelvedRecording> found;
  if (folder_.empty() || call.empty()) return found;
  for (int number = 1; number <= kMostOfACall; ++number) {
    RecordingId id(fmt::format("{}.{}", call.text(), number));
    const auto head = bytes_of(folder_ / name_of(id), kHeaderAtMost);
    if (!head) break;
    auto header = recording::read_header(*head);
    if (header && header->call == call) found.push_back({std::move(id), *std::move(header)});
  }
  return found;
}

Result<Bytes> RecordingShelf::read(const RecordingId& id) const {
  if (folder_.empty()) return fail(ErrorCode::kNotFound, "there is no such recording here");
  auto bytes = bytes_of(folder_ / name_of(id), kMostBytes + 1);
  if (bytes && bytes->size() > kMostBytes)
    return fail(ErrorCode::kExhausted, "the recording is too long to be heard here");
  return bytes;
}

}  // namespace madoguchi::vault
