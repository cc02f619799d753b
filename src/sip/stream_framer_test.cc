#include "sip/stream_framer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace madoguchi::sip {
namespace {

using Kind = StreamFramer::Kind;

std::string message(std::string_view body, std::string_view length_line = {}) {
  std::string out = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bKd\r\n";
  if (length_line.empty())
    out += "Content-Length: " + std::to_string(body.size());
  else
    out += length_line;
  return out.append("\r\n\r\n").append(body);
}

std::vector<StreamFramer::Item> drain(StreamFramer& framer) {
  std::vector<StreamFramer::Item> items;
  while (auto item = framer.next()) items.push_back(std::move(*item));
  return items;
}

TEST(StreamFramer, CutsTheSameMessagesHoweverTheyArrive) {
  EXPECT_TRUE(rc::check("any cutting gives the same", [](const std::vector<std::uint8_t>& cuts) {
    const std::vector<std::string> sent = {message("v=0\r\n\r\nx"), message(""),
                                           message("abc", "l:\r\n  3")};
    std::string stream;
    for (const auto& one : sent) stream += one + "\r\n";
    StreamFramer framer;
    std::vector<std::string> got;
    std::size_t at = 0;
    std::size_t turn = 0;
    while (at < stream.size()) {
      const std::size_t step = cuts.empty() ? 1 : std::size_t{cuts[turn++ % cuts.size()]} + 1;
      framer.append(std::string_view(stream).substr(at, step));
      at += step;
      for (auto& item : drain(framer))
        if (item.kind == Kind::kMessage) got.push_back(item.bytes);
    }
    RC_ASSERT(got == sent);
    RC_ASSERT(!framer.broken());
  }));
}

TEST(StreamFramer, TellsPingsFromPongs) {
  StreamFramer framer;
  framer.append("\r\n\r");
  EXPECT_TRUE(drain(framer).empty());
  framer.append("\n");
  auto items = drain(framer);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].kind, Kind::kPing);
  framer.expect_pong();
  framer.append("\r\n");
  items = drain(framer);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].kind, Kind::kPong);
  EXPECT_FALSE(framer.mid_message());
}

TEST(StreamFramer, BreaksOffWhereNoLengthCanBeRead) {
  for (const char* line : {"X: y", "Content-Length: -1", "Content-Length: x",
                           "Content-Length: 99999999999", "Content-Length: 3\r\nl: 3"}) {
    StreamFramer framer;
    framer.append(message("abc", line));
    const auto items = drain(framer);
    ASSERT_EQ(items.size(), 1U) << line;
    EXPECT_EQ(items[0].kind, Kind::kBroken);
    EXPECT_TRUE(framer.broken());
    const Parsed parsed = parse_message(items[0].bytes, Framing::kStream);
    EXPECT_GE(parsed.refuse_with, 400) << line;
    EXPECT_TRUE(parsed.answerable) << line;
    framer.append(message(""));
    EXPECT_TRUE(drain(framer).empty());
  }
}

TEST(StreamFramer, BoundsAHeadWithoutEnd) {
  StreamFramer framer;
  const std::string line = "X-Flood: " + std::string(1000, 'x') + "\r\n";
  int lines = 0;
  while (!framer.broken() && lines < 200) {
    framer.append(line);
    drain(framer);
    ++lines;
  }
  EXPECT_TRUE(framer.broken());
  EXPECT_LE(lines, 66);
}

}  // namespace
}  // namespace madoguchi::sip
