#include "vault/rpc.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "base/log.h"
#include "wire/credentials.h"

namespace madoguchi::vault {
namespace {

struct Watch {
  std::mutex mutex;
  WrongRole told;
};

Watch& watch() {
  static Watch one;
  return one;
}

}  // namespace

void on_wrong_role(WrongRole told) {
  const std::lock_guard lock(watch().mutex);
  watch().told = std::move(told);
}

grpc::Status require_role(const grpc::ServerContextBase& context, std::string_view role) {
  const std::string peer = wire::peer_role(context);
  if (peer == role) return grpc::Status::OK;
  log_warn("a caller with the role \"{}\" asked for what only \"{}\" may", peer, role);
  {
    const std::lock_guard lock(watch().mutex);
    if (watch().told) watch().told(peer, role);
  }
  return {grpc::StatusCode::PERMISSION_DENIED,
          fmt::format("this service is for the role {}", role)};
}

grpc::Status status_of(const Error& error) {
  const auto code = [&] {
    switch (error.code) {
      case ErrorCode::kInvalid:
        return grpc::StatusCode::INVALID_ARGUMENT;
      case ErrorCode::kNotFound:
        return grpc::StatusCode::NOT_FOUND;
      case ErrorCode::kDenied:
        return grpc::StatusCode::PERMISSION_DENIED;
      case ErrorCode::kConflict:
        return grpc::StatusCode::FAILED_PRECONDITION;
      case ErrorCode::kExhausted:
        return grpc::StatusCode::RESOURCE_EXHAUSTED;
      case ErrorCode::kUnavailable:
        return grpc::StatusCode::UNAVAILABLE;
      case ErrorCode::kCorrupt:
        return grpc::StatusCode::DATA_LOSS;
      case ErrorCode::kInternal:
        return grpc::StatusCode::INTERNAL;
    }
    return grpc::StatusCode::INTERNAL;
  }();
  return {code, error.message};
}

bool is_callers(const Error& error) {
  return error.code == ErrorCode::kInvalid || error.code == ErrorCode::kNotFound ||
         error.code == ErrorCode::kDenied || error.code == ErrorCode::kConflict;
}

}  // namespace madoguchi::vault
