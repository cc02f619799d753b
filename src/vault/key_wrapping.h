// The key under which every row of the vault's table of keys is wrapped, shared by all who wrap and
// unwrap rows. It is replaced while the vault runs: whoever uses it holds it from loading or
// wrapping until what was wrapped is committed, so that no row is wrapped under a key that is gone.
// Any thread.
#pragma once

#include <functional>
#include <optional>
#include <shared_mutex>

#include "base/result.h"
#include "base/secret.h"

namespace madoguchi::vault {

class KeyWrapping {
 public:
  explicit KeyWrapping(Secret key) : key_(std::move(key)) {}
  KeyWrapping(const KeyWrapping&) = delete;

  // One a thread at a time.
  class Use {
   public:
    [[nodiscard]] const Secret& key() const { return *key_; }
    void release() { lock_.unlock(); }  // the key is not to be asked for afterwards

   private:
    friend class KeyWrapping;
    Use(std::shared_lock<std::shared_mutex> lock, const Secret& key)
        : lock_(std::move(lock)), key_(&key) {}
    std::shared_lock<std::shared_mutex> lock_;
    const Secret* key_;
  };
  // kUnavailable while nobody knows whether the database has it or the next one.
  [[nodiscard]] Result<Use> use() const;

  enum class Outcome { kKept, kNotKept, kUnknown };
  // Waits for all uses, then for `act`, which puts the table under `next` and says whether that was
  // kept. After kUnknown nobody uses either key until settle() knows.
  Outcome replace(Secret next, const std::function<Outcome()>& act);
  Outcome settle(const std::function<Outcome()>& look);
  [[nodiscard]] bool is_settled() const;

 private:
  Outcome became(Outcome outcome);  // with the mutex held alone

  mutable std::shared_mutex mutex_;  // guards the rest
  Secret key_;
  std::optional<Secret> next_;  // there while it is not known which
};

}  // namespace madoguchi::vault
