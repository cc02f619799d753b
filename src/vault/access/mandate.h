// A mandate: the owner of data allows an organisation to open fields of its people, on desks, for
// purposes, within limits, until an end. Plain values with the one rule of what makes them well
// formed. A mandate may span several owners (the look-up of a common desk): it holds for each owner
// that signed it, and for no other.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/access/ids.h"
#include "vault/access/limits.h"

namespace madoguchi::vault {

// How many openings, at once: by one operator, on one desk, and under the mandate as a whole.
struct UseLimits {
  Rates by_operator;
  Rates on_desk;
  Rates in_all;
  friend bool operator==(const UseLimits&, const UseLimits&) = default;
};

// Of the vault's own, for windows that a mandate names no limit for: none is without one.
inline constexpr UseLimits kUsualLimits{{20, 200, 1000}, {200, 2000, 10'000}, {500, 5000, 25'000}};

// The lesser in each window.
UseLimits least(const UseLimits& a, const UseLimits& b);
// With those of `usual` in windows that have none.
UseLimits with_usual(const UseLimits& limits, const UseLimits& usual);

// What may be opened when somebody else speaks for the person.
struct CallerTerms {
  std::set<std::string> fields;  // of the purpose's own
  std::uint32_t checks = 0;      // where more than the purpose's own
  friend bool operator==(const CallerTerms&, const CallerTerms&) = default;
};

// Among a purpose's fields: what was written about the person may be read, each document an
// opening. Writing needs no field.
inline constexpr const char* kDocumentsField = "documents";

struct Purpose {
  std::string id;                         // "answer-letter"
  std::string name;                       // as screens show it
  std::set<std::string> fields;           // what one press opens
  std::uint32_t checks = 0;               // how many different fields must have matched before
  std::uint32_t export_rows_per_day = 0;  // people in exports for this purpose; 0: no exports
  bool playback = false;                  // whether the call's recording may be heard
  std::map<std::string, CallerTerms> callers{};  // "agent", "heir", …; others than the person
  bool cases = false;  // whether a person's record may be opened again while a case is open
  friend bool operator==(const Purpose&, const Purpose&) = default;
};

enum class PassOn { kForbidden, kAllowed };
enum class AtEnd { kReturned, kDestroyed };  // what becomes of the data at the retention date

struct Mandate {
  MandateId id;
  std::uint32_t version = 1;           // of the same id: the highest that an owner signed counts
  MandateId parent;                    // passed on from; empty: from the owners themselves
  std::vector<OrganisationId> owners;  // whose people it is about
  OrganisationId to;                   // who may act
  std::set<DeskId> desks;
  std::vector<Purpose> purposes;  // the first is the desk's usual one
  UseLimits limits;
  PassOn pass_on = PassOn::kForbidden;
  Time begins;
  Time ends;       // from this very second: nothing
  Time retention;  // then keys go; not before the end
  AtEnd at_end = AtEnd::kDestroyed;

  [[nodiscard]] bool is_about(const OrganisationId& owner) const;
  [[nodiscard]] const Purpose* purpose(const std::string& id) const;
};

// kInvalid, saying what to mend.
Result<void> check(const Mandate& mandate);
// Of one that is yet to be drafted or signed: kInvalid when it is over at `now`. It would give
// nothing any more, and only bring the day near on which its people's keys go.
Result<void> check_not_over(const Mandate& mandate, Time now);

}  // namespace madoguchi::vault
