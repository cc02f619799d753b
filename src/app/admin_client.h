// What the administrator's command line asks of the vault, over mutual TLS with the certificate
// role "admin". Blocking calls, one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/credentials.h"

namespace madoguchi::app {

struct VaultAccess {
  std::string address;  // "unix:/…/vault.sock" or "host:port"
  wire::TlsFiles tls;

  // Of the deployment that `madoguchi up` made in `data`.
  static VaultAccess of_deployment(const std::filesystem::path& data);
};

struct Exported {
  bool cut_off = false;  // the recording ended with a crash, not with the call
  std::uint64_t bytes = 0;
};

// Has the vault decrypt `sealed_file`; it writes who asked and why into its journal first. The WAV
// goes to `out`, which must not exist yet and is removed again if the vault refuses.
Result<Exported> export_recording(const VaultAccess& vault,
                                  const std::filesystem::path& sealed_file,
                                  const std::filesystem::path& out, const std::string& asked_by,
                                  const std::string& purpose);

// Gives every journal line after `after` to `line`, oldest first, as canonical JSON.
Result<void> read_journal(const VaultAccess& vault, std::uint64_t after,
                          const std::function<void(std::string_view)>& line);

}  // namespace madoguchi::app
