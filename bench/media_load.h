// The load of bench/media: a child process with one socket a leg, a thread that sends by schedule
// and one that takes in. Talks with its parent over two pipes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

struct LoadResult {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  double delay_ms_p50 = 0;
  double delay_ms_p99 = 0;
  double delay_ms_worst = 0;
};

enum class OperatorLegs { kTelephones, kBrowsers };

// What a browser and the plane tell each other instead of SDP.
struct SeatWords {
  std::array<char, 64> ufrag{};
  std::array<char, 64> password{};
  std::array<char, 128> fingerprint{};
  std::uint16_t port = 0;
};

// One side's ends of the pipes.
struct LoadEnd {
  int in = -1;
  int out = -1;

  [[nodiscard]] std::vector<std::uint16_t> read_ports() const;
  void write_ports(const std::vector<std::uint16_t>& ports) const;
  [[nodiscard]] SeatWords read_seat() const;
  void write_seat(const SeatWords& seat) const;
  void wait_for_byte() const;
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

// The child's main; the exit code. Legs 0, 2, 4, … are callers, the others operators.
int run_load(const LoadEnd& parent, int calls, int seconds, OperatorLegs operators);
