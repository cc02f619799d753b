#include "base/process.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace madoguchi {

std::filesystem::path folder_of(const std::filesystem::path& file) {
  const auto parent = std::filesystem::absolute(file).parent_path();
  return parent.empty() ? "/" : parent;
}

std::filesystem::path socket_folder_of(std::string_view address) {
  constexpr std::string_view kUnix = "unix:";
  if (!address.starts_with(kUnix)) return {};
  return folder_of(address.substr(kUnix.size()));
}

Result<void> make_data_folder(const std::filesystem::path& config_file,
                              const std::filesystem::path& data) {
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error)
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: data: {} cannot be made ({})", config_file.string(), data.string(),
                            error.message()));
  ::umask(0077);
  return {};
}

Error named_after(const std::filesystem::path& config_file, Error error) {
  const bool settings = error.code == ErrorCode::kInvalid || error.code == ErrorCode::kNotFound;
  if (settings && !error.message.starts_with(config_file.string()))
    error.message = fmt::format("{}: {}", config_file.string(), error.message);
  return error;
}

std::size_t allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
  }
  return most_open_files();
}

std::size_t most_open_files() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

StopSignals::StopSignals() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void StopSignals::wait() const {
  int received = 0;
  sigwait(&signals_, &received);
}

bool StopSignals::wait_for(std::time_t seconds) const {
  const timespec most{seconds, 0};
  return sigtimedwait(&signals_, nullptr, &most) >= 0;
}

}  // namespace madoguchi
