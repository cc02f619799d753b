// The load of bench/media: a child process with one socket a leg, a thread that sends by schedule
// and one that takes in. Talks with its parent over two pipes.
#pragma once

#include <cstdint>
#include <vector>

struct LoadResult {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  double delay_ms_p50 = 0;
  double delay_ms_p99 = 0;
  double delay_ms_worst = 0;
};

// One side's ends of the pipes.
struct LoadEnd {
  int in = -1;
  int out = -1;

  [[nodiscard]] std::vector<std::uint16_t> read_ports() const;
  void write_ports(const std::vector<std::uint16_t>& ports) const;
  void wait_for_warm_up() const;
  [[nodiscard]] LoadResult read_result() const;
};

class LoadPipes {
 public:
  LoadPipes();
  LoadEnd parent_end();
  LoadEnd child_end();

 private:
  int to_child_[2]{};
  int to_parent_[2]{};
};

// The child's main: `legs` phones, in pairs; the exit code.
int run_load(LoadEnd parent, int legs, int seconds);
