// How fast entries become durable in the vault's own database: 69 logs, at most 256 acts in flight,
// each one entry, committed as vault acts are (store::GroupCommit over SQLite, WAL,
// synchronous=FULL), with the publisher running beside as it does in the vault. Prints one JSON
// line.
//
// Open loop: entries are due at a steady rate and timed from when they were due, so that waiting
// counts. --rate 0 instead keeps 256 in flight and tells what it can carry.
//
// usage: ledger_append [--seconds N (120)] [--rate N (11000)] [--publish-ms N (1000, 0: no
// publisher)]
//                      [--folder DIR (temporary)]
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "bench/support/scratch_folder.h"
#include "ledger/entry.h"
#include "ledger/logs.h"
#include "store/group_commit.h"
#include "store/ledger/sql_log_store.h"

namespace {

using namespace madoguchi;
namespace fs = std::filesystem;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr int kLogs = 69;
constexpr int kMostInFlight = 256;

struct Options {
  int seconds = 120;
  int rate = 11'000;
  int publish_ms = 1'000;
  fs::path folder;
};

SteadyTime steady() {
  return std::chrono::steady_clock::now();
}

std::string log_name(std::uint64_t number) {
  return fmt::format("client-{:02}", number % kLogs);
}

std::string entry(std::uint64_t number) {
  ledger::Entry made;
  made.time = time_from_micros(1'795'316'400'000'000 + static_cast<std::int64_t>(number) * 91);
  made.kind = ledger::kind::kOpening;
  made.operator_id = fmt::format("operator-{}", number % 501);
  made.organisation = "vendor-a";
  made.call = fmt::format("01JD{:022}", number / 4);
  made.desk = "common";
  made.ticket = fmt::format("01JT{:022}", number / 4);
  made.purpose = "inquiry";
  made.mandate = ledger::MandateRef{"mandate-7", 3};
  made.fields = {"address"};
  ledger::SubjectCommitment subject;
  std::memcpy(subject.nonce.data(), &number, sizeof number);
  subject.commitment = hmac_sha256(subject.nonce, as_bytes("subject"));
  made.subject = subject;
  made.outcome = "shown";
  return made.text().value();
}

class FreshSigners final : public ledger::SignerSource {
 public:
  Result<ledger::NoteSigner> signer_of(std::string_view, const std::string& origin) override {
    return ledger::NoteSigner::make(origin, ledger::KeyType::kEd25519, SigningKey::fresh());
  }
};

// Sends acts and takes their times.
class Load {
 public:
  explicit Load(store::GroupCommit& group) : group_(group) {}

  void run(const Options& options) {
    const SteadyTime begin = steady();
    const auto end = begin + std::chrono::seconds(options.seconds);
    for (std::uint64_t number = 0;; ++number) {
      SteadyTime due = steady();
      if (options.rate > 0) {
        due = begin + std::chrono::nanoseconds(number * 1'000'000'000ULL /
                                               static_cast<std::uint64_t>(options.rate));
        if (due > steady()) std::this_thread::sleep_until(due);
      }
      if (due >= end || steady() >= end) break;
      send(number, options.rate > 0 ? due : SteadyTime{});
    }
    std::unique_lock lock(mutex_);
    free_.wait(lock, [&] { return in_flight_ == 0; });
    took_ = std::chrono::duration<double>(steady() - begin).count();
  }

  void tell(const Options& options, std::uint64_t published) {
    std::sort(times_.begin(), times_.end());
    const auto at = [&](double part) {
      return times_.empty()
                 ? 0.0
                 : times_[static_cast<std::size_t>(part * static_cast<double>(times_.size() - 1))];
    };
    fmt::print(
        "{{\"bench\":\"ledger_append\",\"logs\":{},\"most_in_flight\":{},\"rate\":{},"
        "\"seconds\":{:.1f},\"entries\":{},\"failed\":{},\"entries_per_second\":{:.0f},"
        "\"p50_ms\":{:.2f},\"p99_ms\":{:.2f},\"max_ms\":{:.1f},\"published\":{},"
        "\"budget_entries_per_second\":10000,\"budget_p99_ms\":20}}\n",
        kLogs, kMostInFlight, options.rate, took_, times_.size(), failed_,
        static_cast<double>(times_.size()) / took_, at(0.5), at(0.99), at(1.0), published);
  }
  [[nodiscard]] bool failed() const { return failed_ != 0; }

 private:
  void send(std::uint64_t number, SteadyTime due) {
    {
      std::unique_lock lock(mutex_);
      free_.wait(lock, [&] { return in_flight_ < kMostInFlight; });
      ++in_flight_;
    }
    if (due == SteadyTime{}) due = steady();
    group_.submit({{}, {ledger::Draft{log_name(number), entry(number)}}},
                  [this, due](const Result<void>& done) {
                    const double took =
                        std::chrono::duration<double, std::milli>(steady() - due).count();
                    {
                      const std::lock_guard lock(mutex_);
                      --in_flight_;
                      if (done)
                        times_.push_back(took);
                      else
                        ++failed_;
                    }
                    free_.notify_one();
                  });
  }

  store::GroupCommit& group_;
  std::mutex mutex_;  // guards the next three
  int in_flight_ = 0;
  std::vector<double> times_;
  std::uint64_t failed_ = 0;
  std::condition_variable free_;
  double took_ = 0;
};

// As the vault's: the one that writes is the sole owner.
std::unique_ptr<store::Database> open(const fs::path& file, bool sole_owner) {
  store::DatabaseOptions options;
  options.url = file.string();
  options.sole_owner = sole_owner;
  auto database = store::Database::open(options);
  if (!database || !(*database)->migrate("ledger", store::ledger_tables())) return nullptr;
  return std::move(*database);
}

int run(const Options& options) {
  fs::create_directories(options.folder);
  const auto database = open(options.folder / "vault.db", true);
  const auto reading = open(options.folder / "vault.db", false);
  if (!database || !reading) return fmt::print(stderr, "ledger_append: no database\n"), 1;
  const auto rows = store::make_log_store(*reading);
  FreshSigners signers;
  ledger::Logs logs(*rows, signers, {options.folder / "site", "bench.example/log"});
  const SystemClock clock;
  std::atomic<std::uint64_t> published{0};
  std::unique_ptr<ledger::Publisher> publisher;
  if (options.publish_ms > 0)
    publisher = std::make_unique<ledger::Publisher>(
        logs, clock, std::chrono::milliseconds(options.publish_ms),
        [&](const Result<ledger::PublishedRound>& round) {
          if (!round) fmt::print(stderr, "ledger_append: {}\n", round.error().message);
          if (round) published += round->entries;
        });
  std::unique_ptr<Load> load;
  {
    store::GroupCommit group(*database);
    load = std::make_unique<Load>(group);
    load->run(options);
  }
  publisher.reset();
  load->tell(options, published);
  return load->failed() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--seconds")
      options.seconds = std::atoi(argv[i + 1]);
    else if (name == "--rate")
      options.rate = std::atoi(argv[i + 1]);
    else if (name == "--publish-ms")
      options.publish_ms = std::atoi(argv[i + 1]);
    else if (name == "--folder")
      options.folder = argv[i + 1];
    else
      return fmt::print(stderr, "ledger_append: no option {}\n", name), 2;
  }
  std::optional<madoguchi::bench::ScratchFolder> scratch;
  if (options.folder.empty()) options.folder = scratch.emplace("ledger_append").path();
  return run(options);
}
