// What a process must know of its own certificate before it starts: that it is of its role, that
// its key belongs to it and that the others' authority made it. Without these no process would let
// it in, and gRPC would say so in words of its own. Reads files; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "wire/credentials.h"

namespace madoguchi::wire {

// kInvalid: one line that begins with the key of the settings' [rpc], names the file and says how
// to mend it. Whether a certificate is still valid is not looked at: `madoguchi up` renews them.
Result<void> check_role_files(const TlsFiles& files, std::string_view role);

}  // namespace madoguchi::wire
