#include "exchange/centre_link.h"

#include <gtest/gtest.h>

#include "exchange/process_testing.h"

namespace madoguchi::exchange {
namespace {

class CentreLinkTest : public RunningExchange {
 protected:
  void SetUp() override {
    RunningExchange::SetUp();
    auto listening = CentreLink::listen(settings, [this] {
      const std::lock_guard lock(mutex);
      ++wakes;
      changed.notify_all();
    });
    ASSERT_TRUE(listening) << listening.error().message;
    link = *std::move(listening);
  }
  void TearDown() override {
    centre.reset();
    link.reset();
    RunningExchange::TearDown();
  }

  // A new centre, of which the link has told its owner.
  void attach() {
    const int before = wakes_now();
    auto newer = std::make_unique<FakeCentre>(folder / "tls", settings.rpc_listen);
    newer->attach();
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return wakes > before; }));
    lock.unlock();
    centre = std::move(newer);
  }
  int wakes_now() {
    const std::lock_guard lock(mutex);
    return wakes;
  }

  std::mutex mutex;
  std::condition_variable changed;
  int wakes = 0;
  std::unique_ptr<CentreLink> link;
};

wire::EventBatch events() {
  wire::EventBatch batch;
  batch.add_events()->mutable_trouble()->set_kind("spool");
  return batch;
}

TEST_F(CentreLinkTest, NothingIsSentToACentreBeforeItIsKnownToBeNew) {
  EXPECT_FALSE(link->ready());
  attach();
  EXPECT_TRUE(link->attached());
  EXPECT_FALSE(link->ready());
  EXPECT_TRUE(link->take().attached);
  EXPECT_TRUE(link->ready());
}

TEST_F(CentreLinkTest, WhatWasMeantForTheOlderCentreIsNotSentToTheNewer) {
  attach();
  EXPECT_TRUE(link->take().attached);
  attach();
  link->send(events());
  EXPECT_TRUE(link->take().attached);
  ASSERT_TRUE(link->ready());
  wire::EventBatch first = events();
  first.mutable_snapshot()->set_sequence(7);
  link->send(std::move(first));
  EXPECT_EQ(centre->snapshot().sequence(), 7U);
}

}  // namespace
}  // namespace madoguchi::exchange
