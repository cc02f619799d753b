// What a page of the glass sends to prove itself: whatever it is, only an answer comes of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "vault/page_keys/page_key.h"
#include "vault/page_keys/request_proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace madoguchi;
  const std::string_view text = as_text(ByteView(data, size));
  const auto proof = vault::RequestProof::parse(text);
  if (proof && proof->header() != text) std::abort();
  if (proof) (void)proof->message({"GET", "vault.localhost", "/", "", "", text});
  const auto key = vault::page_key_of(text);
  if (key && proof) (void)key->verifies(as_bytes(text), proof->signature);
  return 0;
}
