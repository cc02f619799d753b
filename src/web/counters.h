// A web server's counters by the names under which people see them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "web/server.h"

namespace madoguchi::web {

std::map<std::string, std::uint64_t> named_counters(const ServerCounters& counters);

}  // namespace madoguchi::web
