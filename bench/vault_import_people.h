// Invented people as CSV files, the same for the same seed. Names, streets and numbers are made up;
// nobody is meant.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace madoguchi::bench {

// Writes a file of `rows` people of one client, with a header. False: the disk is full.
bool write_people(const std::filesystem::path& file, std::uint64_t seed, std::uint64_t rows);

}  // namespace madoguchi::bench
