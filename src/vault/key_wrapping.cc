#include "vault/key_wrapping.h"

#include <mutex>

namespace madoguchi::vault {

Result<KeyWrapping::Use> KeyWrapping::use() const {
  std::shared_lock lock(mutex_);
  if (next_)
    return fail(
        ErrorCode::kUnavailable,
        "the store went away while the master key was replaced; keys wait until it is back");
  return Use(std::move(lock), key_);
}

KeyWrapping::Outcome KeyWrapping::became(Outcome outcome) {
  if (outcome == Outcome::kUnknown) return outcome;
  if (outcome == Outcome::kKept) key_ = *std::move(next_);
  next_.reset();
  return outcome;
}

KeyWrapping::Outcome KeyWrapping::replace(Secret next, const std::function<Outcome()>& act) {
  const std::unique_lock lock(mutex_);
  if (next_) return Outcome::kUnknown;
  next_ = std::move(next);
  return became(act());
}

KeyWrapping::Outcome KeyWrapping::settle(const std::function<Outcome()>& look) {
  const std::unique_lock lock(mutex_);
  return next_ ? became(look()) : Outcome::kNotKept;
}

bool KeyWrapping::is_settled() const {
  const std::shared_lock lock(mutex_);
  return !next_;
}

}  // namespace madoguchi::vault
