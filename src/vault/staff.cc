#include "vault/staff.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/bytes.h"
#include "base/check.h"
#include "base/sealing.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kLeastPassword = 8;
constexpr std::size_t kMostPassword = 256;
constexpr std::size_t kMostDisplayName = 200;
constexpr std::size_t kMostStrangers = 10'000;
constexpr std::int64_t kFreeTries = 4;
constexpr std::chrono::seconds kLongestLock = std::chrono::minutes(15);
constexpr std::size_t kCookieBytes = 32;
constexpr std::size_t kMostCookie = 200;
// What a hash given from outside may ask of us: 1 GiB, 10 passes.
constexpr unsigned long kMostHashKib = 1024 * 1024;
constexpr unsigned long kMostHashPasses = 10;

tl::unexpected<Error> refused() {
  return fail(ErrorCode::kDenied, "the name or password is wrong, or you must wait a little");
}

std::string digest_of(std::string_view text) {
  return to_hex(sha256(as_bytes(text)));
}

// libsodium's string form of Argon2id, with parameters that can't stall us.
bool is_hash(const std::string& text) {
  unsigned long memory = 0;
  unsigned long passes = 0;
  return text.size() < crypto_pwhash_STRBYTES &&
         std::sscanf(text.c_str(), "$argon2id$v=19$m=%lu,t=%lu,p=1$", &memory, &passes) == 2 &&
         memory >= 8 && memory <= kMostHashKib && passes >= 1 && passes <= kMostHashPasses;
}

bool fits(const std::string& hash, const Password& password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  std::copy_n(hash.data(), std::min(hash.size(), text.size() - 1), text.data());
  return crypto_pwhash_str_verify(text.data(), password.reveal().data(),
                                  password.reveal().size()) == 0;
}

}  // namespace

std::chrono::seconds lock_after(std::int64_t failures) {
  if (failures <= kFreeTries) return std::chrono::seconds(0);
  const auto doubled =
      std::chrono::seconds(std::int64_t{1} << std::min<std::int64_t>(failures - kFreeTries, 20));
  return std::min(doubled, kLongestLock);
}

Staff::Staff(const Parts& parts) : parts_(parts) {
  CHECK(sodium_init() >= 0);
  nobodys_hash_ = hash_of(Password("nobody signs in with this"));
}

std::string Staff::hash_of(const Password& password) const {
  const bool usual = parts_.cost == HashingCost::kUsual;
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  const int failed =
      crypto_pwhash_str_alg(hash.data(), password.reveal().data(), password.reveal().size(),
                            usual ? crypto_pwhash_OPSLIMIT_INTERACTIVE : crypto_pwhash_OPSLIMIT_MIN,
                            usual ? crypto_pwhash_MEMLIMIT_INTERACTIVE : crypto_pwhash_MEMLIMIT_MIN,
                            crypto_pwhash_ALG_ARGON2ID13);
  CHECK(failed == 0);  // out of memory
  return hash.data();
}

Result<void> Staff::put(const OperatorId& id, const std::string& display_name,
                        const std::string& password_hash) {
  if (id.empty()) return fail(ErrorCode::kInvalid, "staff need an id");
  if (display_name.size() > kMostDisplayName)
    return fail(ErrorCode::kInvalid,
                fmt::format("a display name has at most {} bytes", kMostDisplayName));
  if (!password_hash.empty() && !parts_.demo)
    return fail(ErrorCode::kDenied,
                "the vault takes passwords from the centre only where its settings say "
                "staff.demo_passwords = true");
  if (!password_hash.empty() && !is_hash(password_hash))
    return fail(ErrorCode::kInvalid, "password_hash is not libsodium's string form of Argon2id");
  const std::lock_guard lock(mutex_);
  const auto known = parts_.store.find_staff(id);
  if (!known) return tl::unexpected<Error>(known.error());
  StaffRow row = known->value_or(StaffRow{});
  const bool takes_hash = !row.own_password && !password_hash.empty();
  if (*known && row.display_name == display_name &&
      (!takes_hash || row.password_hash == password_hash))
    return {};
  row.id = id;
  row.display_name = display_name;
  if (takes_hash) row.password_hash = password_hash;
  return parts_.store.commit(
      parts_.clock.now(),
      {{PutStaff{std::move(row)}},
       {{"staff_put", {{"operator", id.text()}, {"password_from_centre", takes_hash}}}}});
}

Result<void> Staff::set_password(const OperatorId& id, const Password& password) {
  const std::size_t length = password.reveal().size();
  if (length < kLeastPassword || length > kMostPassword)
    return fail(ErrorCode::kInvalid,
                fmt::format("a password has {} to {} bytes", kLeastPassword, kMostPassword));
  const std::lock_guard lock(mutex_);
  const auto known = parts_.store.find_staff(id);
  if (!known) return tl::unexpected<Error>(known.error());
  if (!*known)
    return fail(ErrorCode::kNotFound,
                fmt::format("{}: no such member of staff is known to the vault; the centre tells "
                            "of new ones",
                            id.text()));
  StaffRow row = **known;
  row.password_hash = hash_of(password);
  row.own_password = true;
  Act act;
  act.changes.emplace_back(PutStaff{std::move(row)});
  act.changes.emplace_back(CountFailures{id, 0, Time()});
  act.journal.push_back({"password_set", {{"operator", id.text()}}});
  return commit_told(std::move(act), id, "password_set", administrator());
}

Result<void> Staff::commit_told(Act act, const OperatorId& who, std::string outcome,
                                const OperatorId& by) {
  if (auto told = parts_.authority.tell(act, who, std::move(outcome), by); !told) return told;
  return parts_.store.commit(parts_.clock.now(), act);
}

Result<void> Staff::end_sessions(const OperatorId& id) {
  const std::lock_guard lock(mutex_);
  const auto there = parts_.store.signed_in({id}, parts_.clock.now());
  if (!there) return tl::unexpected<Error>(there.error());
  if (there->empty()) return {};
  return commit_told({{DropSessionsOf{id}}, {{"sessions_ended", {{"operator", id.text()}}}}}, id,
                     "sessions_ended", {});
}

Result<void> Staff::disable(const OperatorId& id) {
  const std::lock_guard lock(mutex_);
  const auto known = parts_.store.find_staff(id);
  if (!known) return tl::unexpected<Error>(known.error());
  if (!*known)
    return fail(ErrorCode::kNotFound,
                fmt::format("{}: no such member of staff is known to the vault", id.text()));
  StaffRow row = **known;
  row.password_hash.clear();
  row.own_password = true;  // a hash from the centre's demo does not bring it back
  Act act;
  act.changes.emplace_back(PutStaff{std::move(row)});
  act.changes.emplace_back(DropSessionsOf{id});
  act.changes.emplace_back(DropPasskeysOf{id});
  act.journal.push_back({"staff_disabled", {{"operator", id.text()}}});
  return commit_told(std::move(act), id, "disabled", administrator());
}

// A name that nobody has is counted as any other, but only in memory, and its text is not
// journalled: people type passwords and numbers into the wrong field.
Result<SignedIn> Staff::refuse_unknown(const std::string& name) {
  const Time now = parts_.clock.now();
  if (strangers_.size() >= kMostStrangers) strangers_.clear();
  Tries& tries = strangers_[digest_of(name)];
  if (now >= tries.locked_until) {
    ++tries.failures;
    tries.locked_until = now + lock_after(tries.failures);
    const auto kept = parts_.store.commit(now, {{}, {{"sign_in_failed", {{"known", false}}}}});
    if (!kept) return tl::unexpected<Error>(kept.error());
  }
  return refused();
}

Result<SignedIn> Staff::refuse_known(const StaffRow& row) {
  const Time now = parts_.clock.now();
  const std::int64_t failures = row.failures + 1;
  const Time locked_until = now + lock_after(failures);
  Act act;
  act.changes.emplace_back(CountFailures{row.id, failures, locked_until});
  act.journal.push_back({"sign_in_failed",
                         {{"known", true},
                          {"operator", row.id.text()},
                          {"failures", failures},
                          {"locked", locked_until > now}}});
  if (auto kept = parts_.store.commit(now, act); !kept) return tl::unexpected<Error>(kept.error());
  return refused();
}

Result<SignedIn> Staff::begin_session(const StaffRow& row, Act act, std::string_view by,
                                      const std::string& bound_to) {
  const Time now = parts_.clock.now();
  std::array<std::uint8_t, kCookieBytes> random{};
  randombytes_buf(random.data(), random.size());
  const std::string cookie = to_hex(random) + (bound_to.empty() ? "" : "." + bound_to);
  SignedIn session{row.id, row.display_name, cookie, now + parts_.session};
  act.changes.emplace_back(CountFailures{row.id, 0, Time()});
  act.changes.emplace_back(PutSession{{digest_of(session.cookie), row.id, now, session.expires}});
  act.journal.push_back({"signed_in",
                         {{"operator", row.id.text()},
                          {"by", std::string(by)},
                          {"expires", format_utc(session.expires)}}});
  if (auto kept = parts_.store.commit(now, act); !kept) return tl::unexpected<Error>(kept.error());
  return session;
}

Result<SignedIn> Staff::sign_in(const std::string& name, const Password& password,
                                const std::string& bound_to) {
  if (password.reveal().size() > kMostPassword) return refused();
  const std::lock_guard lock(mutex_);
  std::optional<StaffRow> row;
  if (is_valid_id(name)) {
    auto found = parts_.store.find_staff(OperatorId(name));
    if (!found) return tl::unexpected<Error>(found.error());
    row = std::move(*found);
  }
  const bool may = row && !row->password_hash.empty();
  const bool locked = may && parts_.clock.now() < row->locked_until;
  // Always verified, so that the time taken tells nothing about the name.
  const bool right = fits(may ? row->password_hash : nobodys_hash_, password);
  if (!may) return refuse_unknown(name);
  if (locked) return refused();
  if (!right) return refuse_known(*row);
  return begin_session(*row, {}, "password", bound_to);
}

Result<SignedIn> Staff::begin(const OperatorId& id, Act with, std::string_view by,
                              const std::string& bound_to) {
  const std::lock_guard lock(mutex_);
  const auto row = parts_.store.find_staff(id);
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return refused();
  auto session = begin_session(**row, std::move(with), by, bound_to);
  if (!session && session.error().code == ErrorCode::kConflict) return refused();
  return session;
}

std::string_view Staff::bound_to(std::string_view cookie) {
  const std::size_t dot = cookie.find('.');
  return dot == std::string_view::npos ? std::string_view() : cookie.substr(dot + 1);
}

Result<std::optional<SignedIn>> Staff::who(std::string_view cookie) {
  if (cookie.size() < 2 * kCookieBytes || cookie.size() > kMostCookie)
    return std::optional<SignedIn>();
  const auto session = parts_.store.find_session(digest_of(cookie));
  if (!session) return tl::unexpected<Error>(session.error());
  if (!*session || (*session)->expires <= parts_.clock.now()) return std::optional<SignedIn>();
  const auto staff = parts_.store.find_staff((*session)->operator_id);
  if (!staff) return tl::unexpected<Error>(staff.error());
  if (!*staff) return std::optional<SignedIn>();
  return std::optional<SignedIn>(
      {(*staff)->id, (*staff)->display_name, std::string(), (*session)->expires});
}

Result<void> Staff::sign_out(std::string_view cookie) {
  const std::lock_guard lock(mutex_);
  const std::string digest = digest_of(cookie);
  const auto session = parts_.store.find_session(digest);
  if (!session) return tl::unexpected<Error>(session.error());
  if (!*session) return {};
  return parts_.store.commit(
      parts_.clock.now(),
      {{DropSession{digest}}, {{"signed_out", {{"operator", (*session)->operator_id.text()}}}}});
}

Result<std::vector<OperatorId>> Staff::signed_in(const std::vector<OperatorId>& ids) {
  return parts_.store.signed_in(ids, parts_.clock.now());
}

}  // namespace madoguchi::vault
