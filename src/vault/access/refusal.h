// Why something may not be opened, searched or checked: a word for the log and for screens. Never
// says more about a person than that.
#pragma once

#include <string_view>
#include <tl/expected.hpp>

namespace madoguchi::vault {

// In the order of how far an ask got: of several reasons the last one is told.
enum class Denial {
  kNoPlace,       // the operator belongs to no organisation
  kNoMandate,     // no mandate names the operator's organisation
  kBrokenChain,   // a mandate above it is missing, or may not be passed on
  kOtherNumber,   // the number called belongs to nobody in the chain
  kOtherDesk,     // not on this desk
  kNoPurpose,     // not for this purpose
  kNotSigned,     // the owner has not signed it
  kNotBegun,      // before its first second
  kEnded,         // after its end
  kRevoked,       // the owner took it back
  kFrozen,        // the owner stopped openings
  kNoCall,        // no live lease of that call
  kNotOnCall,     // no leg of a live session of this operator is up in the call
  kNoTicket,      // unknown, or of another session: both look the same
  kTicketOver,    // ended, or its wrap-up is
  kTicketFrozen,  // stopped by an alarm or the owner
  kWrapUp,        // after the call only what was opened during it
  kOtherPerson,   // a case's ticket opens the case's own person only
  kNotChecked,    // the mandate wants the person's identity checked first
  kNoCaller,      // the purpose gives nothing to whoever speaks for the person
  kNoPlayback,    // the purpose is none for hearing recordings
  kNoCases,       // the purpose is none for cases
  kTooManyCases,  // the holder has too many case tickets
  kGuesses,       // too many values typed that did not match
  kSearches,      // too many searches
  kLimit,         // a limit of a mandate is reached
};

std::string_view name_of(Denial refusal);

template <typename T>
using Allowed = tl::expected<T, Denial>;

inline tl::unexpected<Denial> refuse(Denial why) {
  return tl::unexpected(why);
}

}  // namespace madoguchi::vault
