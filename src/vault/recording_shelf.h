// The sealed recordings as the exchange left them in its folder, read only, and the keys that open
// them. What lies there was written by another process: every name is made here, from an id, and
// a file says itself, in its header, which call it is of. Without a folder the shelf is empty. Any
// thread.
#pragma once

#include <filesystem>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/sealing.h"
#include "recording/format.h"
#include "vault/registry.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

struct ShelvedRecording {
  RecordingId id;
  recording::Header header;
};

// A secret key for as long as it is used.
class LentKeys {
 public:
  LentKeys(const RecordingKey& key);
  ~LentKeys();
  LentKeys(const LentKeys&) = delete;
  [[nodiscard]] const SealKeyPair& pair() const { return pair_; }

 private:
  SealKeyPair pair_;
};

class RecordingShelf {
 public:
  static constexpr std::size_t kMostBytes = 512 * 1024 * 1024;  // of one: 8 hours, say

  explicit RecordingShelf(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Those of a call, in order, also one that is still being written.
  [[nodiscard]] std::vector<ShelvedRecording> of_call(const CallId& call) const;
  // kNotFound: none of that name, or of another one inside; kExhausted: too long.
  [[nodiscard]] Result<Bytes> read(const RecordingId& id) const;

 private:
  const std::filesystem::path folder_;
};

}  // namespace madoguchi::vault
