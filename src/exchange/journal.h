// The Report port on the spool: numbers and dates each event, writes it, keeps the ledger beside
// it, and tells call control when an arrival is on disk. Also finds, at start, the calls that a
// crash cut off. Loop thread.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exchange/ledger.h"
#include "exchange/ports.h"
#include "exchange/spool.h"

namespace madoguchi::exchange {

class CallControl;

class Journal final : public Report {
 public:
  // Reads the spool. `recordings` is where those stand that a crash left open.
  static Result<std::unique_ptr<Journal>> open(std::unique_ptr<SpoolDisk> disk, const Clock& clock,
                                               std::function<void()> wake,
                                               std::filesystem::path recordings);

  // Starts the spool and reports what the last run left: every call that was up ends as cut off,
  // every open recording is closed and given to the vault's journal. Who waited at a desk that
  // `announces` that the lost are rung back has asked for that. How many calls those were.
  std::size_t recover(const std::function<bool(const std::string& desk_id)>& announces);

  // Report
  void event(wire::Event event) override;
  void live_call(const wire::LiveCall& call) override;
  void tokenise(const wire::Tokenise& ask) override;
  void wish(const wire::Wish& ask) override;
  void recording(const wire::RecordingDigest& digest) override;
  void store(const CallId& call) override;
  [[nodiscard]] bool in_trouble() const override { return spool_->in_trouble(); }

  void recording_journalled(const std::string& recording_id);

  // Hands over what was reported; once a pass. Arrivals that come close together share one sync:
  // twenty milliseconds are between two at least.
  void commit();
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;
  // Tells `control` what was written since, and the centre when the disk's state changed.
  void settle(CallControl& control);

  [[nodiscard]] Ledger& ledger() { return ledger_; }
  [[nodiscard]] Spool& spool() { return *spool_; }
  // New questions for the vault since the last call, by id.
  struct Fresh {
    std::vector<std::string> tokens, wishes, recordings;
  };
  Fresh take_fresh() { return std::exchange(fresh_, {}); }

 private:
  Journal(const Clock& clock, std::filesystem::path recordings);
  void ask_callback(const wire::LiveCall& call);
  void tell_trouble(const std::optional<Error>& error);  // nullopt: it is over
  void close_recording(wire::RecordingDigest to_vault);

  struct Waiting {
    CallId call;
    std::uint64_t record = 0;
  };
  const Clock& clock_;
  const std::filesystem::path recordings_;
  Ledger ledger_;
  std::unique_ptr<Spool> spool_;
  std::deque<Waiting> waiting_;
  bool sync_ = false;
  MonoTime last_sync_{Micros(-1'000'000)};
  bool told_trouble_ = false;
  std::uint64_t last_record_ = 0;
  Fresh fresh_;
};

}  // namespace madoguchi::exchange
