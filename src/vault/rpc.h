// Small things that the vault's three services share: who may call, and errors as gRPC says them.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <string_view>

#include "base/result.h"

namespace madoguchi::vault {

// Not OK unless the caller's certificate has this role; logged.
grpc::Status require_role(const grpc::ServerContextBase& context, std::string_view role);

grpc::Status status_of(const Error& error);

// The caller's own mistake, to be told in the reply's error field; the others are a failed call.
bool is_callers(const Error& error);

}  // namespace madoguchi::vault
