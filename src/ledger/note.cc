#include "ledger/note.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sealing.h"
#include "ledger/json.h"

namespace madoguchi::ledger {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014 and a space
constexpr std::size_t kLongestName = 256;

tl::unexpected<Error> bad_note(std::string why) {
  return fail(ErrorCode::kInvalid, "not a signed note: " + std::move(why));
}

// Unicode's White_Space beyond ASCII, as UTF-8.
bool has_space(std::string_view text) {
  if (text.find_first_of(" \t\n\v\f\r") != std::string_view::npos) return true;
  static constexpr std::string_view kSpaces[] = {"\u0085", "\u00A0", "\u1680", "\u2000", "\u2001",
                                                 "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
                                                 "\u2007", "\u2008", "\u2009", "\u200A", "\u2028",
                                                 "\u2029", "\u202F", "\u205F", "\u3000"};
  return std::any_of(std::begin(kSpaces), std::end(kSpaces), [&](std::string_view space) {
    return text.find(space) != std::string_view::npos;
  });
}

Result<NoteSignature> parse_signature(std::string_view line, std::size_t number) {
  const auto bad = [&](const char* why) {
    return bad_note(fmt::format("signature line {}: {}", number, why));
  };
  if (!line.starts_with(kDash)) return bad("does not begin with a dash (U+2014) and a space");
  line.remove_prefix(kDash.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return bad("has no signature after the name");
  const std::string_view name = line.substr(0, space);
  if (!is_key_name(name)) return bad("the name is empty, too long, or has a space or +");
  const std::string_view coded = line.substr(space + 1);
  if (coded.size() > kMostSignatureBytes) return bad("the signature is too long");
  const auto blob = from_base64(coded);
  if (!blob || blob->size() <= KeyHash{}.size()) return bad("the signature is not base64");
  NoteSignature signature{std::string(name), {}, {}};
  std::copy_n(blob->begin(), signature.key.size(), signature.key.begin());
  signature.blob.assign(blob->begin() + static_cast<std::ptrdiff_t>(signature.key.size()),
                        blob->end());
  return signature;
}

std::string cosigned_message(std::string_view text, std::uint64_t seconds) {
  return fmt::format("cosignature/v1\ntime {}\n{}", seconds, text);
}

// Seconds where the signature says them; nullopt inside an engaged outer value where it does not.
Result<std::optional<std::uint64_t>> check_one(const VerifierKey& key, std::string_view text,
                                               const NoteSignature& signature) {
  const auto bad = [&] {
    return fail(ErrorCode::kInvalid, fmt::format("the signature by {} does not verify", key.name));
  };
  const ByteView blob(signature.blob);
  switch (key.type) {
    case KeyType::kEd25519:
      if (!ed25519_verify(key.key, as_bytes(text), blob)) return bad();
      return std::optional<std::uint64_t>();
    case KeyType::kCosignature: {
      constexpr std::size_t kTimeBytes = 8;
      if (blob.size() != kTimeBytes + Signature{}.size()) return bad();
      std::uint64_t seconds = 0;
      for (std::size_t i = 0; i < kTimeBytes; ++i) seconds = (seconds << 8) | blob[i];
      if (!ed25519_verify(key.key, as_bytes(cosigned_message(text, seconds)),
                          blob.subspan(kTimeBytes)))
        return bad();
      return std::optional(seconds);
    }
  }
  return bad();
}

}  // namespace

bool is_key_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || !is_utf8(name)) return false;
  return !has_space(name) && std::none_of(name.begin(), name.end(), [](char letter) {
    return letter == '+' || static_cast<unsigned char>(letter) < 0x20;
  });
}

KeyHash VerifierKey::hash() const {
  std::string hashed = name + '\n' + static_cast<char>(type);
  hashed.append(key.begin(), key.end());
  const auto digest = sha256(as_bytes(hashed));
  KeyHash hash{};
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

std::string VerifierKey::text() const {
  Bytes coded{static_cast<std::uint8_t>(type)};
  coded.insert(coded.end(), key.begin(), key.end());
  return fmt::format("{}+{}+{}", name, to_hex(hash()), to_base64(coded));
}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const auto bad = [](std::string why) {
    return fail(ErrorCode::kInvalid, "not a verifier key (name+hash+base64): " + std::move(why));
  };
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return bad("it has no two +");
  VerifierKey key;
  key.name = text.substr(0, first);
  if (!is_key_name(key.name)) return bad("the name is empty, too long, or has a space");
  const auto hash = from_hex(text.substr(first + 1, second - first - 1));
  if (!hash || hash->size() != KeyHash{}.size()) return bad("the hash is not 8 hexadecimal digits");
  const auto coded = from_base64(text.substr(second + 1));
  if (!coded || coded->size() != 1 + key.key.size())
    return bad("the key is not 33 bytes in base64 (only Ed25519 keys are known here)");
  if ((*coded)[0] != static_cast<std::uint8_t>(KeyType::kEd25519) &&
      (*coded)[0] != static_cast<std::uint8_t>(KeyType::kCosignature))
    return bad(fmt::format("type {} is not known here", (*coded)[0]));
  key.type = static_cast<KeyType>((*coded)[0]);
  std::copy_n(coded->begin() + 1, key.key.size(), key.key.begin());
  if (!std::equal(hash->begin(), hash->end(), key.hash().begin()))
    return bad("the hash is not that of name and key: something was mistyped");
  return key;
}

Result<VerifierKey> VerifierKey::parse(std::string_view text, KeyType wanted) {
  auto key = parse(text);
  if (!key || key->type == wanted) return key;
  return fail(ErrorCode::kInvalid,
              wanted == KeyType::kCosignature
                  ? "is no key of a witness but of a log (type 1, not 4); a witness prints its own"
                  : "is no key of a log but of a witness (type 4, not 1); `madoguchi log key` at "
                    "the vault prints the log's");
}

Result<Note> Note::parse(std::string_view bytes) {
  if (bytes.size() > kMostNoteBytes)
    return bad_note(fmt::format("{} bytes, at most {}", bytes.size(), kMostNoteBytes));
  if (!is_utf8(bytes)) return bad_note("not UTF-8");
  const auto control = std::find_if(bytes.begin(), bytes.end(), [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 && letter != '\n';
  });
  if (control != bytes.end())
    return bad_note(fmt::format("a control character at byte {}", control - bytes.begin()));
  const auto split = bytes.rfind("\n\n");
  if (split == std::string_view::npos) return bad_note("no blank line before the signatures");
  Note note{std::string(bytes.substr(0, split + 1)), {}};
  std::string_view rest = bytes.substr(split + 2);
  if (rest.empty() || rest.back() != '\n') return bad_note("the last line is not whole");
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (note.signatures.size() == kMostSignatures)
      return bad_note(fmt::format("more than {} signatures", kMostSignatures));
    auto signature = parse_signature(rest.substr(0, end), note.signatures.size() + 1);
    if (!signature) return tl::unexpected<Error>(signature.error());
    note.signatures.push_back(std::move(*signature));
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::string signature_line(const NoteSignature& signature) {
  Bytes blob(signature.key.begin(), signature.key.end());
  blob.insert(blob.end(), signature.blob.begin(), signature.blob.end());
  return fmt::format("{}{} {}\n", kDash, signature.name, to_base64(blob));
}

std::string Note::bytes() const {
  std::string all = text + '\n';
  for (const NoteSignature& signature : signatures) all += signature_line(signature);
  return all;
}

Result<std::vector<CheckedSignature>> check_signatures(const Note& note,
                                                       std::span<const VerifierKey> known) {
  std::vector<CheckedSignature> checked;
  for (const NoteSignature& signature : note.signatures) {
    const auto key = std::find_if(known.begin(), known.end(), [&](const VerifierKey& one) {
      return one.name == signature.name && one.hash() == signature.key;
    });
    if (key == known.end()) continue;
    const bool again =
        std::any_of(checked.begin(), checked.end(), [&](const CheckedSignature& one) {
          return one.key.name == key->name && one.key.hash() == key->hash();
        });
    if (again) continue;
    const auto seen = check_one(*key, note.text, signature);
    if (!seen) return tl::unexpected<Error>(seen.error());
    checked.push_back({*key, *seen});
  }
  return checked;
}

Result<NoteSigner> NoteSigner::make(std::string name, KeyType type, SigningKey key) {
  if (!is_key_name(name))
    return fail(ErrorCode::kInvalid,
                fmt::format("\"{}\" is no name for a key: it must not be empty or long, or have "
                            "a space or +",
                            name.substr(0, 80)));
  return NoteSigner(std::move(name), type, std::move(key));
}

NoteSignature NoteSigner::sign(std::string_view text, Time at) const {
  NoteSignature made{name_, verifier().hash(), {}};
  std::string message(text);
  if (type_ == KeyType::kCosignature) {
    const auto seconds = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
    for (int shift = 56; shift >= 0; shift -= 8)
      made.blob.push_back(static_cast<std::uint8_t>(seconds >> shift));
    message = cosigned_message(text, seconds);
  }
  const Signature signature = key_.sign(as_bytes(message));
  made.blob.insert(made.blob.end(), signature.begin(), signature.end());
  return made;
}

}  // namespace madoguchi::ledger
