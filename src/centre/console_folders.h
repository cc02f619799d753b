// Which consoles a folder holds: each in a folder of its own, built (index.html) or with its source
// around it (dist/index.html). Looks at the disk; any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace madoguchi::centre {

// By name ("operator"), the folder that has the index.html. Empty where there are none.
std::map<std::string, std::filesystem::path> consoles_in(const std::filesystem::path& folder);

}  // namespace madoguchi::centre
