#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace madoguchi {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "madoguchi: bug: CHECK(%s) failed at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace madoguchi
