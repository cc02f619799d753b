#include "recording/player.h"

#include <gtest/gtest.h>

#include "recording/little_endian.h"
#include "recording/tape_fixture.h"
#include "recording/wav.h"

namespace madoguchi::recording {
namespace {

// Speech with a pause of half a minute in it, both sides one after the other.
Bytes long_file() {
  Tape tape;
  for (int n = 0; n < 1000; ++n) {
    if (n == 500) tape.mark(MarkKind::kPause, milliseconds(20) * n, "");
    const int at = n < 500 ? n : n + 1500;
    if (n == 500) tape.mark(MarkKind::kResume, milliseconds(20) * at, "");
    const Channel side = n % 100 < 50 ? Channel::kCaller : Channel::kOurs;
    tape.frame(frame_at(at, side, side == Channel::kCaller ? kLoud : kLoudOurs));
  }
  tape.end(seconds(50));
  return tape.file();
}

std::vector<std::int16_t> whole_of(ByteView file) {
  std::vector<std::int16_t> samples;
  std::size_t seen = 0;
  const auto rendered = to_wav(file, organisation_keys(), [&](ByteView bytes) {
    if (seen++ > 0)
      for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
        samples.push_back(static_cast<std::int16_t>(get_little<std::uint16_t>(bytes.data() + i)));
    return true;
  });
  EXPECT_TRUE(rendered);
  return samples;
}

TEST(Player, SoundsAsTheWholeFileFromWhateverPlaceItIsTaken) {
  const Bytes file = long_file();
  const auto whole = whole_of(file);
  auto player = Player::open(file, organisation_keys());
  ASSERT_TRUE(player) << player.error().message;
  EXPECT_EQ(player->outline().length, seconds(50));
  // In order, then back, far ahead, across the pause, and beyond the end.
  for (const auto& [from, span] : {std::pair{milliseconds(0), milliseconds(5000)},
                                   {milliseconds(5000), milliseconds(5000)},
                                   {milliseconds(1234), milliseconds(3001)},
                                   {milliseconds(41'000), milliseconds(5000)},
                                   {milliseconds(8000), milliseconds(35'000)},
                                   {milliseconds(46'000), milliseconds(60'000)}}) {
    const auto got = player->take(from, span, organisation_keys());
    ASSERT_TRUE(got) << got.error().message;
    const auto first = static_cast<std::size_t>(from.count()) * 16;
    const auto last = std::min(whole.size(), first + static_cast<std::size_t>(span.count()) * 16);
    ASSERT_EQ(got->size(), last - first) << from.count();
    EXPECT_TRUE(
        std::equal(got->begin(), got->end(), whole.begin() + static_cast<std::ptrdiff_t>(first)))
        << from.count();
  }
  EXPECT_TRUE(player->take(seconds(50), seconds(1), organisation_keys())->empty());
  EXPECT_TRUE(player->take(seconds(5000), seconds(1), organisation_keys())->empty());
}

TEST(Player, TellsPausesAndPlaysWhatIsStillBeingWritten) {
  const Bytes file = long_file();
  const Bytes begun(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(file.size() / 3));
  auto player = Player::open(begun, organisation_keys());
  ASSERT_TRUE(player) << player.error().message;
  EXPECT_EQ(player->outline().ending, Ending::kCutOff);
  EXPECT_GT(player->outline().length, seconds(2));
  EXPECT_FALSE(player->take(Micros(0), seconds(2), organisation_keys())->empty());

  const auto all = Player::open(file, organisation_keys());
  ASSERT_EQ(all->outline().marks.size(), 2U);
  EXPECT_EQ(all->outline().marks[0].kind, MarkKind::kPause);
  EXPECT_EQ(all->outline().marks[0].at, seconds(10));
  EXPECT_EQ(all->outline().marks[1].at, seconds(40));
}

TEST(Player, RefusesOtherKeysAndWhatWasChanged) {
  Bytes file = long_file();
  EXPECT_FALSE(Player::open(file, fresh_seal_key_pair()));
  auto player = Player::open(file, organisation_keys());
  ASSERT_TRUE(player);
  EXPECT_FALSE(player->take(Micros(0), seconds(1), fresh_seal_key_pair()));
  EXPECT_TRUE(player->take(Micros(0), seconds(1), organisation_keys()));
  file[file.size() / 2] ^= 1;
  EXPECT_FALSE(Player::open(file, organisation_keys()));
}

}  // namespace
}  // namespace madoguchi::recording
