#include "vault/directory.h"

#include <fmt/format.h>

namespace madoguchi::vault {
namespace {

constexpr std::string_view kLinePurpose = "line";
constexpr std::string_view kRedialPurpose = "redial";
constexpr std::size_t kMostSealedNumber = 256;

}  // namespace

KeyRow fresh_key_row(const OrganisationId& organisation, std::string_view kind, std::string key_id,
                     const Secret& master, Time now) {
  KeyRow row;
  row.organisation = organisation;
  row.kind = kind;
  row.key_id = std::move(key_id);
  row.made = now;
  const Secret fresh = Secret::random(kKeyBytes);
  row.wrapped =
      wrap(fresh.reveal(), master, {organisation.text(), row.kind, std::to_string(row.version)});
  return row;
}

Result<std::shared_ptr<const Directory>> Directory::make(const VaultImage& image,
                                                         const Secret& master) {
  auto directory = std::make_shared<Directory>();
  for (const OrganisationRow& row : image.organisations) {
    Organisation& organisation = directory->organisations_[row.id];
    organisation.id = row.id;
    organisation.name = row.name;
  }
  for (const NumberRow& row : image.numbers) {
    const auto found = directory->organisations_.find(row.organisation);
    if (found == directory->organisations_.end()) continue;
    found->second.numbers_called.push_back(row.number_called);
    directory->numbers_[row.canonical] = row;
  }
  for (const KeyRow& row : image.keys)
    if (auto taken = directory->take(row, master); !taken)
      return tl::unexpected<Error>(taken.error());
  if (auto whole = directory->check_whole(); !whole) return tl::unexpected<Error>(whole.error());
  return std::shared_ptr<const Directory>(std::move(directory));
}

Result<void> Directory::take(const KeyRow& row, const Secret& master) {
  auto key =
      unwrap(row.wrapped, master, {row.organisation.text(), row.kind, std::to_string(row.version)});
  if (!key) return tl::unexpected<Error>(key.error());
  if (row.organisation.empty()) {
    if (row.kind == kRedialKind) redial_key_ = std::move(*key);
    if (row.kind == kOwnKind) own_key_ = std::move(*key);
    if (row.kind != kSealingKind) return {};
    auto pair = sealing_keys_of(std::move(*key));
    if (!pair) return tl::unexpected<Error>(pair.error());
    sealing_ = std::move(*pair);
    return {};
  }
  const auto found = organisations_.find(row.organisation);
  if (found == organisations_.end()) return {};
  if (row.kind == kTokenKind) found->second.token_key = std::move(*key);
  if (row.kind == kWishKind) found->second.wish_key = std::move(*key);
  if (row.kind != kRecordingKind) return {};
  auto pair = sealing_keys_of(std::move(*key));
  if (!pair) return tl::unexpected<Error>(pair.error());
  found->second.recording_keys.push_back({row.key_id, std::move(*pair)});
  return {};
}

Result<void> Directory::check_whole() const {
  if (sealing_.secret_key.empty() || redial_key_.empty() || own_key_.empty())
    return fail(ErrorCode::kCorrupt, "the vault's own keys are missing from its database");
  for (const auto& [id, organisation] : organisations_)
    if (organisation.token_key.empty() || organisation.wish_key.empty() ||
        organisation.recording_keys.empty())
      return fail(
          ErrorCode::kCorrupt,
          fmt::format("keys of organisation {} are missing from the vault's database", id.text()));
  return {};
}

const Organisation* Directory::find(const OrganisationId& id) const {
  const auto found = organisations_.find(id);
  return found == organisations_.end() ? nullptr : &found->second;
}

const RecordingKey* Directory::find_recording_key(const OrganisationId& organisation,
                                                  std::string_view key_id) const {
  const Organisation* found = find(organisation);
  if (found == nullptr) return nullptr;
  for (const RecordingKey& key : found->recording_keys)
    if (key.key_id == key_id) return &key;
  return nullptr;
}

const NumberRow* Directory::find_number(std::string_view canonical) const {
  const auto found = numbers_.find(canonical);
  return found == numbers_.end() ? nullptr : &found->second;
}

OrganisationId Directory::owner_of(std::string_view canonical) const {
  const NumberRow* found = find_number(canonical);
  return found == nullptr ? OrganisationId() : found->organisation;
}

std::vector<NumberRow> Directory::numbers_of(const OrganisationId& organisation,
                                             std::string_view after, std::size_t most) const {
  std::vector<NumberRow> found;
  for (auto one = numbers_.upper_bound(after); one != numbers_.end() && found.size() < most; ++one)
    if (one->second.organisation == organisation) found.push_back(one->second);
  return found;
}

Result<Secret> Directory::open_secret(ByteView sealed) const {
  const auto refuse = [] {
    return fail(ErrorCode::kCorrupt, "a secret does not open: it was sealed to another vault");
  };
  const auto shared = sealing_.last->key_of(sealed, sealing_.secret_key);
  if (!shared) return refuse();
  auto plain = unseal_with(sealed, *shared);
  if (!plain || plain->size() != kKeyBytes) return refuse();
  Secret secret = Secret::copy_of(*plain);
  wipe(std::span(*plain));
  return secret;
}

Readable<Line> Directory::read(ByteView sealed_number, const NumberingPlan& plan, Time now) const {
  // An empty seal is how a caller without a number arrives.
  if (sealed_number.empty()) return tl::unexpected(word_of(Unreadable::kWithheld));
  if (sealed_number.size() > kMostSealedNumber)
    return tl::unexpected(std::string_view("unreadable"));
  const auto raw = open_sealed(sealed_number, sealing_);
  if (!raw) return tl::unexpected(std::string_view("unreadable"));
  auto line = plan.read(*raw, now);
  if (!line) return tl::unexpected(word_of(line.error()));
  return std::move(*line);
}

LineToken Directory::token_of(const Line& line, const Organisation& organisation) {
  return LineToken(keyed_mark(organisation.token_key, kLinePurpose, line.e164.reveal()));
}

std::string Directory::mark_of(const Line& line) const {
  return keyed_mark(redial_key_, kRedialPurpose, line.e164.reveal());
}

}  // namespace madoguchi::vault
