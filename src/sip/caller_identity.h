// Who is calling, as far as it may be believed and used: P-Asserted-Identity only from peers the
// policy trusts (RFC 3325, 3), the caller's wish for privacy always (RFC 3323; 184 in Japan), the
// anonymous From of RFC 3325 and of the trunks. A pure function; the number is Personal and leaves
// only by reveal().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/personal.h"
#include "sip/message.h"

namespace madoguchi::sip {

enum class Trust : std::uint8_t { kUntrusted, kTrusted };

struct CallerIdentity {
  enum class Kind : std::uint8_t {
    kNumber,    // `number` is the caller's
    kWithheld,  // the caller does not want it known: it may not be used, even where it could be
                // read
    kUnknown,   // none was given (payphone, no route for it, a name instead of a number)
  };
  Kind kind = Kind::kUnknown;
  // Digits with an optional leading '+', separators removed; empty unless kind is kNumber.
  Personal<std::string> number;
  bool asserted = false;  // from a trusted peer's P-Asserted-Identity, not From
};

// `request` is an INVITE. For an untrusted peer From is taken, asserted is false.
CallerIdentity caller_identity(const Message& request, Trust trust);

// What the caller dialled: the user part of the Request-URI, separators removed, when it is a
// number or a plain user name; empty otherwise.
std::string called_number(const Message& request);

// The same where the Request-URI may be the Contact that we registered as `account`, since
// carriers' registrars put that in its place (RFC 3261, 16.5): then whom P-Called-Party-ID (RFC
// 7315, 4.2) and To name comes first, in this order, and the Request-URI last. Otherwise it is the
// one candidate.
std::vector<std::string> called_numbers(const Message& request, std::string_view account);

}  // namespace madoguchi::sip
