#include "centre/settings.h"

#include <gtest/gtest.h>

namespace madoguchi::centre {
namespace {

constexpr const char* kGood = R"(
database = "sqlite:/x.db"
data = "/x"
[rpc]
exchange = "unix:e"
vault = "unix:v"
authority = "a"
certificate = "c"
key = "k"
[[organisation]]
id = "bank"
name = "銀行"
[[group]]
id = "g"
name = "組"
)";

Result<Settings> read(const std::string& more) {
  auto config = Config::from_text(std::string(kGood) + more, "centre.toml");
  if (!config) return tl::unexpected<Error>(config.error());
  return Settings::from_config(std::move(*config));
}

struct Wrong {
  const char* text;
  const char* named;  // must stand in the one line of error
};

TEST(Settings, AMistakeIsNamedByFileKeyAndCause) {
  const std::vector<Wrong> cases = {
      {"[web]\naddress = \"0.0.0.0\"\n", "web.address: without certificate"},
      {"[web]\ncertificate = \"c.pem\"\n", "web.key: is missing"},
      {"[[organisation]]\nid = \"bank\"\nname = \"n\"\n", "organisation[1].id: stands here twice"},
      {"[[group]]\nid = \"g\"\nname = \"n\"\n", "group[1].id: stands here twice"},
      {"[[ice_server]]\nurls = [\"host:3478\"]\n", "ice_server[0].urls: \"host:3478\" is none"},
      {"[[ice_server]]\nurls = [\"turn:host\"]\n", "ice_server[0].username: turn: needs"},
      {"[[ice_server]]\n", "ice_server[0].urls: must name"},
      {"[[operator]]\nid = \"o\"\npassword = \"long enough\"\n[[operator]]\nid = \"o\"\n"
       "name = \"p\"\npassword = \"long enough\"\n",
       "operator[1].id: stands here twice"},
      {"[[desk]]\nid = \"d\"\nname = \"n\"\norganisation = \"bank\"\ngroup = \"g\"\n"
       "numbers = [\"11\"]\nring_limit_s = 0\n",
       "desk[0].ring_limit_s: must be a whole number from 5"},
      {"[web]\nhosts = [\"desk.example.jp:8080\"]\n",
       "web.hosts: \"desk.example.jp:8080\" is none"},
      {"[web]\nhosts = [\"desk example\"]\n", "web.hosts: \"desk example\" is none"},
      {"[web]\nhosts = [\"2001:db8::1\"]\n", "web.hosts: \"2001:db8::1\" is none"},
      {"[web]\nhosts = [\"\"]\n", "web.hosts: \"\" is none"},
      {"[web]\nglass_origin = \"vault.example.jp\"\n", "web.glass_origin: must be scheme://host"},
      {"[web]\nglass_origin = \"https://vault.example.jp/\"\n", "web.glass_origin: must be"},
      {"[web]\nglass_origin = \"https://vault.example.jp:0\"\n", "web.glass_origin: must be"},
      {"[web]\nglass_origin = \"https://a b\"\n", "web.glass_origin: must be"},
      {"[web]\nprot = 1\n", "web.prot: is not a setting"},
      {"[accounts]\nfirst_administrator = \"a\"\n", "accounts.first_password"},
      {"[[operator]]\nid = \"o\"\npassword = \"short\"\n", "operator[0].password: needs 10"},
      {"[[operator]]\nid = \"o\"\npassword = \"long enough\"\ngroups = [\"x\"]\n",
       "operator[0].groups: there is no group \"x\""},
      {"[[operator]]\nid = \"o\"\nrole = \"client\"\npassword = \"long enough\"\n",
       "operator[0].organisation"},
      {"[[desk]]\nid = \"d\"\nname = \"n\"\norganisation = \"bank\"\ngroup = \"g\"\n",
       "desk[0].numbers: a desk needs one number"},
      {"[[desk]]\nid = \"d\"\nname = \"n\"\norganisation = \"shop\"\ngroup = \"g\"\n"
       "numbers = [\"11\"]\n",
       "desk[0].organisation: there is no organisation \"shop\""},
      {"[[desk]]\nid = \"d\"\nname = \"n\"\norganisation = \"bank\"\ngroup = \"g\"\n"
       "numbers = [\"11\"]\ncallback = \"often\"\n",
       "desk[0].callback: \"often\" is none of"},
      {"[[desk]]\nid = \"d\"\nname = \"n\"\norganisation = \"bank\"\ngroup = \"g\"\n"
       "numbers = [\"03 0000 0005\"]\n",
       "desk[0].numbers: \"03 0000 0005\" is none, it looks like +81312345678"},
      {"[[desk]]\nid = \"d\"\nname = \"n\"\norganisation = \"bank\"\ngroup = \"g\"\n"
       "numbers = [\"11\"]\nshown_number = \"our number\"\n",
       "desk[0].shown_number: a number looks like"},
  };
  for (const Wrong& one : cases) {
    const auto settings = read(one.text);
    ASSERT_FALSE(settings) << one.text;
    EXPECT_EQ(settings.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(settings.error().message.find('\n'), std::string::npos);
    EXPECT_NE(settings.error().message.find("centre.toml: "), std::string::npos);
    EXPECT_NE(settings.error().message.find(one.named), std::string::npos)
        << settings.error().message;
  }
}

TEST(Settings, ConsolesAreAskedForByTheirNamesAndFrameOneOrigin) {
  const auto settings = read(
      "[web]\nhosts = [\"Desk.example.jp\", \"[2001:db8::1]\", \"192.0.2.1\"]\n"
      "glass_origin = \"https://vault.example.jp:8443\"\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->web.hosts,
            (std::vector<std::string>{"desk.example.jp", "[2001:db8::1]", "192.0.2.1"}));
  EXPECT_TRUE(
      settings->web.content_security_policy.ends_with("; frame-src https://vault.example.jp:8443"));
}

TEST(Settings, ADeskReadsItsHoursTextsAndLimits) {
  const auto settings = read(R"(
[[desk]]
id = "d"
name = "窓口"
organisation = "bank"
group = "g"
numbers = ["+81300000001"]
answer = "when_free"
ring_limit_s = 12
  [desk.hours]
  mon = ["09:00-18:00"]
  holidays = "closed"
  [desk.texts]
  greeting = "はい"
)");
  ASSERT_TRUE(settings) << settings.error().message;
  const DeskPart& desk = settings->floor.desks.at(DeskId("d"));
  EXPECT_EQ(desk.routing.answer, routing::AnswerMode::kWhenFree);
  EXPECT_EQ(desk.routing.ring_limit, std::chrono::seconds(12));
  EXPECT_EQ(desk.shown_number, "+81300000001");
  EXPECT_FALSE(desk.routing.hours.is_open(*parse_utc("2026-11-24T03:00:00Z")));  // a Tuesday
  EXPECT_EQ(desk.prompt_for(Sound::kWaiting, false), kWaitingTone);
}

}  // namespace
}  // namespace madoguchi::centre
