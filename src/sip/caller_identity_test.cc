#include "sip/caller_identity.h"

#include <gtest/gtest.h>

namespace madoguchi::sip {
namespace {

using Kind = CallerIdentity::Kind;

Message invite(std::string_view from, std::string_view asserted = {},
               std::string_view privacy = {}) {
  Message request = Message::request(Method::kInvite, *Uri::parse("sip:0120-000-000@192.0.2.1"));
  request.add(Header::kFrom, from);
  if (!asserted.empty()) request.add(Header::kPAssertedIdentity, asserted);
  if (!privacy.empty()) request.add(Header::kPrivacy, privacy);
  return request;
}

TEST(CallerIdentity, FollowsTheTable) {
  const struct {
    std::string_view from, asserted, privacy;
    Trust trust;
    Kind kind;
    std::string_view number;
    bool is_asserted;
  } cases[] = {
      {"<sip:0312345678@c.example>;tag=1", "", "", Trust::kUntrusted, Kind::kNumber, "0312345678",
       false},
      {"<sip:+81-3-1234-5678@c.example>;tag=1", "", "", Trust::kTrusted, Kind::kNumber,
       "+81312345678", false},
      {"<sip:1@c.example>;tag=1", "<sip:0312345678@c.example>", "", Trust::kTrusted, Kind::kNumber,
       "0312345678", true},
      {"<sip:1@c.example>;tag=1", "<sip:0312345678@c.example>", "", Trust::kUntrusted,
       Kind::kNumber, "1", false},
      {"<sip:1@c.example>;tag=1", "<sip:a@c.example>, <tel:+81312345678>", "none", Trust::kTrusted,
       Kind::kNumber, "+81312345678", true},
      {"<sip:0312345678@c.example>;tag=1", "<sip:0312345678@c.example>", "id", Trust::kTrusted,
       Kind::kWithheld, "", false},
      {"<sip:0312345678@c.example>;tag=1", "", "user;id", Trust::kUntrusted, Kind::kWithheld, "",
       false},
      {"\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1", "<tel:0312345678>", "",
       Trust::kTrusted, Kind::kWithheld, "", false},
      {"Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=1", "", "", Trust::kUntrusted, Kind::kWithheld,
       "", false},
      {"\"Unavailable\" <sip:unavailable@c.example>;tag=1", "", "", Trust::kTrusted, Kind::kUnknown,
       "", false},
      {"<sip:alice@c.example>;tag=1", "rubbish <", "", Trust::kTrusted, Kind::kUnknown, "", false},
      {"<tel:03-1234-5678;phone-context=+81>;tag=1", "", "", Trust::kTrusted, Kind::kNumber,
       "0312345678", false},
      {"<sip:%30312@c.example>;tag=1", "", "", Trust::kTrusted, Kind::kNumber, "0312", false},
      {"<sip:+@c.example>;tag=1", "", "", Trust::kTrusted, Kind::kUnknown, "", false},
  };
  for (const auto& c : cases) {
    const auto identity = caller_identity(invite(c.from, c.asserted, c.privacy), c.trust);
    EXPECT_EQ(identity.kind, c.kind) << c.from << " " << c.asserted << " " << c.privacy;
    EXPECT_EQ(identity.number.reveal(), c.number) << c.from;
    EXPECT_EQ(identity.asserted, c.is_asserted) << c.from;
  }
}

TEST(CallerIdentity, TheCalledNumberHasNoSeparators) {
  EXPECT_EQ(called_number(invite("<sip:1@c>")), "0120000000");
  EXPECT_EQ(called_number(Message::request(Method::kInvite, *Uri::parse("sip:sakura@192.0.2.1"))),
            "sakura");
  EXPECT_EQ(called_number(Message::request(Method::kInvite, *Uri::parse("sip:192.0.2.1"))), "");
}

TEST(CalledNumbers, TheContactOfOurRegistrationGivesWayToWhoIsNamed) {
  Message request = Message::request(Method::kInvite, *Uri::parse("sip:acct01@192.0.2.1:5060"));
  request.add(Header::kTo, "<sip:+81-3-0000-0001@carrier.example>");
  EXPECT_EQ(called_numbers(request, "acct01"),
            (std::vector<std::string>{"+81300000001", "acct01"}));
  request.add("P-Called-Party-ID", "<sip:+81300000002@carrier.example>");
  EXPECT_EQ(called_numbers(request, "acct01"),
            (std::vector<std::string>{"+81300000002", "+81300000001", "acct01"}));
  EXPECT_EQ(called_numbers(request, "acct02"), std::vector<std::string>{"acct01"})
      << "somebody else's account is what was called";
  EXPECT_EQ(called_numbers(request, ""), std::vector<std::string>{"acct01"});
}

}  // namespace
}  // namespace madoguchi::sip
