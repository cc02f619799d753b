// Taking rights away from the process itself, once, before it listens to anyone: files by Landlock,
// system calls by seccomp, other processes' eyes by PR_SET_DUMPABLE. Not to be undone afterwards.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace madoguchi {

enum class Programs { kNone, kSystem };  // may it start programs (of /usr/bin) at all

struct Confinement {
  std::vector<std::filesystem::path> read;   // with everything beneath; missing ones are left out
  std::vector<std::filesystem::path> write;  // may create, change and delete beneath
  Programs programs = Programs::kNone;
};

// What the kernel took; each is false where it can't (old kernel, container without the call).
struct Confined {
  bool files = false;
  bool system_calls = false;
  bool memory = false;  // no core files, no ptrace by equals

  [[nodiscard]] std::string summary() const;  // one line for `up`
};

// The system's libraries, zone data, locales and certificates stay readable. Call it before threads
// are started: Landlock binds the calling thread and those it starts later.
Confined confine(const Confinement& to);

// What a process tried to do beyond its task, and what the kernel said.
struct Trial {
  std::string what;
  std::filesystem::path file;  // where a file was tried
  bool denied = false;
  std::string answer;  // "EPERM"; "done" where it happened
};

// Tries, in this process and at this moment, what confine() took away: harmless forms of it, which
// succeed (or fail for another reason) where nothing is confined, and opening each of `files` for
// reading. Any thread that was started after confine().
std::vector<Trial> try_confinement(const std::vector<std::filesystem::path>& files);

}  // namespace madoguchi
