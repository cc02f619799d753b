#include "vault/master_rotation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "ledger/entry.h"
#include "vault/core/master_key.h"
#include "vault/directory.h"

namespace madoguchi::vault {

using Outcome = KeyWrapping::Outcome;

// What is wrapped is read here, where nobody wraps another row.
Result<void> MasterRotation::commit(const Master& before, const std::string& asked_by,
                                    std::size_t& keys) {
  const auto image = parts_.store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  if (!before.fits(*image))
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: is not the key that the vault runs with; put that one back",
                            is_in_token() ? "token.key" : parts_.file.string()));
  const Time now = parts_.clock.now();
  auto changes = changes_of_master(*image, before, *next_, now, parts_.entropy);
  if (!changes) return tl::unexpected<Error>(changes.error());
  Act act{*std::move(changes), {}};
  keys = image->keys.size();
  act.journal.push_back({"master_key_replaced",
                         {{"keys", static_cast<std::int64_t>(keys)},
                          {"in", std::string(is_in_token() ? "token" : "file")},
                          {"asked_by", asked_by}}});
  const auto directory = parts_.registry.directory();
  for (const auto& [id, organisation] : directory->organisations()) {
    ledger::Entry entry;
    entry.time = now;
    entry.kind = "keys";
    entry.organisation = id.text();
    entry.outcome = "done";
    entry.details = {{"key", std::string("master")}};
    auto text = entry.text();
    if (!text) return tl::unexpected<Error>(text.error());
    act.entries.push_back({id.text(), *std::move(text)});
  }
  return parts_.store.commit(now, act);
}

// A commit that failed may still be under way at the database: only once a later one is kept is the
// earlier one either kept or gone.
Outcome MasterRotation::look() const {
  Act after;
  after.changes.emplace_back(PutMeta{"master_key_looked_at", format_utc(parts_.clock.now())});
  if (const auto kept = parts_.store.commit(parts_.clock.now(), after); !kept)
    return Outcome::kUnknown;
  const auto image = parts_.store.load();
  if (!image || !next_) return Outcome::kUnknown;
  return next_->fits(*image) ? Outcome::kKept : Outcome::kNotKept;
}

Result<void> MasterRotation::finish(Outcome outcome) {
  if (outcome == Outcome::kUnknown) return {};
  if (outcome == Outcome::kKept && next_) token_key_ = next_->token_key();
  next_.reset();
  if (outcome == Outcome::kNotKept) {
    std::error_code ignored;
    if (!is_in_token()) std::filesystem::remove(next_master_key(parts_.file), ignored);
    return {};
  }
  if (!is_in_token())
    if (auto placed = put_next_in_place(parts_.file); !placed) return placed;
  log_info("the master key was replaced: {}",
           is_in_token() ? fmt::format("key \"{}\" of token \"{}\"", token_key_, parts_.token)
                         : parts_.file.string());
  return {};
}

Result<MasterRotation::Replaced> MasterRotation::replace(const Master& before, Master after,
                                                         const std::string& asked_by) {
  Secret wrapping = after.wrapping();
  next_ = std::move(after);
  std::size_t keys = 0;
  Result<void> committed;
  const Outcome outcome = parts_.wrapping->replace(std::move(wrapping), [&] {
    committed = commit(before, asked_by, keys);
    return committed ? Outcome::kKept : look();
  });
  if (auto finished = finish(outcome); !finished) return tl::unexpected<Error>(finished.error());
  if (outcome != Outcome::kKept) return tl::unexpected<Error>(committed.error());
  return Replaced{keys, before.token_key()};
}

Result<MasterRotation::Replaced> MasterRotation::rotate(const std::string& asked_by) {
  const std::lock_guard lock(mutex_);
  if (is_in_token())
    return fail(ErrorCode::kInvalid,
                "the master key is in a token, which gives no key out: it is replaced there");
  if (!parts_.wrapping->is_settled())
    return fail(ErrorCode::kUnavailable, "the master key is being replaced; the store is away");
  const auto before = Master::of_file(parts_.file);
  if (!before) return tl::unexpected<Error>(before.error());
  const auto beside = next_master_key(parts_.file);
  if (std::filesystem::exists(beside))
    return fail(ErrorCode::kConflict,
                fmt::format("{}: is there of a replacement that was not ended; start the vault "
                            "again, which sees to it",
                            beside.string()));
  if (auto made = write_fresh_master_key(beside); !made) return tl::unexpected<Error>(made.error());
  auto after = Master::of_file(beside);
  if (!after) return tl::unexpected<Error>(after.error());
  return replace(*before, *std::move(after), asked_by);
}

MasterRotation::Leave MasterRotation::leave_to_change() {
  const std::lock_guard lock(mutex_);
  leave_ = fresh_id_text(parts_.clock.now(), parts_.entropy);
  return {leave_, settled_token_key()};
}

Result<MasterRotation::Replaced> MasterRotation::rotate_in_token(
    const std::vector<TokenSecret>& secrets, const std::string& leave,
    const std::string& asked_by) {
  const std::lock_guard lock(mutex_);
  if (!is_in_token())
    return fail(ErrorCode::kInvalid, "the master key is in a file, not in a token");
  if (leave.empty() || leave != leave_)
    return fail(ErrorCode::kConflict,
                "token.key: another command began to change the token's keys after this one; "
                "nothing was replaced");
  leave_.clear();
  if (!parts_.wrapping->is_settled())
    return fail(ErrorCode::kUnavailable, "the master key is being replaced; the store is away");
  const auto image = parts_.store.load();
  if (!image) return tl::unexpected<Error>(image.error());
  const auto before = Master::of_token(*image, {{}, &secrets, parts_.token});
  if (!before) return tl::unexpected<Error>(before.error());
  if (std::ranges::count(secrets, secrets.back().key, &TokenSecret::key) != 1)
    return fail(ErrorCode::kConflict,
                fmt::format("token.key: key \"{}\" stands more than once in token \"{}\"",
                            secrets.back().key, parts_.token));
  if (secrets.back().secret.empty() || secrets.back().key == before->token_key())
    return fail(ErrorCode::kInvalid,
                fmt::format("token.key: the vault hangs on key \"{}\" already, and no other was "
                            "made after it",
                            before->token_key()));
  return replace(*before, Master::fresh_of_token(secrets.back()), asked_by);
}

std::string MasterRotation::token_key() const {
  const std::lock_guard lock(mutex_);
  return settled_token_key();
}

std::string MasterRotation::settled_token_key() const {
  return parts_.wrapping->is_settled() ? token_key_ : "";
}

void MasterRotation::second() {
  if (parts_.wrapping->is_settled()) return;
  const std::lock_guard lock(mutex_);
  if (auto done = finish(parts_.wrapping->settle([this] { return look(); })); !done)
    log_warn("{}", done.error().message);
}

}  // namespace madoguchi::vault
