#include "exchange/kept_telephones.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace madoguchi::exchange {
namespace {

KeptTelephone telephone(const std::string& account) {
  return {account,
          "sip:" + account + "@10.0.0.5:5062;ob",
          *sip::Endpoint::parse("0.0.0.0:5060"),
          *sip::Endpoint::parse("[2001:db8::5]:40000"),
          500,
          time_from_micros(1'700'000'000'000'001),
          "call id\n\"7\"",
          4'000'000'000};
}

TEST(KeptTelephones, AreReadAsTheyWereWritten) {
  const auto hana = telephone("hana");
  const auto umi = telephone("海");
  EXPECT_THAT(telephones_in(text_of(hana) + text_of(umi)), testing::ElementsAre(hana, umi));
}

TEST(KeptTelephones, ALineThatIsNoneHidesNoOther) {
  const auto hana = telephone("hana");
  const std::string line = text_of(hana);
  for (std::size_t cut = 0; cut + 3 < line.size(); ++cut)
    EXPECT_THAT(telephones_in(line.substr(0, cut) + "x\n" + line), testing::ElementsAre(hana));
  EXPECT_TRUE(telephones_in("").empty());
}

TEST(KeptTelephones, TheFileHoldsWhatEachAccountHadLast) {
  std::string name = testing::TempDir() + "telephonesXXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::filesystem::path file = std::filesystem::path(name) / "telephones";
  EXPECT_EQ(TelephoneFile(file).left(), "");
  TelephoneFile kept(file);
  ASSERT_TRUE(kept.put({{"hana", "1\n"}, {"ken", "2\n3\n"}}));
  EXPECT_EQ(TelephoneFile(file).left(), "1\n2\n3\n");
  ASSERT_TRUE(kept.put({{"hana", ""}, {"umi", "4\n"}}));
  EXPECT_EQ(TelephoneFile(file).left(), "2\n3\n4\n");
  TelephoneFile next(file);
  ASSERT_TRUE(next.put({{"ken", "5\n"}}));
  EXPECT_EQ(TelephoneFile(file).left(), "5\n") << "who was not taken over is gone";
  std::filesystem::remove_all(name);
}

}  // namespace
}  // namespace madoguchi::exchange
