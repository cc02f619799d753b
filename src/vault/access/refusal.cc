#include "vault/access/refusal.h"

namespace madoguchi::vault {

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNoPlace:
      return "no_place";
    case Refusal::kNoMandate:
      return "no_mandate";
    case Refusal::kBrokenChain:
      return "broken_chain";
    case Refusal::kOtherNumber:
      return "other_number";
    case Refusal::kOtherDesk:
      return "other_desk";
    case Refusal::kNoPurpose:
      return "no_purpose";
    case Refusal::kNotSigned:
      return "not_signed";
    case Refusal::kNotBegun:
      return "not_begun";
    case Refusal::kEnded:
      return "ended";
    case Refusal::kRevoked:
      return "revoked";
    case Refusal::kFrozen:
      return "frozen";
    case Refusal::kNoCall:
      return "no_call";
    case Refusal::kNotOnCall:
      return "not_on_call";
    case Refusal::kNoTicket:
      return "no_ticket";
    case Refusal::kTicketOver:
      return "ticket_over";
    case Refusal::kTicketFrozen:
      return "ticket_frozen";
    case Refusal::kWrapUp:
      return "wrap_up";
    case Refusal::kNotChecked:
      return "not_checked";
    case Refusal::kGuesses:
      return "guesses";
    case Refusal::kSearches:
      return "searches";
    case Refusal::kLimit:
      return "limit";
  }
  return "";
}

}  // namespace madoguchi::vault
