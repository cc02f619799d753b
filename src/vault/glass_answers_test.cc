#include "vault/glass_answers.h"

#include <gtest/gtest.h>

namespace madoguchi::vault {
namespace {

TEST(GlassAnswers, ALimitIsToldFromWhatIsNotAllowed) {
  const web::Response forbidden = refused(Denial::kNoPurpose);
  EXPECT_EQ(forbidden.status, 403);
  for (const Denial limit :
       {Denial::kGuesses, Denial::kSearches, Denial::kLimit, Denial::kTooManyCases}) {
    const web::Response response = refused(limit);
    EXPECT_EQ(response.status, 429);
    const auto words = [](const web::Response& of) {
      return Json::parse(of.body).value("message", "");
    };
    EXPECT_NE(words(response), words(forbidden)) << response.body;
  }
}

}  // namespace
}  // namespace madoguchi::vault
