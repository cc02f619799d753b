#include "base/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

namespace madoguchi {
namespace {

// Confinement can't be undone, so each claim is tried in a child, whose exit code is the answer.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Confine : public testing::Test {
 protected:
  Confine() {
    std::string pattern = testing::TempDir() + "confineXXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(folder_ / "ours");
    std::filesystem::create_directories(folder_ / "theirs");
  }
  ~Confine() override { std::filesystem::remove_all(folder_); }

  static bool can_create(const std::filesystem::path& file) {
    const int fd = open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    return fd >= 0;
  }

  std::filesystem::path folder_;
};

constexpr int kNoLandlock = 77;

TEST_F(Confine, WritesOnlyWhereAllowed) {
  const int answer = in_child([&] {
    const Confined done = confine({{}, {folder_ / "ours"}, Programs::kNone});
    if (!done.files) return kNoLandlock;
    if (!can_create(folder_ / "ours" / "a")) return 1;
    return can_create(folder_ / "theirs" / "a") ? 2 : 0;
  });
  if (answer == kNoLandlock) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(answer, 0);
}

TEST_F(Confine, StartsNoProgramUnlessAllowed) {
  const auto runs_true = [](Programs programs) {
    return in_child([&] {
      confine({{}, {}, programs});
      execl("/usr/bin/true", "true", nullptr);
      return 1;
    });
  };
  EXPECT_EQ(runs_true(Programs::kNone), 1);
  EXPECT_EQ(runs_true(Programs::kSystem), 0);
}

const Trial* trial_of(const std::vector<Trial>& trials, std::string_view what) {
  for (const Trial& one : trials)
    if (one.what == what) return &one;
  return nullptr;
}

TEST_F(Confine, ItsTrialsTellAConfinedProcessFromAnother) {
  const auto denied = [&](bool confined) {
    return in_child([&] {
      const auto mine = folder_ / "ours" / "mine";
      const auto other = folder_ / "theirs" / "other";
      if (!can_create(mine) || !can_create(other)) return 100;
      if (confined && !confine({{}, {folder_ / "ours"}, Programs::kNone}).files) return kNoLandlock;
      const auto trials = try_confinement({mine, other});
      int count = 0;
      for (const Trial& one : trials) count += one.denied ? 1 : 0;
      return trials.back().file == other && !trials[trials.size() - 2].denied ? count : 101;
    });
  };
  EXPECT_LT(denied(false), 7);  // a container may deny some of them to everybody
  const int confined = denied(true);
  if (confined == kNoLandlock) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(confined, 8);
}

TEST_F(Confine, ATrialNamesTheKernelsAnswer) {
  EXPECT_EQ(in_child([] {
              confine({{}, {}, Programs::kNone});
              const auto trials = try_confinement({"/nonexistent/file"});
              const Trial* trace = trial_of(trials, "trace");
              const Trial* file = trial_of(trials, "file");
              if (trace == nullptr || trace->answer != "EPERM") return 1;
              return file == nullptr || file->answer != "ENOENT" ? 2 : 0;
            }),
            0);
}

TEST_F(Confine, ClosesItsMemory) {
  EXPECT_EQ(in_child([] {
              const Confined done = confine({});
              return done.memory && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace madoguchi
