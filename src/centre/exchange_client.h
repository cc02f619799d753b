// The centre's standing attachment to the exchange. Belongs to the loop thread; what comes over the
// wire is posted to the loop, few batches at a time: more are read only after read_on(), so a loop
// that is behind holds the exchange back instead of filling memory. Everything sent during a tick
// goes in one message, one write in flight. When the stream breaks on_lost is called and the client
// attaches again, with a back-off, until it is destroyed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "centre/flow/exchange_link.h"
#include "centre/loop.h"
#include "centre/worker.h"
#include "wire/credentials.h"

namespace madoguchi::centre {

// The answer to OpenSeat.
struct SeatOpened {
  OperatorId who;
  LegId leg;
  std::string sdp_answer;
  std::string error;  // empty when it was opened
};

struct ExchangeTrouble {
  std::string kind;
  std::string text;
  bool over = false;
  Time at{};
};

struct FromExchange {
  std::string epoch;
  std::optional<Snapshot> snapshot;
  std::vector<ExchangeEvent> events;
  std::vector<SeatOpened> seats;
  std::vector<ExchangeTrouble> troubles;
};

// A SIP telephone that may register for an operator. Digests instead of the password.
struct PhoneSettings {
  OperatorId who;
  std::string user;
  std::string ha1_md5;
  std::string ha1_sha256;
};

class ExchangeClient {
 public:
  struct Callbacks {  // on the loop
    std::function<void(FromExchange)> on_batch;
    std::function<void()> on_lost;
  };

  // `loop` and `clock` must outlive it. Attaches when first told tick().
  ExchangeClient(const std::string& address,
                 const std::shared_ptr<grpc::ChannelCredentials>& credentials, Loop& loop,
                 Callbacks callbacks);
  ~ExchangeClient();

  // ---- Gathered until flush()
  void send(const std::vector<ExchangeCommand>& commands);
  void set_phones(const std::vector<PhoneSettings>& phones, const std::string& command_id);
  void open_seat(const OperatorId& who, const LegId& leg, const std::string& sdp_offer,
                 const std::string& command_id);
  void close_seat(const OperatorId& who, const std::string& command_id);
  void acknowledge(std::uint64_t sequence);
  void flush();

  void read_on();
  // Attaches again when it is time to.
  void clock_was_set(Micros by);
  void tick(Time now);

  [[nodiscard]] bool attached() const;
  [[nodiscard]] std::string detail() const;  // why not, for people

  // What the exchange counts: refused and dropped input by kind. `then` runs on the loop.
  using Counters = std::map<std::string, std::uint64_t>;
  void read_counters(std::function<void(Result<Counters>)> then);

  // `then` runs on the loop: an error's text, empty when stored.
  void put_prompt(const std::string& id, Bytes wav, std::function<void(std::string)> then);
  void forget_prompt(const std::string& id, std::function<void(std::string)> then);

 private:
  class Attachment;
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace madoguchi::centre
