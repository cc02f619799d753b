// The standing stream to the vault: questions out, answers and its directory in. gRPC's threads
// only put values into queues and wake the loop. When the stream breaks it is opened again, with
// back-off; what the vault still owes is asked again by the owner (see take().connected).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "exchange/settings.h"
#include "vault.pb.h"

namespace madoguchi::exchange {

class VaultLink {
 public:
  struct Taken {
    bool connected = false;  // a new stream since the last take(): ask again what is open
    std::vector<wire::VaultTells> tells;
  };

  // `wake` is called from gRPC's threads. kNotFound: a TLS file.
  static Result<std::unique_ptr<VaultLink>> open(const Settings& settings,
                                                 std::function<void()> wake);
  ~VaultLink();

  Taken take();
  // The vault has answered on this stream.
  [[nodiscard]] bool connected() const;
  // Whether a message may be sent now.
  [[nodiscard]] bool ready() const;
  void send(wire::ExchangeAsks asks);

 private:
  class Impl;
  explicit VaultLink(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the stream that gRPC still holds while it ends
};

}  // namespace madoguchi::exchange
