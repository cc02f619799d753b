#include "rtp/srtp.h"

#include <gtest/gtest.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>
#include <vector>

#include "rtp/allocation_count.h"
#include "rtp/rtcp.h"

namespace madoguchi::rtp {
namespace {

constexpr SrtpProfile kProfiles[] = {SrtpProfile::kAes128CmSha1_80, SrtpProfile::kAeadAes128Gcm};

SrtpMasterKey key_from(std::string_view key, std::string_view salt) {
  SrtpMasterKey master;
  const Bytes key_bytes = from_hex(key).value();
  const Bytes salt_bytes = from_hex(salt).value();
  std::copy(key_bytes.begin(), key_bytes.end(), master.key.begin());
  std::copy(salt_bytes.begin(), salt_bytes.end(), master.salt.begin());
  return master;
}

const SrtpMasterKey kAlice =
    key_from("e1f97a0d3e018be0d64fa32c06de4139", "0ec675ad498afeebb6960b3aabe6");
const SrtpMasterKey kBob =
    key_from("000102030405060708090a0b0c0d0e0f", "a0a1a2a3a4a5a6a7a8a9aaabacad");

SrtpSession alice(SrtpProfile profile) {
  return std::move(*SrtpSession::create(profile, kAlice, kBob));
}
SrtpSession bob(SrtpProfile profile) {
  return std::move(*SrtpSession::create(profile, kBob, kAlice));
}

struct Packet {
  std::array<std::uint8_t, 256> buffer{};
  std::size_t size = 0;
  MutableBytes bytes() { return MutableBytes(buffer).first(size); }
};

Packet rtp_packet(std::uint16_t sequence, std::uint32_t ssrc = 0xcafebabe) {
  Packet packet;
  std::array<std::uint8_t, 160> payload{};
  payload.fill(static_cast<std::uint8_t>(sequence));
  packet.size = write_rtp(packet.buffer, {0, false, sequence, sequence * 160U, ssrc}, payload);
  return packet;
}

Packet rtcp_packet(std::uint32_t ssrc = 0xcafebabe) {
  Packet packet;
  RtcpWriter writer(packet.buffer);
  writer.receiver_report(ssrc, {});
  writer.cname(ssrc, "alice");
  packet.size = writer.size();
  return packet;
}

// The other implementation, either direction.
class Reference {
 public:
  Reference(SrtpProfile profile, const SrtpMasterKey& master, srtp_ssrc_type_t direction) {
    srtp_init();
    key_.assign(master.key.begin(), master.key.end());
    key_.insert(key_.end(), master.salt.begin(),
                master.salt.begin() + static_cast<long>(srtp_salt_size(profile)));
    srtp_policy_t policy{};
    if (profile == SrtpProfile::kAeadAes128Gcm) {
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    }
    policy.ssrc.type = direction;
    policy.key = key_.data();
    policy.window_size = 64;
    EXPECT_EQ(srtp_create(&session_, &policy), srtp_err_status_ok);
  }
  ~Reference() { srtp_dealloc(session_); }
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  template <typename Step>
  bool run(Step step, Packet& packet) {
    int size = static_cast<int>(packet.size);
    if (step(session_, packet.buffer.data(), &size) != srtp_err_status_ok) return false;
    packet.size = static_cast<std::size_t>(size);
    return true;
  }

 private:
  Bytes key_;
  srtp_t session_ = nullptr;
};

TEST(Srtp, GivesTheWellKnownBytes) {
  // Key and salt of RFC 3711, B.3; packet and result as in libsrtp's own self test.
  Packet packet;
  const Bytes plain = from_hex("800f1234decafbadcafebabeabababababababababababababababab").value();
  std::copy(plain.begin(), plain.end(), packet.buffer.begin());
  SrtpSession session = alice(SrtpProfile::kAes128CmSha1_80);
  const auto size = session.protect_rtp(packet.buffer, plain.size());
  ASSERT_TRUE(size);
  EXPECT_EQ(to_hex(ByteView(packet.buffer).first(*size)),
            "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb");
}

TEST(Srtp, BothWaysAndInPlace) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession a = alice(profile);
    SrtpSession b = bob(profile);
    for (std::uint16_t n = 0; n < 300; ++n) {
      Packet packet = rtp_packet(n);
      const Packet original = packet;
      packet.size = a.protect_rtp(packet.buffer, packet.size).value();
      EXPECT_FALSE(std::equal(packet.buffer.begin() + 12, packet.buffer.begin() + 172,
                              original.buffer.begin() + 12));
      const auto outcome = b.unprotect_rtp(packet.bytes());
      ASSERT_EQ(outcome.verdict, Unprotected::kOk);
      ASSERT_EQ(outcome.size, original.size);
      EXPECT_TRUE(std::equal(original.buffer.begin(), original.buffer.begin() + 172,
                             packet.buffer.begin()));

      Packet control = rtcp_packet();
      control.size = b.protect_rtcp(control.buffer, control.size).value();
      const auto control_outcome = a.unprotect_rtcp(control.bytes());
      ASSERT_EQ(control_outcome.verdict, Unprotected::kOk);
      EXPECT_TRUE(RtcpCompound::parse(ByteView(control.buffer).first(control_outcome.size)));
    }
  }
}

bool same_content(const Packet& a, const Packet& b) {
  return a.size == b.size &&
         std::equal(a.buffer.begin(), a.buffer.begin() + static_cast<long>(a.size),
                    b.buffer.begin());
}

TEST(Srtp, AgreesWithLibsrtpAcrossWrapsAndLoss) {
  for (const SrtpProfile profile : kProfiles) {
    std::mt19937 random(7);
    SrtpSession session = alice(profile);
    Reference receives(profile, kAlice, ssrc_any_inbound);
    Reference sends(profile, kBob, ssrc_any_outbound);
    std::uint32_t n = 30000;
    for (int step = 0; step < 5000; ++step) {
      n += random() % 20 == 0 ? 1000 : 1;
      const Packet original = rtp_packet(static_cast<std::uint16_t>(n));
      Packet there = original;
      there.size = session.protect_rtp(there.buffer, there.size).value();
      Packet back = original;
      ASSERT_TRUE(sends.run(srtp_protect, back));
      if (random() % 5 == 0) continue;  // lost on the way
      ASSERT_TRUE(receives.run(srtp_unprotect, there)) << step;
      ASSERT_TRUE(same_content(there, original));
      const auto outcome = session.unprotect_rtp(back.bytes());
      ASSERT_EQ(outcome.verdict, Unprotected::kOk) << step;
      back.size = outcome.size;
      ASSERT_TRUE(same_content(back, original));
    }
    EXPECT_GT(n, 2U * 65536);  // the rollover counter moved
  }
}

TEST(Srtp, AgreesWithLibsrtpOnRtcp) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession session = alice(profile);
    Reference receives(profile, kAlice, ssrc_any_inbound);
    Reference sends(profile, kBob, ssrc_any_outbound);
    for (int step = 0; step < 100; ++step) {
      const Packet original = rtcp_packet();
      Packet there = original;
      there.size = session.protect_rtcp(there.buffer, there.size).value();
      ASSERT_TRUE(receives.run(srtp_unprotect_rtcp, there));
      ASSERT_TRUE(same_content(there, original));
      Packet back = original;
      ASSERT_TRUE(sends.run(srtp_protect_rtcp, back));
      const auto outcome = session.unprotect_rtcp(back.bytes());
      ASSERT_EQ(outcome.verdict, Unprotected::kOk);
      back.size = outcome.size;
      ASSERT_TRUE(same_content(back, original));
    }
  }
}

TEST(Srtp, HeadersWithCsrcsAndExtensionsStayReadableAndPaddingIsHidden) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession session = alice(profile);
    Reference receives(profile, kAlice, ssrc_any_inbound);
    Packet packet;
    const Bytes plain =
        from_hex("b2001234000000a0deadbeef0000000100000002bede000110aa0000f0f1f200000004").value();
    std::copy(plain.begin(), plain.end(), packet.buffer.begin());
    packet.size = session.protect_rtp(packet.buffer, plain.size()).value();
    EXPECT_TRUE(std::equal(plain.begin(), plain.begin() + 28, packet.buffer.begin()));
    EXPECT_NE(packet.buffer[34], 4);
    ASSERT_TRUE(receives.run(srtp_unprotect, packet));
    EXPECT_TRUE(std::equal(plain.begin(), plain.end(), packet.buffer.begin()));
  }
}

TEST(Srtp, AReplayIsRefusedEachPacketOpensOnceInAnyOrder) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession a = alice(profile);
    SrtpSession b = bob(profile);
    std::vector<Packet> packets;
    for (std::uint16_t n = 100; n < 160; ++n) {
      packets.push_back(rtp_packet(n));
      packets.back().size = a.protect_rtp(packets.back().buffer, packets.back().size).value();
    }
    std::vector<std::size_t> order(packets.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), std::mt19937(1));
    for (const std::size_t i : order) {
      Packet once = packets[i];
      Packet twice = packets[i];
      EXPECT_EQ(b.unprotect_rtp(once.bytes()).verdict, Unprotected::kOk);
      EXPECT_EQ(b.unprotect_rtp(twice.bytes()).verdict, Unprotected::kReplayed);
    }
    Packet control = rtcp_packet();
    control.size = a.protect_rtcp(control.buffer, control.size).value();
    Packet again = control;
    EXPECT_EQ(b.unprotect_rtcp(control.bytes()).verdict, Unprotected::kOk);
    EXPECT_EQ(b.unprotect_rtcp(again.bytes()).verdict, Unprotected::kReplayed);
  }
}

TEST(Srtp, EveryFlippedBitIsNoticedAndForgeriesLeaveNoTrace) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession a = alice(profile);
    SrtpSession b = bob(profile);
    Packet packet = rtp_packet(5);
    packet.size = a.protect_rtp(packet.buffer, packet.size).value();
    Packet control = rtcp_packet();
    control.size = a.protect_rtcp(control.buffer, control.size).value();
    for (std::size_t bit = 0; bit < packet.size * 8; ++bit) {
      Packet bent = packet;
      bent.buffer[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      EXPECT_NE(b.unprotect_rtp(bent.bytes()).verdict, Unprotected::kOk) << bit;
    }
    for (std::size_t bit = 0; bit < control.size * 8; ++bit) {
      Packet bent = control;
      bent.buffer[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      EXPECT_NE(b.unprotect_rtcp(bent.bytes()).verdict, Unprotected::kOk) << bit;
    }
    EXPECT_EQ(b.unprotect_rtp(packet.bytes()).verdict, Unprotected::kOk);
    EXPECT_EQ(b.unprotect_rtcp(control.bytes()).verdict, Unprotected::kOk);
  }
}

TEST(Srtp, OurOwnPacketComingBackIsAForgery) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession a = alice(profile);
    Packet packet = rtp_packet(5);
    packet.size = a.protect_rtp(packet.buffer, packet.size).value();
    EXPECT_EQ(a.unprotect_rtp(packet.bytes()).verdict, Unprotected::kForged);
  }
}

TEST(Srtp, AKeyStreamIsNeverUsedTwice) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession a = alice(profile);
    Packet first = rtp_packet(5);
    EXPECT_TRUE(a.protect_rtp(first.buffer, first.size));
    Packet again = rtp_packet(5);
    EXPECT_FALSE(a.protect_rtp(again.buffer, again.size));
    Packet earlier = rtp_packet(4);  // reordered by a relay: not used yet
    EXPECT_TRUE(a.protect_rtp(earlier.buffer, earlier.size));
    for (std::uint32_t ssrc = 1; ssrc < SrtpSession::kSources; ++ssrc) {
      Packet other = rtp_packet(5, ssrc);
      EXPECT_TRUE(a.protect_rtp(other.buffer, other.size));
    }
    Packet too_many = rtp_packet(5, 99);
    EXPECT_FALSE(a.protect_rtp(too_many.buffer, too_many.size));
  }
}

TEST(Srtp, ManySourcesOfThePeerStayWithinBounds) {
  SrtpSession a = alice(SrtpProfile::kAes128CmSha1_80);
  SrtpSession b = bob(SrtpProfile::kAes128CmSha1_80);
  for (std::uint32_t ssrc = 1; ssrc < 100; ++ssrc) {
    SrtpSession sender = alice(SrtpProfile::kAes128CmSha1_80);
    Packet packet = rtp_packet(1, ssrc);
    packet.size = sender.protect_rtp(packet.buffer, packet.size).value();
    EXPECT_EQ(b.unprotect_rtp(packet.bytes()).verdict, Unprotected::kOk);
  }
}

TEST(Srtp, RubbishIsMalformedAndNothingIsReadBeyondIt) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession a = alice(profile);
    std::mt19937 random(11);
    for (int step = 0; step < 20000; ++step) {
      Bytes rubbish(random() % 64);
      for (std::uint8_t& byte : rubbish) byte = static_cast<std::uint8_t>(random());
      Bytes copy = rubbish;
      EXPECT_NE(a.unprotect_rtp(copy).verdict, Unprotected::kOk);
      EXPECT_NE(a.unprotect_rtcp(rubbish).verdict, Unprotected::kOk);
    }
    Bytes small(20);
    small[0] = 0x80;
    EXPECT_FALSE(a.protect_rtp(small, 20));  // no room for a tag
    EXPECT_FALSE(a.protect_rtp(small, 21));
    EXPECT_FALSE(a.protect_rtcp(small, 7));
  }
}

TEST(Srtp, NothingIsAllocatedPerPacket) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer owns malloc";
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession a = alice(profile);
    SrtpSession b = bob(profile);
    std::size_t before = 0;
    for (std::uint16_t n = 0; n < 200; ++n) {
      if (n == 10) before = allocations();
      Packet packet = rtp_packet(n);
      packet.size = a.protect_rtp(packet.buffer, packet.size).value();
      if (b.unprotect_rtp(packet.bytes()).verdict != Unprotected::kOk) ADD_FAILURE();
    }
    EXPECT_EQ(allocations() - before, 0U);
  }
}

}  // namespace
}  // namespace madoguchi::rtp
