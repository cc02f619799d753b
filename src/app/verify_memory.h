// What `madoguchi verify` remembers from one check of a log to the next: the signed checkpoint it
// ended at, so that a log that was cut, rewritten or shows this client a fork is seen. One file for
// each key, where the person keeps such things (XDG_STATE_HOME), unless another is named or none is
// wanted. The calling thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "ledger/note.h"

namespace madoguchi::app {

class VerifyMemory {
 public:
  using Environment = std::function<const char*(const char* name)>;

  // `asked`: what --state says; empty, a file, or "none".
  static VerifyMemory of(const std::filesystem::path& asked, const ledger::VerifierKey& key,
                         const Environment& environment);
  static VerifyMemory none(std::string why);

  // The checkpoint of the last check; nothing at the first one.
  [[nodiscard]] Result<std::optional<std::string>> recall() const;
  // Durable when it returns.
  [[nodiscard]] Result<void> keep(const std::string& note) const;

  // Up to how many entries known from last time are read once more. A named file is named to save
  // reading; otherwise a log that takes a second is read whole, so that a file of it that was
  // changed since is found too.
  [[nodiscard]] std::uint64_t reads_again() const { return asked_for_ ? 0 : kReadsAgain; }
  [[nodiscard]] bool was_asked_for() const { return asked_for_; }
  // One line of where it is remembered, or why it is not.
  [[nodiscard]] std::string said() const;
  // An error of the check, with the file where that is what is wrong.
  [[nodiscard]] Error explained(Error error) const;

  std::filesystem::path file;  // empty: nothing is remembered

 private:
  static constexpr std::uint64_t kReadsAgain = 200'000;

  bool asked_for_ = false;
  std::string why_not_;
};

}  // namespace madoguchi::app
