// People who do not exist, one set for each export: whoever finds one of them in a file, or hears
// of one, knows which export it is from. They are drawn from the export's key and look like any
// others, but nobody is harmed by them: their telephone numbers begin with 090-0, which is given to
// nobody (電気通信番号計画: 090 is followed by 1 to 9), and their house numbers lie beyond the last
// block of their towns. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "vault/exports/export_mark.h"

namespace madoguchi::vault {

// How many an export of so many lines gets.
std::size_t invented_among(std::size_t lines);

// Standard fields and their values. `shapes`: for identifiers an example of the client's own
// ("S-1001" by "letter_number"), whose letters stay and whose digits are drawn; another `attempt`
// draws others.
std::map<std::string, std::string> invented_person(const ExportMark& mark, std::uint64_t number,
                                                   const std::map<std::string, std::string>& shapes,
                                                   std::uint64_t attempt = 0);

}  // namespace madoguchi::vault
