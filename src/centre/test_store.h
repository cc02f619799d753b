// For tests: a store in memory that can be told to fail. Thread-safe like the real one.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "centre/centre_store.h"

namespace madoguchi::centre {

class TestStore final : public CentreStore {
 public:
  void set_away(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
  }
  int commits() const {
    const std::lock_guard lock(mutex_);
    return commits_;
  }

  Result<void> commit(const std::vector<Record>& records) override {
    const std::lock_guard lock(mutex_);
    if (away_) return gone();
    ++commits_;
    for (const Record& record : records) {
      if (const auto* call = std::get_if<CallRecord>(&record)) calls_[call->id] = *call;
      if (const auto* leg = std::get_if<LegRecord>(&record)) legs_[leg->id] = *leg;
      if (const auto* state = std::get_if<StateRecord>(&record)) states_[state->id] = *state;
      if (const auto* promise = std::get_if<PromiseRecord>(&record))
        promises_[promise->id] = *promise;
      if (const auto* attempt = std::get_if<AttemptRecord>(&record))
        attempts_[attempt->call] = *attempt;
      if (const auto* settled = std::get_if<SettledWishRecord>(&record))
        settled_[settled->wish] = *settled;
      if (const auto* position = std::get_if<PositionRecord>(&record)) position_ = *position;
    }
    return {};
  }

  Result<Stored> load(Time) override {
    const std::lock_guard lock(mutex_);
    Stored stored;
    stored.position = position_;
    for (const auto& [id, call] : calls_) stored.calls.push_back(call);
    for (const auto& [id, leg] : legs_)
      if (!leg.ended) stored.legs.push_back(leg);
    for (const auto& [id, state] : states_)
      if (!state.until) stored.states.push_back(state);
    for (const auto& [id, promise] : promises_) stored.promises.push_back(promise);
    for (const auto& [id, attempt] : attempts_)
      if (!attempt.ended) stored.attempts.push_back(attempt);
    for (const auto& [id, settled] : settled_) stored.settled.push_back(settled);
    return stored;
  }
  Result<void> drop_settled_wish(const WishId& wish) override {
    const std::lock_guard lock(mutex_);
    if (away_) return gone();
    settled_.erase(wish);
    return {};
  }
  std::size_t settled_wishes() const {
    const std::lock_guard lock(mutex_);
    return settled_.size();
  }

  Result<std::vector<CallRecord>> calls(const CallQuery& query) override {
    const std::lock_guard lock(mutex_);
    std::vector<CallRecord> found;
    for (auto it = calls_.rbegin(); it != calls_.rend() && found.size() < query.page.limit; ++it)
      if ((query.page.after.empty() || it->first.text() < query.page.after) &&
          (query.organisation.empty() || it->second.organisation == query.organisation))
        found.push_back(it->second);
    return found;
  }
  Result<std::vector<LoggedCall>> call_log(const CallQuery& query) override {
    std::vector<LoggedCall> log;
    const auto found = calls(query);
    const std::lock_guard lock(mutex_);
    for (const CallRecord& call : *found) log.push_back(logged(call));
    return log;
  }
  Result<std::optional<LoggedCall>> call(const CallId& id) override {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(id);
    if (found == calls_.end()) return std::optional<LoggedCall>();
    return std::optional<LoggedCall>(logged(found->second));
  }
  Result<std::vector<PromiseRecord>> promises(const PromiseQuery& query) override {
    const std::lock_guard lock(mutex_);
    std::vector<PromiseRecord> found;
    for (const auto& [id, promise] : promises_)
      if (!query.open_only || !promise.ended) found.push_back(promise);
    return found;
  }
  Result<std::optional<PromiseRecord>> promise(const PromiseId& id) override {
    const std::lock_guard lock(mutex_);
    const auto found = promises_.find(id);
    return found == promises_.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<AttemptRecord>> attempts(const PromiseId&) override {
    const std::lock_guard lock(mutex_);
    std::vector<AttemptRecord> found;
    for (const auto& [id, attempt] : attempts_) found.push_back(attempt);
    return found;
  }

  Result<std::vector<FloorRow>> floor() override {
    const std::lock_guard lock(mutex_);
    std::vector<FloorRow> rows;
    for (const auto& [key, row] : floor_) rows.push_back(row);
    return rows;
  }
  Result<void> put_floor(const std::vector<FloorRow>& rows) override {
    const std::lock_guard lock(mutex_);
    for (const FloorRow& row : rows) floor_[{row.kind, row.id}] = row;
    return {};
  }

  Result<std::vector<AccountRow>> accounts() override {
    const std::lock_guard lock(mutex_);
    std::vector<AccountRow> rows;
    for (const auto& [id, row] : accounts_) rows.push_back(row);
    return rows;
  }
  Result<void> put_account(const AccountRow& account) override {
    const std::lock_guard lock(mutex_);
    accounts_[account.id] = account;
    return {};
  }
  Result<std::vector<SessionRow>> sessions() override {
    const std::lock_guard lock(mutex_);
    return sessions_;
  }
  Result<void> put_session(const SessionRow& session) override {
    const std::lock_guard lock(mutex_);
    sessions_.push_back(session);
    return {};
  }
  Result<void> drop_session(const std::string& digest) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [&](const SessionRow& row) { return row.token_digest == digest; });
    return {};
  }
  Result<void> drop_sessions_before(Time) override { return {}; }

  Result<std::vector<PromptRow>> prompts() override {
    const std::lock_guard lock(mutex_);
    std::vector<PromptRow> rows;
    for (const auto& [id, prompt] : prompts_) rows.push_back(prompt.first);
    return rows;
  }
  Result<void> put_prompt(const PromptRow& prompt, ByteView wav) override {
    const std::lock_guard lock(mutex_);
    prompts_[prompt.id] = {prompt, Bytes(wav.begin(), wav.end())};
    return {};
  }
  Result<std::optional<Bytes>> prompt_audio(const PromptId& id) override {
    const std::lock_guard lock(mutex_);
    const auto found = prompts_.find(id);
    return found == prompts_.end() ? std::nullopt : std::optional(found->second.second);
  }
  Result<void> drop_prompt(const PromptId& id) override {
    const std::lock_guard lock(mutex_);
    prompts_.erase(id);
    return {};
  }

  std::string trouble() const override {
    const std::lock_guard lock(mutex_);
    return away_ ? "away: the store is away" : "";
  }

 private:
  static tl::unexpected<Error> gone() { return fail(ErrorCode::kUnavailable, "the store is away"); }
  LoggedCall logged(const CallRecord& call) const {
    LoggedCall out{call, {}, {}, {}};
    for (const auto& [id, leg] : legs_)
      if (leg.call == call.id) out.legs.push_back(leg);
    for (const auto& [id, state] : states_)
      if (state.call == call.id) out.states.push_back(state);
    return out;
  }

  mutable std::mutex mutex_;
  bool away_ = false;
  int commits_ = 0;
  PositionRecord position_;
  std::map<CallId, CallRecord> calls_;
  std::map<AttemptId, LegRecord> legs_;
  std::map<StateId, StateRecord> states_;
  std::map<PromiseId, PromiseRecord> promises_;
  std::map<CallId, AttemptRecord> attempts_;
  std::map<WishId, SettledWishRecord> settled_;
  std::map<std::pair<std::string, std::string>, FloorRow> floor_;
  std::map<AccountId, AccountRow> accounts_;
  std::vector<SessionRow> sessions_;
  std::map<PromptId, std::pair<PromptRow, Bytes>> prompts_;
};

}  // namespace madoguchi::centre
