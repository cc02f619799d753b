// A media engine whose time stands still until told, with real loopback sockets, for tests.
// Loopback delivers within the sending call, so nothing ever waits.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "exchange/media/loopback_phone.h"
#include "exchange/media/media_engine.h"
#include "recording/reader.h"
#include "recording/wav.h"

namespace madoguchi::exchange {

// A fresh directory, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "media-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] Bytes read(const std::string& name) const {
    std::ifstream in(path_ / name, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }

 private:
  std::filesystem::path path_;
};

// RIFF with 16 bit PCM.
inline Bytes wav_of(const std::vector<std::int16_t>& samples, std::uint32_t rate = 8000,
                    std::uint16_t channels = 1) {
  Bytes wav;
  const auto text = [&](std::string_view t) { wav.insert(wav.end(), t.begin(), t.end()); };
  const auto number = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) wav.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  const auto data = static_cast<std::uint32_t>(samples.size() * 2);
  text("RIFF");
  number(data + 36, 4);
  text("WAVEfmt ");
  number(16, 4);
  number(1, 2);
  number(channels, 2);
  number(rate, 4);
  number(rate * channels * 2, 4);
  number(channels * 2U, 2);
  number(16, 2);
  text("data");
  number(data, 4);
  for (const std::int16_t sample : samples) number(static_cast<std::uint16_t>(sample), 2);
  return wav;
}

class EngineRig {
 public:
  explicit EngineRig(std::size_t recording_queue = 1024)
      : events_(1024),
        recordings_(std::move(
            *RecordingPipe::start(directory_.path().string(), recording_queue, events_, clock_))),
        identity_(std::move(*rtp::DtlsIdentity::create(wall()))) {
    auto socket = std::move(*UdpSocket::bind("127.0.0.1", 0));
    browser_port_ = socket.port();
    rtp::BrowserPort::Settings settings;
    settings.candidates = {*rtp::Address::parse("127.0.0.1", browser_port_)};
    auto port = std::make_unique<rtp::BrowserPort>(identity_, entropy_, settings);
    engine_ = std::make_unique<MediaEngine>(
        MediaEngine::Parts{std::chrono::seconds(15), poller_,
                           BrowserSocket(std::move(socket), std::move(port)), entropy_, events_,
                           *recordings_},
        now_);
    apply(command::CreateCall{kCall});
  }

  static inline const CallId kCall{"call"};

  void apply(MediaCommand command) { engine_->apply(std::move(command), now_, wall()); }

  // Adds a leg of the call and lets the phone and the leg know each other.
  std::uint16_t add(const std::string& leg, Side side, LoopbackPhone& phone,
                    SoundCodec codec = SoundCodec::kPcmu, const CallId& call = kCall) {
    auto rtp = std::move(*UdpSocket::bind("127.0.0.1", 0));
    auto rtcp = std::move(*UdpSocket::bind("127.0.0.1", 0));
    const std::uint16_t port = rtp.port();
    apply(command::AddSipLeg{call, LegId(leg), side, {std::move(rtp), std::move(rtcp), {}}});
    RemoteSound remote;
    remote.address = "127.0.0.1";
    remote.port = phone.port();
    remote.codecs = {{codec, static_cast<std::uint8_t>(codec)}};
    if (codec == SoundCodec::kPcmu) remote.codecs.push_back({SoundCodec::kPcma, 8});
    if (codec == SoundCodec::kPcma) remote.codecs.push_back({SoundCodec::kPcmu, 0});
    remote.digits_send = remote.digits_receive = 101;
    set_remote(leg, remote);
    phone.call(port);
    return port;
  }
  void set_remote(const std::string& leg, const RemoteSound& remote) {
    apply(
        command::SetRemote{LegId(leg), remote, *rtp::Address::parse(remote.address, remote.port)});
  }
  void connect(const std::string& listener, const std::string& speaker,
               Hearing hearing = Hearing::kBoth) {
    apply(command::Connect{kCall, LegId(listener), LegId(speaker), hearing});
  }
  void play(const std::string& leg, PlayId play, const std::vector<Bytes>& wavs,
            OnOff loop = OnOff::kOff) {
    command::Play command{LegId(leg), play, {}, loop};
    for (const Bytes& wav : wavs) command.list.push_back(*Prompt::from_wav(wav));
    apply(std::move(command));
  }
  void record() {
    keys_ = fresh_seal_key_pair();
    apply(
        command::StartRecording{kCall,
                                {OrganisationId("sakura"), RecordingKeyId("k1"), keys_.public_key},
                                "call.1.mdgrec"});
  }

  // Serves what waits on the sockets.
  void pump() {
    for (auto ready = poller_.wait(0); !ready.empty(); ready = poller_.wait(0))
      for (const epoll_event& event : ready) engine_->serve(event.data.u64, now_);
    engine_->advance(now_, wall());
  }
  // Lets time pass in steps of 5 ms.
  void pass(Micros time) {
    for (const MonoTime end = now_ + time; now_ < end;) {
      now_ += std::min<Micros>(std::chrono::milliseconds(5), end - now_);
      pump();
    }
  }

  std::vector<MediaEvent> events() {
    std::vector<MediaEvent> got;
    events_.drain(got);
    return got;
  }
  template <typename Event>
  std::vector<Event> events_of() {
    std::vector<Event> wanted;
    for (const MediaEvent& event : events())
      if (const auto* one = std::get_if<Event>(&event)) wanted.push_back(*one);
    return wanted;
  }
  [[nodiscard]] bool recordings_written() {
    return recordings_->wait_until_written(std::chrono::seconds(10));
  }
  RecordingClosed closed_recording() {
    EXPECT_TRUE(recordings_->wait_until_idle(std::chrono::seconds(10)));
    auto closed = events_of<RecordingClosed>();
    EXPECT_EQ(closed.size(), 1U);
    return closed.empty() ? RecordingClosed{} : closed.front();
  }

  [[nodiscard]] MediaCounters counters() {
    pass(MediaEngine::kWatch);
    return engine_->counters();
  }
  [[nodiscard]] static Time wall() { return time_from_micros(1'795'000'000'000'000); }
  [[nodiscard]] MonoTime now() const { return now_; }
  [[nodiscard]] const SealKeyPair& keys() const { return keys_; }
  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }
  [[nodiscard]] std::uint16_t browser_port() const { return browser_port_; }

 private:
  TemporaryDirectory directory_;
  SystemEntropy entropy_;
  SystemClock clock_;
  MonoTime now_{std::chrono::hours(1)};
  SealKeyPair keys_;
  EventOutlet events_;
  std::unique_ptr<RecordingPipe> recordings_;
  rtp::DtlsIdentity identity_;
  Poller poller_;
  std::uint16_t browser_port_ = 0;
  std::unique_ptr<MediaEngine> engine_;
};

}  // namespace madoguchi::exchange
