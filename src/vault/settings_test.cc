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
  EXPECT_EQ(settings->erasures, "/var/lib/madoguchi/vault-erasures/list");
  EXPECT_FALSE(settings->glass.enabled);
  EXPECT_FALSE(settings->demo_passwords);
  EXPECT_EQ(settings->cases.life, std::chrono::hours(30 * 24));
  EXPECT_EQ(settings->cases.most_open, 100U);
  EXPECT_EQ(read(std::string(kGood) + "[cases]\ndays = 7\n")->cases.life,
            std::chrono::hours(7 * 24));
}

TEST(Settings, LimitsThatMandatesDoNotNameMayBeOthers) {
  EXPECT_EQ(read(kGood)->usual_limits, kUsualLimits);
  const auto settings = read(std::string(kGood) + "[limits.on_desk]\nper_hour = 7\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->usual_limits.on_desk, (Rates{200, 7, 10'000}));
  EXPECT_FALSE(read(std::string(kGood) + "[limits]\nper_hour = 7\n"));
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

TEST(Settings, OnlyADemoWarnsOfDestructionForLessThanAMonth) {
  const std::string demo = "[demo]\nsakura_owner = \"a\"\nwakaba_owner = \"b\"\n";
  EXPECT_EQ(read(kGood)->retention_warning, kRetentionWarning);
  EXPECT_EQ(read(kGood + demo)->retention_warning, kRetentionWarning);
  EXPECT_EQ(read(kGood + demo + "warning_seconds = 5\n")->retention_warning,
            std::chrono::seconds(5));
  EXPECT_FALSE(read(std::string(kGood) + "[retention]\nwarning_seconds = 5\n"));
}

const std::string kWitnessKey =
    ledger::VerifierKey{"witness.example", ledger::KeyType::kCosignature, {}}.text();

std::string witness(const std::string& url, const std::string& key = kWitnessKey) {
  return "[[witness]]\nurl = \"" + url + "\"\nkey = \"" + key +
         "\"\norganisations = [\"sakura\"]\n";
}

TEST(Settings, NameWitnessesByAddressAndKey) {
  const auto settings =
      read(std::string(kGood) + "[glass]\npages = \"dist\"\n" +
           witness("https://witness.example:8443/cosign/") + witness("http://127.0.0.1:8090"));
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->witnesses.size(), 2U);
  EXPECT_EQ(settings->witnesses[0].url, "https://witness.example:8443/cosign");
  EXPECT_EQ(settings->witnesses[0].key.name, "witness.example");
  EXPECT_EQ(settings->witnesses[0].organisations, std::vector<std::string>{"sakura"});
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
      {std::string(kGood) + "[cases]\ndays = 0\n", "vault.toml: cases.days:"},
      {std::string(kGood) + "[sign_in]\npasswords = \"yes\"\n",
       "vault.toml: sign_in.passwords: must be"},
      {std::string(kGood) + "[erasures]\nfile = \"/var/lib/madoguchi/vault/gone\"\n",
       "vault.toml: erasures.file: lies in the data folder"},
      {std::string(kGood) + "[erasures]\nfile = \"/var/lib/madoguchi/vault/a/../b/gone\"\n",
       "vault.toml: erasures.file: lies in the data folder"},
      {std::string(kGood) + "[staf]\n", "vault.toml: staf: is not a setting"},
      {glass + witness("http://witness.example"), "vault.toml: witness[0].url: must be https://"},
      {glass + witness("https://witness.example/?q"), "vault.toml: witness[0].url: must be"},
      {glass + witness("https://user@witness.example"), "vault.toml: witness[0].url: must be"},
      {glass + witness("file:///etc/passwd"), "vault.toml: witness[0].url: must be"},
      {glass + witness("https://witness.example", "rubbish"), "vault.toml: witness[0].key:"},
      {glass + witness("https://witness.example",
                       ledger::VerifierKey{"log", ledger::KeyType::kEd25519, {}}.text()),
       "vault.toml: witness[0].key: is no key of a witness"},
      {std::string(kGood) + witness("https://witness.example"),
       "vault.toml: witness: logs are published"},
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
