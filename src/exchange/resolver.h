// DNS for sip/locate.h: a thread with c-ares that answers NAPTR, SRV, A and AAAA questions, so that
// a slow name server never holds up a call that needs none. ask() may be called from the loop
// thread only; answers come on the resolver's thread (post them to the loop). The hosts file is
// heeded for addresses.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "sip/locate.h"

namespace madoguchi::exchange {

class Resolver {
 public:
  using OnAnswer = std::function<void(const sip::DnsQuestion& question, sip::DnsAnswer answer)>;

  static Result<std::unique_ptr<Resolver>> start(OnAnswer on_answer);
  ~Resolver();

  // False: too many questions are out already (256).
  bool ask(const sip::DnsQuestion& question);

 private:
  class Impl;
  explicit Resolver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace madoguchi::exchange
