// Calls between two user agents over a quiet network: every flow once. The races are in
// user_agent_races_test.cc, offers within calls in user_agent_offers_test.cc.
#include "sip/user_agent.h"

#include <gtest/gtest.h>

#include "sip/digest.h"
#include "sip/user_agent_testing.h"

namespace madoguchi::sip {
namespace {

TEST(UserAgent, ACallIsSetUpAndEndedByTheCaller) {
  TwoParties t;
  t.a = t.invite(t.offer_text());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  EXPECT_EQ(incoming.sdp, t.offer_text());
  EXPECT_EQ(incoming.called, "0120000000");
  EXPECT_EQ(incoming.caller.number.reveal(), "0312345678");
  ASSERT_TRUE(
      t.bob.agent->provisional(incoming.session, 180, {}, t.sim.now, ReliableProvisionals::kOff));
  EXPECT_EQ(t.sim.wait<CallProgress>(t.alice).status, 180);
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, t.answer_text(), t.sim.now));
  const auto answered = t.sim.wait<CallAnswered>(t.alice);
  EXPECT_EQ(answered.sdp, t.answer_text());
  EXPECT_EQ(answered.role, SdpRole::kAnswer);
  t.sim.wait<CallConfirmed>(t.bob);
  EXPECT_TRUE(t.bob.agent->summary(incoming.session)->confirmed);
  ASSERT_TRUE(t.alice.agent->bye(t.a, t.sim.now, "Q.850;cause=16"));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kByUs);
  const auto ended = t.sim.wait<SessionEnded>(t.bob);
  EXPECT_EQ(ended.cause, EndCause::kByPeer);
  EXPECT_EQ(ended.reason, "Q.850;cause=16");
  EXPECT_FALSE(t.alice.agent->bye(t.a, t.sim.now)) << "the session is over";
  t.expect_clean();
}

TEST(UserAgent, TheCalledSideEndsTheCall) {
  TwoParties t;
  t.connect();
  ASSERT_TRUE(t.bob.agent->hang_up(t.b, t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kByPeer);
  t.expect_clean();
}

TEST(UserAgent, WithoutAnOfferTheCalledSideOffersAndTheAckAnswers) {
  TwoParties t;
  t.a = t.invite(std::nullopt);
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  EXPECT_TRUE(incoming.sdp.empty());
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, t.offer_text(), t.sim.now));
  const auto answered = t.sim.wait<CallAnswered>(t.alice);
  EXPECT_EQ(answered.role, SdpRole::kOffer);
  EXPECT_EQ(answered.sdp, t.offer_text());
  t.sim.run_for(seconds(2));
  EXPECT_FALSE(t.sim.take<CallConfirmed>(t.bob)) << "the ACK waits for our answer";
  ASSERT_TRUE(t.alice.agent->answer_offer(t.a, t.answer_text(), t.sim.now));
  EXPECT_EQ(t.sim.wait<AnswerReceived>(t.bob).sdp, t.answer_text());
  t.sim.wait<CallConfirmed>(t.bob);
  ASSERT_TRUE(t.alice.agent->bye(t.a, t.sim.now));
  t.sim.wait<SessionEnded>(t.bob);
  t.expect_clean();
}

TEST(UserAgent, ARefusalReachesTheCallerWithItsStatus) {
  TwoParties t;
  t.a = t.invite(t.offer_text());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  EXPECT_FALSE(t.bob.agent->reject(incoming.session, 302, t.sim.now)) << "never redirected";
  ASSERT_TRUE(
      t.bob.agent->reject(incoming.session, 503, t.sim.now, "Down", {{"Retry-After", "7"}}));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.bob).cause, EndCause::kByUs);
  const auto ended = t.sim.wait<SessionEnded>(t.alice);
  EXPECT_EQ(ended.cause, EndCause::kRefused);
  EXPECT_EQ(ended.status, 503);
  EXPECT_EQ(ended.reason, "Down");
  EXPECT_EQ(ended.retry_after, seconds(7));
  t.expect_clean();
}

TEST(UserAgent, ACancelEndsARingingCall) {
  TwoParties t;
  t.a = t.invite(t.offer_text());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  ASSERT_TRUE(t.bob.agent->provisional(incoming.session, 180, {}, t.sim.now));
  t.sim.wait<CallProgress>(t.alice);
  ASSERT_TRUE(t.alice.agent->cancel(t.a, t.sim.now, "SIP;cause=200"));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kByUs);
  const auto ended = t.sim.wait<SessionEnded>(t.bob);
  EXPECT_EQ(ended.cause, EndCause::kCancelled);
  EXPECT_EQ(ended.reason, "SIP;cause=200");
  EXPECT_FALSE(t.bob.agent->accept(incoming.session, t.answer_text(), t.sim.now));
  t.expect_clean();
}

TEST(UserAgent, NobodyAnsweringIsATimeOut) {
  TwoParties t;
  t.sim.weather.lost_percent = 100;
  t.a = t.invite(t.offer_text());
  const auto ended = t.sim.wait<SessionEnded>(t.alice);
  EXPECT_EQ(ended.cause, EndCause::kTimedOut);
  EXPECT_EQ(ended.status, 408);
  EXPECT_EQ(t.sim.now.time_since_epoch(), seconds(32));
  t.expect_clean();
}

TEST(UserAgent, RingingForEverIsGivenUpAndCancelled) {
  TwoParties t;
  auto call = t.call(t.offer_text());
  call.give_up_after = seconds(40);
  t.a = t.invite(std::move(call));
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  ASSERT_TRUE(t.bob.agent->provisional(incoming.session, 180, {}, t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kTimedOut);
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.bob).cause, EndCause::kCancelled);
  t.expect_clean();
}

TEST(UserAgent, ProvisionalsAreRepeatedEveryMinute) {
  TwoParties t;
  t.a = t.invite(t.offer_text());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  ASSERT_TRUE(
      t.bob.agent->provisional(incoming.session, 180, {}, t.sim.now, ReliableProvisionals::kOff));
  t.sim.run_for(seconds(150));
  EXPECT_EQ(count_sent(t.bob, "SIP/2.0 180"), 3);
}

TEST(UserAgent, EarlyMediaReachesTheCallerUnreliably) {
  TwoParties t;
  t.a = t.invite(t.offer_text());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  ASSERT_TRUE(t.bob.agent->provisional(incoming.session, 183, t.answer_text(), t.sim.now,
                                       ReliableProvisionals::kOff));
  const auto progress = t.sim.wait<CallProgress>(t.alice);
  EXPECT_EQ(progress.sdp, t.answer_text());
  EXPECT_EQ(progress.role, SdpRole::kAnswer);
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, {}, t.sim.now));
  EXPECT_EQ(t.sim.wait<CallAnswered>(t.alice).sdp, t.answer_text());
}

TEST(UserAgent, ReliableProvisionalsSurviveLossAndSettleTheAnswer) {
  TwoParties t(3, {30, 10, milliseconds(5), milliseconds(50)});
  auto call = t.call(t.offer_text());
  call.reliable = ReliableProvisionals::kRequired;
  t.a = t.invite(std::move(call));
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  EXPECT_TRUE(incoming.reliable_provisionals);
  ASSERT_TRUE(t.bob.agent->provisional(incoming.session, 183, t.answer_text(), t.sim.now));
  ASSERT_TRUE(t.bob.agent->provisional(incoming.session, 180, {}, t.sim.now));
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, {}, t.sim.now)) << "waits for the PRACK";
  EXPECT_EQ(count_sent(t.bob, "SIP/2.0 200"), 0);
  const auto progress = t.sim.wait<CallProgress>(t.alice);
  EXPECT_EQ(progress.status, 183);
  EXPECT_EQ(progress.sdp, t.answer_text());
  const auto answered = t.sim.wait<CallAnswered>(t.alice);
  EXPECT_EQ(answered.sdp, t.answer_text()) << "repeated from the provisional";
  t.sim.wait<CallConfirmed>(t.bob);
  EXPECT_GE(count_sent(t.alice, "PRACK"), 2);
}

TEST(UserAgent, AnOfferInAReliableProvisionalIsAnsweredByThePrack) {
  TwoParties t;
  t.a = t.invite(std::nullopt);
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  EXPECT_FALSE(t.bob.agent->provisional(incoming.session, 183, t.offer_text(), t.sim.now,
                                        ReliableProvisionals::kOff));
  ASSERT_TRUE(t.bob.agent->provisional(incoming.session, 183, t.offer_text(), t.sim.now));
  const auto progress = t.sim.wait<CallProgress>(t.alice);
  EXPECT_EQ(progress.role, SdpRole::kOffer);
  ASSERT_TRUE(t.alice.agent->answer_offer(t.a, t.answer_text(), t.sim.now));
  EXPECT_EQ(t.sim.wait<AnswerReceived>(t.bob).sdp, t.answer_text());
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, {}, t.sim.now));
  EXPECT_EQ(t.sim.wait<CallAnswered>(t.alice).role, SdpRole::kNone);
  t.sim.wait<CallConfirmed>(t.bob);
}

TEST(UserAgent, AProvisionalThatNobodyAcknowledgesEndsTheInvite) {
  TwoParties t;
  t.sim.drop = [](const std::string& bytes) { return bytes.starts_with("PRACK"); };
  t.a = t.invite(t.offer_text());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  ASSERT_TRUE(t.bob.agent->provisional(incoming.session, 183, t.answer_text(), t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.bob).cause, EndCause::kNoAck);
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).status, 504);
  t.sim.drop = nullptr;
  t.expect_clean();
}

TEST(UserAgent, A2xxIsRepeatedUntilItsAckAndGivenUpWithABye) {
  TwoParties t;
  t.sim.drop = [](const std::string& bytes) { return bytes.starts_with("ACK"); };
  t.a = t.invite(t.offer_text());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, t.answer_text(), t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.bob).cause, EndCause::kNoAck);
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kByPeer);
  EXPECT_EQ(count_sent(t.alice, "ACK"), 11) << "one for each 2xx: 0.5, 1, 2, 4, 4 ... s";
  t.expect_clean();
}

TEST(UserAgent, ACallHungUpBeforeItsAckWaitsWithTheBye) {
  TwoParties t;
  bool hold_ack = true;
  t.sim.drop = [&](const std::string& bytes) { return hold_ack && bytes.starts_with("ACK"); };
  t.a = t.invite(t.offer_text());
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, t.answer_text(), t.sim.now));
  ASSERT_TRUE(t.bob.agent->hang_up(incoming.session, t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.bob).cause, EndCause::kByUs);
  t.sim.run_for(seconds(3));
  EXPECT_EQ(count_sent(t.bob, "BYE"), 0);
  hold_ack = false;
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kByPeer);
  t.expect_clean();
}

TEST(UserAgent, ThePolicyDecidesWhoMayCall) {
  TwoParties t;
  t.bob.admission = [](const Message&, const Flow&, MonoTime) { return Admission::refuse(403); };
  t.invite(t.offer_text());
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).status, 403);
  t.bob.admission = [](const Message&, const Flow&, MonoTime) { return Admission::ignore(); };
  t.invite(t.offer_text());
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).cause, EndCause::kTimedOut);
  EXPECT_GE(t.bob.agent->counters().ignored, 1u);
  t.expect_clean();
}

TEST(UserAgent, AChallengeIsAnsweredWhenALoginIsGiven) {
  TwoParties t;
  SeededEntropy entropy(9);
  DigestAuthenticator digest({"example.com"}, entropy);
  const auto secret = DigestSecret::of("alice", "example.com", "open sesame");
  t.bob.admission = [&](const Message& request, const Flow&, MonoTime now) {
    const auto outcome = digest.check(
        request, Header::kAuthorization, [&](std::string_view) { return std::optional(secret); },
        now);
    if (outcome.verdict == DigestAuthenticator::Verdict::kAccepted)
      return Admission::accept(Trust::kUntrusted, outcome.user);
    return Admission::challenge(digest.challenge(request, Header::kAuthorization, false, now));
  };
  auto call = t.call(t.offer_text());
  call.login = Login{"alice", "open sesame"};
  t.a = t.invite(call);
  const auto incoming = t.sim.wait<IncomingCall>(t.bob);
  EXPECT_EQ(incoming.account, "alice");
  ASSERT_TRUE(t.bob.agent->accept(incoming.session, t.answer_text(), t.sim.now));
  t.sim.wait<CallAnswered>(t.alice);
  t.sim.wait<CallConfirmed>(t.bob);
  call.login->password = "wrong";
  t.invite(call);
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).status, 401);
  call.login.reset();
  t.invite(call);
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).status, 401);
}

TEST(UserAgent, InfoCarriesDigits) {
  TwoParties t;
  t.connect();
  ASSERT_TRUE(t.alice.agent->info(t.a, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n",
                                  t.sim.now));
  EXPECT_EQ(t.sim.wait<InfoReceived>(t.bob).digit, '5');
  ASSERT_TRUE(t.alice.agent->info(t.a, "application/dtmf", "#", t.sim.now));
  EXPECT_EQ(t.sim.wait<InfoReceived>(t.bob).digit, '#');
}

TEST(UserAgent, RequestsOfNoCallGet481AndOptionsAnAnswer) {
  TwoParties t;
  const auto ask = [&](Method method) {
    OutgoingRequest request;
    request.method = method;
    request.target = t.bob.uri("x");
    request.flow = t.alice.flow_to(t.bob);
    request.from = t.alice.uri("y");
    EXPECT_TRUE(t.alice.agent->send_request(std::move(request), t.sim.now));
    return t.sim.wait<ResponseReceived>(t.alice);
  };
  const auto options = ask(Method::kOptions);
  EXPECT_EQ(options.status, 200);
  EXPECT_TRUE(options.message->lists(Header::kAllow, "INVITE"));
  EXPECT_TRUE(options.message->lists(Header::kSupported, "timer"));
  EXPECT_EQ(ask(Method::kBye).status, 481);
  EXPECT_EQ(ask(Method::kInfo).status, 481);
  EXPECT_EQ(ask(Method::kRefer).status, 403);
  EXPECT_EQ(ask(Method::kRegister).status, 405);
  EXPECT_EQ(ask(Method::kPublish).status, 405);
}

TEST(UserAgent, DeliveredMethodsAreAnsweredByTheOwner) {
  UserAgentOptions options;
  options.delivered_methods = {Method::kRegister};
  TwoParties t(1, {}, options);
  OutgoingRequest request;
  request.method = Method::kRegister;
  request.target = t.bob.uri("");
  request.flow = t.alice.flow_to(t.bob);
  request.from = t.alice.uri("alice");
  request.headers = {{"Contact", "<sip:alice@192.0.2.1>"}};
  ASSERT_TRUE(t.alice.agent->send_request(request, t.sim.now));
  const auto received = t.sim.wait<RequestReceived>(t.bob);
  EXPECT_EQ(received.message.method(), Method::kRegister);
  ASSERT_TRUE(t.bob.agent->respond(received.request, 200, t.sim.now, {{"Expires", "60"}}));
  EXPECT_FALSE(t.bob.agent->respond(received.request, 200, t.sim.now)) << "once";
  const auto response = t.sim.wait<ResponseReceived>(t.alice);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.message->expires(), 60u);
  t.expect_clean();
}

TEST(UserAgent, ReferIsReportedByNotify) {
  TwoParties t;
  t.connect();
  const auto summary = *t.alice.agent->summary(t.a);
  const auto refer = [&](int cseq) {
    Message message = Message::request(Method::kRefer, t.bob.uri("x"));
    message.add(Header::kVia, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKr" + std::to_string(cseq));
    message.add(Header::kFrom,
                "<" + t.alice.uri("0312345678").text() + ">;tag=" + summary.local_tag);
    message.add(Header::kTo, "<" + t.bob.uri("0120000000").text() + ">;tag=" + summary.remote_tag);
    message.add(Header::kCallId, summary.call_id);
    message.add(Header::kCSeq, std::to_string(cseq) + " REFER");
    message.add(Header::kMaxForwards, "70");
    message.add(Header::kContact, "<sip:0312345678@192.0.2.1>");
    message.add(Header::kReferTo, "<sip:200@192.0.2.2>");
    t.bob.agent->receive({Transport::kUdp, 0, t.alice.endpoint, 0}, message.to_bytes(), t.sim.now);
  };
  refer(50);
  const auto referred = t.sim.wait<ReferReceived>(t.bob);
  EXPECT_EQ(referred.refer_to.text(), "sip:200@192.0.2.2");
  ASSERT_TRUE(t.bob.agent->accept_refer(t.b, t.sim.now));
  ASSERT_TRUE(t.bob.agent->refer_progress(t.b, 200, t.sim.now));
  t.sim.run_for(seconds(1));
  EXPECT_EQ(count_sent(t.bob, "SIP/2.0 202"), 1);
  refer(51);
  t.sim.wait<ReferReceived>(t.bob);
  ASSERT_TRUE(t.bob.agent->reject_refer(t.b, 603, t.sim.now));
  t.sim.run_for(seconds(1));
  EXPECT_EQ(count_sent(t.bob, "SIP/2.0 603"), 1);
  EXPECT_EQ(count_sent(t.bob, "NOTIFY"), 2);
}

TEST(UserAgent, ACallToItselfHasTwoSessions) {
  TwoParties t;
  auto call = t.call(t.offer_text());
  call.target = t.alice.uri("0120000000");
  call.flow = t.alice.flow_to(t.alice);
  t.a = t.invite(std::move(call));
  const auto incoming = t.sim.wait<IncomingCall>(t.alice);
  EXPECT_NE(incoming.session, t.a);
  ASSERT_TRUE(t.alice.agent->provisional(incoming.session, 180, {}, t.sim.now));
  ASSERT_TRUE(t.alice.agent->accept(incoming.session, t.answer_text(), t.sim.now));
  EXPECT_EQ(t.sim.wait<CallAnswered>(t.alice).session, t.a);
  EXPECT_EQ(t.sim.wait<CallConfirmed>(t.alice).session, incoming.session);
  ASSERT_TRUE(t.alice.agent->hang_up(t.a, t.sim.now));
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).session, t.a);
  EXPECT_EQ(t.sim.wait<SessionEnded>(t.alice).session, incoming.session);
  t.expect_clean();
}

TEST(UserAgent, AStreamThatClosesLeavesTheCallAndANewOneIsAskedFor) {
  UserAgentOptions options;
  options.sockets = {{Transport::kTcp, "192.0.2.1", 5060}};
  Party alice("192.0.2.1", 1, options);
  MonoTime now{};
  Flow flow{Transport::kTcp, 0, *Endpoint::parse("192.0.2.2:40000"), 5};
  const std::string head =
      " sip:1@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bKx\r\nFrom: "
      "<sip:2@192.0.2.2>;tag=b\r\nCall-ID: c\r\nMax-Forwards: 70\r\n"
      "Contact: <sip:2@192.0.2.2;transport=tcp>\r\n";
  const std::string sdp = TwoParties::offer_text();
  alice.agent->receive(flow,
                       "INVITE" + head + "To: <sip:1@192.0.2.1>\r\nCSeq: 1 INVITE\r\n" +
                           "Content-Type: application/sdp\r\nContent-Length: " +
                           std::to_string(sdp.size()) + "\r\n\r\n" + sdp,
                       now);
  const auto event = alice.agent->poll_event();
  ASSERT_TRUE(event) << alice.agent->poll_transmit()->bytes;
  const auto incoming = std::get<IncomingCall>(*event);
  ASSERT_TRUE(alice.agent->accept(incoming.session, TwoParties::answer_text(), now));
  EXPECT_EQ(alice.agent->poll_transmit()->flow, flow);
  const std::string tag = alice.agent->summary(incoming.session)->local_tag;
  alice.agent->receive(flow,
                       "ACK" + head + "To: <sip:1@192.0.2.1>;tag=" + tag +
                           "\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
                       now);
  EXPECT_TRUE(std::holds_alternative<CallConfirmed>(*alice.agent->poll_event()));
  alice.agent->connection_closed(5, now);
  EXPECT_FALSE(alice.agent->poll_event()) << "the call goes on";
  ASSERT_TRUE(alice.agent->info(incoming.session, "application/dtmf", "1", now));
  auto out = alice.agent->poll_transmit();
  while (out && !out->bytes.starts_with("INFO")) out = alice.agent->poll_transmit();
  ASSERT_TRUE(out);
  EXPECT_EQ(out->flow.connection, 0u) << "find or open one";
  EXPECT_EQ(out->flow.remote, *Endpoint::parse("192.0.2.2:5060"))
      << "to the Contact: nobody listens where the peer connected from";
  alice.agent->send_failed(out->origin, now);
  const auto ended = alice.agent->poll_event();
  ASSERT_TRUE(ended);
  EXPECT_EQ(std::get<SessionEnded>(*ended).cause, EndCause::kTransport);
}

TEST(UserAgent, BeyondItsLimitsItRefusesWith503) {
  UserAgentOptions options;
  options.max_sessions = 2;
  TwoParties t(1, {}, options);
  Party carol("192.0.2.3", 77);
  t.sim.join(carol);
  for (int i = 0; i < 3; ++i) {
    auto call = t.call(t.offer_text());
    call.flow = carol.flow_to(t.bob);
    ASSERT_TRUE(carol.agent->invite(std::move(call), t.sim.now));
  }
  const auto ended = t.sim.wait<SessionEnded>(carol);
  EXPECT_EQ(ended.status, 503);
  EXPECT_TRUE(ended.retry_after);
  EXPECT_EQ(t.bob.agent->session_count(), 2u);
  EXPECT_EQ(t.bob.agent->counters().overload, 1u);
}

}  // namespace
}  // namespace madoguchi::sip
