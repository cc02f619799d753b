// What the ledger keeps of the calls that are up, for the centre that attaches.
#include <gtest/gtest.h>

#include "exchange/events.h"
#include "exchange/ledger.h"

namespace madoguchi::exchange {
namespace {

wire::CallArrived arrived(const std::string& id) {
  wire::CallArrived arrived;
  arrived.set_call_id(id);
  arrived.set_desk_id("sakura");
  arrived.set_organisation_id("org");
  arrived.set_open(true);
  return arrived;
}

template <typename T>
void tell(Ledger& ledger, T what) {
  what.set_call_id("c1");
  ledger.event(event_of(std::move(what)));
}

TEST(LiveCalls, AMutedOperatorIsMutedUntilUnmutedOrUntilAnotherHasTheCaller) {
  Ledger ledger;
  tell(ledger, arrived("c1"));
  tell(ledger, wire::Connected());
  const auto mute = [&](bool on) {
    wire::MuteChanged muted;
    muted.set_on(on);
    tell(ledger, muted);
  };
  const auto muted = [&] { return ledger.call("c1")->muted(); };
  mute(true);
  EXPECT_TRUE(muted());
  mute(false);
  EXPECT_FALSE(muted());
  mute(true);
  tell(ledger, wire::CallWaiting());
  EXPECT_FALSE(muted());
  tell(ledger, wire::Connected());
  mute(true);
  tell(ledger, wire::Connected());  // handed over
  EXPECT_FALSE(muted());
  mute(true);
  Ledger again;
  ledger.checkpoint([&](RecordKind kind, const std::string& payload) {
    again.read({0, 0, kind, payload});
  });
  EXPECT_TRUE(again.call("c1")->muted());
}

}  // namespace
}  // namespace madoguchi::exchange
