// Names of the things that decide who may open what.
#pragma once

#include "base/id.h"

namespace madoguchi::vault {

using MandateId = Id<struct MandateTag>;
using SubjectId = Id<struct SubjectTag>;
using FreezeId = Id<struct FreezeTag>;
using OpeningTicketId = Id<struct OpeningTicketTag>;
using CaseTicketId = Id<struct CaseTicketTag>;
// A sign-in at the glass, by the digest of its cookie: whoever reads it can't use the session.
using SessionKey = Id<struct SessionTag>;

}  // namespace madoguchi::vault
