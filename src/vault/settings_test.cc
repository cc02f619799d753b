#include "vault/settings.h"

#include <gtest/gtest.h>

namespace madoguchi::vault {
namespace {

constexpr const char* kGood = R"(
data = "/var/lib/madoguchi/vault"
[rpc]
listen = "unix:run/vault.sock"
authority = "a.pem"
certificate = "v.pem"
key = "v.key"
)";

Result<Settings> read(const std::string& text) {
  auto config = Config::from_text(text, "vault.toml");
  if (!config) return tl::unexpected<Error>(config.error());
  return Settings::from_config(std::move(*config));
}

TEST(Settings, HaveDefaultsBesideTheDataFolder) {
  const auto settings = read(kGood);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->master_key, "/var/lib/madoguchi/vault/master.key");
  EXPECT_EQ(settings->database, "sqlite:/var/lib/madoguchi/vault/vault.db");
  EXPECT_FALSE(settings->glass.enabled);
  EXPECT_FALSE(settings->demo_passwords);
}

TEST(Settings, PasswordsOpenTheGlassOnlyWhereTheySayDemo) {
  const auto taken = [](const std::string& more) {
    const auto settings = read(kGood + more);
    EXPECT_TRUE(settings) << settings.error().message;
    return settings && settings->glass.passwords;
  };
  EXPECT_FALSE(taken(""));
  EXPECT_TRUE(taken("[sign_in]\npasswords = \"demo\"\n"));
  EXPECT_TRUE(taken("[staff]\ndemo_passwords = true\n"));
  EXPECT_FALSE(taken("[staff]\ndemo_passwords = true\n[sign_in]\npasswords = \"refused\"\n"));
}

TEST(Settings, EachMistakeIsOneLineThatNamesFileKeyAndCause) {
  const std::string glass = std::string(kGood) + "[glass]\npages = \"dist\"\n";
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "vault.toml: data: is missing"},
      {std::string(kGood) + "[glass]\n", "vault.toml: glass.pages: must be the folder"},
      {glass + "address = \"0.0.0.0\"\n", "vault.toml: glass.address: without certificate"},
      {glass + "parents = [\"https://a; script-src *\"]\n", "vault.toml: glass.parents: must be"},
      {glass + "parents = [\"https://a:\"]\n", "vault.toml: glass.parents: must be"},
      {glass + "host = \"Vault:1\"\n", "vault.toml: glass.host: must be"},
      {glass + "key = \"k\"\n", "vault.toml: glass.certificate: is missing"},
      {std::string(kGood) + "[staff]\nsession_hours = 100\n", "vault.toml: staff.session_hours:"},
      {std::string(kGood) + "[sign_in]\npasswords = \"yes\"\n",
       "vault.toml: sign_in.passwords: must be"},
      {std::string(kGood) + "[staf]\n", "vault.toml: staf: is not a setting"},
  };
  for (const auto& [text, says] : table) {
    const auto settings = read(text);
    ASSERT_FALSE(settings) << says;
    EXPECT_EQ(settings.error().message.substr(0, says.size()), says);
    EXPECT_EQ(settings.error().message.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace madoguchi::vault
