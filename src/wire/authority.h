// The private authority of one deployment: makes its own certificate and one per role. P-256 keys;
// the authority's for 10 years, the roles' for 397 days, renewed by `up` when less than 30 are
// left. Key files are written with mode 0600 before anything is in them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace madoguchi::wire {

// Makes what is missing or about to expire in `folder`: authority.pem, authority.key, <role>.pem,
// <role>.key. The certificate of a role has the role as common name and as DNS name. Existing valid
// files are left alone.
Result<void> ensure_certificates(const std::filesystem::path& folder,
                                 const std::vector<std::string>& roles, Time now);

}  // namespace madoguchi::wire
