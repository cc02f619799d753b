#include "base/confine.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace madoguchi {
namespace {

// Rights of Landlock's first two versions, which Debian 12's headers have.
constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWrite = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                 LANDLOCK_ACCESS_FS_MAKE_FIFO;
constexpr std::uint64_t kSpecial =
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t kForFiles =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;

void allow(int ruleset, const std::filesystem::path& path, std::uint64_t rights) {
  const int fd = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) rights &= kForFiles;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = fd;
  syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  close(fd);
}

bool confine_files(const Confinement& to) {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return false;
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | kRead | kWrite | kSpecial;
  if (version >= 2) attributes.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
  const auto ruleset =
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
  if (ruleset < 0) return false;

  const std::uint64_t run = to.programs == Programs::kSystem ? LANDLOCK_ACCESS_FS_EXECUTE : 0;
  for (const char* path : {"/usr", "/lib", "/lib64", "/bin"}) allow(ruleset, path, kRead | run);
  for (const char* path : {"/etc", "/proc", "/sys/devices/system/cpu", "/run/systemd/resolve",
                           "/var/lib/mecab", "/dev/urandom", "/dev/random", "/run/resolvconf"})
    allow(ruleset, path, kRead);
  allow(ruleset, "/dev/null", kRead | LANDLOCK_ACCESS_FS_WRITE_FILE);
  for (const auto& path : to.read) allow(ruleset, path, kRead);
  for (const auto& path : to.write) allow(ruleset, path, kRead | kWrite | LANDLOCK_ACCESS_FS_REFER);
  const bool done = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  close(ruleset);
  return done;
}

bool confine_system_calls(const Confinement& to) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return false;
  std::vector<int> denied = {SCMP_SYS(ptrace),
                             SCMP_SYS(process_vm_readv),
                             SCMP_SYS(process_vm_writev),
                             SCMP_SYS(mount),
                             SCMP_SYS(umount2),
                             SCMP_SYS(pivot_root),
                             SCMP_SYS(chroot),
                             SCMP_SYS(unshare),
                             SCMP_SYS(setns),
                             SCMP_SYS(kexec_load),
                             SCMP_SYS(init_module),
                             SCMP_SYS(finit_module),
                             SCMP_SYS(delete_module),
                             SCMP_SYS(bpf),
                             SCMP_SYS(perf_event_open),
                             SCMP_SYS(userfaultfd),
                             SCMP_SYS(keyctl),
                             SCMP_SYS(add_key),
                             SCMP_SYS(request_key),
                             SCMP_SYS(kcmp),
                             SCMP_SYS(pidfd_getfd),
                             SCMP_SYS(settimeofday),
                             SCMP_SYS(clock_settime),
                             SCMP_SYS(adjtimex),
                             SCMP_SYS(swapon),
                             SCMP_SYS(swapoff),
                             SCMP_SYS(reboot),
                             SCMP_SYS(open_by_handle_at),
                             SCMP_SYS(io_uring_setup),
                             SCMP_SYS(mknod),
                             SCMP_SYS(mknodat)};
  if (to.programs == Programs::kNone) {
    denied.push_back(SCMP_SYS(execve));
    denied.push_back(SCMP_SYS(execveat));
  }
  bool done = true;
  for (const int call : denied)
    done = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) == 0 && done;
  done = done && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return done;
}

bool confine_memory() {
  const rlimit none{0, 0};
  return prctl(PR_SET_DUMPABLE, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0;
}

}  // namespace

Confined confine(const Confinement& to) {
  Confined done;
  done.memory = confine_memory();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return done;
  done.files = confine_files(to);
  done.system_calls = confine_system_calls(to);
  return done;
}

std::string Confined::summary() const {
  const auto word = [](bool on) { return on ? "yes" : "NO (this kernel does not offer it)"; };
  return std::string("files confined: ") + word(files) +
         "; system calls confined: " + word(system_calls) +
         "; memory closed to other processes: " + word(memory);
}

}  // namespace madoguchi
