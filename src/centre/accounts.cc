#include "centre/accounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "centre/password.h"

namespace madoguchi::centre {
namespace {

// A hash takes 64 MiB while it is made.
constexpr std::size_t kHashedTogether = 4;
constexpr std::size_t kTellFrom = 20;
constexpr std::size_t kTellEvery = 40;
constexpr const char* kWrong =
    "name or password is wrong; after five wrong tries signing in waits for a while";

std::string digest_of(const std::string& cookie) {
  return to_hex(sha256(as_bytes(cookie)));
}

Time lock_until(int failures, Time now) {
  const int doublings = std::min(failures - Accounts::kFailuresToLock, 4);
  return now + std::min<Micros>(std::chrono::minutes(1 << doublings), std::chrono::minutes(15));
}

}  // namespace

Accounts::Accounts(CentreStore& store, Loop& loop, Worker& store_worker, const Clock& clock,
                   Entropy& entropy, std::chrono::hours session_length)
    : store_(store),
      loop_(loop),
      store_worker_(store_worker),
      clock_(clock),
      entropy_(entropy),
      session_length_(session_length) {}

Result<void> Accounts::load() {
  auto accounts = store_.accounts();
  if (!accounts) return tl::unexpected<Error>(accounts.error());
  auto sessions = store_.sessions();
  if (!sessions) return tl::unexpected<Error>(sessions.error());
  for (AccountRow& row : *accounts) {
    names_[row.name] = row.id;
    if (!row.operator_id.empty()) operators_[row.operator_id] = row.id;
    accounts_[row.id] = std::move(row);
  }
  for (SessionRow& row : *sessions)
    sessions_[row.token_digest] = {row.account, row.csrf_token, row.expires, row.token_digest};
  return {};
}

Result<void> Accounts::ensure(std::vector<Wanted> wanted) {
  std::erase_if(wanted, [this](const Wanted& one) {
    return accounts_.contains(one.account.id) || names_.contains(one.account.name);
  });
  const std::size_t whole = wanted.size();
  if (whole > kTellFrom) log_info("making {} accounts; each password takes a moment", whole);
  for (std::size_t done = 0; done < whole;) {
    const std::size_t part = std::min(whole - done, kHashedTogether);
    std::vector<std::future<Result<std::string>>> hashes;
    for (std::size_t i = 0; i < part; ++i)
      hashes.push_back(std::async(
          std::launch::async, [&one = wanted[done + i]] { return hash_password(one.password); }));
    for (std::size_t i = 0; i < part; ++i) {
      auto hash = hashes[i].get();
      if (!hash) return tl::unexpected<Error>(hash.error());
      AccountRow& account = wanted[done + i].account;
      account.password_hash = std::move(*hash);
      if (auto put = store_.put_account(account); !put) return put;
      names_[account.name] = account.id;
      if (!account.operator_id.empty()) operators_[account.operator_id] = account.id;
      accounts_[account.id] = std::move(account);
    }
    done += part;
    if (whole > kTellFrom && (done % kTellEvery == 0 || done == whole))
      log_info("{} of {} accounts are made", done, whole);
  }
  return {};
}

std::string Accounts::random_text() {
  Bytes bytes(32);
  entropy_.fill(bytes.data(), bytes.size());
  return to_hex(bytes);
}

AccountId Accounts::fresh_id() {
  return AccountId::fresh(clock_.now(), entropy_);
}

void Accounts::write(std::function<Result<void>(CentreStore&)> job, Then<void> then) {
  const bool taken = store_worker_.post([this, job = std::move(job), then] {
    auto outcome = job(store_);
    loop_.post([outcome = std::move(outcome), then] { then(outcome); });
  });
  if (!taken) then(fail(ErrorCode::kExhausted, "too much waits to be stored: try again"));
}

void Accounts::sign_in(const std::string& name, Personal<std::string> password,
                       Then<SignedIn> then) {
  const AccountRow* account = named(name);
  const bool usable = account != nullptr && !account->disabled;
  const AccountId id = account != nullptr ? account->id : AccountId();
  const std::string hash = usable ? account->password_hash : std::string();
  const bool taken = hasher_.post([this, id, hash, name, password = std::move(password), then] {
    const bool fits = password_fits(hash.empty() ? nobodys_hash() : hash, password);
    loop_.post(
        [this, id, name, fits = fits && !hash.empty(), then] { verified(id, name, fits, then); });
  });
  if (!taken)
    then(fail(ErrorCode::kExhausted, "too many people are signing in just now: try again"));
}

void Accounts::verified(const AccountId& id, const std::string& name, bool fits,
                        const Then<SignedIn>& then) {
  const AccountRow* account = find(id);
  if (account == nullptr || account->name != name) {
    then(fail(ErrorCode::kDenied, kWrong));
    return;
  }
  // Tries that were under way when the account was locked count for nothing.
  if (account->locked_until && clock_.now() < *account->locked_until) {
    then(fail(ErrorCode::kDenied, kWrong));
    return;
  }
  if (fits && !account->disabled && account->failures == 0) {
    begin_session(id, then);
    return;
  }
  // The count holds in memory at once: a store that is away must not give endless tries. Nor is it
  // waited for, which an unknown name would not do either.
  AccountRow& counted = accounts_[id];
  counted.failures = fits ? 0 : counted.failures + 1;
  counted.locked_until.reset();
  if (counted.failures >= kFailuresToLock)
    counted.locked_until = lock_until(counted.failures, clock_.now());
  change({id, [](AccountRow&) {}, [](const Result<void>&) {}});
  if (fits && !counted.disabled)
    begin_session(id, then);
  else
    then(fail(ErrorCode::kDenied, kWrong));
}

void Accounts::change(Change change) {
  changes_.push_back(std::move(change));
  if (changes_.size() == 1) write_next_change();
}

void Accounts::write_next_change() {
  const Change& next = changes_.front();
  AccountRow row = accounts_.contains(next.id) ? accounts_[next.id] : AccountRow();
  next.apply(row);
  write([row](CentreStore& store) { return store.put_account(row); },
        [this](const Result<void>& outcome) { written(outcome); });
}

void Accounts::written(const Result<void>& outcome) {
  const Change done = std::move(changes_.front());
  changes_.pop_front();
  if (outcome) done.apply(accounts_[done.id]);
  const bool more = !changes_.empty();  // of itself `then` may begin the next
  done.then(outcome);
  if (more) write_next_change();
}

void Accounts::begin_session(const AccountId& account, const Then<SignedIn>& then) {
  SignedIn signed_in;
  signed_in.cookie = random_text();
  signed_in.session = {account, random_text(), clock_.now() + session_length_,
                       digest_of(signed_in.cookie)};
  const Session& session = signed_in.session;
  const SessionRow row{session.token_digest, account, session.csrf_token, session.expires};
  write([row](CentreStore& store) { return store.put_session(row); },
        [this, signed_in, then](const Result<void>& outcome) {
          if (!outcome) {
            then(tl::unexpected<Error>(outcome.error()));
            return;
          }
          sessions_[signed_in.session.token_digest] = signed_in.session;
          then(signed_in);
        });
}

void Accounts::sign_out(const Session& session, Then<void> then) {
  const Session ended = session;
  const std::string digest = ended.token_digest;
  sessions_.erase(digest);  // holds at once, whatever the store says
  if (on_session_ended) on_session_ended(ended);
  write([digest](CentreStore& store) { return store.drop_session(digest); }, std::move(then));
}

void Accounts::end_sessions(const AccountId& account, const std::string& but_digest) {
  std::vector<Session> ended;
  for (const auto& [digest, session] : sessions_)
    if (session.account == account && digest != but_digest) ended.push_back(session);
  for (const Session& session : ended) sign_out(session, [](const Result<void>&) {});
}

void Accounts::change_password(const Session& session, Personal<std::string> old_one,
                               Personal<std::string> new_one, Then<void> then) {
  const AccountRow* account = find(session.account);
  if (account == nullptr) {
    then(fail(ErrorCode::kNotFound, "the account is gone"));
    return;
  }
  const bool taken = hasher_.post([this, id = account->id, old_hash = account->password_hash,
                                   keep = session.token_digest, old_one = std::move(old_one),
                                   new_one = std::move(new_one), then] {
    const bool fits = password_fits(old_hash, old_one);
    auto hash = fits ? hash_password(new_one)
                     : Result<std::string>(fail(ErrorCode::kDenied, "the old password is wrong"));
    loop_.post([this, id, keep, hash = std::move(hash), then] {
      const AccountRow* now = find(id);
      if (!hash || now == nullptr) {
        then(hash ? fail(ErrorCode::kNotFound, "the account is gone")
                  : tl::unexpected<Error>(hash.error()));
        return;
      }
      change({id, [hash = *hash](AccountRow& row) { row.password_hash = hash; },
              [this, id, keep, then](const Result<void>& outcome) {
                if (outcome) end_sessions(id, keep);
                then(outcome);
              }});
    });
  });
  if (!taken) then(fail(ErrorCode::kExhausted, "busy: try again"));
}

void Accounts::put(AccountRow account, Personal<std::string> password, Then<AccountRow> then) {
  if (password.reveal().empty()) return put_fields(account, false, then);
  const bool taken = hasher_.post(
      [this, account = std::move(account), password = std::move(password), then]() mutable {
        auto hash = hash_password(password);
        loop_.post([this, account = std::move(account), hash = std::move(hash), then]() mutable {
          if (!hash) {
            then(tl::unexpected<Error>(hash.error()));
            return;
          }
          account.password_hash = std::move(*hash);
          put_fields(account, true, then);
        });
      });
  if (!taken) then(fail(ErrorCode::kExhausted, "busy: try again"));
}

// What an administrator may set, and no more: wrong tries that are counted meanwhile stay counted.
void Accounts::put_fields(const AccountRow& wanted, bool renewed, const Then<AccountRow>& then) {
  const AccountRow* before = find(wanted.id);
  // Whoever may see other things from now on starts afresh.
  const bool moved = before != nullptr &&
                     (before->role != wanted.role || before->organisation != wanted.organisation);
  const auto apply = [wanted, renewed, is_new = before == nullptr](AccountRow& row) {
    if (is_new) {
      row = wanted;
      return;
    }
    row.name = wanted.name;
    row.display_name = wanted.display_name;
    row.role = wanted.role;
    row.operator_id = wanted.operator_id;
    row.organisation = wanted.organisation;
    row.groups = wanted.groups;
    row.disabled = wanted.disabled;
    row.phone = wanted.phone;
    row.own_phone = wanted.own_phone;
    if (!renewed) return;
    row.password_hash = wanted.password_hash;
    row.failures = 0;
    row.locked_until.reset();
  };
  change(
      {wanted.id, apply, [this, id = wanted.id, renewed, moved, then](const Result<void>& outcome) {
         if (!outcome) {
           then(outcome.error().code == ErrorCode::kConflict
                    ? fail(ErrorCode::kConflict, "name: another account has it")
                    : tl::unexpected<Error>(outcome.error()));
           return;
         }
         const AccountRow changed = accounts_[id];
         names_[changed.name] = id;
         if (!changed.operator_id.empty()) operators_[changed.operator_id] = id;
         if (changed.disabled || renewed || moved) end_sessions(id, "");
         if (on_changed) on_changed();
         then(changed);
       }});
}

const Session* Accounts::session_of(const std::string& cookie) const {
  if (cookie.empty()) return nullptr;
  const auto found = sessions_.find(digest_of(cookie));
  if (found == sessions_.end() || found->second.expires <= clock_.now()) return nullptr;
  const AccountRow* account = find(found->second.account);
  return account == nullptr || account->disabled ? nullptr : &found->second;
}

bool Accounts::is_live(const Session& session) const {
  const auto found = sessions_.find(session.token_digest);
  if (found == sessions_.end() || found->second.expires <= clock_.now()) return false;
  const AccountRow* account = find(session.account);
  return account != nullptr && !account->disabled;
}

bool Accounts::has_session(const AccountId& account) const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [&](const auto& one) { return one.second.account == account; });
}

const AccountRow* Accounts::find(const AccountId& id) const {
  const auto found = accounts_.find(id);
  return found == accounts_.end() ? nullptr : &found->second;
}

const AccountRow* Accounts::named(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : find(found->second);
}

const AccountRow* Accounts::of_operator(const OperatorId& id) const {
  const auto found = operators_.find(id);
  return found == operators_.end() ? nullptr : find(found->second);
}

std::vector<AccountRow> Accounts::all() const {
  std::vector<AccountRow> rows;
  for (const auto& [id, row] : accounts_) rows.push_back(row);
  return rows;
}

bool Accounts::would_leave_no_administrator(const AccountRow& changed) const {
  const auto serves = [](const AccountRow& row) {
    return row.role == Role::kAdministrator && !row.disabled;
  };
  if (serves(changed)) return false;
  return std::none_of(accounts_.begin(), accounts_.end(), [&](const auto& entry) {
    return entry.first != changed.id && serves(entry.second);
  });
}

void Accounts::expire(Time now) {
  std::vector<Session> ended;
  for (const auto& [digest, session] : sessions_)
    if (session.expires <= now) ended.push_back(session);
  if (ended.empty()) return;
  for (const Session& session : ended) {
    sessions_.erase(session.token_digest);
    if (on_session_ended) on_session_ended(session);
  }
  write([now](CentreStore& store) { return store.drop_sessions_before(now); },
        [](const Result<void>&) {});
}

}  // namespace madoguchi::centre
