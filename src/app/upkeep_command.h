// `madoguchi keys` and `madoguchi schema`: what an administrator does to the records of a client
// as a whole, and to the key that everything hangs on, in the running vault.
#pragma once

#include <filesystem>
#include <functional>

#include "app/administration.h"
#include "vault/core/token.h"

namespace madoguchi::app {

// The [token] of the vault's settings.
using TokenOf = std::function<Result<vault::TokenPlace>(const std::filesystem::path& config)>;

void add_upkeep(CLI::App& app, Chosen& chosen, TokenOf token_of);

}  // namespace madoguchi::app
