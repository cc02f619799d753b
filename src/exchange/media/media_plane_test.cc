#include "exchange/media/media_plane.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "exchange/media/test_rig.h"
#include "exchange/media/udp_socket.h"

namespace madoguchi::exchange {
namespace {

using namespace std::chrono_literals;

// The plane with its threads and the machine's time; waits for events, never for time.
class Plane : public testing::Test {
 protected:
  Plane() {
    MediaSettings settings;
    settings.rtp_port_first = free_ports();
    settings.rtp_port_last = static_cast<std::uint16_t>(settings.rtp_port_first + kPorts - 1);
    settings.recordings_directory = directory_.path().string();
    auto plane = MediaPlane::start(settings, clock_, entropy_);
    EXPECT_TRUE(plane.has_value()) << (plane ? "" : plane.error().message);
    plane_ = std::move(*plane);
  }

  static constexpr int kPorts = 40;

  // The first of kPorts in a row that nobody holds, so that two runs at once don't meet.
  static std::uint16_t free_ports() {
    constexpr int kFirst = 20000, kRanges = 250;
    for (int n = 0; n < kRanges; ++n) {
      const auto first = static_cast<std::uint16_t>(kFirst + (::getpid() + n) % kRanges * kPorts);
      std::vector<UdpSocket> held;
      for (int port = first; port < first + kPorts; ++port)
        if (auto socket = UdpSocket::bind("127.0.0.1", static_cast<std::uint16_t>(port)))
          held.push_back(std::move(*socket));
      if (held.size() == kPorts) return first;
    }
    ADD_FAILURE() << "no free ports";
    return kFirst;
  }

  std::uint16_t add(const std::string& leg, Side side, LoopbackPhone& phone) {
    const auto local = plane_->add_sip_leg(call_, LegId(leg), {"127.0.0.1", side});
    EXPECT_TRUE(local.has_value());
    RemoteSound remote;
    remote.address = "127.0.0.1";
    remote.port = phone.port();
    remote.codecs = {{SoundCodec::kPcmu, 0}};
    EXPECT_TRUE(plane_->set_remote(LegId(leg), remote).has_value());
    phone.call(local->rtp_port);
    return local->rtp_port;
  }

  template <typename Event>
  std::optional<Event> wait_for() {
    for (int rounds = 0; rounds < 100; ++rounds) {
      for (std::size_t n = 0; n < waiting_.size(); ++n) {
        if (auto* event = std::get_if<Event>(&waiting_[n])) {
          Event found = *event;
          waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(n));
          return found;
        }
      }
      pollfd ready{plane_->event_fd(), POLLIN, 0};
      if (::poll(&ready, 1, 5000) <= 0) return std::nullopt;
      std::vector<MediaEvent> events;
      plane_->poll(events);
      waiting_.insert(waiting_.end(), events.begin(), events.end());
    }
    return std::nullopt;
  }
  static bool hears_something(const LoopbackPhone& phone) {
    pollfd ready{phone.fd(), POLLIN, 0};
    return ::poll(&ready, 1, 5000) > 0;
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  SystemEntropy entropy_;
  std::unique_ptr<MediaPlane> plane_;
  std::vector<MediaEvent> waiting_;
  const CallId call_{"c1"};
};

TEST_F(Plane, RelaysRecordsAndTellsTheDigest) {
  ASSERT_TRUE(plane_->create_call(call_).has_value());
  LoopbackPhone caller(0, 1);
  LoopbackPhone agent(0, 2);
  add("caller", Side::kCaller, caller);
  add("operator", Side::kOurs, agent);
  plane_->connect(call_, LegId("caller"), LegId("operator"), Hearing::kBoth);
  ASSERT_TRUE(plane_
                  ->start_recording(call_, {OrganisationId("o"), RecordingKeyId("k"),
                                            fresh_seal_key_pair().public_key})
                  .has_value());
  for (int n = 0; n < 10; ++n) {
    caller.say(0x11);
    ASSERT_TRUE(hears_something(agent));
    ASSERT_EQ(agent.listen().at(0).payload, Bytes(160, 0x11));
  }
  plane_->remove_call(call_);
  const auto statistics = wait_for<LegStatistics>();
  ASSERT_TRUE(statistics.has_value());
  EXPECT_EQ(statistics->packets_received, 10U);
  const auto closed = wait_for<RecordingClosed>();
  ASSERT_TRUE(closed.has_value());
  EXPECT_EQ(closed->digest, sha256(directory_.read(closed->file)));
}

TEST_F(Plane, PlaysAndTellsWhenFinished) {
  ASSERT_TRUE(plane_->create_call(call_).has_value());
  LoopbackPhone caller(0, 1);
  add("caller", Side::kCaller, caller);
  const PromptId greeting("greeting");
  EXPECT_FALSE(plane_->play(LegId("caller"), {{greeting}, OnOff::kOff}).has_value());
  EXPECT_FALSE(plane_->load_prompt(greeting, Bytes(10, 0)).has_value());
  const auto duration = plane_->load_prompt(greeting, wav_of(std::vector<std::int16_t>(800, 5000)));
  ASSERT_TRUE(duration.has_value());
  EXPECT_EQ(*duration, 100ms);
  const auto play = plane_->play(LegId("caller"), {{PromptId("gone"), greeting}, OnOff::kOff});
  ASSERT_TRUE(play.has_value());
  const auto finished = wait_for<PromptFinished>();
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->play, *play);
  EXPECT_EQ(caller.listen().size(), 5U);
}

TEST_F(Plane, RefusesWhatIsThereAlreadyOrNotThere) {
  LoopbackPhone phone(0, 1);
  EXPECT_EQ(plane_->add_sip_leg(call_, LegId("l"), {"127.0.0.1", Side::kCaller}).error().code,
            ErrorCode::kNotFound);
  ASSERT_TRUE(plane_->create_call(call_).has_value());
  EXPECT_EQ(plane_->create_call(call_).error().code, ErrorCode::kConflict);
  add("l", Side::kCaller, phone);
  EXPECT_EQ(plane_->add_sip_leg(call_, LegId("l"), {"127.0.0.1", Side::kCaller}).error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(plane_->attach_seat(call_, LegId("nobody")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(plane_->add_sip_leg(call_, LegId("m"), {"not an address", Side::kCaller}).error().code,
            ErrorCode::kInvalid);
  RemoteSound remote;
  remote.address = "phone.example";
  remote.codecs = {{SoundCodec::kPcmu, 0}};
  EXPECT_EQ(plane_->set_remote(LegId("l"), remote).error().code, ErrorCode::kInvalid);
  BrowserOffer offer;
  EXPECT_EQ(plane_->add_browser_seat(LegId("seat"), offer).error().code, ErrorCode::kInvalid);
}

TEST_F(Plane, PortsRunOutAndComeBack) {
  std::vector<CallId> calls;
  for (int n = 0; n < 20; ++n) {
    calls.emplace_back("call-" + std::to_string(n));
    ASSERT_TRUE(plane_->create_call(calls.back()).has_value());
    const auto local = plane_->add_sip_leg(calls.back(), LegId("leg-" + std::to_string(n)),
                                           {"127.0.0.1", Side::kCaller});
    ASSERT_TRUE(local.has_value());
    EXPECT_EQ(local->rtp_port % 2, 0);
    EXPECT_EQ(local->rtcp_port, local->rtp_port + 1);
  }
  ASSERT_TRUE(plane_->create_call(call_).has_value());
  const auto none = plane_->add_sip_leg(call_, LegId("more"), {"127.0.0.1", Side::kCaller});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, ErrorCode::kExhausted);
  plane_->remove_call(calls[7]);
  ASSERT_TRUE(wait_for<LegStatistics>().has_value());
  EXPECT_TRUE(plane_->add_sip_leg(call_, LegId("more"), {"127.0.0.1", Side::kCaller}).has_value());
}

TEST_F(Plane, StopAllClosesEveryRecording) {
  for (int n = 0; n < 10; ++n) {
    const CallId call("call-" + std::to_string(n));
    ASSERT_TRUE(plane_->create_call(call).has_value());
    ASSERT_TRUE(plane_
                    ->start_recording(call, {OrganisationId("o"), RecordingKeyId("k"),
                                             fresh_seal_key_pair().public_key})
                    .has_value());
  }
  std::vector<MediaEvent> events;
  plane_->stop_all(10s, events);
  const auto closed = std::count_if(events.begin(), events.end(), [](const MediaEvent& event) {
    const auto* one = std::get_if<RecordingClosed>(&event);
    return one != nullptr && one->cut == OnOff::kOff;
  });
  EXPECT_EQ(closed, 10);
}

TEST(PlaneSettings, AreRefusedWithTheirCause) {
  const SystemClock clock;
  SystemEntropy entropy;
  MediaSettings settings;
  settings.recordings_directory = "/nonexistent/recordings";
  auto plane = MediaPlane::start(settings, clock, entropy);
  ASSERT_FALSE(plane.has_value());
  EXPECT_NE(plane.error().message.find("/nonexistent/recordings"), std::string::npos);
  settings.rtp_port_first = 20001;
  EXPECT_FALSE(MediaPlane::start(settings, clock, entropy).has_value());
}

}  // namespace
}  // namespace madoguchi::exchange
