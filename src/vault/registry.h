// Organisations, the numbers bound to them, and their keys: the part of the vault that changes its
// Directory. Each change of an organisation or a number is an entry of that organisation's log, in
// the same commit. Opens the store with the master key, makes what a fresh one lacks, and gives
// every organisation its keys when it first appears. Tokens are answered from memory alone. Any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/core/numbering.h"
#include "vault/core/token_limits.h"
#include "vault/directory.h"
#include "vault/master.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

inline constexpr std::string_view kUnknownOrganisation = "unknown_organisation";
inline constexpr std::string_view kTokenLimit = "limit";

// On whose word organisations and numbers change.
enum class RegisteredBy { kCentre, kAdministrator };

// What one number that is refused does to those beside it: at a start the others' callers still
// get through, and the error says which was left out.
enum class Binding { kAllOrNone, kWhatCanBe };

// What a number's owner says of it.
enum class NumbersWord { kGivenFree, kKept };

// Whether an organisation has a person who could give its numbers free.
using HasOwner = std::function<Result<bool>(const OrganisationId&)>;

class Registry {
 public:
  // All outlive the registry.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
    const NumberingPlan& plan;
    TokenRates token_rates{};
  };

  static Result<std::unique_ptr<Registry>> open(const Parts& parts, const Master& master);

  // Never null. Cheap: a pointer is copied.
  [[nodiscard]] std::shared_ptr<const Directory> directory() const;

  // For whoever was given an id by hand: kInvalid where it is none, kNotFound, saying where the
  // known ones are listed.
  [[nodiscard]] Result<OrganisationId> known(const std::string& id) const;

  // Called, on the thread that made the change, after directory() became another one.
  void on_change(std::function<void()> changed);

  // Whether callers may dial it, and it may be an organisation's: none of the networks' own (110),
  // none that callers pay a premium for. kInvalid, in one line.
  [[nodiscard]] Result<void> may_be_called(const std::string& number) const;

  // Makes sure that it exists under this name and that these numbers are bound to it; numbers bound
  // before stay so. kConflict when a number is another's. Repeatable.
  Result<void> put_organisation(const OrganisationId& id, const std::string& name,
                                const std::vector<std::string>& numbers_called,
                                RegisteredBy by = RegisteredBy::kCentre,
                                Binding binding = Binding::kAllOrNone);

  // `by`, a person of the owner, lets a number go, or takes that back; the owner's log has it. The
  // same again is nothing done. kNotFound: no number of that organisation.
  Result<void> say_of_number(const std::string& number_called, const OrganisationId& owner,
                             const OperatorId& by, NumbersWord word);

  // Takes a number from whoever it is bound to, and binds it to `to` in the same commit unless that
  // is empty; both read it in their logs. Its owner must have given it free, which is used up by
  // that, or have nobody who could: kDenied otherwise. Gives whose it was; the same again is
  // nothing done. kNotFound: nobody's number, or no such organisation.
  Result<OrganisationId> release_number(const std::string& number_called, const OrganisationId& to,
                                        const std::string& asked_by, const HasOwner& has_owner);

  // Whose number was called; empty when nobody's. From memory.
  [[nodiscard]] OrganisationId owner_of_number(const std::string& number_called) const;

  // The same call and number give the same token. Words: "unknown_organisation", "withheld",
  // "invalid", "unreadable", "limit". Needs no store.
  [[nodiscard]] Readable<LineToken> tokenise(const OrganisationId& organisation,
                                             ByteView sealed_number);
  // For a token that is made elsewhere: counts it; false where the organisation's callers have been
  // given too many.
  [[nodiscard]] bool may_tokenise(const OrganisationId& organisation);

  // Tokens given are journalled as counts of each organisation, by whoever calls this every minute.
  Result<void> journal_counts();

 private:
  Registry(const Parts& parts, std::shared_ptr<KeyWrapping> wrapping);
  Result<void> first_start(const Master& master);
  Result<void> reload();
  struct Canonical {
    std::vector<NumberRow> fresh;
    std::optional<Error> refused;  // of the first number that can't be the organisation's
  };
  [[nodiscard]] Canonical canonical(const OrganisationId& id,
                                    const std::vector<std::string>& numbers_called) const;
  Result<void> keep(const OrganisationId& id, const std::string& name, std::vector<NumberRow> fresh,
                    RegisteredBy by);
  [[nodiscard]] std::string canonical(const std::string& number_called) const;
  Result<void> commit(Time now, const Act& act);

  const Parts parts_;
  const std::shared_ptr<KeyWrapping> wrapping_;  // as Master has it

  std::mutex act_mutex_;  // one act at a time; guards stale_
  bool stale_ = false;    // a commit failed: what is in memory may not be what is kept

  mutable std::mutex mutex_;  // guards the next three
  std::shared_ptr<const Directory> directory_;
  std::function<void()> changed_;

  struct Tokens {
    std::int64_t given = 0;
    std::int64_t refused = 0;
    std::int64_t over_limit = 0;
  };
  std::mutex tokens_mutex_;  // guards the next two
  TokenLimits token_limits_;
  std::map<OrganisationId, Tokens> tokens_;  // since the last minute; nobody's: of none we know
};

}  // namespace madoguchi::vault
