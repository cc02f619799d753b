// Notes, checkpoints, keys, proof files and witness requests, which come from anyone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ledger/checkpoint.h"
#include "ledger/proof_file.h"
#include "ledger/witness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace madoguchi::ledger;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  static const VerifierKey kKey =
      VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
          .value();
  if (const auto note = Note::parse(text)) {
    if (note->bytes() != text) std::abort();
    static_cast<void>(check_signatures(*note, {&kKey, 1}));
  }
  if (const auto checkpoint = Checkpoint::parse(text))
    if (checkpoint->text() != text) std::abort();
  if (const auto key = VerifierKey::parse(text))
    if (VerifierKey::parse(key->text())->text() != key->text()) std::abort();
  if (const auto file = ProofFile::parse(text)) {
    if (file->text() != text) std::abort();
    static_cast<void>(verify_proof_file(*file, {}, kKey, {}));
  }
  if (const auto request = AddCheckpoint::parse(text))
    if (request->text() != text) std::abort();
  static_cast<void>(open_checkpoint(text, kKey, {}));
  return 0;
}
