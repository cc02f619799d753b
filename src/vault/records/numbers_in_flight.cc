#include "vault/records/numbers_in_flight.h"

#include <utility>

namespace madoguchi::vault {

NumbersInFlight::Taken::Taken(Taken&& other) noexcept
    : of_(std::exchange(other.of_, nullptr)), first_(other.first_), keyed_(other.keyed_) {}

NumbersInFlight::Taken& NumbersInFlight::Taken::operator=(Taken&& other) noexcept {
  if (this == &other) return *this;
  let_go();
  of_ = std::exchange(other.of_, nullptr);
  first_ = other.first_;
  keyed_ = other.keyed_;
  return *this;
}

void NumbersInFlight::Taken::let_go() {
  NumbersInFlight* of = std::exchange(of_, nullptr);
  if (of == nullptr || keyed_) return;
  const std::lock_guard lock(of->mutex_);
  of->flying_.erase(first_);
}

void NumbersInFlight::start(RecordNumber next) {
  const std::lock_guard lock(mutex_);
  next_ = next;
}

NumbersInFlight::Taken NumbersInFlight::take(std::size_t count) {
  const std::lock_guard lock(mutex_);
  const RecordNumber first = next_;
  next_ += count;
  flying_.insert(first);
  return Taken(*this, first);
}

RecordNumber NumbersInFlight::next() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

RecordNumber NumbersInFlight::settled() const {
  const std::lock_guard lock(mutex_);
  return flying_.empty() ? next_ : *flying_.begin();
}

}  // namespace madoguchi::vault
