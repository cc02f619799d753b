// Signed notes (C2SP signed-note): a text with signature lines under it, and the keys that check
// them. Pure; any thread. Parsing takes bytes from anyone and is bounded.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/signing.h"
#include "base/time.h"

namespace madoguchi::ledger {

using KeyHash = std::array<std::uint8_t, 4>;  // "key id" in the specification

enum class KeyType : std::uint8_t {
  kEd25519 = 0x01,      // signs the text itself
  kCosignature = 0x04,  // cosignature/v1: signs the text and the time at which it saw it
};

// A name is not empty, is UTF-8 and has neither a space of any kind nor a "+".
[[nodiscard]] bool is_key_name(std::string_view name);

struct VerifierKey {
  std::string name;
  KeyType type = KeyType::kEd25519;
  SigningPublicKey key{};

  [[nodiscard]] KeyHash hash() const;      // of name, type and key
  [[nodiscard]] std::string text() const;  // name+hex+base64
  // kInvalid says which part is wrong.
  static Result<VerifierKey> parse(std::string_view text);
  // kInvalid also for a key of the other type: a log's signature, taken for a witness's, would say
  // that somebody else had seen the log.
  static Result<VerifierKey> parse(std::string_view text, KeyType wanted);
};

struct NoteSignature {
  std::string name;
  KeyHash key{};
  Bytes blob;  // what follows the key's hash
};

inline constexpr std::size_t kMostNoteBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kMostSignatures = 64;
inline constexpr std::size_t kMostSignatureBytes =
    8 * 1024;  // ML-DSA of others is ignored, not refused

struct Note {
  std::string text;  // ends in "\n"
  std::vector<NoteSignature> signatures;

  // kInvalid names the line.
  static Result<Note> parse(std::string_view bytes);
  [[nodiscard]] std::string bytes() const;
};

// A signature that was checked, and when its maker saw the text (cosignatures only).
struct CheckedSignature {
  VerifierKey key;
  std::optional<std::uint64_t> seen_at;  // seconds since 1970
};

// Signatures by keys that are not among `known` are passed over; one by a known key (same name and
// hash) that does not verify makes the whole note kInvalid. Of one key the first counts. Whether
// those found suffice is the caller's to say.
Result<std::vector<CheckedSignature>> check_signatures(const Note& note,
                                                       std::span<const VerifierKey> known);

// Signs under a name; the secret stays in guarded memory. A log's key signs as kEd25519, a
// witness's as kCosignature.
class NoteSigner {
 public:
  // kInvalid: the name.
  static Result<NoteSigner> make(std::string name, KeyType type, SigningKey key);

  [[nodiscard]] VerifierKey verifier() const { return {name_, type_, key_.public_key()}; }
  // `at` is what a cosignature says; an Ed25519 signature does not carry it.
  [[nodiscard]] NoteSignature sign(std::string_view text, Time at) const;

 private:
  NoteSigner(std::string name, KeyType type, SigningKey key)
      : name_(std::move(name)), type_(type), key_(std::move(key)) {}
  std::string name_;
  KeyType type_;
  SigningKey key_;
};

// "— name base64\n"
std::string signature_line(const NoteSignature& signature);

}  // namespace madoguchi::ledger
