// The gRPC service Exchange, for the centre: one attachment, commands in, events out, prompts and
// status. gRPC's threads only put values into queues and wake the loop; everything else here is the
// loop thread's. One message is in flight in each direction; what gathers meanwhile goes in the
// next.
//
// Only a peer whose certificate says "centre" is let in. A new attachment ends the older one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "exchange.pb.h"
#include "exchange/settings.h"

namespace madoguchi::exchange {

class CentreLink {
 public:
  struct Prompt {
    std::string id;
    std::string wav;  // empty: it is to be forgotten
    // Tells the centre how it went; any thread, once.
    std::function<void(wire::PromptStored)> stored;
  };
  struct Taken {
    bool attached = false;  // a new attachment since the last take(): send a snapshot first
    std::vector<wire::CommandBatch> batches;
    std::vector<Prompt> prompts;
    std::vector<std::function<void(wire::StatusReply)>> status;
  };

  // Listens at settings.rpc_listen. `wake` is called from gRPC's threads when take() has something.
  static Result<std::unique_ptr<CentreLink>> listen(const Settings& settings,
                                                    std::function<void()> wake);
  ~CentreLink();

  Taken take();
  // Whether a message may be sent now: attached, as take() has told, and none in flight.
  [[nodiscard]] bool ready() const;
  [[nodiscard]] bool attached() const;
  // Left out where no message may be sent any more: an attachment's snapshot makes good for it.
  void send(wire::EventBatch batch);

 private:
  class Impl;
  explicit CentreLink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace madoguchi::exchange
