#include "sip/message.h"

#include <gtest/gtest.h>

#include <string>

namespace madoguchi::sip {
namespace {

constexpr std::string_view kInvite =
    "INVITE sip:0120000111@192.0.2.10;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKnashds8;rport, SIP/2.0/TCP a.example\r\n"
    "Max-Forwards: 70\r\n"
    "Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\n"
    "From: \"Caller, \\\"A\\\"\" <sip:0312345678@carrier.example>;tag=9fxced76sl\r\n"
    "To: <sip:0120000111@192.0.2.10>\r\n"
    "Call-ID: 3848276298220188511@carrier.example\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:0312345678@198.51.100.7:5060;transport=udp>\r\n"
    "Supported: 100rel, timer\r\n"
    "Session-Expires: 1800;refresher=uac\r\n"
    "Min-SE: 90\r\n"
    "P-Asserted-Identity: <tel:+81312345678>, <sip:+81312345678@carrier.example>\r\n"
    "Privacy: id;critical\r\n"
    "X-Ours: kept\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 4\r\n"
    "\r\n"
    "v=0\n";

Parsed read(std::string_view text, Framing framing = Framing::kDatagram) {
  return parse_message(std::string(text), framing);
}

TEST(Message, ReadsWhatAnInviteSays) {
  const Parsed parsed = read(kInvite);
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  const Message& message = parsed.message;
  EXPECT_TRUE(parsed.answerable);
  EXPECT_TRUE(message.is_request());
  EXPECT_EQ(message.method(), Method::kInvite);
  EXPECT_EQ(message.target().user(), "0120000111");
  EXPECT_EQ(message.target().param("user"), "phone");
  const auto via = message.via();
  ASSERT_TRUE(via);
  EXPECT_EQ(via->host, "198.51.100.7");
  EXPECT_EQ(via->port, 5060);
  EXPECT_EQ(via->branch(), "z9hG4bKnashds8");
  EXPECT_TRUE(via->params.has("rport"));
  EXPECT_EQ(message.values(Header::kVia).size(), 2U);
  EXPECT_EQ(message.from()->display_text(), "Caller, \"A\"");
  EXPECT_EQ(message.from_tag(), "9fxced76sl");
  EXPECT_EQ(message.to_tag(), "");
  EXPECT_EQ(message.cseq()->number, 1U);
  EXPECT_EQ(message.max_forwards(), 70U);
  EXPECT_TRUE(message.lists(Header::kSupported, "TIMER"));
  EXPECT_FALSE(message.lists(Header::kSupported, "replaces"));
  EXPECT_EQ(message.session_expires()->seconds, 1800U);
  EXPECT_EQ(message.session_expires()->refresher, SessionExpires::Refresher::kUac);
  EXPECT_EQ(message.min_se(), 90U);
  EXPECT_EQ(message.name_addrs(Header::kPAssertedIdentity)->at(0).uri, "tel:+81312345678");
  EXPECT_EQ(message.name_addrs(Header::kRecordRoute)->size(), 2U);
  EXPECT_TRUE(message.asks_privacy("id"));
  EXPECT_FALSE(message.asks_privacy("user"));
  EXPECT_EQ(message.first("x-ours"), "kept");
  EXPECT_TRUE(message.content_type()->is("application", "sdp"));
  EXPECT_EQ(message.body(), "v=0\n");
}

TEST(Message, IsTheSameAfterBeingWrittenAndRead) {
  const Message first = read(kInvite).message;
  const Parsed again = read(first.to_bytes());
  ASSERT_TRUE(again.ok()) << again.problem;
  ASSERT_EQ(again.message.field_count(), first.field_count());
  EXPECT_EQ(again.message.to_bytes(), first.to_bytes());
  EXPECT_EQ(again.message.body(), first.body());
}

TEST(Message, AnswersWithTheHeadersThatTheSenderMatchesBy) {
  const Message request = read(kInvite).message;
  const Message response = Message::response_to(request, 486, {}, "our-tag");
  EXPECT_EQ(response.status(), 486);
  EXPECT_EQ(response.reason(), "Busy Here");
  EXPECT_EQ(response.values(Header::kVia), request.values(Header::kVia));
  EXPECT_EQ(response.call_id(), request.call_id());
  EXPECT_EQ(response.from_tag(), request.from_tag());
  EXPECT_EQ(response.to_tag(), "our-tag");
  EXPECT_EQ(response.method(), Method::kInvite);
  EXPECT_FALSE(response.has(Header::kRecordRoute));
  EXPECT_EQ(Message::response_to(request, 100, {}, "our-tag").to_tag(), "");
}

TEST(Message, LetsNobodyInjectAHeader) {
  Message message = read(kInvite).message;
  message.add(Header::kSubject, "hello\r\nRoute: <sip:evil.example>");
  message.add("X-Name\r\nEvil", "v");
  const Parsed again = read(message.to_bytes());
  ASSERT_TRUE(again.ok()) << again.problem;
  EXPECT_FALSE(again.message.has(Header::kRoute));
  EXPECT_EQ(again.message.first("X-Name--Evil"), "v");
  EXPECT_EQ(again.message.first(Header::kSubject), "hello  Route: <sip:evil.example>");
}

TEST(Message, ChangesFieldsInPlace) {
  Message message = read(kInvite).message;
  message.set(Header::kMaxForwards, "69");
  message.set(Header::kVia, "SIP/2.0/UDP one.example;branch=z9hG4bKx");
  message.add_first(Header::kVia, "SIP/2.0/TLS two.example;branch=z9hG4bKy");
  EXPECT_EQ(message.max_forwards(), 69U);
  EXPECT_EQ(message.via()->host, "two.example");
  EXPECT_EQ(message.values(Header::kVia).size(), 2U);
  message.remove_first_value(Header::kRecordRoute);
  ASSERT_EQ(message.values(Header::kRecordRoute).size(), 1U);
  EXPECT_EQ(message.values(Header::kRecordRoute)[0], "<sip:p2.example.com;lr>");
  message.remove_first_value(Header::kRecordRoute);
  EXPECT_FALSE(message.has(Header::kRecordRoute));
  message.set_body("", "");
  EXPECT_FALSE(message.has(Header::kContentType));
  EXPECT_NE(message.to_bytes().find("Content-Length: 0\r\n"), std::string::npos);
}

TEST(Message, TakesItsOwnValuesAsArguments) {
  Message message = read(kInvite).message;
  for (int i = 0; i < 50; ++i) message.add(Header::kRoute, message.first(Header::kContact).value());
  EXPECT_EQ(message.values(Header::kRoute).size(), 50U);
  EXPECT_EQ(message.values(Header::kRoute)[49], message.first(Header::kContact));
  message.copy(Header::kRoute, message);
  EXPECT_EQ(message.values(Header::kRoute).size(), 100U);
  Message other = Message::response(200);
  other.copy(Header::kOther, message);
  EXPECT_EQ(other.first("X-Ours"), "kept");
}

TEST(Message, NotesTheRealSourceInTheTopmostVia) {
  Message message = read(kInvite).message;
  message.stamp_source("203.0.113.9", 40000);
  EXPECT_EQ(message.via()->params.value("received"), "203.0.113.9");
  EXPECT_EQ(message.via()->params.value("rport"), "40000");
  EXPECT_EQ(message.via()->branch(), "z9hG4bKnashds8");
  ASSERT_EQ(message.values(Header::kVia).size(), 2U);
  EXPECT_EQ(message.values(Header::kVia)[1], "SIP/2.0/TCP a.example");
}

TEST(Message, DoesNotBelieveAClaimedSource) {
  Message message = Message::request(Method::kOptions, Uri::sip("", "a.example"));
  message.add(Header::kVia, "SIP/2.0/UDP 192.0.2.1;received=192.0.2.99;branch=z9hG4bKa");
  message.stamp_source("192.0.2.1", 5060);
  EXPECT_EQ(message.via()->params.value("received"), "192.0.2.1");
}

TEST(Message, DropsWhatFollowsTheBodyInADatagramOnly) {
  const std::string longer = std::string(kInvite) + "trailing";
  const Parsed datagram = read(longer);
  ASSERT_TRUE(datagram.ok());
  EXPECT_EQ(datagram.message.body(), "v=0\n");
  EXPECT_EQ(read(longer, Framing::kStream).refuse_with, 400);
}

}  // namespace
}  // namespace madoguchi::sip
