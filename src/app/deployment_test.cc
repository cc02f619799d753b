#include "app/deployment.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/config.h"
#include "base/sealing.h"

namespace madoguchi::app {
namespace {

class DeploymentOptions : public testing::Test {
 protected:
  // What is wrong with them; empty: nothing.
  std::string wrong(const UpOptions& options) {
    const auto good = Deployment(options, "/usr/bin").check_options();
    return good ? "" : good.error().message;
  }
  UpOptions secured(const std::string& address) {
    UpOptions options;
    options.data = testing::TempDir() + "/no-deployment-yet";
    options.address = address;
    options.certificate = "/etc/hosts";
    options.key = "/etc/hosts";
    return options;
  }
};

TEST_F(DeploymentOptions, OneAddressIsAlsoWhereOthersSendTheirSound) {
  const UpOptions options = secured("192.0.2.7");
  EXPECT_EQ(wrong(options), "");
  EXPECT_EQ(Deployment(options, "/usr/bin").options().public_address, "192.0.2.7");
  UpOptions behind = options;
  behind.public_address = "198.51.100.7";
  behind.given = {"--public-address"};
  EXPECT_EQ(Deployment(behind, "/usr/bin").options().public_address, "198.51.100.7");
}

TEST_F(DeploymentOptions, AllAddressesNeedOneThatIsTold) {
  UpOptions options = secured("0.0.0.0");
  EXPECT_TRUE(wrong(options).starts_with("--public-address: must be given"));
  options.public_address = "198.51.100.7";
  options.given = {"--public-address"};
  EXPECT_EQ(wrong(options), "");
  options.public_address = "0.0.0.0";
  EXPECT_EQ(wrong(options), "--public-address: 0.0.0.0 is no address that others can send to");
}

TEST_F(DeploymentOptions, DatabaseIsNamedByItsUrl) {
  UpOptions options = secured("192.0.2.7");
  options.vault_database = "postgresql://vault@db.example/vault";
  EXPECT_EQ(wrong(options), "");
  options.database = "madoguchi";
  EXPECT_EQ(wrong(options), "--database: madoguchi is no postgresql://user@host/base");
}

TEST_F(DeploymentOptions, NoSettingsAreMadeForAddressesTheyCannotHold) {
  EXPECT_TRUE(wrong(secured("not one")).starts_with("--address: not one is no IP address"));
}

TEST_F(DeploymentOptions, SixthVersionsAddressesAreTakenAsOneFamily) {
  UpOptions options = secured("::1");
  EXPECT_EQ(wrong(options), "");
  EXPECT_EQ(Deployment(options, "/usr/bin").options().public_address, "::1");
  EXPECT_EQ(Deployment(options, "/usr/bin").console_url(), "https://localhost:8080");
  options = secured("2001:db8::7");
  EXPECT_TRUE(wrong(options).starts_with("--console-host: must be given"));
  options.console_host = "desk.example.jp";
  EXPECT_EQ(wrong(options), "");
  options.public_address = "192.0.2.7";
  options.given = {"--public-address"};
  EXPECT_TRUE(wrong(options).starts_with("--public-address: 192.0.2.7 is of another family"));
  for (const char* everywhere : {"::", "::0", "0:0:0:0:0:0:0:0"})
    EXPECT_TRUE(wrong(secured(everywhere)).starts_with("--public-address: must be given"));
}

TEST_F(DeploymentOptions, HostsAreNamesAsBrowsersAskForThem) {
  UpOptions options = secured("192.0.2.7");
  options.console_host = "desk.example.jp";
  EXPECT_EQ(wrong(options), "");
  for (const char* none :
       {"desk.example.jp:8080", "https://desk.example.jp", "desk example", "Desk"}) {
    options.console_host = none;
    EXPECT_TRUE(wrong(options).starts_with("--console-host: " + std::string(none) + " is no name"))
        << wrong(options);
  }
  options.console_host.clear();
  options.glass_host = "vault.example.jp:8081";
  EXPECT_TRUE(wrong(options).starts_with("--glass-host: vault.example.jp:8081 is no name"));
}

TEST_F(DeploymentOptions, TheListOfErasuresLiesOutsideTheDataFolder) {
  UpOptions options = secured("192.0.2.7");
  options.data = options.data.string() + "/";
  const auto beside = Deployment(options, "/usr/bin").options().erasures;
  EXPECT_EQ(beside.lexically_relative(options.data.lexically_normal()),
            "../no-deployment-yet-erasures/list");
  EXPECT_EQ(wrong(options), "");
  options.erasures = options.data / "vault" / "list";
  EXPECT_TRUE(wrong(options).starts_with("--erasures: "));
  options.erasures = options.data / ".." / "elsewhere" / "list";
  EXPECT_EQ(wrong(options), "");
}

TEST_F(DeploymentOptions, WordsAreSpokenWhereTheVoiceIsInstalledAndElseItIsSaid) {
  std::string pattern = testing::TempDir() + "upXXXXXX";
  const std::filesystem::path folder = mkdtemp(pattern.data());
  SystemEntropy entropy;
  for (const bool empty : {true, false})
    for (const bool installed : {true, false}) {
      UpOptions options;
      options.data = folder / fmt::format("{}{}", empty, installed);
      options.empty = empty;
      options.voice = installed ? "sh" : "no-such-voice";
      Deployment deployment(options, "/usr/bin");
      ASSERT_TRUE(deployment.prepare(*parse_utc("2026-11-22T03:00:00Z"), entropy));
      auto centre = Config::from_file(deployment.settings_of("centre"));
      ASSERT_TRUE(centre) << centre.error().message;
      EXPECT_EQ(centre->table("speech").flag_or("enabled", !installed), installed);
      EXPECT_EQ(deployment.first_note().starts_with("no-such-voice is not installed: no desk's"),
                !installed);
    }
  std::filesystem::remove_all(folder);
}

TEST_F(DeploymentOptions, WithoutACertificateOnlyTheMachineItself) {
  UpOptions options = secured("192.0.2.7");
  options.certificate.clear();
  EXPECT_TRUE(wrong(options).starts_with("--address: without --certificate"));
}

}  // namespace
}  // namespace madoguchi::app
