#include "sip/sdp.h"

#include <gtest/gtest.h>

namespace madoguchi::sip {
namespace {

// What a SIP telephone sends.
constexpr std::string_view kTelephone =
    "v=0\r\no=- 3724394400 3724394405 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\n"
    "t=0 0\r\nm=audio 49170 RTP/AVP 0 8 96 101\r\na=rtpmap:96 opus/48000/2\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=rtcp:49180\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"
    "m=video 51372 RTP/AVP 31\r\na=sendonly\r\n";

// What a browser sends, shortened to the lines that matter.
constexpr std::string_view kBrowser =
    "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n"
    "m=audio 58779 UDP/TLS/RTP/SAVPF 111 0 8 126\r\nc=IN IP4 192.0.2.7\r\n"
    "a=rtcp:9 IN IP4 0.0.0.0\r\n"
    "a=candidate:1467250027 1 udp 2122260223 192.0.2.7 58779 typ host generation 0\r\n"
    "a=candidate:1853887674 1 UDP 1686052607 203.0.113.4 58779 typ srflx raddr 192.0.2.7 rport "
    "58779 generation 0\r\n"
    "a=ice-ufrag:F7gI\r\na=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\na=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 49:66:12:17:0d:1c:91:ae:57:4c:c6:36:dd:d5:97:d2:7d:62:c9:9a:7f:b9:a3:"
    "f4:70:03:e7:43:91:73:23:5e\r\n"
    "a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
    "a=rtpmap:126 telephone-event/8000\r\na=end-of-candidates\r\n";

TEST(Sdp, ReadsATelephonesOffer) {
  const auto sdp = parse_sdp(kTelephone);
  ASSERT_TRUE(sdp) << sdp.error().message;
  EXPECT_EQ(sdp->version, 3724394405u);
  ASSERT_EQ(sdp->media.size(), 2u);
  const SdpMedia& audio = sdp->media[0];
  EXPECT_EQ(audio.address, "198.51.100.1");
  EXPECT_EQ(audio.rtcp_port, 49180);
  EXPECT_EQ(audio.packet_ms, 20);
  ASSERT_EQ(audio.formats.size(), 4u);
  EXPECT_EQ(audio.formats[0].encoding, "PCMU");
  EXPECT_EQ(audio.formats[2].channels, 2);
  EXPECT_EQ(audio.formats[3].parameters, "0-15");
  EXPECT_EQ(sdp->media[1].direction, Direction::kSendOnly);
  EXPECT_EQ(sdp->audio(), &sdp->media[0]);
}

TEST(Sdp, ReadsABrowsersOffer) {
  const auto sdp = parse_sdp(kBrowser);
  ASSERT_TRUE(sdp) << sdp.error().message;
  ASSERT_EQ(sdp->media.size(), 1u);
  const SdpMedia& audio = sdp->media[0];
  EXPECT_TRUE(audio.secure());
  EXPECT_TRUE(audio.rtcp_mux);
  EXPECT_EQ(audio.mid, "0");
  EXPECT_EQ(sdp->bundle, std::vector<std::string>{"0"});
  EXPECT_EQ(audio.ice.password, "x9cml/YzichV2+XlhiMu8g");
  EXPECT_TRUE(audio.ice.end_of_candidates);
  ASSERT_EQ(audio.ice.candidates.size(), 2u);
  EXPECT_EQ(audio.ice.candidates[1].transport, "udp");
  EXPECT_EQ(audio.ice.candidates[1].related_port, 58779);
  EXPECT_EQ(audio.dtls.fingerprint.substr(0, 17), "49:66:12:17:0D:1C");
  EXPECT_EQ(audio.dtls.setup, DtlsSetup::kActpass);
}

TEST(Sdp, SessionLevelValuesHoldForEveryLineWhereverTheyStand) {
  const auto sdp = parse_sdp(
      "v=0\no=- 1 1 IN IP6 2001:db8::1\ns=x\na=inactive\na=setup:passive\na=ice-lite\n"
      "a=ice-ufrag:abcd\na=fingerprint:SHA-256 AA:BB\na=ice-pwd:0123456789012345678901\n"
      "c=IN IP6 2001:db8::2\nm=audio 4000 RTP/AVP 8\nm=audio 4002 RTP/AVP 0\na=recvonly\n");
  ASSERT_TRUE(sdp) << sdp.error().message;
  EXPECT_TRUE(sdp->ice_lite);
  EXPECT_EQ(sdp->media[0].direction, Direction::kInactive);
  EXPECT_EQ(sdp->media[1].direction, Direction::kRecvOnly);
  for (const SdpMedia& line : sdp->media) {
    EXPECT_EQ(line.address, "2001:db8::2");
    EXPECT_TRUE(line.ice.offered());
    EXPECT_EQ(line.dtls.hash, "sha-256");
    EXPECT_EQ(line.dtls.setup, DtlsSetup::kPassive);
  }
}

TEST(Sdp, WhatIsWrittenReadsBackTheSame) {
  for (const auto text : {kTelephone, kBrowser}) {
    const auto first = parse_sdp(text);
    ASSERT_TRUE(first);
    const auto again = parse_sdp(to_text(*first));
    ASSERT_TRUE(again) << again.error().message << to_text(*first);
    EXPECT_EQ(*first, *again) << to_text(*first);
  }
}

TEST(Sdp, SaysWhichLineIsWrong) {
  const struct {
    std::string_view text;
    std::string_view mentions;
  } cases[] = {
      {"", "v="},
      {"v=0\r\ns=-\r\n", "o="},
      {"v=1\r\n", "line 1"},
      {"v=0\r\nhello\r\n", "line 2"},
      {"v=0\r\no=- 1 1 IN IP4 a\r\nm=audio x RTP/AVP 0\r\n", "line 3"},
      {"v=0\r\no=- 1 1 IN IP4 a\r\nm=audio 70000 RTP/AVP 0\r\n", "line 3"},
      {"v=0\r\no=- 1 1 IN IP4 a\r\nm=audio 1 RTP/AVP 300\r\n", "line 3"},
      {"v=0\r\no=- 1 1 IN IP4 a\r\nm=audio 1 RTP/AVP\r\n", "line 3"},
      {"v=0\r\no=- 1 1 IN IP4 a\r\nc=IN IP9 x\r\n", "line 3"},
      {"v=0\r\no=- 1 1 IN IP4 a\r\nm=audio 1 RTP/AVP 0\r\nc=IN IP9 x\r\n", "line 4"},
  };
  for (const auto& bad : cases) {
    const auto sdp = parse_sdp(bad.text);
    ASSERT_FALSE(sdp) << bad.text;
    EXPECT_NE(sdp.error().message.find(bad.mentions), std::string::npos) << sdp.error().message;
  }
}

TEST(Sdp, WhatIsWrongInOtherMediaOrInAttributesRefusesNoCall) {
  const auto sdp = parse_sdp(
      "v=0\r\no=- 1 1 IN IP4 a\r\nc=in ip4 192.0.2.1\r\n"
      "m=audio 4000 RTP/AVP 0 8 96\r\na=rtcp:x\r\na=rtpmap:0\r\na=rtpmap:8 PCMA/x\r\n"
      "a=rtpmap:zero PCMU/8000\r\na=fmtp:96\r\na=sendonly\r\n"
      "m=image 0 udptl\r\nm=video x RTP/AVP 300 y 31\r\nc=IN IP9 z\r\nhello\r\n");
  ASSERT_TRUE(sdp) << sdp.error().message;
  ASSERT_EQ(sdp->media.size(), 3U);
  EXPECT_EQ(sdp->media[0].address, "192.0.2.1");
  EXPECT_EQ(sdp->media[0].rtcp_port, 0) << "as if it had not been said";
  EXPECT_EQ(sdp->media[0].formats[0].encoding, "PCMU");
  EXPECT_EQ(sdp->media[0].formats[1].encoding, "PCMA");
  EXPECT_EQ(sdp->media[0].direction, Direction::kSendOnly);
  EXPECT_EQ(sdp->media[1].kind, "image");
  EXPECT_EQ(sdp->media[2].port, 0);
  EXPECT_EQ(sdp->media[2].formats.size(), 1U);
}

TEST(Sdp, IsBounded) {
  std::string many = "v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\n";
  const std::string head = many;
  for (std::size_t i = 0; i <= kMaxSdpMedia; ++i) many += "m=audio 1 RTP/AVP 0\r\n";
  EXPECT_FALSE(parse_sdp(many));
  EXPECT_FALSE(parse_sdp(head + std::string(kMaxSdpBytes, 'a')));
  std::string candidates = head + "m=audio 1 RTP/AVP 0\r\n";
  for (std::size_t i = 0; i < 2 * kMaxSdpCandidates; ++i)
    candidates += "a=candidate:1 1 udp 1 a 1 typ host\r\n";
  const auto sdp = parse_sdp(candidates);
  ASSERT_TRUE(sdp);
  EXPECT_EQ(sdp->media[0].ice.candidates.size(), kMaxSdpCandidates);
}

}  // namespace
}  // namespace madoguchi::sip
