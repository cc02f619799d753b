// The event stream's listeners: each gets a whole snapshot, then what changed, numbered without
// gaps per connection and filtered by what it may see. Changes of one thing between two flushes are
// sent once, as its latest state. A listener too slow to be sent to is dropped and comes back for a
// new snapshot. Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "centre/world.h"
#include "web/routes.h"

namespace madoguchi::centre {

class Hub {
 public:
  // What the hub asks back for, since others own it.
  struct Sources {
    std::function<std::string(const DeskPart&)> desk;   // JSON
    std::function<std::string(const Viewer&)> balance;  // today's, JSON
    std::function<std::string()> status;                // JSON
  };

  static constexpr std::size_t kMostListeners = 500;
  static constexpr Micros kFlushEvery = std::chrono::milliseconds(50);
  static constexpr Micros kBalanceEvery = std::chrono::seconds(1);

  Hub(World& world, const FloorParts& floor, const Accounts& accounts, Sources sources)
      : world_(world), floor_(floor), accounts_(accounts), sources_(std::move(sources)) {}

  // False when there are too many.
  bool add(std::shared_ptr<web::Socket> socket, const std::string& session_digest,
           const Viewer& viewer, const std::string& session_json, Time now);
  void status_changed() { status_changed_ = true; }
  void refuse(const OperatorId& who, const CallId& call, std::string_view code,
              std::string_view message);
  void end_session(const std::string& session_digest);
  // Accounts changed: what they may see, too. Listeners start anew.
  void resync();

  // Sends what has changed if it is time to.
  void flush(Time now);
  void clock_was_set(Micros by) {
    last_flush_ += by;
    last_balance_ += by;
  }
  [[nodiscard]] std::optional<Time> next_flush() const;
  [[nodiscard]] std::size_t listeners() const { return listeners_.size(); }

 private:
  struct Listener {
    std::shared_ptr<web::Socket> socket;  // shared with the server
    std::string session_digest;
    Viewer viewer;
    std::uint64_t seq = 0;
    std::set<CallId> calls;  // those it has been shown
    std::set<PromiseId> promises;
  };

  // `rest` is a message without its opening brace and number: "\"type\":…}".
  static void tell(Listener& to, std::string_view rest);
  void tell_calls(const std::set<CallId>& changed);
  void tell_promises(const std::set<PromiseId>& changed);
  void tell_staff(const Changed& changed);
  void tell_desks(const std::set<DeskId>& changed);
  void tell_balance(Time now);
  std::string snapshot(Listener& to, const std::string& session_json, Time now);

  World& world_;
  const FloorParts& floor_;
  const Accounts& accounts_;
  const Sources sources_;
  std::vector<Listener> listeners_;
  bool status_changed_ = false;
  bool balance_waits_ = false;
  Time last_flush_{};
  Time last_balance_{};
};

}  // namespace madoguchi::centre
