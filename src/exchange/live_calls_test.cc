// What ledger and journal keep of the calls that are up: for the centre that attaches, and for
// their callers after a crash.
#include <gtest/gtest.h>

#include <cstdlib>

#include "exchange/events.h"
#include "exchange/journal.h"

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

TEST(LiveCalls, RecordingIsInterruptedUntilItGoesOn) {
  Ledger ledger;
  tell(ledger, arrived("c1"));
  wire::RecordingInterrupted change;
  change.set_on(true);
  tell(ledger, change);
  EXPECT_TRUE(ledger.call("c1")->recording_interrupted());
  change.set_on(false);
  tell(ledger, change);
  EXPECT_FALSE(ledger.call("c1")->recording_interrupted());
}

class AfterACrash : public ::testing::Test {
 protected:
  AfterACrash() {
    std::string pattern = testing::TempDir() + "liveXXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~AfterACrash() override { std::filesystem::remove_all(folder_); }
  AfterACrash(const AfterACrash&) = delete;
  AfterACrash& operator=(const AfterACrash&) = delete;

  std::unique_ptr<Journal> open() {
    return Journal::open(
               open_spool_folder(folder_ / "spool").value(), clock_, [] {}, folder_ / "recordings")
        .value();
  }
  static void call_in(Journal& journal, const wire::CallArrived& caller) {
    journal.event(event_of(caller));
    wire::Tokenise ask;
    ask.set_call_id(caller.call_id());
    ask.set_organisation_id("org");
    ask.set_sealed_number("sealed");
    journal.tokenise(ask);
  }

  const SystemClock clock_;
  std::filesystem::path folder_;
};

TEST_F(AfterACrash, OnlyLinesThatCanBeRungAreRungBackAndThoseOfOlderSpoolsAsBefore) {
  const auto announces = [](const std::string&) { return true; };
  {
    const auto journal = open();
    EXPECT_EQ(journal->recover(announces), 0U);
    wire::CallArrived abroad = arrived("abroad");
    abroad.set_unringable(true);
    call_in(*journal, abroad);
    call_in(*journal, arrived("older"));  // an older exchange does not say whose line can be rung
    journal->commit();
    journal->spool().drain();
  }
  const auto journal = open();
  EXPECT_EQ(journal->recover(announces), 2U);
  ASSERT_EQ(journal->ledger().wishes_asked().size(), 1U);
  EXPECT_EQ(journal->ledger().wishes_asked().begin()->second.call_id(), "older");
}

}  // namespace
}  // namespace madoguchi::exchange
