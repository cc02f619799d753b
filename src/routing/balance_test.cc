#include "routing/balance.h"

#include "routing/names.h"
#include "routing/test_floor.h"

namespace madoguchi::routing {
namespace {

using namespace std::chrono_literals;

class DayBalance : public TestFloor {};

TEST_F(DayBalance, EveryEndHasItsBucket) {
  struct Row {
    const char* what;
    bool open, talk, ask;
    EndCause cause;
    Bucket bucket;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"gave up waiting", true, false, false, EndCause::kCaller, Bucket::kAbandoned},
           {"talked, caller hung up", true, true, false, EndCause::kCaller, Bucket::kTalked},
           {"talked, operator hung up", true, true, false, EndCause::kOperator, Bucket::kTalked},
           {"asked, hung up", true, false, true, EndCause::kCaller, Bucket::kCallback},
           {"asked, let go", true, false, true, EndCause::kDesk, Bucket::kCallback},
           {"asked, got through", true, true, true, EndCause::kCaller, Bucket::kTalked},
           {"closed, heard to the end", false, false, false, EndCause::kDesk, Bucket::kOutOfHours},
           {"closed, hung up", false, false, false, EndCause::kCaller, Bucket::kOutOfHours},
           {"closed, asked", false, false, true, EndCause::kDesk, Bucket::kCallback},
           {"declined recording", true, false, false, EndCause::kDeclined, Bucket::kDeclined},
           {"crash while waiting", true, false, false, EndCause::kFault, Bucket::kCutOff},
           {"crash while talking", true, true, false, EndCause::kFault, Bucket::kCutOff},
           {"crash after asking", true, false, true, EndCause::kFault, Bucket::kCutOff},
           {"we ended a waiting call", true, false, false, EndCause::kDesk, Bucket::kCutOff},
       }) {
    const DeskKey d = desk(row.what, row.what);
    Arrival arrival;
    arrival.desk = d;
    arrival.open = row.open;
    const CallKey key = arrive(arrival);
    EXPECT_EQ(balance(d).in(Bucket::kInProgress), 1U);
    if (row.ask) {
      EXPECT_TRUE(
          engine.callback_asked(key, PromiseBasis::kKey, PromiseLine::kOwn, {}, now).has_value());
    }
    if (row.talk) answer(ready(std::string("op ") + row.what, {row.what}));
    end(key, row.cause);
    EXPECT_EQ(balance(d).in(row.bucket), 1U) << row.what;
    EXPECT_EQ(balance(d).arrived, 1U) << row.what;
    EXPECT_EQ(balance(d).talking_now, 0U) << row.what;
    EXPECT_EQ(balance(d).cut_off_talking, row.talk && row.cause == EndCause::kFault ? 1U : 0U);
  }
}

TEST_F(DayBalance, ARedialThatTalksSettlesTheEarlierCallsOfItsLine) {
  const DeskKey d = desk("d");
  end(call(d, "t"));
  now += 1min;
  end(call(d, "t"));
  end(call(d, "other"));
  now += 1min;
  const CallKey through = call(d, "t");
  answer(ready("a"));
  EXPECT_EQ(balance(d).in(Bucket::kAbandoned), 3U);
  EXPECT_EQ(balance(d).settled_in(Bucket::kAbandoned), 2U);
  EXPECT_EQ(balance(d).lost(), 1U);
  EXPECT_EQ(told<CallSettled>().size(), 2U);
  end(through);
  now += 1min;
  end(call(d, "t"));  // calls again later and gives up: that one is not settled
  EXPECT_EQ(balance(d).lost(), 2U);
}

TEST_F(DayBalance, YesterdaysCallsAreNotSettledToday) {
  const DeskKey d = desk("d");
  const Day yesterday = engine.day_of(d, now);
  end(call(d, "t"));
  now += 24h;
  call(d, "t");
  answer(ready("a"));
  EXPECT_EQ(engine.balance().of(d, yesterday).lost(), 1U);
  EXPECT_EQ(balance(d).arrived, 1U);
  EXPECT_EQ(balance(d).in(Bucket::kTalked), 1U);
}

TEST_F(DayBalance, LinesKnownOnlyAfterTheEndSettleToo) {
  const DeskKey d = desk("d");
  const CallKey lost = call(d);
  end(lost);
  now += 1min;
  const CallKey through = call(d);
  answer(ready("a"));
  now += 1min;
  end(through);
  ok(engine.identified(through, line("t"), now));
  EXPECT_EQ(balance(d).lost(), 1U);
  ok(engine.identified(lost, line("t"), now));
  EXPECT_EQ(balance(d).lost(), 0U);
  refused(engine.identified(lost, line("t"), now));
}

TEST_F(DayBalance, ACallCutOffWhileTalkingIsSettledByTheNextTalkOnly) {
  const DeskKey d = desk("d");
  const CallKey broken = call(d, "t");
  const OperatorKey a = ready("a");
  answer(a);
  now += 1min;
  end(broken, EndCause::kFault);
  EXPECT_EQ(balance(d).settled_in(Bucket::kCutOff), 0U);
  ok(engine.wrapped_up(a, now));
  call(d, "t");
  answer(a);
  EXPECT_EQ(balance(d).settled_in(Bucket::kCutOff), 1U);
}

TEST_F(DayBalance, CountsOnTheDayAndAtTheDeskOfArrival) {
  const DeskKey d = desk("d"), other = desk("other");
  const Day first = engine.day_of(d, now);
  const CallKey late = call(d);
  now += 24h;
  ok(engine.transfer(late, other, now));
  end(late);
  EXPECT_EQ(engine.balance().of(d, first).in(Bucket::kAbandoned), 1U);
  EXPECT_EQ(engine.balance().total(first).arrived, 1U);
  EXPECT_EQ(engine.balance().of(other, engine.day_of(other, now)).arrived, 0U);
}

TEST_F(DayBalance, ForgettingOldDaysKeepsTheLiveOnesRight) {
  const DeskKey d = desk("d");
  const CallKey long_one = call(d, "t");
  end(call(d));
  end(call(d, "gone"));
  now += 48h;
  engine.forget_before(engine.day_of(d, now));
  end(long_one);
  end(call(d, "t"));
  EXPECT_EQ(balance(d).arrived, 1U);
  EXPECT_EQ(balance(d).lost(), 1U);
}

TEST_F(DayBalance, ATalkThatOutlivesItsForgottenDayCountsNowhere) {
  const DeskKey d = desk("d");
  const Day first = engine.day_of(d, now);
  const CallKey long_one = call(d, "t");
  const OperatorKey a = ready("a");
  answer(a);
  now += 72h;
  engine.forget_before(engine.day_of(d, now));
  ok(engine.leg_lost(a, now));  // back to the queue, from a talk that was counted on that day
  EXPECT_EQ(engine.balance().total(first), DeskBalance{});
  end(long_one);
  EXPECT_TRUE(engine.balance().is_exact());
  EXPECT_EQ(engine.balance().total(first), DeskBalance{});
}

TEST(Names, ReadBackAsTheyAreWritten) {
  EXPECT_EQ(name_of(Bucket::kOutOfHours), "out_of_hours");
  EXPECT_EQ(from_name<Bucket>("cut_off"), Bucket::kCutOff);
  EXPECT_EQ(from_name<Bucket>("cut off"), std::nullopt);
  EXPECT_EQ(from_name<AwayReason>("ring_missed"), AwayReason::kRingMissed);
  EXPECT_EQ(from_name<WrapUpEnd>("ready"), WrapUpEnd::kReady);
  for (std::uint8_t i = 0; i < kBuckets; ++i) {
    const auto bucket = static_cast<Bucket>(i);
    EXPECT_EQ(from_name<Bucket>(name_of(bucket)), bucket);
  }
}

}  // namespace
}  // namespace madoguchi::routing
