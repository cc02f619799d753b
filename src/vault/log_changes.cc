#include "vault/log_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace madoguchi::vault {
namespace {

web::Response answer_of(const std::string& word) {
  return web::json_response(200, fmt::format(R"({{"seen":"{}"}})", word));
}

}  // namespace

LogChanges::LogChanges(const Parts& parts)
    : parts_(parts), start_(fresh_id_text(parts.clock.now(), parts.entropy)) {
  parts_.store.on_entries([this](const std::vector<ledger::Draft>& entries) { grew(entries); });
}

LogChanges::~LogChanges() {
  parts_.store.on_entries({});
  close();
}

void LogChanges::close() {
  std::vector<Waiting> waiting;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting.swap(waiting_);
  }
  for (const Waiting& one : waiting) one.reply.send(answer_of(start_));
}

std::string LogChanges::word(std::uint64_t grown) const {
  return fmt::format("{}.{}", start_, grown);
}

void LogChanges::wait(const OrganisationId& log, std::string_view seen, const web::Reply& reply) {
  std::vector<std::pair<web::Reply, std::string>> answers;
  {
    const std::lock_guard lock(mutex_);
    const std::string now = word(grown_[log]);
    if (closed_ || seen != now) {
      answers.emplace_back(reply, now);
    } else {
      waiting_.push_back({log, parts_.clock.mono() + kLongest, reply});
      if (waiting_.size() > kMostWaiting) {
        answers.emplace_back(waiting_.front().reply, word(grown_[waiting_.front().log]));
        waiting_.erase(waiting_.begin());
      }
    }
  }
  for (const auto& [to, told] : answers) to.send(answer_of(told));
}

void LogChanges::grew(const std::vector<ledger::Draft>& entries) {
  std::set<OrganisationId> logs;
  for (const ledger::Draft& entry : entries) logs.emplace(entry.log);
  std::vector<std::pair<web::Reply, std::string>> answers;
  {
    const std::lock_guard lock(mutex_);
    for (const OrganisationId& log : logs) ++grown_[log];
    std::erase_if(waiting_, [&](const Waiting& one) {
      if (!logs.contains(one.log)) return false;
      answers.emplace_back(one.reply, word(grown_[one.log]));
      return true;
    });
  }
  for (const auto& [to, told] : answers) to.send(answer_of(told));
}

void LogChanges::answer_late() {
  std::vector<std::pair<web::Reply, std::string>> answers;
  {
    const std::lock_guard lock(mutex_);
    const MonoTime now = parts_.clock.mono();
    const auto later = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const Waiting& one) { return one.until > now; });
    for (auto one = waiting_.begin(); one != later; ++one)
      answers.emplace_back(one->reply, word(grown_[one->log]));
    waiting_.erase(waiting_.begin(), later);
  }
  for (const auto& [to, told] : answers) to.send(answer_of(told));
}

}  // namespace madoguchi::vault
