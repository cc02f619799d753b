// Storage for what comes and goes: stable addresses, constant-time find by a key that is never
// given twice. Owned by the Engine.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "routing/types.h"

namespace madoguchi::routing {

template <typename T, typename Key>
class Slots {
 public:
  // T must have a member `key`, which is set here. The address stays until erase().
  T& make() {
    std::uint32_t slot;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    Entry& entry = entries_[slot];
    entry.used = true;
    entry.value = T{};
    entry.value.key = Key{(std::uint64_t{entry.generation} << 32) | (slot + 1)};
    ++size_;
    return entry.value;
  }

  T* find(Key key) {
    const auto low = static_cast<std::uint32_t>(key.value);
    if (low == 0 || low > entries_.size()) return nullptr;
    Entry& entry = entries_[low - 1];
    return entry.used && entry.value.key == key ? &entry.value : nullptr;
  }
  const T* find(Key key) const { return const_cast<Slots*>(this)->find(key); }

  void erase(Key key) {
    const std::uint32_t slot = static_cast<std::uint32_t>(key.value) - 1;
    Entry& entry = entries_[slot];
    entry.used = false;
    ++entry.generation;
    free_.push_back(slot);
    --size_;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  // Where the key's entry is kept, for tables beside this one; less than `bound()`.
  static std::uint32_t index(Key key) { return static_cast<std::uint32_t>(key.value) - 1; }
  [[nodiscard]] std::size_t bound() const { return entries_.size(); }
  T* at(std::size_t slot) { return entries_[slot].used ? &entries_[slot].value : nullptr; }
  const T* at(std::size_t slot) const {
    return entries_[slot].used ? &entries_[slot].value : nullptr;
  }

 private:
  struct Entry {
    std::uint32_t generation = 0;
    bool used = false;
    T value{};
  };
  std::deque<Entry> entries_;  // a deque, so that addresses stay when it grows
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace madoguchi::routing
