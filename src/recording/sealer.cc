#include "recording/sealer.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "recording/chunk_builder.h"
#include "recording/little_endian.h"
#include "recording/sealed_layout.h"

namespace madoguchi::recording {

struct Sealer::State {
  crypto_secretstream_xchacha20poly1305_state stream{};
  Bytes header;
  Bytes out;
  RunningDigest digest;
  std::uint64_t bytes = 0;
  bool first = true;
  bool finished = false;
  ~State() { sodium_memzero(&stream, sizeof stream); }
};

namespace {

void put_text(Bytes& out, const std::string& text) {
  const auto length = static_cast<std::uint8_t>(std::min<std::size_t>(text.size(), 255));
  out.push_back(length);
  out.insert(out.end(), text.begin(), text.begin() + length);
}

}  // namespace

Sealer::Sealer(const Header& header, SealingSession& to, MonoTime now)
    : state_(std::make_unique<State>()) {
  CHECK(sodium_init() >= 0);
  std::array<std::uint8_t, kFileKeyBytes> file_key{};
  std::array<std::uint8_t, kStreamNonceBytes> nonce{};
  crypto_secretstream_xchacha20poly1305_keygen(file_key.data());
  crypto_secretstream_xchacha20poly1305_init_push(&state_->stream, nonce.data(), file_key.data());
  const Bytes sealed_key = to.seal(file_key, now);
  sodium_memzero(file_key.data(), file_key.size());

  Bytes& out = state_->header;
  out.assign(kMagic.begin(), kMagic.end());
  out.push_back(kVersion);
  out.resize(out.size() + 2);
  put_text(out, header.organisation.text());
  put_text(out, header.key.text());
  put_text(out, header.call.text());
  out.resize(out.size() + 8);
  put_little(out.data() + out.size() - 8, static_cast<std::uint64_t>(to_micros(header.started)));
  out.insert(out.end(), sealed_key.begin(), sealed_key.end());
  out.insert(out.end(), nonce.begin(), nonce.end());
  put_little(out.data() + kMagic.size() + 1, static_cast<std::uint16_t>(out.size()));

  state_->digest.add(out);
  state_->bytes = out.size();
}

Sealer::~Sealer() = default;
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;

ByteView Sealer::header_bytes() const {
  return state_->header;
}

ByteView Sealer::push(ByteView plain, unsigned char tag) {
  CHECK(!state_->finished);
  CHECK(plain.size() <= kMostPlainBytes);
  const std::size_t sealed = plain.size() + kSealOverhead;
  Bytes& out = state_->out;
  out.resize(kLengthBytes + sealed);
  put_little(out.data(), static_cast<std::uint32_t>(sealed));
  const ByteView bound = state_->first ? ByteView(state_->header) : ByteView();
  crypto_secretstream_xchacha20poly1305_push(&state_->stream, out.data() + kLengthBytes, nullptr,
                                             plain.data(), plain.size(), bound.data(), bound.size(),
                                             tag);
  state_->first = false;
  state_->digest.add(out);
  state_->bytes += out.size();
  return out;
}

ByteView Sealer::seal_chunk(ByteView plain) {
  return push(plain, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
}

ByteView Sealer::finish(Micros at) {
  const ByteView bytes =
      push(mark_chunk(MarkKind::kEnd, at), crypto_secretstream_xchacha20poly1305_TAG_FINAL);
  state_->finished = true;
  return bytes;
}

Digest Sealer::digest() const {
  return state_->digest.value();
}
std::uint64_t Sealer::bytes() const {
  return state_->bytes;
}

}  // namespace madoguchi::recording
