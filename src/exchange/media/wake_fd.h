// An eventfd: one thread raises it, another finds its descriptor readable and clears it. Any
// thread.
#pragma once

namespace madoguchi::exchange {

class WakeFd {
 public:
  WakeFd();
  ~WakeFd();
  WakeFd(const WakeFd&) = delete;
  WakeFd& operator=(const WakeFd&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  void raise() const;
  void clear() const;

 private:
  int fd_;
};

}  // namespace madoguchi::exchange
