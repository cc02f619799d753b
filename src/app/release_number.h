// A number is taken from the organisation that it is bound to, or becomes another's: asks the
// centre whether a desk or a call uses it, then the vault. Blocking calls, one thread.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace madoguchi::app {

// `to` empty: nobody's. Gives whose it was. kConflict names the desk that uses it, or says that a
// call is up; kDenied: its owner has not given it free; kUnavailable: the centre or the vault is
// away, and nothing was done.
Result<std::string> release_number(const std::filesystem::path& data, const std::string& number,
                                   const std::string& to);

}  // namespace madoguchi::app
