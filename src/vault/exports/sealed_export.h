// The file in which an export leaves the vault: sealed to one recipient's key, written and read in
// pieces. Whoever holds the file learns from its header which export it is and for whom, nothing
// about anybody in it. One thread an object. What is read is input, whatever its bytes.
//
//   "madoguchi-export-1\n"
//   4 length | header, JSON
//   4 length | the file's own key, sealed to the recipient (base/sealing.h)
//   pieces: 4 length, its first bit set on the last | XChaCha20-Poly1305 of at most 64 KiB
//
// A piece's nonce is its number and whether it is the last, so pieces can't be left out, exchanged
// or cut off at the end; all are bound to the header. Big-endian.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/sealing.h"
#include "base/secret.h"
#include "base/time.h"
#include "vault/exports/recipient.h"

namespace madoguchi::vault {

struct ExportHeader {
  std::string export_id;
  std::string owner;
  std::string purpose;
  std::string recipient;  // RecipientKey::text()
  std::uint64_t lines = 0;
  Time made;
};

using ByteSink = std::function<Result<void>(ByteView)>;

class SealedExportWriter {
 public:
  // Writes the head at once. `entropy` and `sink` outlive it.
  static Result<SealedExportWriter> begin(const ExportHeader& header, const RecipientKey& to,
                                          Entropy& entropy, ByteSink sink);
  Result<void> add(std::string_view text);
  Result<void> finish();

 private:
  SealedExportWriter(Secret key, Bytes bound, ByteSink sink)
      : key_(std::move(key)), bound_(std::move(bound)), sink_(std::move(sink)) {}
  Result<void> write_piece(bool last);

  Secret key_;
  Bytes bound_;  // digest of the head
  ByteSink sink_;
  Bytes waiting_;
  std::uint64_t pieces_ = 0;
};

// Without any key.
Result<ExportHeader> read_export_header(ByteView file);
// Hands out the text in order. kDenied: sealed to another key; kCorrupt: changed or cut off, and
// what was handed out before is to be thrown away.
Result<ExportHeader> open_export(ByteView file, const RecipientSecret& recipient, ByteSink sink);

}  // namespace madoguchi::vault
