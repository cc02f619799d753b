// One export, from being asked for to being handed over, and its JSON text: what the store keeps
// and what the pages show. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/access/ids.h"
#include "vault/export_store.h"

namespace madoguchi::vault {

enum class ExportState {
  kAsked,     // waits for a person of the owner
  kApproved,  // its file is being made
  kMade,      // the file waits for its recipient
  kRefused,
  kExpired,  // nobody decided in time, or the file has waited long enough and is gone
};
std::string_view name_of(ExportState state);

// What the data is asked for with when a mandate says that it is returned; no mandate's purpose.
inline constexpr std::string_view kReturnPurpose = "return";

struct Export {
  ExportId id;
  ExportState state = ExportState::kAsked;
  OrganisationId owner;  // whose people
  OperatorId asked_by;
  OrganisationId actor;  // where the asker belongs
  std::string purpose;   // of the mandate; or the owner's own word
  MandateId mandate;     // the first of the chain; empty where the owner's own person asks
  std::uint32_t mandate_version = 0;
  std::vector<std::string> fields;
  std::string selection;  // for people: "all", "import 01…", "letter_number: 12"
  std::string reason;     // the asker's words: about the purpose, never about a person
  std::string recipient;  // RecipientKey::text()
  std::uint64_t people = 0;
  Time asked;
  OperatorId decided_by;
  Time decided;
  std::string refusal;  // the owner's words
  Time made;
  std::uint64_t written = 0;  // people in the file: without those erased meanwhile
  std::uint64_t lines = 0;    // with those that were invented
  std::string file_sha256;
  std::uint64_t file_bytes = 0;
  Time fetched;  // by the owner's people, the first time
};

std::string to_json(const Export& one);
Result<Export> export_from_json(std::string_view text);

}  // namespace madoguchi::vault
