// Leases: the vault is told whose legs are in a call, by what was proved of each leg here, and
// never by what the centre calls it.
#include "exchange/call_control.h"

namespace madoguchi::exchange {

void CallControl::lease_leg(const OperatorLeg& leg, wire::CallLease& into) {
  if (!leg.answered) return;
  if (!leg.ticket_id.empty()) return;  // whose phone it is, nobody proved here
  if (leg.by_phone) {
    const wire::Phone* phone = tables_.phone_of_operator(leg.operator_id.text());
    if (phone != nullptr) into.add_legs()->set_phone_user(phone->user());
    return;
  }
  const Seat* seat = seat_of(leg.operator_id);
  if (seat != nullptr && !seat->proved.empty()) into.add_legs()->set_fingerprint(seat->proved);
}

void CallControl::lease(const Call& call) {
  const OrganisationKeys* keys = tables_.keys_of(call.organisation_id);
  if (keys == nullptr || !keys->leased || call.step != Step::kTalking) return;
  wire::CallLease lease;
  lease.set_call_id(call.id.text());
  lease.set_organisation_id(call.organisation_id);
  lease.set_number_called(call.number_called);
  lease.set_desk_id(call.desk_id);
  lease.set_sealed_number(call.sealed_number);
  lease.set_outbound(call.outbound);
  for (const auto* leg : {&call.active, &call.consulted})
    if (*leg) lease_leg(**leg, lease);
  vault_.lease(lease);
}

void CallControl::lease_all() {
  for (const auto& [serial, call] : calls_) lease(*call);
}

}  // namespace madoguchi::exchange
