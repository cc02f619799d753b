#include "bench/support/scratch_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <string>
#include <system_error>

namespace madoguchi::bench {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kPlaces = 64;

// What is below the folder is spread; other file systems know nothing of it.
void spread(const fs::path& root) {
  const int fd = open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int flags = 0;
  if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
    flags |= FS_TOPDIR_FL;
    ioctl(fd, FS_IOC_SETFLAGS, &flags);
  }
  close(fd);
}

}  // namespace

ScratchFolder::ScratchFolder(std::string_view bench) {
  std::string pattern = (fs::temp_directory_path() / fmt::format("{}_XXXXXX", bench)).string();
  if (mkdtemp(pattern.data()) == nullptr) {
    fmt::print(stderr, "{}: {} cannot be made\n", bench, pattern);
    std::exit(1);
  }
  root_ = pattern;
  spread(root_);
  for (unsigned i = 0; i < kPlaces; ++i) fs::create_directory(root_ / std::to_string(i));
  path_ = root_ / std::to_string(std::random_device()() % kPlaces);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

}  // namespace madoguchi::bench
