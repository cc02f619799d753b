// What others asked of the vault and did not get, told in the journal and, where a client is
// concerned, in that client's log too. Each is told by itself, up to so many in a minute; the same
// asked again within the minute, and what is beyond, as its number at the minute's end: whoever
// floods the vault fills no disk. Who refuses is never held up: a thread of its own writes, and
// while the store is away the lines wait. Owned by the vault's process; any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <tuple>

#include "base/id.h"
#include "base/time.h"
#include "vault/registry.h"
#include "vault/vault_store.h"

namespace madoguchi::vault {

struct RefusedAsk {
  std::string asked;     // a word of ours: "ticket", "lease", "line_token", "role"
  std::string why;       // a word of ours: "no_call", "limit"
  std::string from;      // the role of whoever asked; empty: not known
  OrganisationId owner;  // whose log tells of it; empty or none of ours: the journal alone
  OperatorId who;
  CallId call;
  DeskId desk;
};

class Refusals {
 public:
  static constexpr std::size_t kMostSingly = 100;  // a minute
  static constexpr std::size_t kMostWaiting = 1000;

  // All outlive it.
  struct Parts {
    VaultStore& store;
    const Clock& clock;
    const Registry& registry;
  };
  explicit Refusals(const Parts& parts);
  ~Refusals();  // tries once more to write what waits
  Refusals(const Refusals&) = delete;

  void note(RefusedAsk ask);
  // To be called every minute: tells what was only counted.
  void minute();

 private:
  struct Line {
    RefusedAsk ask;
    std::int64_t times = 1;
    Time at;
  };
  using Same = std::tuple<std::string, std::string, OrganisationId, OperatorId, CallId, DeskId>;
  using Kind = std::tuple<std::string, std::string, std::string, OrganisationId>;

  void run();
  bool write(const std::deque<Line>& lines);  // false: the store is away

  const Parts parts_;
  std::mutex mutex_;  // guards the next five
  std::condition_variable changed_;
  std::deque<Line> waiting_;
  std::set<Same> told_;                // in this minute
  std::map<Kind, std::int64_t> more_;  // its words and organisations are few
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace madoguchi::vault
