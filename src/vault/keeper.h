// Does, on a thread of its own, what the exchange asked and what needs the store: wishes, tickets,
// digests, results. So the stream's thread never waits for a disk, and tokens are answered at once.
// What comes while a commit runs is gathered; digests also wait a little for company.
//
// While the store is away or full, wishes, digests and results are tried again in order until they
// are kept, and so are wishes of an organisation that the centre has not told of yet; a ticket is
// refused at once ("away"), since somebody waits for it. The queue is bounded: when it is full,
// push() says no, and the caller answers with an error or drops what the exchange sends again by
// itself.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "vault/dial_gate.h"
#include "vault/recordings.h"

namespace madoguchi::wire {
class VaultTells;
}

namespace madoguchi::vault {

// Where answers go; gone when the exchange's stream is.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // Any thread; blocks while the peer reads slowly.
  virtual void send(const wire::VaultTells& tells) = 0;
};

struct RedeemAsked {
  TicketId ticket;
  CallId call;
};
struct DialEnded {
  TicketId ticket;
  std::string outcome;
};

class Keeper {
 public:
  using Ask = std::variant<WishAsked, RedeemAsked, RecordingRow, DialEnded>;

  Keeper(DialGate& gate, Recordings& recordings);
  ~Keeper();  // what waits is dropped: the exchange asks again
  Keeper(const Keeper&) = delete;

  [[nodiscard]] bool push(std::weak_ptr<Outbox> from, Ask ask);

 private:
  struct Item {
    std::weak_ptr<Outbox> from;
    Ask ask;
  };
  void run();
  void take_over();  // with the mutex held
  bool gather();     // false when it is time to stop
  // False when the store was away: the item must be tried again.
  bool take(const Item& item);
  bool answer(const Item& item, const WishAsked& ask);
  bool answer(const Item& item, const RedeemAsked& ask);
  bool answer(const Item& item, const DialEnded& ask);
  bool note_digests();

  DialGate& gate_;
  Recordings& recordings_;

  std::mutex mutex_;  // guards the next four
  std::condition_variable changed_;
  std::deque<Item> waiting_;
  bool urgent_ = false;  // something waits that is no digest
  bool stopping_ = false;

  // The thread's own.
  std::deque<Item> work_;
  std::deque<Item> digests_;
  bool away_ = false;
  bool early_ = false;  // a wish waits: for its organisation, or for tokens to be given again

  std::thread thread_;
};

}  // namespace madoguchi::vault
