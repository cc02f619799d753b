#include "vault/keeper.h"

#include <chrono>
#include <map>
#include <set>

#include "base/log.h"
#include "vault.pb.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kMostWaiting = 8192;
constexpr std::chrono::milliseconds kDigestsGather{250};
constexpr std::chrono::milliseconds kTryAgain{300};

// Errors that pass by themselves; the others will not change by asking again.
bool is_away(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kExhausted;
}

void send(const std::weak_ptr<Outbox>& to, const wire::VaultTells& tells) {
  if (const auto outbox = to.lock()) outbox->send(tells);
}

}  // namespace

Keeper::Keeper(DialGate& gate, Recordings& recordings)
    : gate_(gate), recordings_(recordings), thread_([this] { run(); }) {}

Keeper::~Keeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Keeper::push(std::weak_ptr<Outbox> from, Ask ask) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) return false;
    urgent_ = urgent_ || !std::holds_alternative<RecordingRow>(ask);
    waiting_.push_back({std::move(from), std::move(ask)});
  }
  changed_.notify_one();
  return true;
}

// While nothing can be kept, what comes stays in waiting_, whose size is bounded.
void Keeper::take_over() {
  while (!waiting_.empty() && work_.size() + digests_.size() < kMostWaiting) {
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    auto& to = std::holds_alternative<RecordingRow>(item.ask) ? digests_ : work_;
    to.push_back(std::move(item));
  }
  urgent_ = false;
}

bool Keeper::gather() {
  std::unique_lock lock(mutex_);
  if (away_ || early_)
    changed_.wait_for(lock, kTryAgain, [&] { return stopping_ || (urgent_ && !away_); });
  else if (work_.empty() && digests_.empty())
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
  take_over();
  if (!stopping_ && !away_ && work_.empty() && !digests_.empty()) {
    changed_.wait_for(lock, kDigestsGather, [&] { return stopping_ || urgent_; });
    take_over();
  }
  return !stopping_;
}

void Keeper::run() {
  while (gather()) {
    const bool was_away = std::exchange(away_, false);
    early_ = false;
    // What failed stays in front and keeps its order.
    std::deque<Item> again;
    for (Item& item : work_)
      if (!take(item)) again.push_back(std::move(item));
    work_ = std::move(again);
    if (!away_ && !digests_.empty()) note_digests();
    if (away_ && !was_away)
      log_warn("the store is away; wishes and digests wait here until it is back");
    if (!away_ && was_away) log_info("the store is back");
  }
}

bool Keeper::take(const Item& item) {
  return std::visit(
      [&](const auto& ask) {
        if constexpr (std::is_same_v<std::decay_t<decltype(ask)>, RecordingRow>)
          return true;  // gathered apart
        else
          return answer(item, ask);
      },
      item.ask);
}

bool Keeper::answer(const Item& item, const WishAsked& ask) {
  if (away_) return false;
  const auto kept = gate_.keep(ask);
  if (!kept && is_away(kept.error())) {
    away_ = true;
    return false;
  }
  // A caller was promised a call: beyond the limit of tokens the wish waits, it is not given up.
  const bool later = kept && (kept->error == kUnknownOrganisation || kept->error == kTokenLimit);
  if (later && !item.from.expired()) {
    early_ = true;
    return false;
  }
  wire::VaultTells tells;
  wire::WishKept* wish = tells.add_wishes();
  wish->set_wish_id(ask.id.text());
  if (kept) {
    wish->set_line_token(kept->token.text());
    wish->set_error(kept->error);
  } else {
    log_error("wish {}: {}", ask.id.text(), kept.error().message);
    wish->set_error("internal");
  }
  send(item.from, tells);
  return true;
}

bool Keeper::answer(const Item& item, const RedeemAsked& ask) {
  const auto grant = gate_.redeem(ask.ticket, ask.call);
  wire::VaultTells tells;
  if (grant && !grant->refused) {
    wire::DialGranted* granted = tells.add_grants();
    granted->set_ticket_id(ask.ticket.text());
    granted->set_call_id(ask.call.text());
    granted->set_number(grant->number.reveal());
    granted->set_organisation_id(grant->organisation.text());
  } else {
    wire::DialDenied* denied = tells.add_denials();
    denied->set_ticket_id(ask.ticket.text());
    denied->set_call_id(ask.call.text());
    denied->set_why(grant ? grant->refused->word : "away");
    if (!grant) log_warn("ticket {}: {}", ask.ticket.text(), grant.error().message);
  }
  send(item.from, tells);
  return true;
}

bool Keeper::answer(const Item&, const DialEnded& ask) {
  if (away_) return false;
  const auto ended = gate_.end(ask.ticket, ask.outcome);
  if (ended) return true;
  away_ = is_away(ended.error());
  if (!away_) log_warn("result of ticket {}: {}", ask.ticket.text(), ended.error().message);
  return !away_;
}

bool Keeper::note_digests() {
  std::vector<RecordingRow> rows;
  for (const Item& item : digests_) rows.push_back(std::get<RecordingRow>(item.ask));
  const auto noted = recordings_.note(rows);
  if (!noted) {
    away_ = true;
    return false;
  }
  std::map<std::weak_ptr<Outbox>, wire::VaultTells, std::owner_less<>> by_outbox;
  for (const Item& item : digests_)
    by_outbox[item.from].add_recordings_journalled(std::get<RecordingRow>(item.ask).id.text());
  for (const auto& [to, tells] : by_outbox) send(to, tells);
  digests_.clear();
  return true;
}

}  // namespace madoguchi::vault
