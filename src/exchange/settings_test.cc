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
      {"public_address = \"0.0.0.0\"\n" + least,
       "exchange.toml: public_address: 0.0.0.0 is no address that others can send to: name the one "
       "of this machine, or of the router before it, that they reach"},
      {"demo_caller = \"hanako\"\n" + least,
       "exchange.toml: demo_caller: \"hanako\" is no number, it looks like 09000001001; leave it "
       "out to withhold it"},
  };
  for (const auto& wrong : cases) {
    const auto settings = read(wrong.text);
    ASSERT_FALSE(settings) << wrong.says;
    EXPECT_EQ(settings.error().message, wrong.says);
  }
}

TEST(Settings, OnlyAnAddressThatIsOnesOwnIsToldToOthers) {
  const auto told = [](const std::string& address) {
    const std::string quoted = "\"" + address + "\"";
    return std::pair(
        read("public_address = " + quoted + "\n" + std::string(kLeast)).has_value(),
        read(std::string(kLeast) + "[browser]\naddresses = [" + quoted + "]\n").has_value());
  };
  for (const char* none : {"0.0.0.0", "::", "[::]", "::ffff:0.0.0.0", "255.255.255.255",
                           "224.0.0.1", "ff02::1", "192.0.2.1:5060", "phone.example", ""})
    EXPECT_EQ(told(none), std::pair(false, false)) << none;
  for (const char* one : {"192.0.2.1", "2001:db8::1", "127.0.0.1", "::1"})
    EXPECT_EQ(told(one), std::pair(true, true)) << one;
}

TEST(Settings, ATrunksCallsGoOutByATransportThatIsThere) {
  const auto says = [](const std::string& target) {
    const auto settings = read(std::string(kLeast) +
                               "[[trunk]]\nname = \"t\"\naddresses = [\"192.0.2.0/24\"]\n"
                               "target = \"" +
                               target + "\"\n");
    return settings ? std::string() : settings.error().message;
  };
  const std::string at = "exchange.toml: trunk[0].target: ";
  EXPECT_EQ(says("sip:carrier.example"), "");
  EXPECT_EQ(says("sip:carrier.example;transport=UDP"), "");
  EXPECT_EQ(says("sip:carrier.example;transport=sctp"),
            at + "transport=sctp is none of udp, tcp and tls");
  EXPECT_EQ(says("sip:carrier.example;transport=tcp"),
            at + "goes by TCP, but no sip.tcp is set: set it too");
  EXPECT_EQ(says("sips:carrier.example"), at + "goes by TLS, but no sip.tls is set: set it too");
  EXPECT_EQ(says("sips:carrier.example;transport=udp"),
            at + "sips goes by TLS: say transport=tls, or leave transport out");
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
