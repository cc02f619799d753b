// The words that stand for routing's enumerations in files, the store and the API ("in_progress",
// "ring_missed"), and back. They are stored: never change one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "routing/balance.h"
#include "routing/types.h"

namespace madoguchi::routing {

std::string_view name_of(Bucket bucket);
std::string_view name_of(CloseReason reason);
std::string_view name_of(OperatorState state);
std::string_view name_of(AwayReason reason);
std::string_view name_of(AttemptOutcome outcome);
std::string_view name_of(PromiseState state);
std::string_view name_of(PromiseBasis basis);
std::string_view name_of(PromiseLine line);
std::string_view name_of(KeptHow how);
std::string_view name_of(EndCause cause);
std::string_view name_of(CallPhase phase);
std::string_view name_of(Offer offer);
std::string_view name_of(OfferEnd why);
std::string_view name_of(AnswerMode mode);
std::string_view name_of(CallbackPolicy policy);
std::string_view name_of(WrapUpEnd end);

// The value of that name; std::nullopt for any other text.
template <typename Enum>
std::optional<Enum> from_name(std::string_view name) {
  for (std::uint8_t i = 0;; ++i) {
    const auto value = static_cast<Enum>(i);
    const std::string_view known = name_of(value);
    if (known.empty()) return std::nullopt;  // past the last one
    if (known == name) return value;
  }
}

}  // namespace madoguchi::routing
