// Lays a document out on A4 pages as PDF (ISO 32000, by cairo and pango), its text searchable. The
// caller's thread; reads fonts of the system.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "documents/document.h"

namespace madoguchi::documents {

// kUnavailable: no font here has these letters; the error says what to install.
Result<Bytes> as_pdf(const Document& document);

}  // namespace madoguchi::documents
