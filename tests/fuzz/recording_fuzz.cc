// The recording reader against any bytes: as a whole file, and as the content of a chunk that was
// sealed properly (what an exchange that was taken over could write).
#include <cstdint>

#include "recording/reader.h"
#include "recording/sealer.h"
#include "recording/wav.h"

namespace {

using namespace madoguchi;
using namespace madoguchi::recording;

const SealKeyPair& keys() {
  static const SealKeyPair pair = fresh_seal_key_pair();
  return pair;
}

void read(ByteView file) {
  static_cast<void>(read_header(file));
  std::size_t bytes = 0;
  static_cast<void>(to_wav(file, keys(), [&](ByteView wav) {
    bytes += wav.size();
    return bytes < 256 * 1024;
  }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  read(input);
  if (size > kMostPlainBytes) return 0;
  SealingSession session(keys().public_key);
  Sealer sealer({OrganisationId("o"), KeyId("k"), CallId("c"), Time()}, session, MonoTime{});
  Bytes file(sealer.header_bytes().begin(), sealer.header_bytes().end());
  const ByteView chunk = sealer.seal_chunk(input);
  file.insert(file.end(), chunk.begin(), chunk.end());
  read(file);
  return 0;
}
