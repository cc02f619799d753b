// Calls through the whole path: SIPp caller → exchange → centre's queue → operator's SIP phone
// (SIPp) → BYE, with all processes running as `madoguchi up` runs them. Open loop: SIPp starts
// calls at the given rate whatever comes back. CPU is that of our processes alone (user and system,
// from /proc), summed.
//
// usage: bench/call_setup [--seconds N] [--rate N] [--operators N]
// Prints {"calls":…,"per_second":…,"failed":…,"cpu_ms_per_call":…,"ring_ms_p99":…,"seconds":…};
// per_second is the calls that went well over all the time from SIPp's start, with which the first
// INVITE is due, to the end of the last call; so the rate offered is a little above the 200 that
// are asked for. ring_ms is INVITE sent to 200 received, of a desk that answers when the operator
// does, whose phone answers at once.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <vector>

#include "app/deployment.h"
#include "base/sealing.h"
#include "bench/support/loopback_http.h"
#include "bench/support/scratch_folder.h"

namespace madoguchi::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kSip = 45060, kWeb = 45080, kGlass = 45081, kBrowser = 45082;
constexpr std::uint16_t kPhones = 45100, kCaller = 45200;
constexpr const char* kNumber = "+81300000009";
constexpr const char* kPassword = "bench-bench-1";

struct Options {
  int seconds = 120;
  int rate = 205;
  int operators = 320;  // 205 a second, each taken 0.2 s and a second of wrap-up: 246 busy
};

pid_t spawn(const std::vector<std::string>& command, const fs::path& log) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, 1);
  dup2(out, 2);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

int wait_for(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream(file) << text;
}

std::string read_file(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::string operator_name(int i) {
  return fmt::format("op{:04}", i);
}

// The floor: one desk that answers when an operator does, and its operators with telephones.
std::string floor_settings(const Options& options) {
  std::string text = fmt::format(
      "\n[[organisation]]\nid = \"bench\"\nname = \"Bench\"\n[[group]]\nid = \"all\"\nname = "
      "\"All\"\n"
      "[[desk]]\nid = \"bench\"\nname = \"Bench\"\norganisation = \"bench\"\ngroup = \"all\"\n"
      "numbers = [\"{}\"]\nanswer = \"when_free\"\ncallback = \"never\"\nwrap_up_limit_s = 1\n"
      "wrap_up_end = \"ready\"\n",
      kNumber);
  for (int i = 0; i < options.operators; ++i)
    text += fmt::format(
        "[[operator]]\nid = \"{0}\"\ndisplay_name = \"{0}\"\npassword = \"{1}\"\ngroups = "
        "[\"all\"]\n"
        "phone_user = \"{0}\"\nphone_password = \"{1}\"\n",
        operator_name(i), kPassword);
  return text;
}

constexpr const char* kRegister = R"(<?xml version="1.0"?>
<scenario name="register">
<send retrans="500"><![CDATA[
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[remote_ip]>;tag=[call_number]
To: <sip:[field0]@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port]>
Expires: 3600
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="401" auth="true"/>
<send retrans="500"><![CDATA[
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[remote_ip]>;tag=[call_number]
To: <sip:[field0]@[remote_ip]>
Call-ID: [call_id]
CSeq: 2 REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port]>
[field1]
Expires: 3600
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
)";

constexpr const char* kPhone = R"(<?xml version="1.0"?>
<scenario name="phone">
<recv request="INVITE" rrs="true"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]p[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=phone 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
]]></send>
<recv request="ACK"/>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
)";

constexpr const char* kCallerScenario = R"(<?xml version="1.0"?>
<scenario name="caller">
<send retrans="500" start_rtd="1"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rtd="1" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
[last_From:]
[last_To:]
[last_Call-ID:]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<pause milliseconds="200"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
[last_From:]
[last_To:]
[last_Call-ID:]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
)";

std::vector<std::string> sipp(const std::string& scenario, std::uint16_t port,
                              const std::vector<std::string>& more) {
  std::vector<std::string> command{"sipp",     fmt::format("127.0.0.1:{}", kSip),
                                   "-sf",      scenario,
                                   "-i",       "127.0.0.1",
                                   "-p",       std::to_string(port),
                                   "-nostdin", "-buff_size",
                                   "4194304"};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

// Ticks of user and system time of `pid`, and its parent.
struct ProcessTimes {
  pid_t parent = 0;
  std::uint64_t ticks = 0;
};
std::optional<ProcessTimes> times_of(const std::string& pid) {
  const std::string stat = read_file("/proc/" + pid + "/stat");
  const std::size_t after = stat.rfind(')');
  if (after == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(after + 2));
  std::vector<std::string> values{std::istream_iterator<std::string>(fields), {}};
  if (values.size() < 13) return std::nullopt;
  return ProcessTimes{std::stoi(values[1]), std::stoull(values[11]) + std::stoull(values[12])};
}

double cpu_ms(pid_t supervisor) {
  std::uint64_t ticks = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (const auto times = times_of(pid);
        times && (times->parent == supervisor || std::stoi(pid) == supervisor))
      ticks += times->ticks;
  }
  return static_cast<double>(ticks) * 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// The column of SIPp's statistics (-trace_stat) in its last line.
double last_value(const fs::path& file, const std::string& column) {
  std::ifstream in(file);
  std::string header, line, last;
  std::getline(in, header);
  while (std::getline(in, line))
    if (!line.empty()) last = line;
  std::istringstream names(header), values(last);
  for (std::string name, value; std::getline(names, name, ';') && std::getline(values, value, ';');)
    if (name == column) return std::atof(value.c_str());
  return -1;
}

// SIPp's -trace_rtt: date;milliseconds;name.
double p99(const fs::path& file) {
  std::vector<double> all;
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line))
    if (const auto at = line.find(';'); at != std::string::npos)
      all.push_back(std::atof(line.c_str() + at + 1));
  if (all.empty()) return -1;
  std::sort(all.begin(), all.end());
  return all[all.size() * 99 / 100];
}

fs::path find_with(const fs::path& folder, const std::string& ending) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().string().ends_with(ending)) return entry.path();
  return {};
}

class Bench {
 public:
  Bench(Options options, fs::path binary) : options_(options), binary_(std::move(binary)) {
    fs::current_path(folder_);  // SIPp leaves its measurements where it runs
  }
  ~Bench() {
    for (const pid_t pid : {phones_, madoguchi_})
      if (pid > 0) {
        kill(pid, SIGTERM);
        wait_for(pid);
      }
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  Result<void> prepare();
  Result<void> measure();

 private:
  Result<void> start_madoguchi();
  Result<void> start_phones();
  [[nodiscard]] std::vector<std::string> register_command() const;
  Result<void> make_ready();

  Options options_;
  fs::path binary_;
  const ScratchFolder scratch_{"call_setup"};
  const fs::path folder_ = scratch_.path();
  std::string admin_, admin_password_;
  pid_t madoguchi_ = 0, phones_ = 0;
};

Result<void> Bench::start_madoguchi() {
  app::UpOptions up;
  up.data = folder_ / "data";
  up.empty = true;
  up.sip_port = kSip;
  up.web_port = kWeb;
  up.glass_port = kGlass;
  up.browser_port = kBrowser;
  SystemClock clock;
  SystemEntropy entropy;
  app::Deployment deployment(up, binary_.parent_path());
  if (auto ready = deployment.prepare(clock.now(), entropy); !ready) return ready;
  const auto people = deployment.sign_ins();
  admin_ = people.front().name;
  admin_password_ = people.front().password;
  const fs::path exchange = deployment.settings_of("exchange");
  write_file(exchange, read_file(exchange) +
                           "\n[[trunk]]\nname = \"bench\"\naddresses = [\"127.0.0.0/8\"]\n"
                           "trusted = true\n");
  const fs::path centre = deployment.settings_of("centre");
  write_file(centre, read_file(centre) + floor_settings(options_));

  const fs::path log = folder_ / "madoguchi.log";
  madoguchi_ =
      spawn({binary_.string(), "up", "--empty", "--json", "--data", up.data.string(), "--sip-port",
             std::to_string(kSip), "--web-port", std::to_string(kWeb), "--glass-port",
             std::to_string(kGlass), "--browser-port", std::to_string(kBrowser)},
            log);
  for (int i = 0; i < 3000; ++i) {  // every operator's password is hashed once
    if (read_file(log).find("\"ready\":true") != std::string::npos) return {};
    if (waitpid(madoguchi_, nullptr, WNOHANG) != 0) break;
    usleep(100'000);
  }
  return fail(ErrorCode::kUnavailable, "madoguchi did not start:\n" + read_file(log));
}

std::vector<std::string> Bench::register_command() const {
  return sipp((folder_ / "register.xml").string(), kPhones,
              {"-inf", (folder_ / "phones.csv").string(), "-m", std::to_string(options_.operators),
               "-r", "100"});
}

Result<void> Bench::start_phones() {
  std::string rows = "SEQUENTIAL\n";
  for (int i = 0; i < options_.operators; ++i)
    rows += fmt::format("{0};[authentication username={0} password={1}]\n", operator_name(i),
                        kPassword);
  write_file(folder_ / "phones.csv", rows);
  write_file(folder_ / "register.xml", kRegister);
  write_file(folder_ / "phone.xml", kPhone);
  // From the very port where the phones will be rung: a registrar sends back along the flow. Again
  // when the exchange did not yet know all telephones.
  for (int tries = 0; wait_for(spawn(register_command(), folder_ / "register.log")) != 0; ++tries) {
    if (tries == 10)
      return fail(ErrorCode::kUnavailable,
                  "the phones could not register:\n" + read_file(folder_ / "register.log"));
    usleep(500'000);
  }
  phones_ = spawn(sipp((folder_ / "phone.xml").string(), kPhones, {"-mp", "46000"}),
                  folder_ / "phones.log");
  return {};
}

Result<void> Bench::make_ready() {
  LoopbackHttp http(kWeb);
  if (auto in = http.sign_in(admin_, admin_password_); !in) return in;
  for (int i = 0; i < options_.operators; ++i)
    if (auto set = http.request("PUT", fmt::format("/api/v1/operators/{}/state", operator_name(i)),
                                R"({"state":"ready"})");
        !set)
      return tl::unexpected<Error>(set.error());
  return {};
}

Result<void> Bench::prepare() {
  if (auto started = start_madoguchi(); !started) return started;
  if (auto started = start_phones(); !started) return started;
  return make_ready();
}

Result<void> Bench::measure() {
  std::string rows = "SEQUENTIAL\n";
  for (int i = 0; i < 10'000; ++i) rows += fmt::format("03000{:05}\n", i);
  write_file(folder_ / "callers.csv", rows);
  write_file(folder_ / "caller.xml", kCallerScenario);
  const int calls = options_.rate * options_.seconds;
  const fs::path results = folder_ / "results";
  fs::create_directory(results);
  SystemClock clock;
  const double cpu_before = cpu_ms(madoguchi_);
  const MonoTime start = clock.mono();
  const pid_t caller = spawn(sipp((folder_ / "caller.xml").string(), kCaller,
                                  {"-s",
                                   kNumber,
                                   "-inf",
                                   (folder_ / "callers.csv").string(),
                                   "-m",
                                   std::to_string(calls),
                                   "-r",
                                   std::to_string(options_.rate),
                                   "-l",
                                   "4000",
                                   "-mp",
                                   "47000",
                                   "-trace_stat",
                                   "-stf",
                                   (results / "stat.csv").string(),
                                   "-fd",
                                   "1",
                                   "-trace_rtt",
                                   "-rtt_freq",
                                   "1",
                                   "-timeout",
                                   std::to_string(options_.seconds + 60)}),
                             folder_ / "caller.log");
  wait_for(caller);
  const double seconds = static_cast<double>((clock.mono() - start).count()) / 1e6;
  const double cpu = cpu_ms(madoguchi_) - cpu_before;
  const double good = last_value(results / "stat.csv", "SuccessfulCall(C)");
  const double bad = last_value(results / "stat.csv", "FailedCall(C)");
  if (good <= 0)
    return fail(ErrorCode::kUnavailable,
                "no call succeeded:\n" + read_file(folder_ / "caller.log"));
  fmt::print(
      "{{\"calls\":{},\"per_second\":{:.1f},\"failed\":{},\"cpu_ms_per_call\":{:.3f},\"ring_ms_"
      "p99\":{:.1f},"
      "\"seconds\":{:.1f}}}\n",
      static_cast<long>(good + bad), good / seconds, static_cast<long>(bad), cpu / (good + bad),
      p99(find_with(folder_, "_rtt.csv")), seconds);
  std::fflush(stdout);  // the figure is told before thousands of recordings are removed
  return {};
}

int run(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    int* value = i + 1 == argc           ? nullptr
                 : name == "--seconds"   ? &options.seconds
                 : name == "--rate"      ? &options.rate
                 : name == "--operators" ? &options.operators
                                         : nullptr;
    if (value == nullptr || (*value = std::atoi(argv[i + 1])) <= 0) {
      fmt::print(stderr, "usage: call_setup [--seconds N] [--rate N] [--operators N]\n");
      return 2;
    }
  }
  const fs::path binary =
      fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "madoguchi";
  Bench bench(options, binary);
  Result<void> done = bench.prepare();
  if (done) done = bench.measure();
  if (done) return 0;
  std::cerr << "call_setup: " << done.error().message << '\n';
  return 1;
}

}  // namespace
}  // namespace madoguchi::bench

int main(int argc, char** argv) {
  return madoguchi::bench::run(argc, argv);
}
