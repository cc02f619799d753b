// A desk as an administrator describes it over the API: what is absent stays as it is. Pure; reads
// one request's body, knows nothing of the store.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "centre/floor_settings.h"
#include "centre/json_input.h"

namespace madoguchi::centre {

// Changes `desk` by the members of docs/openapi.yaml's DeskChange; mistakes go to `input`.
// Organisation and group must be of `floor`, numbers no other desk's.
void read_desk(JsonInput& input, const FloorParts& floor, DeskPart& desk);

// "+81312345678", or the digits of an extension: 2 to 15.
bool is_number(std::string_view text);

// Opening hours from lines like "mon-fri 09:00-18:00", "sat 10:00-15:00", "holidays closed"; days
// that no line names are closed, holidays that none names are as other days. kInvalid names the
// line.
Result<calendar::OpeningHours> hours_from_lines(const std::vector<std::string>& lines);

}  // namespace madoguchi::centre
