#include "vault/use_replay.h"

#include <algorithm>
#include <set>

#include "ledger/entry.h"

namespace madoguchi::vault {
namespace {

constexpr std::size_t kAtOnce = 512;
constexpr std::chrono::hours kLongestWindow{24};

struct Use {
  Time at;
  Counter counter;
};

const std::string* detail(const ledger::Entry& entry, const char* name) {
  const auto found = entry.details.find(name);
  return found == entry.details.end() ? nullptr : std::get_if<std::string>(&found->second);
}

// Collects uses, each act once: an opening has an entry for each field, a search one in each log.
class Uses {
 public:
  void add(const ledger::Entry& entry) {
    if (entry.kind == ledger::kind::kOpening) return opening(entry, "opening");
    const bool playback = entry.kind == ledger::kind::kPlayback;  // by ticket, or by the owner
    if (playback && entry.outcome == "played") opening(entry, "playback");
    if (playback || entry.kind == ledger::kind::kSearch || entry.kind == ledger::kind::kEnquiry) {
      const std::string* search = detail(entry, "search");
      if (search != nullptr && seen_.insert(*search).second)
        uses_.push_back({entry.time, {"search", "", entry.operator_id}});
    }
    if (entry.kind == ledger::kind::kIdentityCheck && entry.outcome == "cannot_confirm")
      uses_.push_back({entry.time, {"guess", "", entry.operator_id}});
  }

  std::vector<Use> in_order() && {
    std::sort(uses_.begin(), uses_.end(), [](const Use& a, const Use& b) { return a.at < b.at; });
    return std::move(uses_);
  }

 private:
  void opening(const ledger::Entry& entry, const char* name) {
    const std::string* act = detail(entry, name);
    const std::string* chain = detail(entry, "chain");
    if (act == nullptr || chain == nullptr || !seen_.insert(*act).second) return;
    for (std::size_t begin = 0; begin < chain->size();) {
      const std::size_t end = std::min(chain->find('+', begin), chain->size());
      const std::string link = chain->substr(begin, end - begin);
      const std::string mandate = link.substr(0, link.rfind(':'));
      uses_.push_back({entry.time, {"operator", mandate, entry.operator_id}});
      uses_.push_back({entry.time, {"desk", mandate, entry.desk}});
      uses_.push_back({entry.time, {"mandate", mandate, ""}});
      begin = end + 1;
    }
  }

  std::set<std::string> seen_;
  std::vector<Use> uses_;
};

// Newest entries first, until they are too old to matter.
Result<void> read_back(ledger::LogStore& log, const ledger::LogSize& of, Time since, Uses& uses) {
  for (std::uint64_t end = of.size; end > 0;) {
    const std::uint64_t begin = end > kAtOnce ? end - kAtOnce : 0;
    const auto entries = log.entries(of.log, begin, static_cast<std::size_t>(end - begin));
    if (!entries) return tl::unexpected<Error>(entries.error());
    bool old = false;
    for (const ledger::StoredEntry& stored : *entries) {
      const auto entry = ledger::Entry::parse(stored.entry);
      if (!entry) continue;  // of another program's version
      if (entry->time < since)
        old = true;
      else
        uses.add(*entry);
    }
    if (old) return {};
    end = begin;
  }
  return {};
}

}  // namespace

Result<void> count_again(ledger::LogStore& log, AuthorityDesk& authority, Time now) {
  const auto sizes = log.sizes();
  if (!sizes) return tl::unexpected<Error>(sizes.error());
  Uses uses;
  for (const ledger::LogSize& of : *sizes)
    if (auto read = read_back(log, of, now - kLongestWindow, uses); !read) return read;
  const std::vector<Use> found = std::move(uses).in_order();
  authority.with([&](Authority& inside, Time) {
    for (const Use& use : found) inside.limits().count(use.counter, use.at);
  });
  return {};
}

}  // namespace madoguchi::vault
