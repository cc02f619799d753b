// What the vault knows by heart at one moment: organisations, the numbers bound to them, and every
// key, unwrapped. Immutable, made from the store's rows by Registry, which replaces it as a whole;
// whoever works with one holds it by shared_ptr, so a key never goes while it is in use. Any
// thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "vault/core/crypto.h"
#include "vault/core/numbering.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

struct RecordingKey {
  std::string key_id;
  SealingKeys keys;
};

struct Organisation {
  OrganisationId id;
  std::string name;
  std::vector<std::string> numbers_called;
  Secret token_key;
  Secret wish_key;
  std::vector<RecordingKey> recording_keys;  // oldest first; the last is used for new recordings
};

// What could not be read, as a machine word: "withheld", "invalid", "unreadable".
template <typename T>
using Readable = tl::expected<T, std::string_view>;

class Directory {
 public:
  // kCorrupt when a row does not open with the master key or a key is missing.
  static Result<std::shared_ptr<const Directory>> make(const VaultImage& image,
                                                       const Secret& master);

  [[nodiscard]] const std::map<OrganisationId, Organisation>& organisations() const {
    return organisations_;
  }
  [[nodiscard]] const Organisation* find(const OrganisationId& id) const;
  [[nodiscard]] const RecordingKey* find_recording_key(const OrganisationId& organisation,
                                                       std::string_view key_id) const;
  // nullptr when nobody's.
  [[nodiscard]] const NumberRow* find_number(std::string_view canonical) const;
  // Whose number this is; empty when nobody's.
  [[nodiscard]] OrganisationId owner_of(std::string_view canonical) const;
  // At most so many of an organisation's, in order, from the one after `after` on.
  [[nodiscard]] std::vector<NumberRow> numbers_of(const OrganisationId& organisation,
                                                  std::string_view after, std::size_t most) const;

  [[nodiscard]] const SealPublicKey& sealing_key() const { return sealing_.public_key; }

  // A key of kKeyBytes that was sealed to the vault. kCorrupt: it is none.
  [[nodiscard]] Result<Secret> open_secret(ByteView sealed) const;

  // A number as the exchange sealed it.
  [[nodiscard]] Readable<Line> read(ByteView sealed_number, const NumberingPlan& plan,
                                    Time now) const;
  // The line's name within one organisation, not to be linked with its name in another.
  [[nodiscard]] static LineToken token_of(const Line& line, const Organisation& organisation);
  // The line's mark in the vault's own tables: links its dials over all organisations.
  [[nodiscard]] std::string mark_of(const Line& line) const;
  // For fields that belong to the vault itself, an operator's own phone.
  [[nodiscard]] const Secret& own_key() const { return own_key_; }

 private:
  Result<void> take(const KeyRow& row, const Secret& master);
  [[nodiscard]] Result<void> check_whole() const;

  std::map<OrganisationId, Organisation> organisations_;
  std::map<std::string, NumberRow, std::less<>> numbers_;  // by canonical
  SealingKeys sealing_;
  Secret redial_key_;
  Secret own_key_;
};

// Names of the kinds of keys, as rows carry them.
inline constexpr std::string_view kRecordingKind = "recording";
inline constexpr std::string_view kTokenKind = "token";
inline constexpr std::string_view kWishKind = "wish";
inline constexpr std::string_view kSealingKind = "sealing";
inline constexpr std::string_view kRedialKind = "redial";
inline constexpr std::string_view kOwnKind = "own";

// A fresh key as a row, wrapped under the master key.
KeyRow fresh_key_row(const OrganisationId& organisation, std::string_view kind, std::string key_id,
                     const Secret& master, Time now);

}  // namespace madoguchi::vault
