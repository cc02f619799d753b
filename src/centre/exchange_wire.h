// Between the call flow's values and proto/exchange.proto, one to one. Pure functions.
#pragma once

#include "centre/flow/exchange_link.h"
#include "proto/exchange.pb.h"

namespace madoguchi::centre {

// ToldToOthers for what is not the call flow's: seats' answers, troubles, and what a newer exchange
// may add.
ExchangeEvent from_wire(const wire::Event& event);
Snapshot from_wire(const wire::Snapshot& snapshot, const std::string& epoch);
wire::Command to_wire(const ExchangeCommand& command);

}  // namespace madoguchi::centre
