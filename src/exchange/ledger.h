// What the spool's records add up to: the calls that are up, the recordings that are open, and what
// the vault still owes us. Fed with every record, live and when the spool is read at start, so the
// state after a crash is by construction the state before it. Pure; the loop thread owns it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "exchange.pb.h"
#include "exchange/spool_format.h"
#include "vault.pb.h"

namespace madoguchi::exchange {

class Ledger {
 public:
  // A record as read; one whose payload is not what its kind says is left out and counted.
  void read(const Record& record);

  void event(const wire::Event& event);
  void live_call(const wire::LiveCall& call);  // a call out begins, or a checkpoint's
  void tokenise(const wire::Tokenise& ask);
  void wish(const wire::Wish& ask);
  void recording(const wire::RecordingDigest& digest);
  void recording_journalled(std::string_view recording_id);

  // All that is live, as records: read() of them makes the same ledger.
  void checkpoint(const std::function<void(RecordKind, const std::string&)>& append) const;

  [[nodiscard]] const std::unordered_map<std::string, wire::LiveCall>& calls() const {
    return calls_;
  }
  [[nodiscard]] const wire::LiveCall* call(const std::string& call_id) const;
  // The sealed number that this call came from; empty for a withheld one, or a call out.
  [[nodiscard]] std::string sealed_line(const std::string& call_id) const;
  // Recordings started and not closed, which a call's end may be before; their digests are empty.
  [[nodiscard]] const std::unordered_map<std::string, wire::RecordingDigest>& open_recordings()
      const {
    return open_recordings_;
  }

  // Asked of the vault and not answered; an answer comes as the event that holds it.
  [[nodiscard]] const std::unordered_map<std::string, wire::Tokenise>& tokens_asked() const {
    return tokens_asked_;
  }
  [[nodiscard]] const std::unordered_map<std::string, wire::Wish>& wishes_asked() const {
    return wishes_asked_;
  }
  [[nodiscard]] const std::unordered_map<std::string, wire::RecordingDigest>& recordings_asked()
      const {
    return recordings_asked_;
  }
  // The vault refused: it will not be asked again.
  void give_up_token(const std::string& call_id) { tokens_asked_.erase(call_id); }
  void give_up_wish(const std::string& wish_id) { wishes_asked_.erase(wish_id); }

  [[nodiscard]] std::size_t unreadable() const { return unreadable_; }

 private:
  wire::LiveCall* find(const std::string& call_id);
  void recording_started(const wire::RecordingStarted& started);
  void stage_event(const wire::Event& event);

  std::unordered_map<std::string, wire::LiveCall> calls_;
  std::unordered_map<std::string, wire::RecordingDigest> open_recordings_;
  std::unordered_map<std::string, wire::Tokenise> sealed_lines_;  // of calls that are up
  std::unordered_map<std::string, wire::Tokenise> tokens_asked_;
  std::unordered_map<std::string, wire::Wish> wishes_asked_;
  std::unordered_map<std::string, wire::RecordingDigest> recordings_asked_;
  std::size_t unreadable_ = 0;
};

}  // namespace madoguchi::exchange
