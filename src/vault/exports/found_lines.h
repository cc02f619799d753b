// A found file, cut into lines and cells: a copy of an export, lines typed out of it, a page of a
// forum. CSV (also what is not quite right as such), tabs, JSON Lines or plain text, in UTF-8 or
// CP932. A quoted cell may run on over lines. Where nothing tells how a line is cut, its words are
// given singly and joined with their neighbours. Pure; bytes are anybody's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace madoguchi::vault {

struct FoundLine {
  std::uint64_t line = 0;  // where it begins in the file, from 1
  std::vector<std::string> cells;
};

struct FoundLines {
  std::vector<FoundLine> lines;  // those that are not empty
  std::uint64_t left_out = 0;    // beyond `most`
  std::uint64_t too_long = 0;    // to be a person's; not looked at
};

inline constexpr std::size_t kMostFoundBytes = 64 * 1024 * 1024;

// kInvalid: no text that can be read, or larger than kMostFoundBytes.
Result<FoundLines> read_found_lines(ByteView file, std::size_t most);

}  // namespace madoguchi::vault
