// What a browser sends of passkeys: whatever it is, nothing but an answer comes of it.
#include <cstddef>
#include <cstdint>

#include "vault/passkeys/cbor.h"
#include "vault/passkeys/ceremony.h"
#include "vault/passkeys/public_key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace madoguchi;
  const ByteView bytes(data, size);
  const vault::CeremonyPlace place{"https://vault.example", "vault.example", {}};
  const auto ours = [](ByteView) { return true; };
  (void)vault::PasskeyPublicKey::parse(bytes);
  (void)vault::check_registration(place, ours, as_bytes("{}"), bytes);
  (void)vault::CborReader(bytes).skip();
  const std::size_t half = size / 2;
  const Bytes first(data, data + half);
  const Bytes second(data + half, data + size);
  (void)vault::check_assertion(place, ours, {first, 0}, {first, second, second});
  (void)vault::from_base64url(as_text(bytes));
  return 0;
}
