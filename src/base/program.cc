#include "base/program.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace madoguchi {
namespace {

bool is_of_the_system(const std::filesystem::path& file) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(file, error);
  return !error && real.string().starts_with("/usr/") &&
         std::filesystem::is_regular_file(real, error) && access(real.c_str(), X_OK) == 0;
}

}  // namespace

bool is_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return is_of_the_system(name);
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!name.empty() && is_of_the_system(std::filesystem::path(folder) / name)) return true;
  return false;
}

}  // namespace madoguchi
