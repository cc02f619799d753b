// Whether a request of a session comes from the page that began it. Proofs are of this process's
// run (what was signed for an earlier one is void, since what had been used went with it), no older
// or newer than a minute, and good once: their names are remembered for as long as they would be
// fresh, in any order, so that a page may ask several things at once. Owned by GlassDoor; any
// thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/id.h"
#include "base/time.h"
#include "vault/page_keys/page_key.h"
#include "vault/page_keys/request_proof.h"

namespace madoguchi::vault {

enum class ProofFault {
  kMissing,   // none, or not as it must look
  kOtherRun,  // whoever asks learns which run it is, and its time, and may try again
  kOld,       // or ahead
  kWrong,     // another key's, or of another request
  kUsed,
  kTooMany,  // more in two minutes than any page sends
};
std::string_view word_of(ProofFault fault);  // "no_proof", …

class ProofCheck {
 public:
  static constexpr std::chrono::seconds kFresh{60};
  static constexpr std::size_t kMostRemembered = 16'384;  // of a session, in two minutes

  ProofCheck(const Clock& clock, Entropy& entropy);

  // Nothing: it is the page's own, and has been used now. `session` names the session, `bound_to`
  // is the thumbprint of the key that it began with.
  std::optional<ProofFault> of_session(const std::string& session, std::string_view bound_to,
                                       std::string_view header, const AskedRequest& request);
  // Whoever begins a session shows that a key is at hand: the thumbprint to bind it to.
  [[nodiscard]] tl::expected<std::string, ProofFault> of_beginning(
      std::string_view header, const AskedRequest& request) const;

  // The value of Madoguchi-Run: this run, and the vault's milliseconds.
  [[nodiscard]] std::string run() const;

 private:
  // Names in two generations: each is remembered for two minutes at least.
  struct Session {
    explicit Session(P256PublicKey of) : key(std::move(of)) {}
    const P256PublicKey key;
    std::mutex mutex;  // guards the rest
    std::unordered_set<std::string> now, before;
    Time turned;
  };
  std::shared_ptr<Session> session_of(const std::string& name, std::string_view key);
  [[nodiscard]] std::optional<ProofFault> fault_in_time(const RequestProof& proof) const;

  const Clock& clock_;
  const std::string run_;
  std::mutex mutex_;                                          // guards the map
  std::map<std::string, std::shared_ptr<Session>> sessions_;  // shared with checks under way
};

}  // namespace madoguchi::vault
