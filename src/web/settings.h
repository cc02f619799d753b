// The part of a web server's settings that every site of ours reads alike. Pure.
#pragma once

#include <filesystem>
#include <vector>

#include "base/config.h"
#include "web/server.h"

namespace madoguchi::web {

// Reads `address`, `port`, `certificate` and `key`: the last two go together, and without them the
// address must be one that only the machine itself can reach.
void read_listening(Config& table, std::uint16_t usual_port, ServerSettings& into);

// Reads `hosts`, names without port as they stand in a browser's address line.
void read_hosts(Config& table, ServerSettings& into);

// Files that the server must be able to read.
std::vector<std::filesystem::path> files_of(const ServerSettings& settings);

}  // namespace madoguchi::web
