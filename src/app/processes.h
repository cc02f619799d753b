// The three processes by name: wires each with the store it is given. Blocks until SIGTERM or
// SIGINT.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "vault/core/token.h"

namespace madoguchi::app {

// "exchange", "vault" or "centre". kInvalid: wrong settings, in one line.
Result<void> run_process(std::string_view name, const std::filesystem::path& config);

// The [token] of the vault's settings; kInvalid when they have none.
Result<vault::TokenPlace> token_of(const std::filesystem::path& config);

// vault::move_master_key_to_token() on the store that the settings name.
Result<std::size_t> move_master_key(const std::filesystem::path& config);

}  // namespace madoguchi::app
