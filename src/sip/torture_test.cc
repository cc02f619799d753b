// Messages of the kinds that RFC 4475 lists: what is odd but valid is read and understood, what is
// wrong is refused with the right status, and what cannot be answered is dropped.
#include <gtest/gtest.h>

#include <string>

#include "sip/message.h"
#include "sip/request_check.h"

namespace madoguchi::sip {
namespace {

// A well-formed request in pieces; a test replaces or adds lines.
struct Text {
  std::string start = "INVITE sip:desk@madoguchi.example SIP/2.0";
  std::string via = "Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKodd";
  std::string from = "From: <sip:caller@example.org>;tag=c1";
  std::string to = "To: <sip:desk@madoguchi.example>";
  std::string call_id = "Call-ID: torture@192.0.2.15";
  std::string cseq = "CSeq: 7 INVITE";
  std::string more = {};
  std::string body = {};

  [[nodiscard]] std::string bytes() const {
    std::string out;
    for (const std::string* line : {&start, &via, &from, &to, &call_id, &cseq})
      if (!line->empty()) out.append(*line).append("\r\n");
    return out + more + "\r\n" + body;
  }
  [[nodiscard]] Parsed parse() const { return parse_message(bytes(), Framing::kDatagram); }
};

struct Wrong {
  const char* name;
  Text text;
  int refused_with;
  bool answerable = true;
};

Text start(std::string line) {
  return {.start = std::move(line)};
}
Text more(std::string lines) {
  return {.more = std::move(lines)};
}

const Wrong kWrong[] = {
    // RFC 4475, 3.1.2
    {"separators in Via", {.via = "Via: SIP/2.0/UDP 192.0.2.15;;,;,,"}, 400},
    {"separators in Contact", more("Contact: \"Odd\" <sip:x@192.0.2.15>;;;\r\n"), 400},
    {"Content-Length beyond the datagram", more("Content-Length: 9999\r\n"), 400},
    {"negative Content-Length", more("Content-Length: -999\r\n"), 400},
    {"CSeq beyond 2^32", {.cseq = "CSeq: 36893488147419103232 INVITE"}, 400},
    {"Max-Forwards beyond 255", more("Max-Forwards: 300\r\n"), 400},
    {"open quote in To", {.to = "To: \"Mr. Desk <sip:desk@madoguchi.example>"}, 400},
    {"brackets round the target", start("INVITE <sip:desk@madoguchi.example> SIP/2.0"), 400},
    {"spaces in the target", start("INVITE sip:desk@madoguchi.example; lr SIP/2.0"), 400},
    {"two spaces in the start line", start("INVITE  sip:desk@madoguchi.example SIP/2.0"), 400},
    {"two spaces before the version", start("INVITE sip:desk@madoguchi.example  SIP/2.0"), 400},
    {"space after the version", start("INVITE sip:desk@madoguchi.example SIP/2.0  "), 400},
    {"headers in the target", start("INVITE sip:desk@madoguchi.example?Route=%3Csip:x%3E SIP/2.0"),
     400},
    {"zone in Date", more("Date: Fri, 01 Jan 2027 16:00:00 EST\r\n"), 400},
    {"Contact with headers and no brackets",
     more("Contact: sip:u@example.com?Route=%3Csip:x%3E\r\n"), 400},
    {"space inside brackets", {.to = "To: \"Desk\" < sip:desk@madoguchi.example >"}, 400},
    {"comma in a bare display name",
     {.from = "From: Bell, Alexander <sip:a@example.org>;tag=1"},
     400},
    {"another version", start("INVITE sip:desk@madoguchi.example SIP/7.0"), 505},
    {"another version in every place",
     {.start = "INVITE sip:desk@madoguchi.example SIP/7.0",
      .via = "Via: SIP/7.0/UDP 192.0.2.15;branch=z9hG4bKodd",
      .cseq = "CSeq: x y z"},
     505},
    {"no version", start("INVITE sip:desk@madoguchi.example"), 400},
    {"CSeq of another method", {.cseq = "CSeq: 7 OPTIONS"}, 400},
    {"unknown method, CSeq of another",
     {.start = "NEWMETHOD sip:desk@madoguchi.example SIP/2.0", .cseq = "CSeq: 7 INVITE"},
     400},
    // 3.3
    {"no Call-ID, From or To", {.from = "", .to = "", .call_id = ""}, 400},
    {"no CSeq", {.cseq = ""}, 400},
    {"no Via", {.via = ""}, 400, false},
    {"two Call-IDs", more("Call-ID: another\r\n"), 400},
    {"two Froms", more("f: <sip:other@example.org>;tag=2\r\n"), 400},
    {"two CSeqs", more("CSeq: 8 INVITE\r\n"), 400},
    {"two Content-Lengths", more("Content-Length: 0\r\nl: 5\r\n"), 400},
    // ours
    {"a header without colon", more("Subject hello\r\n"), 400},
    {"a header without name", more(": hello\r\n"), 400},
    {"a folded line before any header", {.via = " Via: SIP/2.0/UDP 192.0.2.15"}, 400, false},
    {"NUL in a header", more(std::string("Subject: a\0b\r\n", 14)), 400},
    {"a lone CR in a header", more("Subject: a\rb\r\n"), 400},
    {"a broken escape in the target", start("INVITE sip:%4@madoguchi.example SIP/2.0"), 400},
    {"a port beyond 65535", start("INVITE sip:desk@madoguchi.example:70000 SIP/2.0"), 400},
    {"a broken Via", {.via = "Via: SIP/2.0/UDP"}, 400, false},
    {"a broken Route", more("Route: <sip:p.example.com;lr\r\n"), 400},
    {"a target without host", start("INVITE sip:desk@ SIP/2.0"), 400},
    {"IPv6 without its bracket", start("INVITE sip:desk@[2001:db8::1 SIP/2.0"), 400},
    {"another protocol", start("GET / HTTP/1.1"), 400},
    {"a method that is no token", start("INV\"ITE sip:desk@madoguchi.example SIP/2.0"), 400, false},
    {"a star outside Contact", {.to = "To: *"}, 400},
    {"CSeq at 2^31", {.cseq = "CSeq: 2147483648 INVITE"}, 400},
};

TEST(Torture, RefusesWhatIsWrongWithTheRightStatus) {
  for (const Wrong& wrong : kWrong) {
    const Parsed parsed = wrong.text.parse();
    EXPECT_EQ(parsed.refuse_with, wrong.refused_with) << wrong.name << ": " << parsed.problem;
    EXPECT_EQ(parsed.answerable, wrong.answerable) << wrong.name;
  }
}

TEST(Torture, RefusalsCarryWhatTheSenderMatchesBy) {
  for (const Wrong& wrong : kWrong) {
    const Parsed parsed = wrong.text.parse();
    if (!parsed.answerable) continue;
    const Message refusal =
        Message::response_to(parsed.message, parsed.refuse_with, parsed.problem, "ours");
    const Parsed again = parse_message(refusal.to_bytes(), Framing::kStream);
    EXPECT_EQ(again.message.status(), wrong.refused_with) << wrong.name;
    EXPECT_TRUE(again.message.has(Header::kVia)) << wrong.name;
    EXPECT_EQ(again.message.first(Header::kCSeq), parsed.message.first(Header::kCSeq))
        << wrong.name;
    EXPECT_EQ(again.message.call_id(), parsed.message.call_id()) << wrong.name;
  }
}

TEST(Torture, NeverAnswersResponsesOrAcks) {
  for (const char* line :
       {"SIP/2.0 200 OK", "SIP/7.0 200 OK", "SIP/2.0 4294967301 better not break", "SIP/2.0 99 low",
        "ACK sip:desk@madoguchi.example SIP/2.0"}) {
    Text text = start(line);
    text.call_id.clear();
    const Parsed parsed = text.parse();
    EXPECT_FALSE(parsed.ok()) << line;
    EXPECT_FALSE(parsed.answerable) << line;
  }
  EXPECT_FALSE(parse_message("", Framing::kDatagram).answerable);
  EXPECT_FALSE(parse_message("\r\n\r\n", Framing::kDatagram).answerable);
  EXPECT_FALSE(parse_message(std::string(70000, 'x'), Framing::kDatagram).answerable);
}

TEST(Torture, SaysTooLargeOfWhatIsTooLarge) {
  Text text;
  text.body = std::string(kMaxMessageBytes, 'x');
  const Parsed parsed = text.parse();
  EXPECT_EQ(parsed.refuse_with, 513);
  EXPECT_TRUE(parsed.answerable);
}

TEST(Torture, BoundsTheNumberOfFields) {
  Text text;
  for (int i = 0; i < 300; ++i) text.more += "X-More: yes\r\n";
  const Parsed parsed = text.parse();
  EXPECT_EQ(parsed.refuse_with, 400);
  EXPECT_TRUE(parsed.answerable);
  EXPECT_EQ(parsed.message.field_count(), kMaxHeaderFields);
}

// --- valid ones (RFC 4475, 3.1.1 and 3.3)

TEST(Torture, ReadsFoldingCompactNamesAndOddSpaces) {
  const Parsed parsed = parse_message(
      "INVITE sip:desk@madoguchi.example;odd-param SIP/2.0\r\n"
      "TO :\r\n"
      " sip:desk@madoguchi.example ;   tag    = 1918n\r\n"
      "from   : \"J \\\\\\\"Rose\\\\\\\" \"       <sip:rose@example.org>\r\n"
      "  ;\r\n"
      "  tag = 98asj\r\n"
      "MaX-fOrWaRdS: 0068\r\n"
      "Call-ID: odd.0ha0isnda\r\n"
      "cseq: 0009\r\n"
      "  INVITE\r\n"
      "v:  SIP  / 2.0  / TCP     spindle.example.org   ;\r\n"
      "  branch  =   z9hG4bK9ikj8  ,\r\n"
      " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n"
      " z9hG4bK30239\r\n"
      "s: \r\n"
      "NewFangled:   newfangled value\r\n"
      " continued newfangled value\r\n"
      "Odd-Value: ;;,,;;,;\r\n"
      "Route: <sip:services.example.org;lr;odd=value;odd-no-value>\r\n"
      "m:\"Quoted string \\\"\\\"\" <sip:rose@example.org> ; new =\r\n"
      "  value ;\r\n"
      "  second ; q = 0.33\r\n"
      "l: 0\r\n\r\n",
      Framing::kDatagram);
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  const Message& message = parsed.message;
  EXPECT_EQ(message.to_tag(), "1918n");
  EXPECT_EQ(message.from_tag(), "98asj");
  EXPECT_EQ(message.from()->display_text(), "J \\\"Rose\\\" ");
  EXPECT_EQ(message.max_forwards(), 68U);
  EXPECT_EQ(message.cseq()->number, 9U);
  EXPECT_EQ(message.via()->transport, "TCP");
  EXPECT_EQ(message.via()->branch(), "z9hG4bK9ikj8");
  const auto vias = message.values(Header::kVia);
  ASSERT_EQ(vias.size(), 2U);
  EXPECT_EQ(Via::parse(vias[1])->branch(), "z9hG4bK30239");
  EXPECT_EQ(message.first(Header::kSubject), "");
  EXPECT_EQ(message.first("newfangled"), "newfangled value   continued newfangled value");
  EXPECT_EQ(message.first("Odd-Value"), ";;,,;;,;");
  EXPECT_EQ(message.contact()->q_thousandths(), 330);
  EXPECT_EQ(message.contact()->display_text(), "Quoted string \"\"");
}

TEST(Torture, ReadsEveryCharacterThatTheGrammarAllows) {
  const std::string method = "!odd-Method0123456789_*+`.%indeed'~";
  const std::string quoted = std::string("\"BEL:\\\x07 NUL:\\") + '\0' + " DEL:\\\x7f\"";
  Text text;
  text.start =
      method +
      " sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too."
      "(doesn't-it)@example.org SIP/2.0";
  text.via = "Via: SIP/2.0/UDP host1.example.org;branch=z9hG4bK-.!%66*_+`'~";
  text.to = "To: " + quoted + " <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.org>";
  text.from =
      "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.org>;fromParam''~+*_!.-%="
      "\"\xD1\x80\xD0\xB0\";tag=_token~1'+`*%!-.";
  text.call_id = "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{";
  text.cseq = "CSeq: 139122385 " + method;
  text.more = "extensionHeader-!.%*_+`'~: \xEF\xBB\xBF\xE5\xA4\xA7\r\n";
  const Parsed parsed = text.parse();
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  EXPECT_EQ(parsed.message.method(), Method::kOther);
  EXPECT_EQ(parsed.message.method_name(), method);
  EXPECT_EQ(parsed.message.from_tag(), "_token~1'+`*%!-.");
  EXPECT_EQ(parsed.message.target().host(), "example.org");
  EXPECT_EQ(parsed.message.to()->display_text().size(),
            std::string_view("BEL:x NUL:x DEL:x").size());
}

TEST(Torture, KeepsEscapesAndDecodesThemOnRequest) {
  const Parsed parsed = start("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0").parse();
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  EXPECT_EQ(parsed.message.target().host(), "example.net");
  EXPECT_EQ(parsed.message.target().user_decoded(), "sips:user@example.com");
  const Text null{.to = "To: <sip:null-%00-null@example.org>"};
  const Parsed with_null = null.parse();
  ASSERT_TRUE(with_null.ok());
  EXPECT_EQ(with_null.message.to()->parse_uri()->user_decoded(), std::string("null-\0-null", 11));
}

TEST(Torture, DoesNotDecodeWhatIsNoEscape) {
  const Text text{.start = "RE%47IST%45R sip:registrar.example.org SIP/2.0",
                  .cseq = "CSeq: 29344 RE%47IST%45R"};
  const Parsed parsed = text.parse();
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  EXPECT_EQ(parsed.message.method(), Method::kOther);
  EXPECT_EQ(check_request(parsed.message, {})->status, 501);
}

TEST(Torture, ReadsADisplayNameThatTouchesItsUri) {
  const Text text{.from = "From: caller<sip:caller@example.org>;tag=323"};
  const Parsed parsed = text.parse();
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  EXPECT_EQ(parsed.message.from()->display, "caller");
}

TEST(Torture, ReadsLongValues) {
  const std::string word(2000, 'a');
  Text text;
  text.from = "From: \"" + word + "\" <sip:" + word + "@example.org>;tag=" + word;
  text.call_id = "Call-ID: " + word;
  for (int i = 0; i < 20; ++i)
    text.via += "\r\nVia: SIP/2.0/TCP sip" + std::to_string(i) + ".example.org";
  const Parsed parsed = text.parse();
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  EXPECT_EQ(parsed.message.from_tag(), word);
  EXPECT_EQ(parsed.message.values(Header::kVia).size(), 21U);
}

TEST(Torture, TakesASemicolonInTheUserForPartOfIt) {
  const Parsed parsed = start("INVITE sip:user;par=u%40example.net@example.org SIP/2.0").parse();
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  EXPECT_EQ(parsed.message.target().user(), "user;par=u%40example.net");
  EXPECT_EQ(parsed.message.target().host(), "example.org");
  EXPECT_FALSE(parsed.message.target().has_param("par"));
}

TEST(Torture, ReadsUnknownTransports) {
  for (const char* transport : {"UDP", "SCTP", "TLS", "UNKNOWN", "TCP"}) {
    const Text text{.via = std::string("Via: SIP/2.0/") + transport +
                           " t1.example.org;branch=z9hG4bKx"};
    EXPECT_TRUE(text.parse().ok()) << transport;
  }
}

TEST(Torture, ReadsUnusualReasons) {
  for (const char* reason : {"= 2**3 * 5**2 \xD0\xBD\xD0\xBE \xD1\x81\xD1\x82\xD0\xBE", "", "OK"}) {
    const Parsed parsed = start(std::string("SIP/2.0 200 ") + reason).parse();
    ASSERT_TRUE(parsed.ok()) << reason << parsed.problem;
    EXPECT_EQ(parsed.message.reason(), reason);
    EXPECT_EQ(parsed.message.status(), 200);
    EXPECT_EQ(parsed.message.method(), Method::kInvite);
  }
  EXPECT_TRUE(start("SIP/2.0 100").parse().ok());
}

TEST(Torture, ReadsOtherSchemesInFromAndTo) {
  const Text text{.from = "From: <http://www.example.org/>;tag=3234",
                  .to = "To: isbn:2983792873",
                  .more = "Contact: <name:John_Smith>\r\n"};
  const Parsed parsed = text.parse();
  EXPECT_TRUE(parsed.ok()) << parsed.problem;
}

TEST(Torture, ReadsAnOldCallersInvite) {
  const Text text{.via = "Via: SIP/2.0/UDP iftgw.example.org",
                  .from = "From: <sip:+13035551111@ift.example.org;user=phone>",
                  .to = "To: sip:+16505552222@ss1.example.org;user=phone",
                  .more = "Record-Route: <sip:desk@madoguchi.example;maddr=ss1.example.org>\r\n"};
  const Parsed parsed = text.parse();
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  EXPECT_FALSE(parsed.message.via()->has_magic_cookie());
  EXPECT_TRUE(parsed.message.to()->params.has("user"));
  EXPECT_FALSE(check_request(parsed.message, {}));
}

TEST(Torture, HoldsOverlargeNumbersWhereAnswersAllowIt) {
  const Parsed parsed = more(
                            "Expires: 10000000000000000\r\n"
                            "Contact: <sip:c@example.org>;expires=280297596632815\r\n")
                            .parse();
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  EXPECT_EQ(parsed.message.expires(), UINT32_MAX);
  EXPECT_EQ(parsed.message.contact()->expires(), UINT32_MAX);
}

TEST(Torture, TellsContactParametersFromUriParameters) {
  const Parsed parsed = more(
                            "Contact: sip:+19725552222@gw1.example.net;unknownparam,"
                            " <sip:+1972@gw2.example.net;unknownparam>\r\n")
                            .parse();
  ASSERT_TRUE(parsed.ok()) << parsed.problem;
  const auto contacts = parsed.message.name_addrs(Header::kContact);
  ASSERT_EQ(contacts->size(), 2U);
  EXPECT_TRUE(contacts->at(0).params.has("unknownparam"));
  EXPECT_FALSE(contacts->at(1).params.has("unknownparam"));
  EXPECT_TRUE(contacts->at(1).parse_uri()->has_param("unknownparam"));
}

// --- what is well-formed and still refused

struct Refused {
  const char* name;
  Text text;
  int status;  // 0: passes
  Header with = Header::kOther;
  const char* value = "";
};

Text method(const std::string& name, std::string lines = {}) {
  return {.start = name + " sip:desk@madoguchi.example SIP/2.0",
          .cseq = "CSeq: 7 " + name,
          .more = std::move(lines)};
}
Text body(std::string lines, std::string text) {
  return {.more = std::move(lines), .body = std::move(text)};
}

const Refused kRefused[] = {
    {"usual", {}, 0},
    {"unknown method", method("NEWMETHOD"), 501, Header::kAllow, "INVITE"},
    {"method in small letters", method("invite"), 501},
    {"method we do not take", method("PUBLISH"), 405, Header::kAllow, "BYE"},
    {"unknown scheme", start("INVITE nobodyknows:totallyopaquecontent SIP/2.0"), 416},
    {"atypical scheme", start("INVITE soap.beep://192.0.2.103:3002 SIP/2.0"), 416},
    {"telephone number", start("INVITE tel:+81-3-1234-5678 SIP/2.0"), 0},
    {"no hops left", more("Max-Forwards: 0\r\n"), 483},
    {"no hops left, meant for us", method("OPTIONS", "Max-Forwards: 0\r\n"), 0},
    {"unknown extensions", more("Require: nothingSupportsThis, 100rel, norThis\r\n"), 420,
     Header::kUnsupported, "norThis"},
    {"unknown proxy extensions", more("Proxy-Require: norDoAnyProxies\r\n"), 0},
    {"known extension", more("Require: TIMER\r\n"), 0},
    {"unknown body", body("Content-Type: application/unknownformat\r\n", "<audio/>"), 415,
     Header::kAccept, "application/sdp"},
    {"unknown body that is optional",
     body("Content-Type: application/unknownformat\r\nContent-Disposition: x;handling=optional\r\n",
          "<audio/>"),
     0},
    {"compressed body", body("Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", "123"),
     415, Header::kAcceptEncoding, "identity"},
    {"body without type", body("", "v=0\r\n"), 400},
    {"usual body", body("c: application/sdp\r\n", "v=0\r\n"), 0},
    {"body of parts", body("c: multipart/mixed;boundary=\"7a9cbec02ceef655\"\r\n", "--"), 0},
    {"no answer it could read", more("Accept: text/nobodyKnowsThis\r\n"), 406},
    {"any answer", more("Accept: text/nobodyKnowsThis, application/*\r\n"), 0},
};

TEST(RequestCheck, RefusesAsRfc3261Wants) {
  for (const Refused& refused : kRefused) {
    const Parsed parsed = refused.text.parse();
    ASSERT_TRUE(parsed.ok()) << refused.name << ": " << parsed.problem;
    const auto refusal = check_request(parsed.message, {});
    ASSERT_EQ(refusal ? refusal->status : 0, refused.status) << refused.name;
    if (!refusal) continue;
    const Message response = refusal_response(parsed.message, *refusal, "ours");
    EXPECT_EQ(response.to_tag(), "ours");
    if (refused.with == Header::kOther) continue;
    EXPECT_TRUE(response.lists(refused.with, refused.value)) << refused.name;
  }
}

TEST(RequestCheck, NeverRefusesAnAck) {
  const Parsed parsed = method("ACK", "Require: nothing\r\nMax-Forwards: 0\r\n").parse();
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(check_request(parsed.message, {}));
}

}  // namespace
}  // namespace madoguchi::sip
