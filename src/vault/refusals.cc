#include "vault/refusals.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "ledger/entry.h"

namespace madoguchi::vault {
namespace {

constexpr std::chrono::milliseconds kAgain{500};

JournalEntry journal_of(const RefusedAsk& ask, std::int64_t times) {
  JournalEntry line{"refused", {{"asked", ask.asked}, {"why", ask.why}, {"times", times}}};
  const auto name = [&](const char* key, const std::string& text) {
    if (!text.empty()) line.body[key] = text;
  };
  name("from", ask.from);
  name("organisation", ask.owner.text());
  name("operator", ask.who.text());
  name("call", ask.call.text());
  name("desk", ask.desk.text());
  return line;
}

ledger::Entry entry_of(const RefusedAsk& ask, std::int64_t times, Time at) {
  ledger::Entry entry;
  entry.time = at;
  entry.kind = std::string(ledger::kind::kRefusal);
  entry.operator_id = ask.who.text();
  entry.call = ask.call.text();
  entry.desk = ask.desk.text();
  entry.outcome = "refused_" + ask.why;
  entry.details["asked"] = ask.asked;
  if (!ask.from.empty()) entry.details["from"] = ask.from;
  if (times > 1) entry.details["times"] = times;
  return entry;
}

}  // namespace

Refusals::Refusals(const Parts& parts) : parts_(parts), thread_([this] { run(); }) {}

Refusals::~Refusals() {
  minute();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Refusals::note(RefusedAsk ask) {
  if (parts_.registry.directory()->find(ask.owner) == nullptr) ask.owner = {};
  {
    const std::lock_guard lock(mutex_);
    const bool singly =
        told_.size() < kMostSingly && waiting_.size() < kMostWaiting &&
        told_.insert({ask.asked, ask.why, ask.owner, ask.who, ask.call, ask.desk}).second;
    if (!singly) {
      ++more_[{ask.asked, ask.why, ask.from, ask.owner}];
      return;
    }
    waiting_.push_back({std::move(ask), 1, parts_.clock.now()});
  }
  changed_.notify_one();
}

void Refusals::minute() {
  {
    const std::lock_guard lock(mutex_);
    told_.clear();
    for (auto& [kind, times] : std::exchange(more_, {})) {
      const auto& [asked, why, from, owner] = kind;
      waiting_.push_back({{asked, why, from, owner, {}, {}, {}}, times, parts_.clock.now()});
    }
  }
  changed_.notify_one();
}

void Refusals::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::deque<Line> lines = std::exchange(waiting_, {});
    lock.unlock();
    const bool kept = write(lines);
    lock.lock();
    if (kept) continue;
    if (stopping_) {
      write(lines);
      return;
    }
    waiting_.insert(waiting_.begin(), std::make_move_iterator(lines.begin()),
                    std::make_move_iterator(lines.end()));
    changed_.wait_for(lock, kAgain, [this] { return stopping_; });
  }
}

bool Refusals::write(const std::deque<Line>& lines) {
  Act act;
  for (const Line& line : lines) {
    act.journal.push_back(journal_of(line.ask, line.times));
    if (line.ask.owner.empty()) continue;
    auto text = entry_of(line.ask, line.times, line.at).text();
    if (text)
      act.entries.push_back({line.ask.owner.text(), *std::move(text)});
    else
      log_error("a refusal has no entry: {}", text.error().message);
  }
  const auto kept = parts_.store.commit(parts_.clock.now(), act);
  if (!kept) log_warn("refusals wait to be told: {}", kept.error().message);
  return kept.has_value();
}

}  // namespace madoguchi::vault
