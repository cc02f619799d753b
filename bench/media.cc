// What a relayed, recorded, sealed call costs. N calls of two legs, each leg sending 50 packets of
// G.711 a second over loopback for the time given. The load comes from a child process, open loop:
// packets leave at their scheduled times whatever comes back, and the delay is counted from the
// scheduled time to the kernel's arrival stamp. Only this process's CPU (media and recording
// threads, system time included) is counted.
//
// Prints {"calls":…,"cpu_ms_per_call_second":…,"delay_ms_p99":…,"lost":…,"rss_kib_per_call":…}
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bench/media_load.h"
#include "exchange/media/media_plane.h"

namespace {

using namespace madoguchi;
using namespace madoguchi::exchange;
using namespace std::chrono_literals;

struct Options {
  int calls = 200;
  int seconds = 120;
  bool browser = false;
  std::string directory;
};

double resident_kib() {
  std::ifstream in("/proc/self/statm");
  long all = 0;
  long resident = 0;
  in >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

// Where the time went, for the one who improves it: user and system, and how often threads slept.
struct Spent {
  std::chrono::duration<double, std::milli> user{};
  std::chrono::duration<double, std::milli> system{};
  long sleeps = 0;
  long preempted = 0;
  [[nodiscard]] std::chrono::duration<double, std::milli> cpu() const { return user + system; }
};

Spent spent() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return {of(usage.ru_utime), of(usage.ru_stime), usage.ru_nvcsw, usage.ru_nivcsw};
}

void fail_with(const std::string& why) {
  fmt::print(stderr, "bench/media: {}\n", why);
  std::exit(1);
}

RemoteSound remote_at(std::uint16_t port) {
  RemoteSound remote;
  remote.address = "127.0.0.1";
  remote.port = port;
  remote.codecs = {{SoundCodec::kPcmu, 0}, {SoundCodec::kPcma, 8}};
  return remote;
}

// As the centre's signalling would carry it.
void seat_operators(MediaPlane& plane, const LoadEnd& load, int calls) {
  for (int n = 0; n < calls; ++n) {
    const SeatWords theirs = load.read_seat();
    const BrowserOffer offer{theirs.ufrag.data(),
                             theirs.password.data(),
                             theirs.fingerprint.data(),
                             {{SoundCodec::kPcmu, 0}},
                             std::nullopt};
    const auto answer = plane.add_browser_seat(LegId(fmt::format("leg-{}", n * 2 + 1)), offer);
    if (!answer) fail_with(answer.error().message);
    SeatWords ours;
    std::copy(answer->ice_ufrag.begin(), answer->ice_ufrag.end(), ours.ufrag.begin());
    std::copy(answer->ice_pwd.begin(), answer->ice_pwd.end(), ours.password.begin());
    std::copy(answer->fingerprint.begin(), answer->fingerprint.end(), ours.fingerprint.begin());
    ours.port = plane.browser_port();
    load.write_seat(ours);
  }
}

std::uint16_t add_telephone(MediaPlane& plane, const CallId& call, const LegId& leg, Side side,
                            std::uint16_t phone) {
  auto local = plane.add_sip_leg(call, leg, {"127.0.0.1", side});
  if (!local) fail_with(local.error().message);
  static_cast<void>(plane.set_remote(leg, remote_at(phone)));
  return local->rtp_port;
}

// Sets every call up as the exchange does, and answers the ports that the load is to send to.
std::vector<std::uint16_t> set_up(MediaPlane& plane, const std::vector<std::uint16_t>& phones,
                                  const SealPublicKey& key) {
  std::vector<std::uint16_t> ports;
  for (std::size_t n = 0; n + 1 < phones.size(); n += 2) {
    const CallId call(fmt::format("call-{}", n / 2));
    const LegId caller(fmt::format("leg-{}", n));
    const LegId agent(fmt::format("leg-{}", n + 1));
    if (!plane.create_call(call)) fail_with("the plane takes no more calls");
    ports.push_back(add_telephone(plane, call, caller, Side::kCaller, phones[n]));
    if (phones[n + 1] == 0) {
      static_cast<void>(plane.attach_seat(call, agent));
      ports.push_back(0);
    } else {
      ports.push_back(add_telephone(plane, call, agent, Side::kOurs, phones[n + 1]));
    }
    plane.connect(call, caller, agent, Hearing::kBoth);
    static_cast<void>(
        plane.start_recording(call, {OrganisationId("bench"), RecordingKeyId("bench"), key}));
  }
  return ports;
}

int run(const Options& options) {
  LoadPipes pipes;
  const pid_t child = ::fork();
  if (child == 0)
    return run_load(pipes.child_end(), options.calls, options.seconds,
                    options.browser ? OperatorLegs::kBrowsers : OperatorLegs::kTelephones);
  const LoadEnd load = pipes.parent_end();

  MediaSettings settings;
  settings.rtp_port_first = 21600;
  settings.rtp_port_last = 32099;
  settings.recordings_directory = options.directory;
  const SystemClock clock;
  SystemEntropy entropy;
  auto plane = MediaPlane::start(settings, clock, entropy);
  if (!plane) fail_with(plane.error().message);
  const double resident_before = resident_kib();
  if (options.browser) seat_operators(**plane, load, options.calls);
  load.write_ports(set_up(**plane, load.read_ports(), fresh_seal_key_pair().public_key));

  load.wait_for_byte();
  const Spent before = spent();
  const auto began = clock.mono();
  const LoadResult result = load.read_result();
  const std::chrono::duration<double> took = clock.mono() - began;
  const Spent after = spent();
  const double cpu = (after.cpu() - before.cpu()).count();
  const double resident = resident_kib();

  std::vector<MediaEvent> events;
  (*plane)->stop_all(30s, events);
  std::uint64_t bytes = 0;
  int closed = 0;
  for (const MediaEvent& event : events)
    if (const auto* recording = std::get_if<RecordingClosed>(&event)) {
      bytes += recording->bytes;
      closed += recording->cut == OnOff::kOff && recording->gaps == 0 ? 1 : 0;
    }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (closed != options.calls) fail_with("not every recording was closed whole");
  fmt::print(stderr,
             "sent {} packets in {:.1f} s, sealed {} MiB; delay p50 {:.2f} ms, worst {:.2f} ms\n",
             result.sent, took.count(), bytes >> 20, result.delay_ms_p50, result.delay_ms_worst);
  const double per_call = 1 / took.count() / options.calls;
  fmt::print(stderr,
             "per second of call {:.3f} ms user, {:.3f} ms system; {:.0f} sleeps a second, "
             "preempted {:.0f} times a second\n",
             (after.user - before.user).count() * per_call,
             (after.system - before.system).count() * per_call,
             static_cast<double>(after.sleeps - before.sleeps) / took.count(),
             static_cast<double>(after.preempted - before.preempted) / took.count());
  fmt::print(
      "{{\"calls\":{},\"cpu_ms_per_call_second\":{:.3f},\"delay_ms_p99\":{:.2f},\"lost\":{},"
      "\"rss_kib_per_call\":{:.0f}}}\n",
      options.calls, cpu / took.count() / options.calls, result.delay_ms_p99,
      result.sent - result.received, (resident - resident_before) / options.calls);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("CPU, delay and memory of relayed, recorded, sealed calls");
  app.add_option("--calls", options.calls, "calls at a time")->check(CLI::Range(1, 2500));
  app.add_option("--seconds", options.seconds, "of measuring")->check(CLI::Range(1, 86400));
  app.add_flag("--browser", options.browser, "the operators' legs are SRTP");
  app.add_option("--directory", options.directory, "for the recordings; emptied after");
  CLI11_PARSE(app, argc, argv);
  const bool own_directory = options.directory.empty();
  if (own_directory) {
    std::string pattern = (std::filesystem::temp_directory_path() / "bench-media-XXXXXX").string();
    options.directory = ::mkdtemp(pattern.data());
  }
  const int result = run(options);
  std::error_code ignored;
  if (own_directory) std::filesystem::remove_all(options.directory, ignored);
  return result;
}
