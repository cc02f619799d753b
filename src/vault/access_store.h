// What the part of the vault that decides who may open what needs kept: rows and changes beside
// those of vault_store.h, committed by the same acts. Rows hold no personal data of records.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "vault/access/case_tickets.h"
#include "vault/access/freezes.h"
#include "vault/access/mandates.h"
#include "vault/access/places.h"
#include "vault/access/session_legs.h"

namespace madoguchi::vault {

struct MandateRow {
  MandateId id;
  std::uint32_t version = 1;
  std::string json;  // mandate_json.h
  OperatorId by;
  Time made;
};

// ---- changes; each may be repeated

struct PutMandate {
  MandateRow row;
};
struct PutSignature {
  Signature row;
};
struct PutRevocation {
  Revocation row;
};
struct PutFreeze {
  Freeze row;
};
struct LiftFreeze {
  FreezeId id;
};
struct PutStaffPlace {
  StaffPlace row;
};
struct PutSessionLeg {  // also drops those that have expired
  SessionLeg row;
  Time now;
};
struct PutCaseTicket {  // new, or handed on
  CaseTicket row;
};
struct DropCaseTicket {  // it is over; the owner's log has it
  CaseTicketId id;
};

using AccessChange = std::variant<PutMandate, PutSignature, PutRevocation, PutFreeze, LiftFreeze,
                                  PutStaffPlace, PutSessionLeg, PutCaseTicket, DropCaseTicket>;

// All of it, read at start.
struct AccessImage {
  std::vector<StaffPlace> places;
  std::vector<MandateRow> mandates;   // versions of one id in order
  std::vector<Signature> signatures;  // in order of time
  std::vector<Revocation> revocations;
  std::vector<Freeze> freezes;
  std::vector<SessionLeg> legs;
  std::vector<CaseTicket> cases;
};

}  // namespace madoguchi::vault
