#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/confine.h"

namespace madoguchi {
namespace {

// `error` 0: it happened.
Trial outcome_of(std::string what, int error, int denied_by = EPERM) {
  const char* word = error == 0 ? "done" : strerrorname_np(error);
  return {std::move(what), {}, error == denied_by, word == nullptr ? "?" : word};
}

Trial of_memory() {
  if (prctl(PR_GET_DUMPABLE) != 0) return outcome_of("be_dumped", 0);
  rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  return outcome_of("be_dumped", core.rlim_max == 0 ? EPERM : 0);
}

Trial of_privileges() {
  return outcome_of("gain_privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? EPERM : 0);
}

int error_of(long answer) {
  return answer < 0 ? errno : 0;
}

// A process may read its own memory this way, unless a filter says no.
Trial of_reading_memory() {
  char from = 'x';
  char to = 0;
  const iovec here{&to, 1};
  const iovec there{&from, 1};
  return outcome_of("read_memory", error_of(process_vm_readv(getpid(), &here, 1, &there, 1, 0)));
}

// There is no process of that number: ESRCH where tracing is not filtered.
Trial of_tracing() {
  errno = 0;
  return outcome_of("trace", error_of(ptrace(PTRACE_PEEKDATA, -1, nullptr, nullptr)));
}

// There is no such program: ENOENT where starting programs is not filtered.
Trial of_starting() {
  const std::array<char*, 1> nothing{nullptr};
  return outcome_of("start_program",
                    error_of(execve("/nonexistent/program", nothing.data(), nothing.data())));
}

Trial of_namespaces() {
  return outcome_of("leave_namespaces", error_of(syscall(SYS_unshare, 0)));
}

Trial of_file(const std::filesystem::path& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  Trial trial = outcome_of("file", error_of(fd), EACCES);
  trial.file = file;
  if (fd >= 0) close(fd);
  return trial;
}

// Everybody may write there.
Trial of_writing() {
  const int fd = open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  Trial trial = outcome_of("write_elsewhere", error_of(fd), EACCES);
  if (fd >= 0) close(fd);
  return trial;
}

}  // namespace

std::vector<Trial> try_confinement(const std::vector<std::filesystem::path>& files) {
  std::vector<Trial> trials{of_memory(),   of_privileges(), of_reading_memory(), of_tracing(),
                            of_starting(), of_namespaces(), of_writing()};
  for (const auto& file : files) trials.push_back(of_file(file));
  return trials;
}

}  // namespace madoguchi
