// Outcomes that can fail. Errors are values: no exception crosses a module's border. An Error says
// what was wrong, with what, and how to mend it, in one line fit for the person who caused it.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace madoguchi {

// What kind of failure; the process around an engine maps it to an exit code, HTTP or gRPC status.
enum class ErrorCode {
  kInvalid,      // the input is wrong: the caller must change it
  kNotFound,     // the thing named does not exist
  kDenied,       // the caller may not do this
  kConflict,     // it exists already, or is in a state that forbids this
  kExhausted,    // a limit, quota or queue is full
  kUnavailable,  // a part that is needed is away: try again later
  kCorrupt,      // stored or received bytes are not what they must be
  kInternal,     // our own fault
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one line, never personal data
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

std::string_view name_of(ErrorCode code);

}  // namespace madoguchi
