// What the administrator's command line asks of the vault, over mutual TLS with the certificate
// role "admin". Blocking calls, one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/personal.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/credentials.h"

namespace madoguchi::app {

// How to reach a process as administrator.
struct ProcessAccess {
  std::string address;  // "unix:/…/vault.sock" or "host:port"
  wire::TlsFiles tls;

  // Of the deployment that `madoguchi up` made in `data`; `process` is "vault" or "centre".
  // kNotFound: there is none.
  static Result<ProcessAccess> of_deployment(const std::filesystem::path& data,
                                             std::string_view process);
};

struct Exported {
  bool cut_off = false;  // the recording ends where no call did: by a crash, or it goes on
  std::uint64_t bytes = 0;
};

// Has the vault decrypt `sealed_file`; it writes who asked and why into its journal first. The WAV
// goes to `out`, which must not exist yet and is removed again if the vault refuses.
Result<Exported> export_recording(const ProcessAccess& vault,
                                  const std::filesystem::path& sealed_file,
                                  const std::filesystem::path& out, const std::string& asked_by,
                                  const std::string& purpose);

// Gives every journal line after `after` to `line`, oldest first, as canonical JSON.
Result<void> read_journal(const ProcessAccess& vault, std::uint64_t after,
                          const std::function<void(std::string_view)>& line);

// ---- Staff and numbers at the vault. kNotFound: it does not know this operator (yet).

Result<void> set_glass_password(const ProcessAccess& vault, const OperatorId& who,
                                const Personal<std::string>& password);
// A one-time code with which this person makes a passkey at the glass, within a day.
Result<std::string> make_enrolment_code(const ProcessAccess& vault, const OperatorId& who);
// An empty number forgets the phone.
Result<void> set_own_phone(const ProcessAccess& vault, const OperatorId& who,
                           const Personal<std::string>& number);
// Ends this person's sessions at the glass and forgets password and passkeys.
Result<void> disable_at_vault(const ProcessAccess& vault, const OperatorId& who);

Result<void> bind_number(const ProcessAccess& vault, const std::string& organisation,
                         const std::string& number);

// What the vault counts, refused and served input by kind; and what is not as it should be.
struct VaultStatus {
  struct Trouble {
    std::string text;
    Time since;
  };
  std::map<std::string, std::uint64_t> counters;
  std::vector<Trouble> troubles;
};
Result<VaultStatus> read_status(const ProcessAccess& vault);

struct BoundNumbers {
  std::string organisation;
  std::string name;
  std::vector<std::string> numbers;
};
Result<std::vector<BoundNumbers>> list_numbers(const ProcessAccess& vault);

}  // namespace madoguchi::app
