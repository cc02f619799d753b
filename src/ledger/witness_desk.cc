#include "ledger/witness_desk.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace madoguchi::ledger {
namespace {

// The newest checkpoint of a log, with what came of it so far.
struct Newest {
  SignedLog log;                                   // signed by the log alone
  std::vector<std::optional<NoteSignature>> from;  // by the witness's place
  bool is_shown = false;
  bool has_more = false;  // than what was handed out
};

Note whole_note(const Newest& newest) {
  Note note = newest.log.note;
  for (const auto& signature : newest.from)
    if (signature) note.signatures.push_back(*signature);
  return note;
}

}  // namespace

struct WitnessDesk::Shared {
  Shared(const Clock& clock_given, std::chrono::milliseconds patience_given, Report report_given)
      : clock(clock_given), patience(patience_given), report(std::move(report_given)) {}

  const Clock& clock;
  const std::chrono::milliseconds patience;
  const Report report;
  std::mutex mutex;  // guards the next, and each caller's turns
  std::condition_variable changed;
  std::map<std::string, Newest> newest;
  bool stopping = false;
};

// One witness with its thread.
class WitnessDesk::Caller {
 public:
  Caller(Witnessed witnessed, std::size_t place, std::size_t of, Shared& shared)
      : place_(place),
        of_(of),
        logs_(std::move(witnessed.logs)),
        poster_(std::move(witnessed.poster)),
        cosigner_(witnessed.address, *poster_),
        turns_(witnessed.address.key.name),
        shared_(shared),
        thread_([this] { loop(); }) {}
  ~Caller() { thread_.join(); }  // the desk has said that it stops
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void give_up() { poster_->give_up(); }

  [[nodiscard]] bool is_for(const std::string& log) const { return logs_.count(log) != 0; }
  // With the mutex held.
  [[nodiscard]] WitnessTurns& turns() { return turns_; }

 private:
  void loop();
  void keep(const SignedLog& asked, const Result<NoteSignature>& got, Micros took);

  const std::size_t place_, of_;
  const std::set<std::string> logs_;
  const std::unique_ptr<Poster> poster_;
  // The thread's.
  Cosigner cosigner_;
  std::map<std::string, WitnessState> told_;  // what was reported last, by log
  WitnessTurns turns_;                        // guarded by the desk's mutex
  Shared& shared_;
  std::thread thread_;  // last: it uses the others
};

void WitnessDesk::Caller::loop() {
  std::unique_lock lock(shared_.mutex);
  while (!shared_.stopping) {
    const MonoTime now = shared_.clock.mono();
    const auto log = turns_.next(now);
    if (!log) {
      if (const auto due = turns_.due(); due && *due > now)
        shared_.changed.wait_for(lock, *due - now);
      else
        shared_.changed.wait(lock);
      continue;
    }
    const SignedLog asked = shared_.newest.at(*log).log;
    lock.unlock();
    FolderFetcher tiles(asked.log->folder());
    const auto got = cosigner_.cosign(asked.note, tiles);
    lock.lock();
    keep(asked, got, shared_.clock.mono() - now);
    shared_.changed.notify_all();
    const auto standing = turns_.standing(*log);
    if (!standing || standing->state == WitnessState::kAsked) continue;
    const auto [told, is_new] = told_.try_emplace(*log, standing->state);
    if (!is_new && std::exchange(told->second, standing->state) == standing->state) continue;
    lock.unlock();
    shared_.report(*standing);
    lock.lock();
  }
}

// With the mutex held.
void WitnessDesk::Caller::keep(const SignedLog& asked, const Result<NoteSignature>& got,
                               Micros took) {
  const std::string& log = asked.head.log;
  if (!got) {
    turns_.failed(log, got.error(), shared_.clock.mono(), shared_.clock.now());
    return;
  }
  turns_.cosigned(log, asked.head.size, shared_.clock.now());
  Newest& newest = shared_.newest.at(log);
  turns_.was_late(log, took > shared_.patience);
  if (newest.log.head != asked.head) return;
  newest.from.resize(of_);
  newest.from[place_] = *got;
  newest.has_more = newest.is_shown;
}

WitnessDesk::WitnessDesk(std::vector<Witnessed> witnesses, const Clock& clock,
                         std::chrono::milliseconds patience, Report report)
    : shared_(std::make_unique<Shared>(clock, patience, std::move(report))) {
  const std::size_t count = witnesses.size();
  for (std::size_t i = 0; i < count; ++i)
    callers_.push_back(std::make_unique<Caller>(std::move(witnesses[i]), i, count, *shared_));
}

WitnessDesk::~WitnessDesk() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
  }
  shared_->changed.notify_all();
  for (const auto& caller : callers_) caller->give_up();
}

void WitnessDesk::cosign(std::span<SignedLog> round) {
  std::unique_lock lock(shared_->mutex);
  const Time now = shared_->clock.now();
  std::vector<std::pair<Caller*, const std::string*>> asked;
  for (const SignedLog& one : round) {
    const std::string& log = one.head.log;
    bool has_witness = false;
    for (const auto& caller : callers_) {
      if (!caller->is_for(log)) continue;
      has_witness = true;
      caller->turns().want(log, one.head.size, now);
      asked.emplace_back(caller.get(), &log);
    }
    if (has_witness) shared_->newest[log] = {one, {}, false, false};
  }
  if (asked.empty()) return;
  shared_->changed.notify_all();
  shared_->changed.wait_for(lock, shared_->patience, [&] {
    return std::none_of(asked.begin(), asked.end(),
                        [](const auto& one) { return one.first->turns().is_awaited(*one.second); });
  });
  for (SignedLog& one : round) {
    const auto found = shared_->newest.find(one.head.log);
    if (found == shared_->newest.end()) continue;
    one.note = whole_note(found->second);
    found->second.is_shown = true;
  }
}

std::vector<SignedLog> WitnessDesk::late() {
  const std::lock_guard lock(shared_->mutex);
  std::vector<SignedLog> all;
  for (auto& [log, newest] : shared_->newest) {
    if (!newest.has_more) continue;
    newest.has_more = false;
    all.push_back({newest.log.log, newest.log.head, whole_note(newest)});
  }
  return all;
}

std::vector<WitnessStanding> WitnessDesk::standings(std::string_view log) const {
  const std::lock_guard lock(shared_->mutex);
  std::vector<WitnessStanding> all;
  for (const auto& caller : callers_)
    for (WitnessStanding& one : caller->turns().standings())
      if (log.empty() || one.log == log) all.push_back(std::move(one));
  return all;
}

}  // namespace madoguchi::ledger
