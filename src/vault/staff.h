// Staff who may sign in at the glass, and their sessions there. The centre may say who they are; it
// never signs in for them. Passwords are Argon2id hashes; wrong ones lock a name for a growing
// time. What a wrong name, a wrong password and a locked name answer is the same. Sessions survive
// a restart; the store keeps only their digests. That a person is given a password or disabled is
// told, in the same commit, in the logs of the owners whose data that person can come to. Any
// thread, one act at a time: verifying a password is meant to be slow, so callers queue, and the
// web side bounds how many.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/personal.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/authority_desk.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

using Password = Personal<std::string>;

// How much work a password costs; tests use less.
enum class HashingCost { kUsual, kLeast };

struct SignedIn {
  OperatorId operator_id;
  std::string display_name;
  std::string cookie;  // only the browser keeps it
  Time expires;
};

class Staff {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    AuthorityDesk& authority;
    // The centre may bring password hashes: only in a demo.
    bool demo = false;
    HashingCost cost = HashingCost::kUsual;
    std::chrono::hours session{12};
  };
  explicit Staff(const Parts& parts);

  // `password_hash` may be empty. Repeatable. kDenied for a hash where no demo was set up; a
  // password set at the vault itself is never replaced by it.
  Result<void> put(const OperatorId& id, const std::string& display_name,
                   const std::string& password_hash);

  // kNotFound unless put() before; kInvalid when too short. Ends the lock and nothing else.
  Result<void> set_password(const OperatorId& id, const Password& password);

  // Ends this person's sessions, on the centre's word.
  Result<void> end_sessions(const OperatorId& id);

  // Ends this person's sessions and forgets password and passkeys; nobody but set_password(), or an
  // enrolment code, gives others.
  // kNotFound unless put() before.
  Result<void> disable(const OperatorId& id);

  // kDenied: wrong or locked, always in the same words. kUnavailable: nothing was decided.
  // `bound_to` names the key of the page that is to ask in the session (page_keys/page_key.h). The
  // cookie ends with it, and is known only whole: bound_to() tells it of a session's cookie.
  Result<SignedIn> sign_in(const std::string& name, const Password& password,
                           const std::string& bound_to = {});

  // A session for someone whom `by` has shown to be this person, in one commit with `with`.
  // kDenied: the vault does not know this person, or `with` was done before.
  Result<SignedIn> begin(const OperatorId& id, Act with, std::string_view by,
                         const std::string& bound_to = {});

  // Whose session this is; nothing when it is none, or over.
  Result<std::optional<SignedIn>> who(std::string_view cookie);
  Result<void> sign_out(std::string_view cookie);
  // Empty: to nothing.
  static std::string_view bound_to(std::string_view cookie);

  [[nodiscard]] const Clock& clock() const { return parts_.clock; }
  [[nodiscard]] std::chrono::hours session_length() const { return parts_.session; }

  // Those of `ids` who have a session now.
  Result<std::vector<OperatorId>> signed_in(const std::vector<OperatorId>& ids);

 private:
  struct Tries {
    std::int64_t failures = 0;
    Time locked_until;
  };
  Result<SignedIn> refuse_unknown(const std::string& name);
  Result<SignedIn> refuse_known(const StaffRow& row);
  // Commits it with what the owners concerned are told.
  Result<void> commit_told(Act act, const OperatorId& who, std::string outcome,
                           const OperatorId& by);
  Result<SignedIn> begin_session(const StaffRow& row, Act act, std::string_view by,
                                 const std::string& bound_to);
  [[nodiscard]] std::string hash_of(const Password& password) const;

  const Parts parts_;
  std::string nobodys_hash_;  // verified for unknown names, so that they take as long
  std::mutex mutex_;
  std::map<std::string, Tries> strangers_;  // by digest of the name; bounded
};

// How long a name stays locked after so many failures in a row.
std::chrono::seconds lock_after(std::int64_t failures);

}  // namespace madoguchi::vault
