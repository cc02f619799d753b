#include "exchange/settings.h"

#include <gtest/gtest.h>

namespace madoguchi::exchange {
namespace {

constexpr std::string_view kLeast = R"(
data = "/var/lib/x"
[rpc]
listen = "unix:/run/exchange"
vault = "unix:/run/vault"
authority = "a"
certificate = "b"
key = "c"
)";

Result<Settings> read(const std::string& text) {
  auto config = Config::from_text(text, "exchange.toml");
  if (!config) return tl::unexpected(config.error());
  return Settings::from_config(*std::move(config));
}

TEST(Settings, LeastFileListensOnTheMachineItself) {
  const auto settings = read(std::string(kLeast));
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->sip.size(), 1U);
  EXPECT_EQ(settings->sip[0].at.text(), "127.0.0.1:5060");
  EXPECT_FALSE(settings->allow_demo_calls);
  EXPECT_FALSE(settings->out.permits("+81312345678", "+81"));
}

TEST(Settings, ErrorsNameFileKeyAndCause) {
  const std::string least(kLeast);
  const struct {
    std::string text;
    std::string says;
  } cases[] = {
      {"", "exchange.toml: data: is missing"},
      {least + "[sip]\nudp = [\"here\"]\n", "exchange.toml: sip.udp: \"here\" is not address:port"},
      {least + "[sip]\ntls = [\"127.0.0.1:5061\"]\n",
       "exchange.toml: sip.tls: needs tls_certificate and tls_key"},
      {least + "[sound]\nfirst_port = 20001\n", "exchange.toml: sound.first_port: must be even"},
      {least + "[[trunk]]\nname = \"t\"\n",
       "exchange.toml: trunk[0].addresses: a trunk that does not register needs the addresses it "
       "calls from"},
      {least + "[out]\npermitted = [\"0\"]\n",
       "exchange.toml: out.permitted: \"0\" is not + and digits"},
      {least + "[sip]\ncountry = \"+eight\"\n",
       "exchange.toml: sip.country: must be + and a country code, \"+81\""},
      {least + "[[trunk]]\nname = \"t\"\naddresses = [\"::1\"]\nnumbers = [\"taro\"]\n",
       "exchange.toml: trunk[0].numbers: \"taro\" is none, it looks like +81312345678"},
      {least + "[sip]\nupd = []\n", "exchange.toml: sip.upd: is not a setting"},
  };
  for (const auto& wrong : cases) {
    const auto settings = read(wrong.text);
    ASSERT_FALSE(settings) << wrong.says;
    EXPECT_EQ(settings.error().message, wrong.says);
  }
}

TEST(Settings, RangesHoldTheirAddressesOnly) {
  const auto range = AddressRange::parse("198.51.100.0/22");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains(*sip::IpAddress::parse("198.51.103.255")));
  EXPECT_FALSE(range->contains(*sip::IpAddress::parse("198.51.104.0")));
  EXPECT_FALSE(range->contains(*sip::IpAddress::parse("2001:db8::1")));
  EXPECT_FALSE(AddressRange::parse("198.51.100.0/33"));
  EXPECT_FALSE(AddressRange::parse("example.jp"));
}

TEST(Settings, DestinationsAreClosedUnlessPermitted) {
  const PermittedDestinations out{{"+81"}, {"+81990", "+81570"}};
  EXPECT_TRUE(out.permits("0312345678", "+81"));
  EXPECT_TRUE(out.permits("+819012345678", "+81"));
  EXPECT_FALSE(out.permits("0990123456", "+81"));    // premium
  EXPECT_FALSE(out.permits("+15551234567", "+81"));  // international
  for (const auto* emergency : {"110", "118", "119", "117", "+81", ""})
    EXPECT_FALSE(out.permits(emergency, "+81")) << emergency;
}

TEST(Settings, NumbersMeetInOneForm) {
  EXPECT_EQ(normal_number("03-1234-5678", "+81"), "+81312345678");
  EXPECT_EQ(normal_number("+81312345678", "+81"), "+81312345678");
  EXPECT_EQ(normal_number("81312345678", "+81"), "+81312345678");
  EXPECT_EQ(normal_number("0081312345678", "+81"), "+81312345678");
  EXPECT_EQ(normal_number("taro", "+81"), "taro");
}

}  // namespace
}  // namespace madoguchi::exchange
