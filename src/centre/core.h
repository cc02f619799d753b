// The centre at work: everything of this folder wired to one loop thread that owns the domain's
// state. Events and commands go through the call flow; what it decides is committed to the store
// first, then sent to the exchange, acknowledged and shown. Made by centre.cc for the process, and
// by tests around fakes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "centre/accounts.h"
#include "centre/admin_door.h"
#include "centre/centre_store.h"
#include "centre/clock_watch.h"
#include "centre/exchange_client.h"
#include "centre/flow/call_flow.h"
#include "centre/hub.h"
#include "centre/loop.h"
#include "centre/opening_tickets.h"
#include "centre/prompts.h"
#include "centre/settings.h"
#include "centre/status.h"
#include "centre/store_pipe.h"
#include "centre/vault_client.h"
#include "centre/world.h"
#include "web/server.h"

namespace madoguchi::centre {

class Api;

class Core {
 public:
  // Loads, restores and binds the port; nothing is left behind on an error. All but `settings` must
  // outlive it.
  static Result<std::unique_ptr<Core>> make(Settings settings, CentreStore& store,
                                            const Clock& clock, Entropy& entropy);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Called once, on the loop: the exchange is attached and has telephones and sounds, and the vault
  // knows every organisation; or this took so long that people should hear of it from us.
  void when_serving(std::function<void()> serving) { serving_ = std::move(serving); }

  void run();   // until stop()
  void stop();  // any thread, or a signal's watcher

  [[nodiscard]] std::uint16_t web_port() const { return server_->port(); }

 private:
  friend class Api;  // the API is this class's other half: same thread, same state

  Core(Settings settings, CentreStore& store, const Clock& clock, Entropy& entropy);
  Result<void> load();
  Result<void> ensure_people();
  Result<void> connect();
  Result<void> serve();

  void after_batch();
  [[nodiscard]] std::optional<Time> next_wake() const;
  void housekeeping(Time now);
  void watch_clock(Time now);
  void on_exchange(FromExchange batch);
  void on_exchange_lost();
  void on_committed(Effects effects);
  void settle_at_vault();
  void settled_at_vault(const WishId& wish, const std::string& error);
  void ask_vault(const TicketWanted& wanted);
  void show_tickets(const CallId& call);
  void tell_vault();
  void say_serving(Time now);
  void floor_changed();
  void note_unspoken();
  void send_phones();
  void session_ended(const Session& session);
  void sign_off_the_gone(Time now);
  [[nodiscard]] std::string command_id();

  // ---- What the API asks for
  [[nodiscard]] calendar::Zone zone() const;  // of the first desk
  [[nodiscard]] calendar::Day today() const;
  [[nodiscard]] std::string status_json() const;
  [[nodiscard]] std::string desk_json(const DeskPart& desk) const;
  [[nodiscard]] std::string balance_json(const Viewer& who) const;
  // Why no command can be taken just now; empty when it can.
  [[nodiscard]] std::string not_now() const;

  Settings settings_;
  CentreStore& store_;
  const Clock& clock_;
  Entropy& entropy_;
  Loop loop_;
  FloorParts floor_;
  Accounts accounts_;
  World world_;
  Hub hub_;
  Status status_;
  CallFlow flow_;
  StorePipe pipe_;
  std::unique_ptr<ExchangeClient> exchange_;
  std::unique_ptr<VaultClient> vault_;
  std::unique_ptr<OpeningTickets> tickets_;
  std::unique_ptr<Prompts> prompts_;
  std::unique_ptr<Api> api_;

  PositionRecord position_;  // committed
  std::string epoch_;        // of the exchange that is attached
  bool read_waits_ = false;  // the next batch is not asked for until the store has caught up
  bool vault_told_ = false;
  std::map<WishId, std::string> to_settle_;  // with the outcome; kept in the store too
  std::set<WishId> settling_;                // of those, asked of the vault just now
  std::optional<MonoTime> settle_again_at_;
  std::set<OrganisationId> told_;  // organisations that the vault has confirmed
  std::function<void()> serving_;
  Time serving_at_latest_{};
  ClockWatch clock_watch_;
  std::optional<MonoTime> clock_set_;  // when it was set last, while people are told
  Time next_housekeeping_{};
  std::map<DeskId, bool> desks_open_;
  std::set<OperatorId> gone_;  // their session ended by itself: to be away as soon as may be

  // Last: their threads post to the above, and end before it goes.
  Worker store_worker_{2, 512};
  std::unique_ptr<web::Server> server_;
  std::unique_ptr<AdminDoor> door_;  // null without [rpc] listen
};

}  // namespace madoguchi::centre
