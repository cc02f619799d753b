#include "app/verify_memory.h"

#include <fmt/format.h>

#include "base/sealing.h"
#include "ledger/files.h"

namespace madoguchi::app {
namespace {

constexpr std::string_view kNone = "none";

// XDG Base Directory Specification: a path that is not absolute counts as unset.
std::filesystem::path state_folder(const VerifyMemory::Environment& environment) {
  const auto absolute = [&](const char* name) {
    const char* value = environment(name);
    std::filesystem::path path = value != nullptr ? value : "";
    return path.is_absolute() ? path : std::filesystem::path();
  };
  if (auto state = absolute("XDG_STATE_HOME"); !state.empty()) return state;
  if (auto home = absolute("HOME"); !home.empty()) return home / ".local/state";
  return {};
}

// The key's id is the first 4 bytes of this digest; all of it, so that no two keys share a file.
std::string name_of(const ledger::VerifierKey& key) {
  return to_hex(sha256(as_bytes(key.text())));
}

}  // namespace

VerifyMemory VerifyMemory::of(const std::filesystem::path& asked, const ledger::VerifierKey& key,
                              const Environment& environment) {
  if (asked == kNone) return none("--state none");
  VerifyMemory memory;
  memory.asked_for_ = !asked.empty();
  if (memory.asked_for_) {
    memory.file = asked;
    return memory;
  }
  const auto folder = state_folder(environment);
  if (folder.empty()) return none("neither XDG_STATE_HOME nor HOME is set; name a file: --state");
  memory.file = folder / "madoguchi/verify" / name_of(key);
  return memory;
}

VerifyMemory VerifyMemory::none(std::string why) {
  VerifyMemory memory;
  memory.why_not_ = std::move(why);
  return memory;
}

Result<std::optional<std::string>> VerifyMemory::recall() const {
  if (file.empty()) return std::optional<std::string>();
  const auto note = ledger::read_whole(file, ledger::kMostNoteBytes);
  if (note) return std::optional(std::string(as_text(*note)));
  if (note.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  return tl::unexpected<Error>(note.error());
}

Result<void> VerifyMemory::keep(const std::string& note) const {
  if (file.empty()) return {};
  return ledger::write_durably(file, as_bytes(note));
}

std::string VerifyMemory::said() const {
  if (file.empty())
    return fmt::format("not remembered ({}): the next check sees no rewriting since this one",
                       why_not_);
  return fmt::format("remembered in {}", file.string());
}

Error VerifyMemory::explained(Error error) const {
  if (error.code == ErrorCode::kInvalid && !file.empty())
    error.message += fmt::format(" ({})", file.string());
  return error;
}

}  // namespace madoguchi::app
