// How fast people are opened in the glass, at the size of the first load: the vault's own process
// over HTTPS, 9.28 million records of 69 clients, one desk with a mandate of them all, operators
// who are each in a call. An opening is POST /api/open for a person who was found and checked
// before: three fields, an entry each in the owner's log, durable before the values leave.
//
// usage: bench/vault_open [--rows N] [--clients 69] [--operators 600] [--rate 205] [--seconds 120]
//                         [--dir D]   D keeps the records for the next run
// Prints {"name":"vault_open","rows":…,"per_second":…,"p99_ms":…,…}. Open loop: an opening is due
// at its time whatever came before, and its milliseconds count from then on. search_p99_ms and
// check_p99_ms are of finding and checking each of those people, one after another, before.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <thread>

#include "bench/support/scratch_folder.h"
#include "bench/vault_open_floor.h"

namespace madoguchi::bench {
namespace {

namespace fs = std::filesystem;
using Monotonic = std::chrono::steady_clock;
using nlohmann::json;

constexpr int kSenders = 12;
constexpr int kPeopleEach = 18;  // an operator may search 20 times a minute

struct Options {
  FloorOptions floor;
  int rate = 205;
  int seconds = 120;
};

double ms_since(Monotonic::time_point start) {
  return std::chrono::duration<double, std::milli>(Monotonic::now() - start).count();
}

double p99(std::vector<double> all) {
  if (all.empty()) return -1;
  std::sort(all.begin(), all.end());
  return all[all.size() * 99 / 100];
}

struct Found {
  std::size_t by = 0;  // operator
  std::string body;    // of POST /api/open
};

struct Figures {
  std::vector<double> search, check, open;
  std::uint64_t failed = 0;
  std::string first_failure;
  void failure(const std::string& why) {
    if (failed++ == 0) first_failure = why;
  }
};

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)), floor_(options_.floor) {}

  Result<void> run() {
    if (auto good = floor_.start(); !good) return good;
    if (auto good = floor_.fill(); !good) return good;
    if (auto good = floor_.put_staff(); !good) return good;
    auto operators = floor_.sign_in();
    if (!operators) return tl::unexpected<Error>(operators.error());
    operators_ = std::move(*operators);
    each_sender([this](std::size_t sender) { find_people(sender); });
    if (figures_.failed > 0)
      return fail(ErrorCode::kDenied, "finding people: " + figures_.first_failure);
    start_ = Monotonic::now() + std::chrono::milliseconds(100);
    each_sender([this](std::size_t sender) { open_people(sender); });
    print(ms_since(start_) / 1000);
    return {};
  }

 private:
  template <typename Work>
  void each_sender(Work work) {
    std::vector<std::thread> senders;
    for (std::size_t i = 0; i < kSenders; ++i) senders.emplace_back([&work, i] { work(i); });
    for (std::thread& sender : senders) sender.join();
  }

  // Each sender has operators of its own: a connection is one thread's.
  void find_people(std::size_t sender) {
    std::mt19937_64 dice(sender + 1);
    Figures mine;
    std::vector<Found> found;
    for (std::size_t by = sender; by < operators_.size(); by += kSenders)
      for (int i = 0; i < kPeopleEach; ++i) find_one(by, floor_.record(dice() >> 1), found, mine);
    std::shuffle(found.begin(), found.end(), dice);
    const std::lock_guard lock(mutex_);
    people_[sender] = std::move(found);
    add(mine);
  }

  void find_one(std::size_t by, const RecordNamed& record, std::vector<Found>& found,
                Figures& mine) {
    OperatorAtWork& who = operators_[by];
    const json value = {{"field", "customer_number"}, {"value", record.customer_number}};
    const auto search = Monotonic::now();
    const auto hits =
        who.glass.ask("POST", "/api/search",
                      json{{"owner", record.organisation}, {"all_of", {value}}}.dump(), who.ticket);
    if (!hits || hits->status != 200) return mine.failure(hits ? hits->body : hits.error().message);
    mine.search.push_back(ms_since(search));
    const json people = json::parse(hits->body)["people"];
    if (people.size() != 1) return mine.failure("a record that was imported is not found");
    const std::string subject = people[0]["subject"];
    const auto check = Monotonic::now();
    const auto checked = who.glass.ask("POST", "/api/check",
                                       json{{"owner", record.organisation},
                                            {"subject", subject},
                                            {"field", "customer_number"},
                                            {"typed", record.customer_number}}
                                           .dump(),
                                       who.ticket);
    if (!checked || checked->status != 200)
      return mine.failure(checked ? checked->body : checked.error().message);
    mine.check.push_back(ms_since(check));
    found.push_back({by, json{{"owner", record.organisation}, {"subject", subject}}.dump()});
  }

  void open_people(std::size_t sender) {
    Figures mine;
    const std::vector<Found>& people = people_[sender];
    const int openings = options_.rate * options_.seconds;
    std::size_t next = 0;
    for (int i = static_cast<int>(sender); i < openings; i += kSenders) {
      const auto due = start_ + std::chrono::microseconds(1'000'000LL * i / options_.rate);
      std::this_thread::sleep_until(due);
      const Found& one = people[next++ % people.size()];
      OperatorAtWork& who = operators_[one.by];
      const auto opened = who.glass.ask("POST", "/api/open", one.body, who.ticket);
      if (!opened || opened->status != 200 || opened->body.find("\"values\"") == std::string::npos)
        mine.failure(opened ? opened->body : opened.error().message);
      else
        mine.open.push_back(ms_since(due));
    }
    const std::lock_guard lock(mutex_);
    add(mine);
  }

  void add(const Figures& mine) {
    figures_.search.insert(figures_.search.end(), mine.search.begin(), mine.search.end());
    figures_.check.insert(figures_.check.end(), mine.check.begin(), mine.check.end());
    figures_.open.insert(figures_.open.end(), mine.open.begin(), mine.open.end());
    if (figures_.failed == 0) figures_.first_failure = mine.first_failure;
    figures_.failed += mine.failed;
  }

  void print(double seconds) const {
    if (figures_.failed > 0)
      fmt::print(stderr, "vault_open: {} failed, the first: {}\n", figures_.failed,
                 figures_.first_failure);
    std::vector<double> sorted = figures_.open;
    std::sort(sorted.begin(), sorted.end());
    double load = 0;
    static_cast<void>(getloadavg(&load, 1));
    fmt::print(
        "{{\"name\":\"vault_open\",\"rows\":{},\"openings\":{},\"failed\":{},\"per_second\":{:.1f},"
        "\"p99_ms\":{:.2f},\"p50_ms\":{:.2f},\"search_p99_ms\":{:.2f},\"check_p99_ms\":{:.2f},"
        "\"seconds\":{:.1f},\"load\":{:.1f}}}\n",
        options_.floor.rows, sorted.size(), figures_.failed,
        static_cast<double>(sorted.size()) / seconds, p99(sorted),
        sorted.empty() ? -1 : sorted[sorted.size() / 2], p99(figures_.search), p99(figures_.check),
        seconds, load);
  }

  Options options_;
  VaultFloor floor_;
  std::vector<OperatorAtWork> operators_;
  std::array<std::vector<Found>, kSenders> people_;
  Monotonic::time_point start_;
  std::mutex mutex_;
  Figures figures_;
};

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a server may close a quiet connection; the client makes another
  Options options;
  options.floor.binary =
      fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "madoguchi";
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    const std::uint64_t number = std::strtoull(value, nullptr, 10);
    if (name == "--dir" && *value != '\0') {
      options.floor.folder = fs::absolute(fs::path(value)) / "vault_open";
    } else if (name == "--rows" && number > 0) {
      options.floor.rows = number;
    } else if (name == "--clients" && number > 0) {
      options.floor.clients = number;
    } else if (name == "--operators" && number >= kSenders) {
      options.floor.operators = static_cast<int>(number);
    } else if (name == "--rate" && number > 0) {
      options.rate = static_cast<int>(number);
    } else if (name == "--seconds" && number > 0) {
      options.seconds = static_cast<int>(number);
    } else {
      fmt::print(stderr,
                 "usage: vault_open [--rows N] [--clients N] [--operators N, {} at least] "
                 "[--rate N] [--seconds N] [--dir D]\n",
                 kSenders);
      return 2;
    }
  }
  std::optional<ScratchFolder> scratch;
  if (options.floor.folder.empty()) options.floor.folder = scratch.emplace("vault_open").path();
  Bench bench(std::move(options));
  const Result<void> done = bench.run();
  if (!done) std::cerr << "vault_open: " << done.error().message << '\n';
  return done ? 0 : 1;
}

}  // namespace
}  // namespace madoguchi::bench

int main(int argc, char** argv) {
  return madoguchi::bench::run(argc, argv);
}
