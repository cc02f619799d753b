#include "app/supervisor.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "base/log.h"

namespace madoguchi::app {
namespace {

constexpr Micros kFirstWait = std::chrono::milliseconds(100);
constexpr Micros kLongestWait = std::chrono::seconds(5);
constexpr Micros kSteadyAfter = std::chrono::seconds(30);
constexpr std::chrono::seconds kPoliteStop{10};
constexpr int kRefusedSettings = 2;
constexpr int kTriesToTell = 5;

}  // namespace

Micros BackOff::after_end(Micros up_for) {
  if (up_for >= kSteadyAfter) next_ = kFirstWait;
  const Micros wait = next_;
  next_ = std::min(next_ * 2, kLongestWait);
  return wait;
}

Supervisor::Supervisor(std::vector<Program> programs, std::vector<std::string> stop_order,
                       Clock& clock)
    : stop_order_(std::move(stop_order)), clock_(clock) {
  for (Program& program : programs) {
    Child child;
    child.program = std::move(program);
    child.start_at = clock_.mono();
    children_.push_back(std::move(child));
  }
}

Supervisor::~Supervisor() {
  if (notify_fd_ >= 0) close(notify_fd_);
  if (signal_fd_ >= 0) close(signal_fd_);
}

void Supervisor::when_ready(
    std::function<void(const std::map<std::string, std::string>&)> callback) {
  on_ready_ = std::move(callback);
}

Result<void> Supervisor::run() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&wanted, number);
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  signal_fd_ = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);

  notify_fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  notify_name_ = fmt::format("@madoguchi-{}", getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, notify_name_.data() + 1, notify_name_.size() - 1);
  if (bind(notify_fd_, reinterpret_cast<sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + notify_name_.size())) != 0)
    return fail(ErrorCode::kInternal, "the notification socket cannot be bound");

  // Before anything can be sent to it: credentials are attached when a message is sent.
  const int on = 1;
  setsockopt(notify_fd_, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);

  bool asked_to_stop = false;
  while (!asked_to_stop && !refusal_) {
    start_due();
    std::array<pollfd, 2> watched{pollfd{signal_fd_, POLLIN, 0}, pollfd{notify_fd_, POLLIN, 0}};
    poll(watched.data(), watched.size(), milliseconds_to_next());
    hear();
    signalfd_siginfo signal{};
    while (read(signal_fd_, &signal, sizeof signal) == sizeof signal)
      if (signal.ssi_signo != SIGCHLD) asked_to_stop = true;
    reap();
  }
  stop_all();
  if (refusal_) return tl::unexpected<Error>(*refusal_);
  return {};
}

void Supervisor::start_due() {
  for (Child& child : children_)
    if (child.start_at && *child.start_at <= clock_.mono()) {
      child.start_at.reset();
      if (auto started = start(child); !started) refusal_ = started.error();
    }
}

Result<void> Supervisor::start(Child& child) {
  std::vector<std::string> arguments{"madoguchi"};
  arguments.insert(arguments.end(), child.program.arguments.begin(), child.program.arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail(ErrorCode::kUnavailable, "a process cannot be started: too many run");
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // no orphans if the supervisor itself is killed
    if (getppid() != parent) _exit(1);
    setenv("NOTIFY_SOCKET", notify_name_.c_str(), 1);
    if (chdir(child.program.folder.c_str()) != 0) _exit(1);
    execv("/proc/self/exe", argv.data());
    _exit(1);
  }
  child.pid = pid;
  child.started = clock_.mono();
  return {};
}

void Supervisor::hear() {
  std::array<char, 4096> buffer{};
  for (;;) {
    // The sender's pid tells which process it is.
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = recvmsg(notify_fd_, &message, 0);
    if (got <= 0) return;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
    const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
    if (!text.starts_with("READY=1")) continue;
    for (Child& child : children_) {
      if (child.pid != sender.pid) continue;
      child.was_ready = true;
      const std::size_t at = text.find("STATUS=");
      if (at != std::string_view::npos) child.status = text.substr(at + 7);
    }
    const bool all = std::all_of(children_.begin(), children_.end(),
                                 [](const Child& child) { return child.was_ready; });
    if (all && on_ready_) {
      std::map<std::string, std::string> states;
      for (const Child& child : children_) states[child.program.name] = child.status;
      std::exchange(on_ready_, nullptr)(states);
    }
  }
}

void Supervisor::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    for (Child& child : children_)
      if (child.pid == pid) ended(child, status);
}

void Supervisor::ended(Child& child, int wait_status) {
  child.pid = 0;
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == kRefusedSettings && !child.was_ready) {
    refusal_ =
        Error{ErrorCode::kInvalid,
              fmt::format("{} refused its settings (see the line above)", child.program.name)};
    return;
  }
  if (!child.was_ready && ++child.ends_before_ready == kTriesToTell)
    log_error("{} has not come up in {} tries: what it says above must be mended; it is tried on",
              child.program.name, kTriesToTell);
  const Micros wait = child.back_off.after_end(clock_.mono() - child.started);
  child.start_at = clock_.mono() + wait;
  log_warn("{} ended ({}); starting it again in {} ms", child.program.name,
           WIFSIGNALED(wait_status) ? fmt::format("signal {}", WTERMSIG(wait_status))
                                    : fmt::format("exit {}", WEXITSTATUS(wait_status)),
           wait.count() / 1000);
}

void Supervisor::stop_all() {
  for (Child& child : children_) child.start_at.reset();
  for (const std::string& name : stop_order_)
    for (Child& child : children_)
      if (child.program.name == name && child.pid > 0) {
        kill(child.pid, SIGTERM);
        wait_for(child, kPoliteStop);
      }
}

void Supervisor::wait_for(Child& child, std::chrono::seconds at_most) {
  const MonoTime give_up = clock_.mono() + at_most;
  while (child.pid > 0) {
    const Micros left = give_up - clock_.mono();
    if (left <= Micros(0)) {
      log_warn("{} did not end in {} s and is killed", child.program.name, at_most.count());
      kill(child.pid, SIGKILL);
      waitpid(child.pid, nullptr, 0);
      child.pid = 0;
      return;
    }
    pollfd watched{signal_fd_, POLLIN, 0};
    poll(&watched, 1, static_cast<int>(left.count() / 1000 + 1));
    signalfd_siginfo signal{};
    while (read(signal_fd_, &signal, sizeof signal) == sizeof signal) {
    }
    if (waitpid(child.pid, nullptr, WNOHANG) == child.pid) child.pid = 0;
  }
}

int Supervisor::milliseconds_to_next() const {
  std::optional<MonoTime> soonest;
  for (const Child& child : children_)
    if (child.start_at && (!soonest || *child.start_at < *soonest)) soonest = child.start_at;
  if (!soonest) return -1;
  return static_cast<int>(std::max<std::int64_t>(0, (*soonest - clock_.mono()).count() / 1000 + 1));
}

}  // namespace madoguchi::app
