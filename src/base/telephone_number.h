// One rule for how a telephone number is written, for everybody who compares numbers: the vault's
// lists, the exchange's desks and what a carrier's INVITE names. Pure functions of text; which
// numbers exist and who may have them is not known here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace madoguchi {

// Digits with "+" in front where it stood there; visual separators (RFC 3966, 5.1.1) and
// ;parameters left out. nullopt: no number ("taro").
std::optional<std::string> bare_number(std::string_view text);

// A bare number in full, "+81312345678", whether it came with "+", with the country's digits and no
// "+" (trunks leave it out), with 00 and the country's digits, or national with a leading 0; of
// Japan ("+81") also by 010 and as "+81 (0)3…". What is none of these, as a service's short number,
// comes back as it is.
std::string full_number(std::string bare, std::string_view country);

}  // namespace madoguchi
