#include "sip/transaction.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "sip/transaction_testing.h"

namespace madoguchi::sip {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Flow udp(std::uint16_t port = 5070) {
  return {Transport::kUdp, 0, *Endpoint::parse("192.0.2.7:" + std::to_string(port)), 0};
}
Flow tcp(ConnectionId connection = 9) {
  return {Transport::kTcp, 0, *Endpoint::parse("192.0.2.7:40000"), connection};
}

// One layer, time by hand, everything that came out since the last look.
class Bench {
 public:
  explicit Bench(TransactionOptions options = {}) : layer(std::move(options), entropy_) {}

  void receive(const Message& message, const Flow& flow) {
    layer.receive(message.to_bytes(), flow, now);
    drain();
  }
  void pass(Micros time) {
    const MonoTime until = now + time;
    while (const auto next = layer.next_deadline()) {
      if (*next > until) break;
      now = std::max(now, *next);
      layer.advance(now);
    }
    now = until;
    drain();
  }
  void drain() {
    while (auto outgoing = layer.poll_output()) out.push_back(std::move(*outgoing));
    while (auto event = layer.poll_event()) events.push_back(std::move(*event));
  }
  // Takes the messages sent since the last call.
  std::vector<Message> sent() {
    drain();
    std::vector<Message> messages;
    for (Outgoing& outgoing : out) {
      last_flow = outgoing.flow;
      last_origin = outgoing.origin;
      Parsed parsed = parse_message(std::move(outgoing.bytes), Framing::kStream);
      EXPECT_TRUE(parsed.ok()) << parsed.problem;
      messages.push_back(std::move(parsed.message));
    }
    out.clear();
    return messages;
  }
  template <typename Event>
  std::vector<Event> take() {
    drain();
    std::vector<Event> taken;
    std::vector<TransactionEvent> kept;
    for (TransactionEvent& event : events) {
      if (auto* wanted = std::get_if<Event>(&event))
        taken.push_back(std::move(*wanted));
      else
        kept.push_back(std::move(event));
    }
    events = std::move(kept);
    return taken;
  }

 private:
  SeededEntropy entropy_{7};

 public:
  TransactionLayer layer;
  MonoTime now{seconds(1000)};
  std::vector<Outgoing> out;
  std::vector<TransactionEvent> events;
  Flow last_flow;
  std::uint64_t last_origin = 0;
};

Message request(Method method, std::string_view branch = "z9hG4bKone",
                std::string_view via_params = ";rport") {
  Message message = Message::request(method, Uri::sip("0120000111", "192.0.2.1"));
  message.add(Header::kVia,
              "SIP/2.0/UDP 192.0.2.7:5070;branch=" + std::string(branch) + std::string(via_params));
  message.add(Header::kMaxForwards, "70");
  message.add(Header::kFrom, "<sip:caller@carrier.example>;tag=ft");
  message.add(Header::kTo, "<sip:0120000111@192.0.2.1>");
  message.add(Header::kCallId, "call-1@192.0.2.7");
  message.add(Header::kCSeq, "1 " + std::string(name_of(method)));
  message.add(Header::kContact, "<sip:caller@192.0.2.7:5070>");
  return message;
}

Message outgoing_request(Method method) {
  Message message = request(method);
  message.remove(Header::kVia);
  return message;
}

Message ack_to(const Message& response, std::string_view branch = "z9hG4bKone") {
  Message ack = request(Method::kAck, branch);
  ack.set(Header::kTo, response.first(Header::kTo).value());
  return ack;
}

// --- server INVITE

TEST(ServerInvite, SaysTryingAfter200Milliseconds) {
  Bench bench;
  bench.receive(request(Method::kInvite), udp());
  ASSERT_EQ(bench.take<RequestArrived>().size(), 1U);
  bench.pass(milliseconds(199));
  EXPECT_TRUE(bench.sent().empty());
  bench.pass(milliseconds(1));
  const auto sent = bench.sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].status(), 100);
  EXPECT_EQ(sent[0].to_tag(), "");
  bench.pass(seconds(300));
  EXPECT_TRUE(bench.sent().empty());
}

TEST(ServerInvite, SaysNoTryingOnceItsUserAnswered) {
  Bench bench;
  bench.receive(request(Method::kInvite), udp());
  const auto arrived = bench.take<RequestArrived>();
  bench.layer.respond(arrived[0].transaction, Message::response_to(arrived[0].message, 180),
                      bench.now);
  EXPECT_EQ(bench.sent().at(0).status(), 180);
  bench.pass(seconds(60));
  EXPECT_TRUE(bench.sent().empty());
}

TEST(ServerInvite, AbsorbsRepeatsAndRepeatsItsAnswer) {
  Bench bench;
  bench.receive(request(Method::kInvite), udp());
  bench.receive(request(Method::kInvite), udp());
  EXPECT_EQ(bench.sent().at(0).status(), 100);
  const auto arrived = bench.take<RequestArrived>();
  ASSERT_EQ(arrived.size(), 1U);
  bench.layer.respond(arrived[0].transaction, Message::response_to(arrived[0].message, 183),
                      bench.now);
  bench.receive(request(Method::kInvite), udp());
  const auto sent = bench.sent();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].to_bytes(), sent[1].to_bytes());
  EXPECT_FALSE(sent[0].to_tag().empty());
  EXPECT_EQ(bench.layer.counters().request_repeats, 2U);
}

TEST(ServerInvite, RepeatsARefusalUntilItsAckThenForgets) {
  Bench bench;
  bench.receive(request(Method::kInvite), udp());
  const auto arrived = bench.take<RequestArrived>();
  bench.layer.respond(arrived[0].transaction, Message::response_to(arrived[0].message, 486),
                      bench.now);
  const Message refusal = bench.sent().at(0);
  // Timer G: 0.5, 1.5, 3.5, 7.5, 11.5 s.
  bench.pass(milliseconds(11500));
  EXPECT_EQ(bench.sent().size(), 5U);
  bench.receive(ack_to(refusal), udp());
  bench.receive(ack_to(refusal), udp());
  EXPECT_TRUE(bench.take<AckArrived>().empty());
  bench.pass(seconds(6));
  EXPECT_TRUE(bench.sent().empty());
  EXPECT_EQ(bench.layer.size(), 0U);
  EXPECT_TRUE(bench.take<ServerFailed>().empty());
}

TEST(ServerInvite, TellsWhenNoAckComes) {
  Bench bench;
  bench.receive(request(Method::kInvite), udp());
  const auto arrived = bench.take<RequestArrived>();
  bench.layer.respond(arrived[0].transaction, Message::response_to(arrived[0].message, 486),
                      bench.now);
  bench.pass(seconds(33));
  ASSERT_EQ(bench.take<ServerFailed>().size(), 1U);
  EXPECT_EQ(bench.sent().size(), 11U);
  EXPECT_EQ(bench.layer.size(), 0U);
}

TEST(ServerInvite, LeavesRepeatsOfA2xxToItsUserAndAbsorbsTheInvites) {
  Bench bench;
  bench.receive(request(Method::kInvite), udp());
  const auto arrived = bench.take<RequestArrived>();
  const ServerId id = arrived[0].transaction;
  ASSERT_TRUE(bench.layer.respond(id, Message::response_to(arrived[0].message, 200), bench.now));
  const Message ok = bench.sent().at(0);
  bench.receive(request(Method::kInvite), udp());
  bench.pass(seconds(4));
  EXPECT_TRUE(bench.sent().empty());
  EXPECT_TRUE(bench.layer.resend(id));
  EXPECT_EQ(bench.sent().at(0).to_bytes(), ok.to_bytes());
  bench.receive(ack_to(ok, "z9hG4bKanother"), udp());
  EXPECT_EQ(bench.take<AckArrived>().size(), 1U);
  EXPECT_FALSE(bench.layer.respond(id, Message::response_to(arrived[0].message, 486), bench.now));
  bench.pass(seconds(33));
  EXPECT_FALSE(bench.layer.alive(id));
}

TEST(ServerInvite, ForgetsARefusalOnlyBeforeAnyProvisional) {
  Bench bench;
  bench.receive(request(Method::kInvite), udp());
  auto arrived = bench.take<RequestArrived>();
  bench.layer.respond_and_forget(arrived[0].transaction,
                                 Message::response_to(arrived[0].message, 407), bench.now);
  EXPECT_EQ(bench.layer.size(), 0U);
  bench.receive(ack_to(bench.sent().at(0)), udp());
  EXPECT_EQ(bench.layer.counters().stray_acks, 1U);
  bench.receive(request(Method::kInvite), udp());
  bench.receive(request(Method::kInvite), udp());
  bench.pass(seconds(1));
  EXPECT_EQ(bench.sent().size(), 1U);  // the 100, once
  arrived = bench.take<RequestArrived>();
  bench.layer.respond_and_forget(arrived[0].transaction,
                                 Message::response_to(arrived[0].message, 407), bench.now);
  bench.pass(seconds(1));
  EXPECT_EQ(bench.sent().size(), 2U);
  EXPECT_EQ(bench.layer.size(), 1U);
}

TEST(ServerInvite, OnAStreamARefusalIsSentOnceAndTheAckEndsIt) {
  Bench bench;
  bench.receive(request(Method::kInvite), tcp());
  const auto arrived = bench.take<RequestArrived>();
  bench.layer.respond(arrived[0].transaction, Message::response_to(arrived[0].message, 404),
                      bench.now);
  bench.pass(seconds(10));
  const auto sent = bench.sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(bench.last_flow, tcp());
  bench.receive(ack_to(sent[0]), tcp());
  EXPECT_EQ(bench.layer.size(), 0U);
}

TEST(ServerInvite, AnswersOverANewConnectionWhenItsOwnIsGone) {
  Bench bench;
  bench.receive(request(Method::kInvite), tcp());
  const auto arrived = bench.take<RequestArrived>();
  bench.layer.connection_closed(9, bench.now);
  bench.layer.respond(arrived[0].transaction, Message::response_to(arrived[0].message, 486),
                      bench.now);
  EXPECT_EQ(bench.sent().at(0).status(), 486);
  EXPECT_EQ(bench.last_flow.connection, 0U);
  EXPECT_EQ(bench.last_flow.remote.text(), "192.0.2.7:5070");
  bench.layer.send_failed(bench.last_origin, bench.now);
  ASSERT_EQ(bench.take<ServerFailed>().size(), 1U);
  EXPECT_EQ(bench.layer.size(), 0U);
}

// --- CANCEL

TEST(Cancel, IsAnsweredAndReportedOnce) {
  Bench bench;
  bench.receive(request(Method::kInvite), udp());
  const auto arrived = bench.take<RequestArrived>();
  bench.receive(request(Method::kCancel), udp());
  bench.receive(request(Method::kCancel), udp());
  const auto sent = bench.sent();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].status(), 200);
  EXPECT_EQ(sent[0].method(), Method::kCancel);
  EXPECT_EQ(sent[0].to_tag(), bench.layer.to_tag(arrived[0].transaction));
  const auto cancelled = bench.take<CancelArrived>();
  ASSERT_EQ(cancelled.size(), 1U);
  EXPECT_EQ(cancelled[0].invite, arrived[0].transaction);
}

TEST(Cancel, TooLateIsAnsweredButNotReported) {
  Bench bench;
  bench.receive(request(Method::kInvite), udp());
  const auto arrived = bench.take<RequestArrived>();
  bench.layer.respond(arrived[0].transaction, Message::response_to(arrived[0].message, 200),
                      bench.now);
  bench.sent();
  bench.receive(request(Method::kCancel), udp());
  EXPECT_EQ(bench.sent().at(0).status(), 200);
  EXPECT_TRUE(bench.take<CancelArrived>().empty());
}

TEST(Cancel, OfNothingIs481) {
  Bench bench;
  bench.receive(request(Method::kCancel), udp());
  EXPECT_EQ(bench.sent().at(0).status(), 481);
  EXPECT_EQ(bench.layer.counters().cancel_unmatched, 1U);
}

TEST(Cancel, WaitsForAProvisionalResponse) {
  Bench bench;
  const ClientId id =
      bench.layer.send_request(outgoing_request(Method::kInvite), udp(), "192.0.2.1", bench.now);
  const Message invite = bench.sent().at(0);
  bench.layer.cancel(id, bench.now, "SIP;cause=200");
  EXPECT_TRUE(bench.sent().empty());
  bench.receive(Message::response_to(invite, 180, {}, "rt"), udp());
  const Message cancel = bench.sent().at(0);
  EXPECT_EQ(cancel.method(), Method::kCancel);
  EXPECT_EQ(cancel.via()->branch(), invite.via()->branch());
  EXPECT_EQ(cancel.to_tag(), "");
  EXPECT_EQ(cancel.cseq()->number, 1U);
  EXPECT_EQ(cancel.first(Header::kReason), "SIP;cause=200");
  bench.receive(Message::response_to(cancel, 200, {}, "rt"), udp());
  bench.receive(Message::response_to(invite, 487, {}, "rt"), udp());
  EXPECT_EQ(bench.sent().at(0).method(), Method::kAck);
  EXPECT_EQ(bench.take<ResponseArrived>().size(), 2U);
  bench.pass(seconds(40));
  EXPECT_EQ(bench.layer.size(), 0U);
  EXPECT_EQ(bench.take<ClientEnded>().size(), 1U);
}

TEST(Cancel, GivesUpOnAnInviteThatNeverEnds) {
  Bench bench;
  const ClientId id =
      bench.layer.send_request(outgoing_request(Method::kInvite), udp(), "192.0.2.1", bench.now);
  bench.receive(Message::response_to(bench.sent().at(0), 180, {}, "rt"), udp());
  bench.pass(seconds(100));
  EXPECT_TRUE(bench.take<ClientTimedOut>().empty());
  bench.layer.cancel(id, bench.now);
  bench.pass(seconds(33));
  EXPECT_EQ(bench.take<ClientTimedOut>().size(), 1U);
  EXPECT_EQ(bench.layer.size(), 0U);
}

// --- client INVITE

TEST(ClientInvite, RepeatsWithDoublingIntervalsAndTimesOut) {
  Bench bench;
  bench.layer.send_request(outgoing_request(Method::kInvite), udp(), "192.0.2.1:5060", bench.now);
  const Message invite = bench.sent().at(0);
  EXPECT_TRUE(invite.via()->has_magic_cookie());
  EXPECT_EQ(invite.via()->host, "192.0.2.1");
  bench.pass(seconds(33));
  EXPECT_EQ(bench.sent().size(), 6U);  // at 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s
  EXPECT_EQ(bench.take<ClientTimedOut>().size(), 1U);
  EXPECT_EQ(bench.take<ClientEnded>().size(), 1U);
  EXPECT_EQ(bench.layer.size(), 0U);
}

TEST(ClientInvite, AcknowledgesEachRepeatOfARefusal) {
  Bench bench;
  bench.layer.send_request(outgoing_request(Method::kInvite), udp(), "192.0.2.1", bench.now);
  const Message invite = bench.sent().at(0);
  const Message busy = Message::response_to(invite, 486, {}, "rt");
  bench.receive(busy, udp());
  bench.receive(busy, udp());
  const auto acks = bench.sent();
  ASSERT_EQ(acks.size(), 2U);
  EXPECT_EQ(acks[0].method(), Method::kAck);
  EXPECT_EQ(acks[0].via()->branch(), invite.via()->branch());
  EXPECT_EQ(acks[0].to_tag(), "rt");
  EXPECT_EQ(acks[0].cseq()->method, Method::kAck);
  EXPECT_EQ(bench.take<ResponseArrived>().size(), 1U);
  bench.pass(seconds(33));
  EXPECT_EQ(bench.take<ClientEnded>().size(), 1U);
}

TEST(ClientInvite, PassesOnEvery2xxOfEveryFork) {
  Bench bench;
  bench.layer.send_request(outgoing_request(Method::kInvite), udp(), "192.0.2.1", bench.now);
  const Message invite = bench.sent().at(0);
  bench.receive(Message::response_to(invite, 200, {}, "one"), udp());
  bench.receive(Message::response_to(invite, 200, {}, "two"), udp());
  bench.receive(Message::response_to(invite, 200, {}, "one"), udp());
  bench.receive(Message::response_to(invite, 486, {}, "three"), udp());
  EXPECT_EQ(bench.take<ResponseArrived>().size(), 3U);
  EXPECT_TRUE(bench.sent().empty());
  bench.pass(seconds(33));
  EXPECT_EQ(bench.take<ClientEnded>().size(), 1U);
}

TEST(ClientInvite, KeepsTheSameBytesForEachAckOfA2xx) {
  Bench bench;
  Message ack = outgoing_request(Method::kAck);
  bench.layer.send_ack(ack, udp(), "192.0.2.1");
  bench.layer.send_ack(ack, udp(), "192.0.2.1");
  const auto sent = bench.sent();
  EXPECT_EQ(sent[0].to_bytes(), sent[1].to_bytes());
}

TEST(ClientInvite, TellsWhenItCannotBeSent) {
  Bench bench;
  bench.layer.send_request(outgoing_request(Method::kInvite), tcp(), "192.0.2.1", bench.now);
  EXPECT_EQ(bench.sent().size(), 1U);
  bench.layer.send_failed(bench.last_origin, bench.now);
  EXPECT_EQ(bench.take<ClientTransportFailed>().size(), 1U);
  EXPECT_EQ(bench.take<ClientEnded>().size(), 1U);
  EXPECT_EQ(bench.layer.size(), 0U);
}

// --- others

TEST(ClientOther, RepeatsUpToFourSecondsApart) {
  Bench bench;
  bench.layer.send_request(outgoing_request(Method::kOptions), udp(), "192.0.2.1", bench.now);
  bench.pass(seconds(33));
  EXPECT_EQ(bench.sent().size(), 11U);  // 0, 0.5, 1.5, 3.5, 7.5 ... 31.5 s
  EXPECT_EQ(bench.take<ClientTimedOut>().size(), 1U);
}

TEST(ClientOther, FailsWithTheConnectionItWaitsOn) {
  Bench bench;
  bench.layer.send_request(outgoing_request(Method::kBye), tcp(5), "192.0.2.1", bench.now);
  bench.layer.send_request(outgoing_request(Method::kBye), tcp(6), "192.0.2.1", bench.now);
  bench.layer.connection_closed(5, bench.now);
  EXPECT_EQ(bench.take<ClientTransportFailed>().size(), 1U);
  EXPECT_EQ(bench.layer.size(), 1U);
}

TEST(ClientOther, DropsResponsesThatMatchNothing) {
  Bench bench;
  Message stray = Message::response_to(request(Method::kOptions, "z9hG4bKnobody"), 200, {}, "x");
  bench.receive(stray, udp());
  bench.layer.send_request(outgoing_request(Method::kOptions), udp(), "192.0.2.1", bench.now);
  Message two_vias = Message::response_to(bench.sent().at(0), 200, {}, "x");
  two_vias.add(Header::kVia, "SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKz");
  bench.receive(two_vias, udp());
  EXPECT_TRUE(bench.take<ResponseArrived>().empty());
  EXPECT_EQ(bench.layer.counters().stray_responses, 2U);
}

TEST(ServerOther, AbsorbsRepeatsAndRepeatsTheAnswer) {
  Bench bench;
  bench.receive(request(Method::kOptions), udp());
  bench.receive(request(Method::kOptions), udp());
  EXPECT_TRUE(bench.sent().empty());
  const auto arrived = bench.take<RequestArrived>();
  ASSERT_EQ(arrived.size(), 1U);
  bench.layer.respond(arrived[0].transaction, Message::response_to(arrived[0].message, 200),
                      bench.now);
  bench.receive(request(Method::kOptions), udp());
  const auto sent = bench.sent();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].to_bytes(), sent[1].to_bytes());
  bench.pass(seconds(33));
  EXPECT_EQ(bench.layer.size(), 0U);
}

TEST(ServerOther, IsForgottenWhenNobodyAnswersIt) {
  Bench bench;
  bench.receive(request(Method::kOptions), udp());
  bench.pass(seconds(33));
  EXPECT_EQ(bench.layer.size(), 0U);
}

TEST(ServerOther, GivesRefusalsTheSameTagWithoutKeepingThem) {
  Bench bench;
  std::vector<std::string> tags;
  for (int i = 0; i < 2; ++i) {
    bench.receive(request(Method::kRegister), udp());
    const auto arrived = bench.take<RequestArrived>();
    ASSERT_EQ(arrived.size(), 1U);
    ASSERT_TRUE(bench.layer.respond_and_forget(
        arrived[0].transaction, Message::response_to(arrived[0].message, 401), bench.now));
    tags.emplace_back(bench.sent().at(0).to_tag());
    EXPECT_EQ(bench.layer.size(), 0U);
  }
  EXPECT_EQ(tags[0], tags[1]);
}

// --- matching, refusing, routing

TEST(Matching, TakesAnOldInviteItsRepeatAckAndCancelTogether) {
  Bench bench;
  const auto old = [](Method method) {
    Message message = request(method, "1", "");
    message.set(Header::kVia, "SIP/2.0/UDP 192.0.2.7:5070");
    message.set(Header::kFrom, "<sip:caller@carrier.example>");
    return message;
  };
  bench.receive(old(Method::kInvite), udp());
  bench.receive(old(Method::kInvite), udp());
  const auto arrived = bench.take<RequestArrived>();
  ASSERT_EQ(arrived.size(), 1U);
  bench.receive(old(Method::kCancel), udp());
  ASSERT_EQ(bench.take<CancelArrived>().size(), 1U);
  bench.layer.respond(arrived[0].transaction, Message::response_to(arrived[0].message, 487),
                      bench.now);
  bench.sent();
  Message ack = old(Method::kAck);
  ack.set(Header::kTo,
          "<sip:0120000111@192.0.2.1>;tag=" + bench.layer.to_tag(arrived[0].transaction));
  bench.receive(ack, udp());
  EXPECT_TRUE(bench.take<AckArrived>().empty());
  bench.pass(seconds(6));
  EXPECT_EQ(bench.layer.size(), 0U);
}

TEST(Matching, RefusesAMergedRequest) {
  Bench bench;
  bench.receive(request(Method::kInvite, "z9hG4bKone"), udp());
  bench.receive(request(Method::kInvite, "z9hG4bKtwo"), udp());
  EXPECT_EQ(bench.take<RequestArrived>().size(), 1U);
  const auto sent = bench.sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].status(), 482);
  bench.receive(ack_to(sent[0], "z9hG4bKtwo"), udp());
  EXPECT_TRUE(bench.take<AckArrived>().empty());
  EXPECT_EQ(bench.layer.counters().stray_acks, 1U);
}

TEST(Matching, TellsSendersWithEqualBranchesApart) {
  Bench bench;
  Message other = request(Method::kOptions);
  other.set(Header::kVia, "SIP/2.0/UDP 192.0.2.8:5070;branch=z9hG4bKone");
  other.set(Header::kCallId, "another");
  bench.receive(request(Method::kOptions), udp());
  bench.receive(other, udp());
  EXPECT_EQ(bench.take<RequestArrived>().size(), 2U);
}

TEST(Routing, FollowsRportOrTheVia) {
  Bench bench;
  bench.receive(request(Method::kCancel, "z9hG4bKone", ";rport"), udp(61234));
  EXPECT_EQ(bench.sent().at(0).via()->params.value("rport"), "61234");
  EXPECT_EQ(bench.last_flow.remote.port, 61234);
  bench.receive(request(Method::kCancel, "z9hG4bKone", ""), udp(61234));
  bench.sent();
  EXPECT_EQ(bench.last_flow.remote.text(), "192.0.2.7:5070");
  bench.receive(request(Method::kCancel, "z9hG4bKone", ";maddr=198.51.100.1"), udp(61234));
  bench.sent();
  EXPECT_EQ(bench.last_flow.remote.text(), "192.0.2.7:5070");
}

TEST(Refusing, AnswersWhatIsMalformedAndCountsIt) {
  Bench bench;
  Message bad = request(Method::kInvite);
  bad.set(Header::kCSeq, "many INVITE");
  bench.receive(bad, udp());
  ASSERT_EQ(bench.out.size(), 1U);
  EXPECT_NE(bench.out[0].bytes.find("SIP/2.0 400 Bad CSeq"), std::string::npos);
  bench.out.clear();
  bad.set(Header::kCSeq, "1 ACK");
  Message ack = request(Method::kAck);
  ack.remove(Header::kCallId);
  bench.receive(ack, udp());
  EXPECT_TRUE(bench.out.empty());
  EXPECT_EQ(bench.layer.counters().malformed_refused, 1U);
  EXPECT_EQ(bench.layer.counters().malformed_dropped, 1U);
}

TEST(Refusing, IsSilentToKeepAlives) {
  Bench bench;
  for (const std::string& bytes : {std::string("\r\n\r\n"), std::string(), std::string(4, '\0')})
    bench.layer.receive(bytes, udp(), bench.now);
  bench.drain();
  EXPECT_TRUE(bench.out.empty());
  EXPECT_EQ(bench.layer.counters().keep_alives, 3U);
  EXPECT_EQ(bench.layer.counters().malformed_dropped, 0U);
}

TEST(Refusing, SaysWhatItTakesInstead) {
  Bench bench;
  bench.receive(request(Method::kPublish), udp());
  const Message refusal = bench.sent().at(0);
  EXPECT_EQ(refusal.status(), 405);
  EXPECT_TRUE(refusal.lists(Header::kAllow, "INVITE"));
  EXPECT_TRUE(bench.take<RequestArrived>().empty());
  EXPECT_EQ(bench.layer.size(), 0U);
}

TEST(Refusing, Answers503WhenFull) {
  TransactionOptions options;
  options.max_transactions = 1;
  Bench bench(options);
  bench.receive(request(Method::kOptions, "z9hG4bKone"), udp());
  Message other = request(Method::kOptions, "z9hG4bKtwo");
  other.set(Header::kCallId, "another");
  bench.receive(other, udp());
  const Message refusal = bench.sent().at(0);
  EXPECT_EQ(refusal.status(), 503);
  EXPECT_TRUE(refusal.has(Header::kRetryAfter));
  EXPECT_FALSE(
      bench.layer.send_request(outgoing_request(Method::kOptions), udp(), "a", bench.now).valid());
}

}  // namespace
}  // namespace madoguchi::sip
