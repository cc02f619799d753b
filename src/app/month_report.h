// The monthly report for a client's managers: what was done with their people's data, counted out
// of a log that was just verified, and beneath it what proves that. The caller's thread.
#pragma once

#include <string>

#include "documents/document.h"
#include "ledger/checkpoint.h"
#include "ledger/month.h"

namespace madoguchi::app {

enum class ReportLanguage { kJapanese, kEnglish };

// What the report rests on.
struct ReportProof {
  std::string log;  // as it was asked for
  std::string key;
  ledger::SignedCheckpoint checkpoint;
};

documents::Document month_document(const ledger::MonthCount& count, const ReportProof& proof,
                                   ReportLanguage language);

}  // namespace madoguchi::app
