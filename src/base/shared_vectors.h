// For tests: published test vectors that lie beside the project and are read in place, never
// copied: $MADOGUCHI_VECTORS, or ../shared/vectors from the project's root (tests' working folder).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace madoguchi {

inline std::filesystem::path shared_vectors() {
  const char* named = std::getenv("MADOGUCHI_VECTORS");
  return named != nullptr ? std::filesystem::path(named)
                          : std::filesystem::path("../shared/vectors");
}

}  // namespace madoguchi

// Skips the test, saying why, when that file or folder is not there.
#define REQUIRE_VECTORS(path)                                   \
  if (!std::filesystem::exists(path))                           \
  GTEST_SKIP() << (path).string()                               \
               << " is not here; set MADOGUCHI_VECTORS to the " \
                  "folder that holds merkle/ and wycheproof/"
