// The exchange wired together: settings, tables, spool, call control, lines, sound and links on one
// loop. run() of exchange.h makes one; tests make theirs with a clock and a way to stop. Everything
// but open() and wake-ups happens on the thread that calls run().
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>

#include "base/file_lock.h"
#include "base/sealing.h"
#include "exchange/call_control.h"
#include "exchange/centre_link.h"
#include "exchange/journal.h"
#include "exchange/kept_telephones.h"
#include "exchange/leases.h"
#include "exchange/loop.h"
#include "exchange/media_sound.h"
#include "exchange/settings.h"
#include "exchange/sip_lines.h"
#include "exchange/vault_link.h"
#include "exchange/worker.h"

namespace madoguchi::exchange {

class ExchangeProcess final : private VaultAsks {
 public:
  // Folders, lock, spool, sockets, links: an error names what could not be had.
  static Result<std::unique_ptr<ExchangeProcess>> open(Settings settings, const Clock& clock);
  ~ExchangeProcess() override;

  // Until stop() or a signal; then ends the calls politely, at most some seconds.
  void run();
  void stop();  // any thread

 private:
  ExchangeProcess(Settings settings, const Clock& clock);
  Result<void> open_parts();
  Result<void> lock_folder();
  void load_tables();
  void load_prompts();
  std::optional<MonoTime> pump();

  // VaultAsks
  bool redeem(const wire::RedeemTicket& ticket) override;
  void dial_result(const wire::DialResult& result) override;
  void lease(const wire::CallLease& lease) override { leases_.put(lease); }
  void lease_over(const CallId& call) override { leases_.end(call.text()); }

  void hear_media();
  void hear_centre();
  void hear_vault();
  void take_tells(const wire::VaultTells& tells);
  void take_command(const wire::Command& command);
  void store_prompt(CentreLink::Prompt prompt);
  void forget_prompt(CentreLink::Prompt prompt);
  void tell_centre();
  void ask_vault();
  // When the next message to the vault may go; nullopt: there is nothing to ask.
  [[nodiscard]] std::optional<MonoTime> ask_due() const;
  void ask_everything_again();
  [[nodiscard]] wire::Snapshot snapshot();
  [[nodiscard]] wire::StatusReply status();
  void phone_changed(const std::string& operator_id, bool registered);
  void set_phones(const wire::SetPhones& phones);
  void keep(const char* name, std::string bytes);
  void keep_telephones();
  void begin_shut_down();
  [[nodiscard]] bool shut_down_complete() const;

  const Settings settings_;
  const Clock& clock_;
  SystemEntropy entropy_;
  const std::string epoch_;
  FileLock lock_;
  Loop loop_;
  Tables tables_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<MediaPlane> plane_;
  std::unique_ptr<MediaSound> sound_;
  std::unique_ptr<SipTransport> transport_;
  std::unique_ptr<SipLines> lines_;
  std::unique_ptr<CallControl> control_;
  TelephoneFile telephones_;  // the worker's
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<CentreLink> centre_;
  std::unique_ptr<VaultLink> vault_;

  std::vector<MediaEvent> media_events_;
  std::unordered_set<std::string> done_commands_;
  std::deque<std::string> done_order_;
  std::uint64_t sent_event_ = 0;
  bool snapshot_due_ = false;
  MonoTime last_sent_{Micros(-1'000'000)};   // to the centre
  MonoTime last_asked_{Micros(-1'000'000)};  // the vault
  MonoTime last_kept_{Micros(-1'000'000)};   // telephones
  std::deque<std::string> ask_tokens_, ask_wishes_, ask_recordings_;
  wire::ExchangeAsks asks_;  // what is worth nothing after a restart
  Leases leases_;
  std::optional<MonoTime> stop_at_;
};

}  // namespace madoguchi::exchange
