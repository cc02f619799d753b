#include "sip/offer_answer.h"

#include <gtest/gtest.h>

namespace madoguchi::sip {
namespace {

LocalAudio telephone(std::uint16_t port) {
  LocalAudio local;
  local.address = "192.0.2.1";
  local.port = port;
  return local;
}

LocalAudio browser_side() {
  LocalAudio local = telephone(9000);
  local.ice = {"ours", "0123456789012345678901", true, {}, true};
  local.dtls = {"sha-256", "AA:BB", DtlsSetup::kPassive};
  local.rtcp_mux = true;
  return local;
}

std::string offer_of(std::string_view media, std::string_view address = "198.51.100.1") {
  return "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 " + std::string(address) +
         "\r\nt=0 0\r\n" + std::string(media);
}

TEST(OfferAnswer, TwoEndsAgreeOnTheSameCodecAndDigits) {
  OfferAnswer caller(telephone(4000), 1);
  OfferAnswer callee(telephone(5000), 2);
  const auto answer = callee.answer(caller.offer().value());
  ASSERT_TRUE(answer) << answer.error().message;
  const auto agreed = caller.take_answer(*answer);
  ASSERT_TRUE(agreed) << agreed.error().message;
  EXPECT_EQ(agreed->port, 5000);
  EXPECT_EQ(agreed->rtcp_port, 5001);
  EXPECT_EQ(agreed->format.codec, AudioCodec::kPcmu);
  EXPECT_EQ(agreed->digits_send, 101);
  EXPECT_EQ(callee.agreement()->port, 4000);
  EXPECT_EQ(callee.agreement()->direction, Direction::kSendRecv);
}

TEST(OfferAnswer, KeepsThePeersNumberForDigits) {
  OfferAnswer callee(telephone(5000), 2);
  const auto answer = callee.answer(
      offer_of("m=audio 4000 RTP/AVP 8 97\r\na=rtpmap:97 telephone-event/8000\r\na=ptime:30\r\n"));
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->find("m=audio 5000 RTP/AVP 8 97"), std::string::npos) << *answer;
  EXPECT_EQ(callee.agreement()->digits_send, 97);
  EXPECT_EQ(callee.agreement()->format.codec, AudioCodec::kPcma);
  EXPECT_EQ(callee.agreement()->packet_ms, 30);
}

TEST(OfferAnswer, OurOrderWinsWhenAskedFor) {
  LocalAudio local = telephone(5000);
  local.codecs = {AudioCodec::kPcma, AudioCodec::kPcmu};
  local.order = CodecOrder::kOurs;
  OfferAnswer callee(local, 2);
  ASSERT_TRUE(callee.answer(offer_of("m=audio 4000 RTP/AVP 0 8\r\n")));
  EXPECT_EQ(callee.agreement()->format.codec, AudioCodec::kPcma);
}

TEST(OfferAnswer, OtherMediaAreRefusedInTheirPlace) {
  OfferAnswer callee(telephone(5000), 2);
  const auto answer = callee.answer(
      offer_of("m=video 4002 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0\r\nm=audio 4004 RTP/AVP 8\r\n"
               "m=image 4006 udptl t38\r\n"));
  ASSERT_TRUE(answer);
  const auto sdp = parse_sdp(*answer);
  ASSERT_TRUE(sdp) << sdp.error().message << *answer;
  ASSERT_EQ(sdp->media.size(), 4u);
  EXPECT_EQ(sdp->media[0].port, 0);
  EXPECT_EQ(sdp->media[0].kind, "video");
  EXPECT_EQ(sdp->media[1].port, 5000);
  EXPECT_EQ(sdp->media[2].port, 0);
  EXPECT_EQ(sdp->media[3].raw_formats, std::vector<std::string>{"t38"});
  const auto later = callee.offer();
  ASSERT_TRUE(later);
  EXPECT_EQ(parse_sdp(*later)->media.size(), 4u) << "the number of lines never changes";
}

TEST(OfferAnswer, WhatCannotBeAnsweredGets488) {
  const std::string_view offers[] = {
      "m=audio 4000 RTP/AVP 18\r\n",
      "m=audio 0 RTP/AVP 0\r\n",
      "m=video 4000 RTP/AVP 31\r\n",
      "m=audio 4000 RTP/SAVP 0\r\n",
      "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\na=fingerprint:sha-256 AA\r\n",
      "",
  };
  for (const auto media : offers) {
    OfferAnswer callee(telephone(5000), 2);
    const auto answer = callee.answer(offer_of(media));
    ASSERT_FALSE(answer) << media;
    EXPECT_EQ(refusal_status(answer.error()), 488) << media;
    EXPECT_FALSE(callee.agreement());
  }
  OfferAnswer callee(telephone(5000), 2);
  EXPECT_EQ(refusal_status(callee.answer("rubbish").error()), 400);
}

TEST(OfferAnswer, HoldsAndResumes) {
  OfferAnswer us(telephone(4000), 1);
  OfferAnswer them(telephone(5000), 2);
  ASSERT_TRUE(us.take_answer(them.answer(us.offer().value()).value()));
  const auto held = us.take_answer(them.answer(us.offer(Direction::kSendOnly).value()).value());
  ASSERT_TRUE(held);
  EXPECT_EQ(held->direction, Direction::kSendOnly);
  EXPECT_EQ(them.agreement()->direction, Direction::kRecvOnly);
  EXPECT_TRUE(them.agreement()->held_by_peer);
  ASSERT_TRUE(us.take_answer(them.answer(us.offer().value()).value()));
  EXPECT_FALSE(them.agreement()->held_by_peer);
  EXPECT_EQ(us.agreement()->direction, Direction::kSendRecv);
}

TEST(OfferAnswer, TheOldWayOfHoldingIsUnderstood) {
  OfferAnswer callee(telephone(5000), 2);
  const auto answer = callee.answer(offer_of("m=audio 4000 RTP/AVP 0\r\n", "0.0.0.0"));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(callee.agreement()->held_by_peer);
  EXPECT_EQ(callee.agreement()->direction, Direction::kRecvOnly);
}

TEST(OfferAnswer, TheVersionRisesOnlyWithAChange) {
  OfferAnswer us(telephone(4000), 7);
  const std::string first = us.offer().value();
  us.withdraw_offer();
  EXPECT_EQ(us.offer().value(), first);
  us.withdraw_offer();
  const auto held = parse_sdp(us.offer(Direction::kInactive).value());
  EXPECT_EQ(held->version, parse_sdp(first)->version + 1);
  EXPECT_EQ(held->session_id, 7u);
}

TEST(OfferAnswer, G711IsKnownByItsNameOnWhateverPayloadType) {
  OfferAnswer us(telephone(4000), 1);
  const auto answer =
      us.answer(offer_of("m=audio 6000 RTP/AVP 97 99\r\na=rtpmap:97 PCMU/8000\r\na=rtpmap:99 "
                         "telephone-event/8000\r\n"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_NE(answer->find("m=audio 4000 RTP/AVP 97 99\r\n"), std::string::npos) << *answer;
  EXPECT_NE(answer->find("a=rtpmap:97 PCMU/8000\r\n"), std::string::npos) << *answer;
  EXPECT_EQ(us.agreement()->format.codec, AudioCodec::kPcmu);
  EXPECT_EQ(us.agreement()->format.payload, 97);
}

TEST(OfferAnswer, OtherMediaWithMistakesAreRefusedInTheirPlace) {
  OfferAnswer us(telephone(4000), 1);
  const auto answer = us.answer(offer_of(
      "m=image 0 udptl\r\nm=audio 6000 RTP/AVP 0\r\na=rtcp:none\r\nm=video 6002 RTP/AVP\r\n"));
  ASSERT_TRUE(answer) << answer.error().message;
  const auto sdp = parse_sdp(*answer);
  ASSERT_TRUE(sdp) << *answer;
  ASSERT_EQ(sdp->media.size(), 3U);
  EXPECT_EQ(sdp->media[0].port, 0);
  EXPECT_EQ(sdp->media[1].port, 4000);
  EXPECT_EQ(sdp->media[2].port, 0);
  EXPECT_EQ(us.agreement()->rtcp_port, 6001);
}

TEST(OfferAnswer, SoundAtTheOtherKindOfAddressIsRefusedWith488) {
  OfferAnswer us(telephone(4000), 1);
  const auto answer = us.answer(
      "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n"
      "m=audio 6000 RTP/AVP 0\r\n");
  ASSERT_FALSE(answer);
  EXPECT_EQ(refusal_status(answer.error()), 488);
  ASSERT_TRUE(us.offer());
  EXPECT_FALSE(
      us.take_answer("v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n"
                     "m=audio 6000 RTP/AVP 0\r\n"));
}

TEST(OfferAnswer, OnlyOneOfferAtATime) {
  OfferAnswer us(telephone(4000), 1);
  ASSERT_TRUE(us.offer());
  EXPECT_FALSE(us.offer());
  const auto glare = us.answer(offer_of("m=audio 4000 RTP/AVP 0\r\n"));
  ASSERT_FALSE(glare);
  EXPECT_EQ(refusal_status(glare.error()), 491);
  us.withdraw_offer();
  EXPECT_TRUE(us.answer(offer_of("m=audio 4000 RTP/AVP 0\r\n")));
}

TEST(OfferAnswer, ABadAnswerLeavesWhatWasAgreed) {
  OfferAnswer us(telephone(4000), 1);
  OfferAnswer them(telephone(5000), 2);
  ASSERT_TRUE(us.take_answer(them.answer(us.offer().value()).value()));
  const std::string_view answers[] = {
      "m=audio 4000 RTP/AVP 18\r\n",
      "m=audio 0 RTP/AVP 0\r\n",
      "m=audio 4000 RTP/AVP 0\r\nm=audio 4000 RTP/AVP 0\r\n",
      "m=audio 4000 RTP/SAVP 0\r\n",
      "",
  };
  for (const auto media : answers) {
    ASSERT_TRUE(us.offer(Direction::kInactive));
    EXPECT_FALSE(us.take_answer(offer_of(media))) << media;
    EXPECT_EQ(us.agreement()->port, 5000);
    EXPECT_EQ(us.agreement()->direction, Direction::kSendRecv);
  }
}

TEST(OfferAnswer, AHostNameIsRefusedAndWhatIsAgreedStays) {
  OfferAnswer us(telephone(4000), 1);
  ASSERT_TRUE(us.answer(offer_of("m=audio 5000 RTP/AVP 0\r\n")));
  const auto again = us.answer(offer_of("m=audio 6000 RTP/AVP 0\r\n", "gateway.example"));
  ASSERT_FALSE(again);
  EXPECT_EQ(refusal_status(again.error()), 488);
  EXPECT_EQ(us.agreement()->address, "198.51.100.1");
  EXPECT_EQ(us.agreement()->port, 5000);
}

TEST(OfferAnswer, WhatTheAnswerListsBesidesMayComeAsWell) {
  OfferAnswer us(telephone(4000), 1);
  ASSERT_TRUE(us.offer());
  const auto agreed = us.take_answer(
      offer_of("m=audio 5000 RTP/AVP 8 0 18 101\r\na=rtpmap:101 telephone-event/8000\r\n"));
  ASSERT_TRUE(agreed) << agreed.error().message;
  const AudioFormat pcma{AudioCodec::kPcma, 8};
  const AudioFormat pcmu{AudioCodec::kPcmu, 0};
  EXPECT_EQ(agreed->format, pcma);
  EXPECT_EQ(agreed->received, (std::vector{pcma, pcmu}));
}

TEST(OfferAnswer, AnAnswerMayComeAgainAndTheLastCounts) {
  OfferAnswer us(telephone(4000), 1);
  EXPECT_FALSE(us.take_answer(offer_of("m=audio 5000 RTP/AVP 0\r\n"))) << "nothing was offered";
  ASSERT_TRUE(us.offer());
  ASSERT_TRUE(us.take_answer(offer_of("m=audio 5000 RTP/AVP 0\r\n")));  // early media
  const auto final = us.take_answer(offer_of("m=audio 6000 RTP/AVP 8\r\n"));
  ASSERT_TRUE(final) << final.error().message;
  EXPECT_EQ(us.agreement()->port, 6000);
  EXPECT_EQ(us.agreement()->format.codec, AudioCodec::kPcma);
  EXPECT_TRUE(us.offer()) << "nothing is pending";
}

TEST(OfferAnswer, ABrowserIsAnsweredWithLiteIceAndPassiveDtls) {
  OfferAnswer us(browser_side(), 3);
  const auto answer = us.answer(
      "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a0\r\n"
      "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 126\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:F7gI\r\n"
      "a=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\na=fingerprint:sha-256 AA:CC\r\na=setup:actpass\r\n"
      "a=mid:a0\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
      "a=rtpmap:126 telephone-event/8000\r\n");
  ASSERT_TRUE(answer) << answer.error().message;
  const auto sdp = parse_sdp(*answer);
  ASSERT_TRUE(sdp);
  EXPECT_TRUE(sdp->ice_lite);
  EXPECT_EQ(sdp->bundle, std::vector<std::string>{"a0"});
  EXPECT_EQ(sdp->media[0].dtls.setup, DtlsSetup::kPassive);
  EXPECT_TRUE(sdp->media[0].rtcp_mux);
  EXPECT_EQ(us.agreement()->dtls_setup, DtlsSetup::kPassive);
  EXPECT_EQ(us.agreement()->dtls.fingerprint, "AA:CC");
  EXPECT_FALSE(us.agreement()->held_by_peer) << "0.0.0.0 is how trickle ICE begins";
  EXPECT_EQ(us.agreement()->direction, Direction::kSendRecv);
}

}  // namespace
}  // namespace madoguchi::sip
