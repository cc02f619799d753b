// Between the call flow's values and proto/exchange.proto, one to one. Pure functions.
#pragma once

#include <optional>

#include "centre/flow/exchange_link.h"
#include "proto/exchange.pb.h"

namespace madoguchi::centre {

// std::nullopt for events that are not the call flow's: seats' answers, troubles, and what a newer
// exchange may add.
std::optional<ExchangeEvent> from_wire(const wire::Event& event);
Snapshot from_wire(const wire::Snapshot& snapshot, const std::string& epoch);
wire::Command to_wire(const ExchangeCommand& command);

}  // namespace madoguchi::centre
