// ProcessConfinement: what a running process may not do, tried at this moment, for the
// administrator. Each process adds it to its server. gRPC's threads call it.
#pragma once

#include "status.grpc.pb.h"

namespace madoguchi::wire {

class ConfinementService final : public ProcessConfinement::CallbackService {
 public:
  grpc::ServerUnaryReactor* Try(grpc::CallbackServerContext* context, const ConfinementAsk* ask,
                                ConfinementTold* told) override;
};

}  // namespace madoguchi::wire
