// Small things that the vault's three services share: who may call, and errors as gRPC says them.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace madoguchi::vault {

// Who is told of callers without the role that was wanted; one of them in a process. Empty ends it.
using WrongRole = std::function<void(const std::string& role, std::string_view wanted)>;
void on_wrong_role(WrongRole told);

// Not OK unless the caller's certificate has this role; logged, and told to on_wrong_role().
grpc::Status require_role(const grpc::ServerContextBase& context, std::string_view role);

grpc::Status status_of(const Error& error);

// The caller's own mistake, to be told in the reply's error field; the others are a failed call.
bool is_callers(const Error& error);

}  // namespace madoguchi::vault
