// Passwords as Argon2id hashes in libsodium's text form. Verifying takes tens of milliseconds and
// 64 MiB by intent: on a worker thread, never on the loop.
#pragma once

#include <string>
#include <string_view>

#include "base/personal.h"
#include "base/result.h"

namespace madoguchi::centre {

inline constexpr std::size_t kLeastPassword = 10;  // characters
inline constexpr std::size_t kMostPassword = 200;  // bytes

Result<std::string> hash_password(const Personal<std::string>& password);
bool password_fits(const std::string& hash, const Personal<std::string>& password);

// A hash that nothing fits, to spend the same time on names that do not exist.
const std::string& nobodys_hash();

}  // namespace madoguchi::centre
