// Tells pages that a client's log has grown, as it happens. Whoever waits is a reply that is held
// for a few seconds at most: no thread waits, and a page that asks again misses nothing in between.
// Owned by the vault's process, which closes it before the site that the replies are of. Any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "vault/vault_store.h"
#include "web/routes.h"

namespace madoguchi::vault {

class LogChanges {
 public:
  static constexpr std::chrono::seconds kLongest{2};  // that a reply is held
  static constexpr std::size_t kMostWaiting = 1000;   // the longest waiting makes room

  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    Entropy& entropy;
  };
  explicit LogChanges(const Parts& parts);
  ~LogChanges();
  LogChanges(const LogChanges&) = delete;

  // {"seen": word}: at once where the log has grown since `seen` was answered, or where that is no
  // word of this start's; else when it grows, and after kLongest all the same.
  void wait(const OrganisationId& log, std::string_view seen, const web::Reply& reply);

  // Everybody is answered, and whoever asks later is at once.
  void close();

  // To be called with what was committed.
  void grew(const std::vector<ledger::Draft>& entries);
  // To be called several times a second: answers those who have waited long enough.
  void answer_late();

 private:
  struct Waiting {
    OrganisationId log;
    MonoTime until;
    web::Reply reply;
  };
  [[nodiscard]] std::string word(std::uint64_t grown) const;  // under mutex_

  const Parts parts_;
  const std::string start_;                        // words of an earlier start are others
  std::mutex mutex_;                               // guards the next three
  std::map<OrganisationId, std::uint64_t> grown_;  // how many times
  std::vector<Waiting> waiting_;                   // in order of `until`
  bool closed_ = false;
};

}  // namespace madoguchi::vault
