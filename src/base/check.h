// Assertions, for bugs only: input, from anyone, never reaches one (answer it with a Result
// instead). They hold in every build.
#pragma once

namespace madoguchi {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace madoguchi

// Aborts the process: its state can no longer be trusted.
#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::madoguchi::check_failed(#condition, __FILE__, __LINE__))

// Fails this request or call only: returns kInternal from a function whose result is a Result.
#define ENSURE(condition)                                                                   \
  do {                                                                                      \
    if (!(condition))                                                                       \
      return ::madoguchi::fail(::madoguchi::ErrorCode::kInternal,                           \
                               "internal: " #condition " does not hold; please report it"); \
  } while (false)
