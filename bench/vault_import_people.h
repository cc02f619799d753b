// Invented people as CSV files, the same for the same seed. Names, streets and numbers are made up;
// nobody is meant.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace madoguchi::bench {

// Writes a file of `rows` people of one client, with a header; every `moved`th of them has another
// address than without it. False: the disk is full.
bool write_people(const std::filesystem::path& file, std::uint64_t seed, std::uint64_t rows,
                  std::uint64_t moved = 0);

}  // namespace madoguchi::bench
