// Every fuzz target on its own cases (corpus/NAME) and on small changes of them, the same ones each
// time: what a fuzzer found stays found, and a target that no longer holds for what it is about is
// seen with the other tests. To look for new cases: tools/fuzz, or this with
// MADOGUCHI_FUZZ_TIMES=50, which tries so many times as many changes.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#define TARGET(name, changes) extern "C" int fuzz_##name(const std::uint8_t*, std::size_t);
#include "fuzz_targets.inc"
#undef TARGET

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 16 * 1024;

struct Target {
  const char* name;
  int (*run)(const std::uint8_t*, std::size_t);
  int changes;  // how many changed cases are tried
};

void PrintTo(const Target& target, std::ostream* out) {
  *out << target.name;
}

const Target kTargets[] = {
#define TARGET(name, changes) {#name, fuzz_##name, changes},
#include "fuzz_targets.inc"
#undef TARGET
};

std::vector<std::string> cases_of(const char* target) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path("tests/fuzz/corpus") / target))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> cases;
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    cases.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return cases;
}

// Changes as careless programs and careful attackers make them.
class Changes {
 public:
  explicit Changes(const std::vector<std::string>& cases) : cases_(cases) {}

  std::string next() {
    std::string bytes = cases_[below(cases_.size())];
    for (std::size_t i = 1 + below(4); i > 0; --i) change(bytes);
    bytes.resize(std::min(bytes.size(), kMostBytes));
    return bytes;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  void change(std::string& bytes) {
    static constexpr unsigned char kTelling[] = {0,   1,   '\n', '\r', ' ',  '"',  '%',
                                                 '0', ':', ';',  0x7f, 0x80, 0xff, '<'};
    const std::size_t at = below(bytes.size());
    const std::size_t length = 1 + below(bytes.size() - at);
    switch (below(7)) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<char>(kTelling[below(sizeof kTelling)]);
        break;
      case 2:
        bytes.erase(at, std::min<std::size_t>(length, 16));
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 5:
        bytes.insert(at, std::string(1 + below(300), static_cast<char>(random_())));
        break;
      default: {
        const std::string& other = cases_[below(cases_.size())];
        bytes = bytes.substr(0, at) + other.substr(below(other.size()));
      }
    }
  }

  const std::vector<std::string>& cases_;
  std::mt19937_64 random_{20261123};
};

// Where a target ends the program, this file holds what it was tried on.
class Tried {
 public:
  explicit Tried(const Target& target)
      : target_(target),
        file_(fs::path(testing::TempDir()) / fmt::format("fuzz-last-{}-{}", target.name, getpid())),
        fd_(open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}
  ~Tried() {
    close(fd_);
    fs::remove(file_);
  }
  Tried(const Tried&) = delete;
  Tried& operator=(const Tried&) = delete;

  void run(const std::string& bytes) {
    EXPECT_EQ(pwrite(fd_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    EXPECT_EQ(ftruncate(fd_, static_cast<off_t>(bytes.size())), 0);
    EXPECT_EQ(target_.run(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
  }

 private:
  const Target& target_;
  const fs::path file_;
  const int fd_;
};

class FuzzTest : public testing::TestWithParam<Target> {};

TEST_P(FuzzTest, BearsItsCasesAndChangesOfThem) {
  const Target& target = GetParam();
  const std::vector<std::string> cases = cases_of(target.name);
  ASSERT_FALSE(cases.empty()) << "tests/fuzz/corpus/" << target.name << " is empty";
  Tried tried(target);
  tried.run("");
  for (const std::string& one : cases) tried.run(one);
  Changes changes(cases);
  const char* const times = std::getenv("MADOGUCHI_FUZZ_TIMES");
  const int count = target.changes * (times == nullptr ? 1 : std::atoi(times));
  for (int i = 0; i < count; ++i) tried.run(changes.next());
}

INSTANTIATE_TEST_SUITE_P(Every, FuzzTest, testing::ValuesIn(kTargets),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
