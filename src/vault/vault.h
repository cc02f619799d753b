// Process 3, the vault. run() reads the settings, takes away its own rights, opens store and master
// key, serves gRPC to the exchange, the centre and the administrator, and the glass to browsers,
// until SIGTERM or SIGINT. Called once, on the main thread, before other threads exist.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "vault/people_records.h"
#include "vault/settings.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

// Opens the store at a URL as its sole owner; only the program that wires everything knows how.
using OpenStore = std::function<Result<std::unique_ptr<VaultStore>>(const std::string& url)>;

// Opens the two stores of the records.
using OpenRecords = std::function<Result<OpenedRecordStores>(const Settings& settings)>;

// kInvalid or kNotFound: settings, certificates or the master key are wrong and stay so until
// somebody mends them. kUnavailable, kConflict: the store, a port or a socket is away or taken; it
// may be tried again. One line each.
Result<void> run(const std::filesystem::path& config_file, const OpenStore& open_store,
                 const OpenRecords& open_records);

// The same settings' [token]: makes its key, which is shown in words; moves the master key of a
// stopped vault from its file to the token, and gives how many keys hang on it now.
Result<std::string> make_master_key(const std::filesystem::path& config_file);
Result<std::size_t> move_master_key_to_token(const std::filesystem::path& config_file,
                                             const OpenStore& open_store);

}  // namespace madoguchi::vault
