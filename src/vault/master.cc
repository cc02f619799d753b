#include "vault/master.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "base/id.h"
#include "base/keyed.h"
#include "base/log.h"
#include "base/process.h"
#include "vault/core/crypto.h"
#include "vault/core/master_key.h"

namespace madoguchi::vault {
namespace {

// A constant wrapped under the master key: opens only with the key that the database was made with.
constexpr std::string_view kCheckName = "master_check";
constexpr std::string_view kCheckText = "this database fits this master key";
const Place kCheckPlace{"", "master_check", "1"};
// Stands beside it when the key is a token's.
constexpr std::string_view kSaltName = "master_salt";
constexpr std::size_t kSaltBytes = 32;

const std::string* meta(const VaultImage& image, std::string_view name) {
  const auto found = image.meta.find(std::string(name));
  return found == image.meta.end() ? nullptr : &found->second;
}

Place place_of(const KeyRow& row, const std::string& version) {
  return {row.organisation.text(), row.kind, version};
}

}  // namespace

Result<Master> Master::of_token(const TokenSecret& key, const std::string& salt_hex) {
  const auto salt = from_hex(salt_hex);
  if (!salt || salt->size() != kSaltBytes)
    return fail(ErrorCode::kCorrupt,
                "the mark of the master key in the vault's database is damaged; restore a backup");
  Bytes text(as_bytes(kTokenContext).begin(), as_bytes(kTokenContext).end());
  text.insert(text.end(), salt->begin(), salt->end());
  const Mac mac = hmac_sha256(key.secret.reveal(), text);
  Master master(Secret::copy_of(mac));
  master.salt_hex_ = salt_hex;
  master.token_key_ = key.key;
  return master;
}

Master Master::fresh_of_token(const TokenSecret& key) {
  const Secret salt = Secret::random(kSaltBytes);
  auto master = of_token(key, to_hex(salt.reveal()));
  CHECK(master.has_value());
  return *std::move(master);
}

Result<Master> Master::of_token(const VaultImage& image, const Source& source) {
  const std::string* salt = meta(image, kSaltName);
  if (salt == nullptr)
    return fail(ErrorCode::kInvalid,
                "token: the vault's database hangs on a key in a file, not on a token's");
  std::string named;
  std::string silent;
  for (const TokenSecret& key : *source.token_secrets) {
    if (key.secret.empty()) {
      silent = key.key;
      continue;
    }
    auto master = of_token(key, *salt);
    if (!master || master->fits(image)) return master;
    named += fmt::format("{}\"{}\"", named.empty() ? "" : ", ", key.key);
  }
  if (!silent.empty())
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("token.key: the vault's database hangs on none of {}, and key \"{}\" of "
                    "token \"{}\" gives nothing",
                    named, silent, source.token));
  return fail(ErrorCode::kInvalid,
              fmt::format("token.key: key {} of token \"{}\" does not fit the vault's database; it "
                          "is another key, or the database is another vault's",
                          named, source.token));
}

Result<Master> Master::of_file(const std::filesystem::path& file) {
  auto key = read_master_key(file, IfMissing::kRefuse);
  if (!key) return tl::unexpected<Error>(key.error());
  return Master(*std::move(key));
}

bool Master::fits(const VaultImage& image) const {
  const std::string* mark = meta(image, kCheckName);
  return mark != nullptr && unwrap(*mark, check(), kCheckPlace).has_value();
}

namespace {

// A replacement that was cut off: the database says which of the two files counts.
Result<void> end_replacement(const std::filesystem::path& file, const VaultImage& image) {
  const auto next = next_master_key(file);
  if (!std::filesystem::exists(next)) return {};
  if (const auto now = Master::of_file(file); now && now->fits(image)) {
    std::error_code ignored;
    std::filesystem::remove(next, ignored);
    return {};
  }
  const auto other = Master::of_file(next);
  return other && other->fits(image) ? put_next_in_place(file) : Result<void>();
}

// Of those that give something: one does.
const TokenSecret& newest_of(const std::vector<TokenSecret>& secrets) {
  const auto found = std::find_if(secrets.rbegin(), secrets.rend(),
                                  [](const TokenSecret& one) { return !one.secret.empty(); });
  CHECK(found != secrets.rend());
  return *found;
}

// Keys that were replaced, or that a replacement which did not come to pass left behind.
void tell_of_idle_keys(const Master::Source& source, const std::string& in_use) {
  if (std::ranges::count(*source.token_secrets, in_use, &TokenSecret::key) > 1)
    log_warn(
        "key \"{}\" stands more than once in token \"{}\", and the vault hangs on one of them; "
        "`madoguchi keys rotate --master`, then `madoguchi keys destroy {}` leave one of each "
        "label",
        in_use, source.token, in_use);
  for (const TokenSecret& one : *source.token_secrets)
    if (one.key != in_use)
      log_info(
          "the vault hangs on key \"{}\" of token \"{}\"; key \"{}\" opens backups of its "
          "database from before at most",
          in_use, source.token, one.key);
}

}  // namespace

Result<Master> Master::open(VaultStore& store, const Source& source) {
  const auto image = store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  const std::string* mark = meta(*image, kCheckName);
  const std::string* salt = meta(*image, kSaltName);
  const bool fresh = mark == nullptr;
  if (fresh && !image->keys.empty())
    return fail(ErrorCode::kCorrupt,
                "the vault's database holds keys but not the mark of its master key; restore a "
                "backup");
  const bool by_token = source.token_secrets != nullptr;
  if (!fresh && by_token && salt == nullptr)
    return fail(ErrorCode::kInvalid,
                fmt::format("token: the vault's database hangs on the key in {}; move it with "
                            "`madoguchi master-key move`, or take [token] out of the settings",
                            source.file.string()));
  if (!fresh && !by_token && salt != nullptr)
    return fail(ErrorCode::kInvalid,
                "token: is missing, but the vault's database hangs on a key in a token; say which");
  if (by_token) {
    auto master =
        fresh ? fresh_of_token(newest_of(*source.token_secrets)) : of_token(*image, source);
    if (master) master->fresh_ = fresh;
    if (master) tell_of_idle_keys(source, master->token_key());
    return master;
  }
  if (!fresh)
    if (auto ended = end_replacement(source.file, *image); !ended)
      return tl::unexpected<Error>(ended.error());
  auto key = read_master_key(source.file, fresh ? IfMissing::kMake : IfMissing::kRefuse);
  if (!key) return tl::unexpected<Error>(key.error());
  Master master(*std::move(key));
  master.fresh_ = fresh;
  if (!fresh && !master.fits(*image))
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: does not fit the vault's database; it belongs to another one, "
                            "restore the file that was backed up with this database",
                            source.file.string()));
  return master;
}

std::vector<Change> Master::marks() const {
  std::vector<Change> changes;
  changes.emplace_back(
      PutMeta{std::string(kCheckName), wrap(as_bytes(kCheckText), check(), kCheckPlace)});
  if (!salt_hex_.empty()) changes.emplace_back(PutMeta{std::string(kSaltName), salt_hex_});
  return changes;
}

Secret Master::check() const {
  return derive(key_, "madoguchi master check");
}
Secret Master::wrapping() const {
  return derive(key_, "madoguchi key wrapping");
}

Secret Master::erasures(const VaultImage& image) const {
  for (const KeyRow& row : image.keys)
    if (row.organisation.empty() && row.kind == kErasuresKind)
      if (auto kept = unwrap(row.wrapped, wrapping(), place_of(row, std::to_string(row.version))))
        return *std::move(kept);
  return derive(key_, "madoguchi erasures");
}

// ---- another one

Result<std::vector<Change>> changes_of_master(const VaultImage& image, const Master& before,
                                              const Master& after, Time now, Entropy& entropy) {
  const Secret old = before.wrapping();
  const Secret fresh = after.wrapping();
  std::vector<Change> changes;
  bool has_erasures = false;
  for (const KeyRow& row : image.keys) {
    const std::string version = std::to_string(row.version);
    const auto key = unwrap(row.wrapped, old, place_of(row, version));
    if (!key) return tl::unexpected<Error>(key.error());
    KeyRow again = row;
    again.wrapped = wrap(key->reveal(), fresh, place_of(row, version));
    has_erasures = has_erasures || (row.organisation.empty() && row.kind == kErasuresKind);
    changes.emplace_back(ReplaceKey{std::move(again)});
  }
  if (!has_erasures) {
    KeyRow row{{}, std::string(kErasuresKind), 1, fresh_id_text(now, entropy), {}, now};
    row.wrapped = wrap(before.erasures(image).reveal(), fresh, place_of(row, "1"));
    changes.emplace_back(PutKey{std::move(row)});
  }
  for (Change& mark : after.marks()) changes.push_back(std::move(mark));
  return changes;
}

std::filesystem::path next_master_key(const std::filesystem::path& file) {
  return file.string() + ".next";
}

Result<void> put_next_in_place(const std::filesystem::path& file) {
  const int folder = ::open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = folder >= 0 && ::rename(next_master_key(file).c_str(), file.c_str()) == 0 &&
                    ::fsync(folder) == 0;
  if (folder >= 0) ::close(folder);
  if (done) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}: the database hangs on the key in {} now, which cannot take this "
                          "file's place; put it there by hand",
                          file.string(), next_master_key(file).string()));
}

namespace {

Result<void> remove_file(const std::filesystem::path& file) {
  if (::unlink(file.c_str()) == 0 || !std::filesystem::exists(file)) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}: the key is the token's now, but this file cannot be removed; "
                          "remove it by hand",
                          file.string()));
}

}  // namespace

Result<std::size_t> move_master_key(VaultStore& store, const Clock& clock, Entropy& entropy,
                                    const Master::Source& to) {
  const auto image = store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  if (meta(*image, kCheckName) == nullptr)
    return fail(ErrorCode::kInvalid,
                "the vault's database is empty: nothing hangs on a key yet; start the vault with "
                "[token] in its settings");
  if (meta(*image, kSaltName) == nullptr) {
    const auto before = Master::open(store, {to.file});
    if (!before) return tl::unexpected<Error>(before.error());
    const Master after = Master::fresh_of_token(newest_of(*to.token_secrets));
    const Time now = clock.now();
    auto changes = changes_of_master(*image, *before, after, now, entropy);
    if (!changes) return tl::unexpected<Error>(changes.error());
    Act act{*std::move(changes), {}};
    act.journal.push_back(
        {"master_key_moved",
         {{"to", "token"}, {"keys", static_cast<std::int64_t>(image->keys.size())}}});
    if (auto kept = store.commit(now, act); !kept) return tl::unexpected<Error>(kept.error());
  }
  // As the next start would, before what they hung on goes.
  const auto moved = Master::open(store, to);
  if (!moved) return tl::unexpected<Error>(moved.error());
  const auto kept = store.load();
  if (!kept) return tl::unexpected<Error>(kept.error());
  for (const KeyRow& row : kept->keys)
    if (auto key =
            unwrap(row.wrapped, moved->wrapping(), place_of(row, std::to_string(row.version)));
        !key)
      return tl::unexpected<Error>(key.error());
  if (auto gone = remove_file(to.file); !gone) return tl::unexpected<Error>(gone.error());
  return kept->keys.size();
}

}  // namespace madoguchi::vault
