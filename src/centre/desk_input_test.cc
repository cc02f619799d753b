#include "centre/desk_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace madoguchi::centre {
namespace {

using calendar::format_interval;

FloorParts floor_of_a_bank() {
  FloorParts floor;
  floor.organisations[OrganisationId("bank")] = {OrganisationId("bank"), "さくら信販"};
  floor.groups[GroupId("g")] = {GroupId("g"), "一次"};
  DeskPart desk;
  desk.routing.id = DeskId("first");
  desk.routing.numbers = {"+81312345678"};
  floor.desks[desk.routing.id] = desk;
  return floor;
}

std::string mistake(const std::string& body) {
  JsonInput input(body);
  DeskPart desk;
  desk.routing.id = DeskId("second");
  read_desk(input, floor_of_a_bank(), desk);
  const auto good = input.finish();
  return good ? "" : good.error().message;
}

TEST(DeskInput, SaysWhichMemberIsWrong) {
  const std::string rest = R"("name":"窓口","organisation_id":"bank","group_id":"g")";
  const auto with = [&](const std::string& more) { return mistake("{" + rest + "," + more + "}"); };
  EXPECT_EQ(with(R"("numbers":["+81399999999"])"), "");
  EXPECT_EQ(with(R"("numbers":["+8139"],"greeting":"[[[[[[[[[[ \n はい")"), "");
  EXPECT_EQ(with(R"("numbers":["+8139"],"greeting":"\u0007")"),
            "greeting: may have no control characters");
  EXPECT_EQ(with(R"("answer":"at_once")"), "numbers: a desk needs one number at least");
  EXPECT_EQ(with(R"("numbers":["03-1234"])"), "numbers: a number looks like +81312345678");
  EXPECT_EQ(with(R"("numbers":["+81312345678"])"), "numbers: +81312345678 belongs to desk first");
  EXPECT_EQ(with(R"("numbers":["+8139"],"answer":"soon")"),
            "answer: is none of the names it may have");
  EXPECT_EQ(with(R"("numbers":["+8139"],"hours":["monday"])"),
            "hours: \"monday\" is no line like \"mon-fri 09:00-18:00\" or \"holidays closed\"");
  EXPECT_THAT(with(R"("numbers":["+8139"],"hours":["holidays closed"])"),
              testing::StartsWith("hours: the desk would never be open"));
  EXPECT_EQ(with(R"("numbers":["+8139"],"hours":["sun-sat 00:00-24:00","holidays closed"])"), "");
  EXPECT_EQ(
      mistake(R"({"name":"窓口","organisation_id":"none","group_id":"g","numbers":["+813"]})"),
      "organisation_id: there is no such organisation");
}

TEST(DeskInput, KeepsWhatIsAbsent) {
  JsonInput input(R"({"greeting":"はい"})");
  const FloorParts floor = floor_of_a_bank();
  DeskPart desk;
  desk.routing = {};
  desk.routing.id = DeskId("second");
  desk.name = "窓口";
  desk.routing.organisation = OrganisationId("bank");
  desk.routing.group = GroupId("g");
  desk.routing.numbers = {"+81399999999"};
  desk.recorded = false;
  read_desk(input, floor, desk);
  ASSERT_TRUE(input.finish());
  EXPECT_FALSE(desk.recorded);
  EXPECT_EQ(desk.shown_number, "+81399999999");
  EXPECT_EQ(desk.texts[0], "はい");
}

TEST(DeskInput, ANumberThatTheDeskGivesUpIsNotShownAnyLonger) {
  const FloorParts floor = floor_of_a_bank();
  DeskPart desk;
  desk.routing.id = DeskId("second");
  desk.name = "窓口";
  desk.routing.organisation = OrganisationId("bank");
  desk.routing.group = GroupId("g");
  const auto shown_after = [&](const std::string& body) {
    JsonInput input(body);
    read_desk(input, floor, desk);
    EXPECT_TRUE(input.finish());
    return desk.shown_number;
  };
  EXPECT_EQ(shown_after(R"({"numbers":["+8131","+8132"]})"), "+8131");
  EXPECT_EQ(shown_after(R"({"numbers":["+8131","+8133"]})"), "+8131");
  EXPECT_EQ(shown_after(R"({"numbers":["+8133","+8134"]})"), "+8133");
  // One that callers are shown and do not reach the desk by stays until another is named.
  EXPECT_EQ(shown_after(R"({"shown_number":"+81120"})"), "+81120");
  EXPECT_EQ(shown_after(R"({"numbers":["+8135"]})"), "+81120");
}

TEST(DeskInput, HoursNameDaysAndLeaveTheRestClosed) {
  const auto hours =
      hours_from_lines({"fri-mon 09:00-18:00", "mon 19:00-21:00", "holidays closed"});
  ASSERT_TRUE(hours) << hours.error().message;
  const auto& settings = hours->settings();
  EXPECT_EQ(settings.week[2].size(), 0u);  // Tuesday
  EXPECT_EQ(settings.week[5].size(), 1u);
  ASSERT_EQ(settings.week[1].size(), 2u);
  EXPECT_EQ(format_interval(settings.week[1][1]), "19:00-21:00");
  ASSERT_TRUE(settings.holidays);
  EXPECT_TRUE(settings.holidays->empty());
}

}  // namespace
}  // namespace madoguchi::centre
