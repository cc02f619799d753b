// Speaking texts through programs of their own: they are GPL and never linked, and a crash in one
// costs a sound, not the centre.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "centre/sound.h"

extern char** environ;

namespace madoguchi::centre {
namespace {

constexpr int kWithinMs = 20'000;
constexpr std::size_t kMostOutput = 64 * 1024;

class Pipe {
 public:
  Pipe() { good_ = pipe2(ends_, O_CLOEXEC) == 0; }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool good() const { return good_; }
  int end(int which) const { return ends_[which]; }
  void close_end(int which) {
    if (ends_[which] >= 0) close(ends_[which]);
    ends_[which] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
  bool good_ = false;
};

// Runs `arguments` with `input` on its standard input; what it printed. The input is small enough
// for a pipe's buffer, so writing it first cannot block.
Result<std::string> run(const std::vector<std::string>& arguments, const std::string& input) {
  const auto failed = [&](const std::string& why) {
    return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", arguments.front(), why));
  };
  Pipe in, out;
  if (!in.good() || !out.good()) return failed("no pipe could be made");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.end(0), 0);
  posix_spawn_file_actions_adddup2(&actions, out.end(1), 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int spawned = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (spawned != 0) return failed("is not installed");
  in.close_end(0);
  out.close_end(1);
  if (write(in.end(1), input.data(), input.size()) < 0) in.close_end(1);
  in.close_end(1);

  std::string text;
  char buffer[4096];
  bool late = false;
  while (text.size() < kMostOutput) {
    pollfd wait{out.end(0), POLLIN, 0};
    if (poll(&wait, 1, kWithinMs) <= 0) {
      late = true;
      break;
    }
    const ssize_t got = read(out.end(0), buffer, sizeof buffer);
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  if (late) kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  if (late) return failed("took longer than 20 seconds");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return failed("failed");
  return text;
}

// The reading of Japanese text in katakana; the text itself where that can't be had.
std::string reading_of(const std::string& text, const SpeechSettings& settings) {
  if (settings.reader.empty()) return text;
  auto reading = run({settings.reader, "-Oyomi"}, text + "\n");
  if (!reading || reading->empty()) return text;
  while (!reading->empty() && reading->back() == '\n') reading->pop_back();
  return *reading;
}

}  // namespace

Result<SoundClip> speak(const std::string& text, const SpeechSettings& settings,
                        const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", folder.string(), error.message()));
  std::string pattern = (folder / "spokenXXXXXX").string();
  const int fd = mkstemp(pattern.data());
  if (fd < 0)
    return fail(ErrorCode::kUnavailable, fmt::format("{}: cannot be written", folder.string()));
  close(fd);
  const auto spoken = run({settings.program, "-v", "ja", "-s",
                           std::to_string(settings.words_per_minute), "-w", pattern, "--stdin"},
                          reading_of(text, settings));
  std::ifstream in(pattern, std::ios::binary);
  std::ostringstream wav;
  wav << in.rdbuf();
  std::filesystem::remove(pattern, error);
  if (!spoken) return tl::unexpected<Error>(spoken.error());
  auto clip = read_wav(as_bytes(wav.view()));
  if (!clip)
    return fail(ErrorCode::kUnavailable, fmt::format("{}: made no sound", settings.program));
  return clip;
}

}  // namespace madoguchi::centre
