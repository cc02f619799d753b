// Small files that hold a secret: the master key, a token's PIN. Read only when nobody else could
// have read them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace madoguchi::vault {

// An error about `file`: "<file>: <cause>".
tl::unexpected<Error> refuse_file(const std::filesystem::path& file, ErrorCode code,
                                  std::string_view cause);

// The whole of it, in guarded memory. One clear line naming the file on every error: kNotFound when
// it is missing; kInvalid when it is a link, no regular file, not of mode 0600, another user's,
// empty, or longer than `most` bytes.
Result<Secret> read_private_file(const std::filesystem::path& file, std::size_t most);

}  // namespace madoguchi::vault
