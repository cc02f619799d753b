// Key bytes in guarded, locked memory (libsodium): never swapped, never in a core dump, wiped when
// they go, and read-only once made. Movable, not copyable. Readable from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/bytes.h"

namespace madoguchi {

class Secret {
 public:
  Secret() = default;
  // `fill` writes the bytes; afterwards they can't be changed.
  Secret(std::size_t size, const std::function<void(std::span<std::uint8_t>)>& fill);
  static Secret copy_of(ByteView bytes);
  static Secret random(std::size_t size);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  // Looking at the bytes is a line to look at in a review, as with Personal<T>.
  [[nodiscard]] ByteView reveal() const { return {bytes_, size_}; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0;
};

// Wipes a number or key that had to pass through ordinary memory.
void wipe(std::string& text);
void wipe(std::span<std::uint8_t> bytes);

}  // namespace madoguchi
