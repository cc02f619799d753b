// Who may sign in at the centre, and who is signed in. All of it is in memory, loaded at start;
// changes are written through and take effect once they are durable. Sessions are kept by the
// digest of their cookie, so a restart signs nobody out and a stolen database signs nobody in. Loop
// thread; passwords and writes go to worker threads and their results come back to the loop.
//
// Lock-out: from the fifth wrong password on, one minute, doubling to fifteen; a right password
// clears it. Whoever signs in hears the same, after the same work, of an unknown name, a wrong
// password and a locked account. Changes of accounts are written one after another, each onto the
// row as it is by then. Signing in here gives no right at the vault.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/personal.h"
#include "base/sealing.h"
#include "centre/centre_store.h"
#include "centre/loop.h"
#include "centre/worker.h"

namespace madoguchi::centre {

struct Session {
  AccountId account;
  std::string csrf_token;
  Time expires{};
  std::string token_digest;
};

struct SignedIn {
  std::string cookie;  // to be set at the browser, kept nowhere
  Session session;
};

// The Argon2id parameters of sign-in cost memory: two at a time, few waiting, the rest are told to
// come back.
class Accounts {
 public:
  static constexpr int kFailuresToLock = 5;

  // All must outlive it.
  Accounts(CentreStore& store, Loop& loop, Worker& store_worker, const Clock& clock,
           Entropy& entropy, std::chrono::hours session_length);

  // Blocks; before the loop runs.
  Result<void> load();
  struct Wanted {
    AccountRow account;
    Personal<std::string> password;
  };
  // Makes accounts at start unless one of that id or name is there. Hashing is slow by design: it
  // is shared among the processor's cores and its progress is logged. Blocks; before the loop runs.
  Result<void> ensure(std::vector<Wanted> wanted);

  template <typename T>
  using Then = std::function<void(Result<T>)>;

  void sign_in(const std::string& name, Personal<std::string> password, Then<SignedIn> then);
  void sign_out(const Session& session, Then<void> then);
  void change_password(const Session& session, Personal<std::string> old_one,
                       Personal<std::string> new_one, Then<void> then);
  // For administrators. An empty password leaves the old one.
  void put(AccountRow account, Personal<std::string> password, Then<AccountRow> then);

  // The session of this cookie's value, if it is valid now.
  [[nodiscard]] const Session* session_of(const std::string& cookie) const;
  // Whether this session has not ended and its account may still sign in.
  [[nodiscard]] bool is_live(const Session& session) const;
  [[nodiscard]] bool has_session(const AccountId& account) const;
  [[nodiscard]] const AccountRow* find(const AccountId& id) const;
  [[nodiscard]] const AccountRow* named(const std::string& name) const;
  [[nodiscard]] const AccountRow* of_operator(const OperatorId& id) const;
  [[nodiscard]] std::vector<AccountRow> all() const;  // by id
  [[nodiscard]] AccountId fresh_id();
  [[nodiscard]] bool would_leave_no_administrator(const AccountRow& changed) const;

  // Called after an account was made or changed, and when a session ended (sign-out, expiry,
  // disabled).
  std::function<void()> on_changed;
  std::function<void(const Session& session)> on_session_ended;

  void expire(Time now);

 private:
  void verified(const AccountId& id, const std::string& name, bool fits,
                const Then<SignedIn>& then);
  void begin_session(const AccountId& account, const Then<SignedIn>& then);
  void end_sessions(const AccountId& account, const std::string& but_digest);
  void write(std::function<Result<void>(CentreStore&)> job, Then<void> then);
  // What is to be different; applied to the row when it is written, and in memory once it is.
  struct Change {
    AccountId id;
    std::function<void(AccountRow&)> apply;
    Then<void> then;
  };
  void change(Change change);
  void write_next_change();
  void written(const Result<void>& outcome);
  void put_fields(const AccountRow& wanted, bool renewed, const Then<AccountRow>& then);
  std::string random_text();

  CentreStore& store_;
  Loop& loop_;
  Worker& store_worker_;
  const Clock& clock_;
  Entropy& entropy_;
  const std::chrono::hours session_length_;
  std::map<AccountId, AccountRow> accounts_;
  std::map<std::string, AccountId> names_;
  std::map<OperatorId, AccountId> operators_;
  std::unordered_map<std::string, Session> sessions_;  // by digest
  std::deque<Change> changes_;                         // the first is being written
  Worker hasher_{2, 16};
};

}  // namespace madoguchi::centre
