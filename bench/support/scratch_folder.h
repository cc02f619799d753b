// A temporary folder for one run of a bench, somewhere on the disk, not where an earlier run had
// its own: without a journal ext4 looks, for each new file, at every inode near its folder that was
// freed in the last minutes, and an earlier run frees tens of thousands. That is not what is
// measured. Removed with its owner.
#pragma once

#include <filesystem>
#include <string_view>

namespace madoguchi::bench {

class ScratchFolder {
 public:
  // `bench` begins its name. Ends the program with a line when no folder can be made.
  explicit ScratchFolder(std::string_view bench);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path root_;
  std::filesystem::path path_;
};

}  // namespace madoguchi::bench
