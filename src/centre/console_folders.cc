#include "centre/console_folders.h"

namespace madoguchi::centre {

std::map<std::string, std::filesystem::path> consoles_in(const std::filesystem::path& folder) {
  std::map<std::string, std::filesystem::path> found;
  std::error_code error;  // what can't be read holds no console
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    for (const auto& built : {entry.path() / "dist", entry.path()})
      if (std::filesystem::is_regular_file(built / "index.html", error))
        found.try_emplace(entry.path().filename().string(), built);
  return found;
}

}  // namespace madoguchi::centre
