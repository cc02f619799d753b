// Staff's passkeys: made with a one-time code from the administrator or in a session that is
// already there, and used to sign in. A ceremony is checked as vault/passkeys/ceremony.h says; its
// outcome, the session included, is one commit. Whoever is refused is told nothing of why; the
// journal is. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vault/passkeys/ceremony.h"
#include "vault/passkeys/challenges.h"
#include "vault/staff.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

class Passkeys {
 public:
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    Staff& staff;
    AuthorityDesk& authority;
  };
  explicit Passkeys(const Parts& parts) : parts_(parts), challenges_(parts.entropy) {}

  // ---- the administrator

  // "XXXX-XXXX-XXXX-XXXX", for a day and one passkey; an earlier one of this person is void then.
  // kNotFound: the vault does not know this person.
  Result<std::string> make_code(const OperatorId& who);

  // ---- making one

  // What the browser is to be asked for.
  struct Wanted {
    OperatorId who;
    std::string display_name;
    Bytes user;                      // the person, to authenticators; says nothing by itself
    Bytes challenge;                 // single use
    std::vector<std::string> known;  // credentials that this person has already, base64url
  };
  struct Made {
    Bytes client_data;
    Bytes attestation_object;
  };
  // kDenied: no such code, used, or old.
  Result<Wanted> wanted_with(const std::string& code);
  Result<Wanted> wanted_for(const OperatorId& who);
  // kDenied as above, or the ceremony is not as it must be; kConflict: the passkey is there
  // already.
  Result<SignedIn> make_with(const std::string& code, const CeremonyPlace& place, const Made& made,
                             const std::string& bound_to = {});
  Result<void> make_for(const OperatorId& who, const CeremonyPlace& place, const Made& made);

  // ---- signing in

  Bytes challenge();
  // kDenied, always in the same words.
  Result<SignedIn> sign_in(const CeremonyPlace& place, const std::string& credential,
                           const Assertion& assertion, const std::string& bound_to = {});

 private:
  Result<StaffRow> known(const OperatorId& who);
  Result<Wanted> wanted(const StaffRow& row);
  Result<EnrolmentRow> enrolment(const std::string& code);
  Result<PasskeyRow> checked(const OperatorId& who, const CeremonyPlace& place, const Made& made);
  ChallengeCheck is_ours(std::string end);
  tl::unexpected<Error> refuse(std::string_view act, const OperatorId& who, const Error& why);

  const Parts parts_;
  Challenges challenges_;
};

}  // namespace madoguchi::vault
