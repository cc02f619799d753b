// What the vault does with recordings: keeps the digest of each sealed file in the journal, and
// decrypts one for whoever administrates, after the journal and its owner's log know who asked and
// why. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/registry.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

struct ExportAsked {
  RecordingId recording;
  std::string asked_by;
  std::string purpose;
};

struct Exported {
  bool cut_off = false;
  Micros length{0};
};

class Recordings {
 public:
  Recordings(VaultStore& store, const Clock& clock, Registry& registry)
      : store_(store), clock_(clock), registry_(registry) {}

  // Journals those that are new, in one transaction. A second, different digest for a recording
  // stands in the journal too, and does not replace the first.
  Result<void> note(const std::vector<RecordingRow>& closed);

  // Gives the WAV of a sealed file to `sink`, in order. kDenied when the text of who and why is
  // missing or holds what looks like a telephone number; kNotFound when no key opens the file;
  // kCorrupt when it was changed. The journal's line and the entry in the log of the organisation
  // whose call it was (with the SHA-256 of "asked_by\npurpose") are durable before the first byte
  // goes.
  Result<Exported> render(const ExportAsked& asked, ByteView sealed_file,
                          const std::function<bool(ByteView)>& sink);

 private:
  VaultStore& store_;
  const Clock& clock_;
  Registry& registry_;
  std::mutex mutex_;  // between asking what is known and writing what is new
};

// Free text for the journal: 1 to 300 bytes, no control characters, no seven digits in a row (also
// not with separators between): the journal holds no personal data.
Result<void> check_reason(std::string_view what, std::string_view text);

}  // namespace madoguchi::vault
