#include "centre/world.h"

namespace madoguchi::centre {

std::map<DeskId, routing::DeskBalance> count_balance(const std::vector<CallRecord>& calls,
                                                     const std::vector<PromiseRecord>& promises) {
  using routing::Bucket;
  std::map<DeskId, routing::DeskBalance> of;
  for (const CallRecord& call : calls) {
    if (call.outbound) continue;  // callbacks of ours: the balance counts callers who came
    routing::DeskBalance& desk = of[call.number_desk];
    const auto bucket = static_cast<std::size_t>(call.bucket);
    ++desk.arrived;
    ++desk.calls[bucket];
    if (call.settled) ++desk.settled[bucket];
    if (call.withheld) ++desk.withheld;
    if (!call.ended && call.bucket == Bucket::kTalked) ++desk.talking_now;
    if (call.bucket == Bucket::kCutOff && call.talking_at_end) ++desk.cut_off_talking;
  }
  for (const PromiseRecord& promise : promises) {
    routing::PromiseCounts& counts = of[promise.desk].promises;
    const bool absorbed = !promise.absorbed_by.empty();
    const auto merged = static_cast<std::uint32_t>(promise.merged);
    counts.asked += 1 + merged;
    counts.merged += merged + (absorbed ? 1 : 0);
    if (absorbed) continue;
    switch (promise.state) {
      case routing::PromiseState::kOpen:
      case routing::PromiseState::kTaken:
        ++counts.open;
        break;
      case routing::PromiseState::kKept:
        ++(promise.how == routing::KeptHow::kCameThrough ? counts.kept_by_caller
                                                         : counts.kept_by_ringing);
        break;
      case routing::PromiseState::kClosed:
        if (promise.reason) ++counts.without_success[static_cast<std::size_t>(*promise.reason)];
        break;
    }
  }
  return of;
}

}  // namespace madoguchi::centre
