#include "base/secret.h"

#include <sodium.h>

#include <cstring>
#include <utility>

#include "base/check.h"

namespace madoguchi {

Secret::Secret(std::size_t size, const std::function<void(std::span<std::uint8_t>)>& fill)
    : size_(size) {
  CHECK(sodium_init() >= 0 && size > 0);
  bytes_ = static_cast<std::uint8_t*>(sodium_malloc(size));
  CHECK(bytes_ != nullptr);  // out of address space: nothing sensible can go on
  fill({bytes_, size_});
  CHECK(sodium_mprotect_readonly(bytes_) == 0);
}

Secret Secret::copy_of(ByteView bytes) {
  return {bytes.size(), [&](std::span<std::uint8_t> into) {
            std::memcpy(into.data(), bytes.data(), bytes.size());
          }};
}

Secret Secret::random(std::size_t size) {
  return {size, [](std::span<std::uint8_t> into) { randombytes_buf(into.data(), into.size()); }};
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() {
  sodium_free(bytes_);  // wipes; does nothing with a null
}

void wipe(std::string& text) {
  sodium_memzero(text.data(), text.size());
  text.clear();
}

void wipe(std::span<std::uint8_t> bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace madoguchi
