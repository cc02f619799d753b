#include "vault/access/refusal.h"

namespace madoguchi::vault {

std::string_view name_of(Denial refusal) {
  switch (refusal) {
    case Denial::kNoPlace:
      return "no_place";
    case Denial::kNoMandate:
      return "no_mandate";
    case Denial::kBrokenChain:
      return "broken_chain";
    case Denial::kOtherNumber:
      return "other_number";
    case Denial::kOtherDesk:
      return "other_desk";
    case Denial::kNoPurpose:
      return "no_purpose";
    case Denial::kNotSigned:
      return "not_signed";
    case Denial::kNotBegun:
      return "not_begun";
    case Denial::kEnded:
      return "ended";
    case Denial::kRevoked:
      return "revoked";
    case Denial::kFrozen:
      return "frozen";
    case Denial::kNoCall:
      return "no_call";
    case Denial::kNotOnCall:
      return "not_on_call";
    case Denial::kNoTicket:
      return "no_ticket";
    case Denial::kTicketOver:
      return "ticket_over";
    case Denial::kTicketFrozen:
      return "ticket_frozen";
    case Denial::kWrapUp:
      return "wrap_up";
    case Denial::kOtherPerson:
      return "other_person";
    case Denial::kNotChecked:
      return "not_checked";
    case Denial::kNoCaller:
      return "no_caller";
    case Denial::kNoPlayback:
      return "no_playback";
    case Denial::kNoCases:
      return "no_cases";
    case Denial::kTooManyCases:
      return "too_many_cases";
    case Denial::kGuesses:
      return "guesses";
    case Denial::kSearches:
      return "searches";
    case Denial::kLimit:
      return "limit";
  }
  return "";
}

}  // namespace madoguchi::vault
