#include "base/program.h"

#include <gtest/gtest.h>

namespace madoguchi {
namespace {

TEST(Program, IsOfTheSystemAndCanBeStarted) {
  EXPECT_TRUE(is_program("sh"));
  EXPECT_TRUE(is_program("/bin/sh"));
  for (const char* none :
       {"", "no-such-voice", "/usr", "/etc/hostname", "/nowhere/voice", "/usr/bin/../..", "/"})
    EXPECT_FALSE(is_program(none)) << none;
}

}  // namespace
}  // namespace madoguchi
