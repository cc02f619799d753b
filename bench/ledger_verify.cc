// How fast a client checks a log: every entry parsed and held to its canonical form, every leaf
// hashed, every tile compared, the checkpoint's signature. Makes the log first (not measured), in a
// folder that it removes again. Prints one JSON line.
//
// usage: ledger_verify [--entries N (2000000)]
#include <fmt/format.h>
#include <stdlib.h>

#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "base/sealing.h"
#include "ledger/entry.h"
#include "ledger/logs.h"
#include "ledger/verify.h"

namespace {

using namespace madoguchi;
using namespace madoguchi::ledger;
namespace fs = std::filesystem;

constexpr const char* kLog = "sakura";

std::string entry(std::uint64_t number) {
  static constexpr const char* kFields[] = {"address", "name.kanji", "telephone.1", "birth_date"};
  static SystemEntropy entropy;
  static const Bytes kSaltKey(32, 5);
  Entry made;
  made.time = time_from_micros(1'795'316'400'000'000 + static_cast<std::int64_t>(number) * 4'321);
  made.kind = kind::kOpening;
  made.operator_id = fmt::format("operator-{}", number % 501);
  made.organisation = "vendor-a";
  made.call = fmt::format("01JD{:022}", number / 4);
  made.desk = "common";
  made.ticket = fmt::format("01JT{:022}", number / 4);
  made.purpose = "inquiry";
  made.mandate = MandateRef{"mandate-sakura-7", 3};
  made.fields = {kFields[number % 4]};
  made.subject = SubjectCommitment::make(kSaltKey, fmt::format("subject-{}", number / 4), entropy);
  made.outcome = "shown";
  return made.text().value();
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Makes its entries as they are asked for.
class InventedStore final : public LogStore {
 public:
  explicit InventedStore(std::uint64_t size) : size_(size) {}
  Result<std::vector<LogSize>> sizes() override { return std::vector{LogSize{kLog, size_}}; }
  Result<std::vector<StoredEntry>> entries(std::string_view, std::uint64_t from,
                                           std::size_t most) override {
    std::vector<StoredEntry> some;
    for (std::uint64_t i = from; i < size_ && some.size() < most; ++i) {
      std::string text = entry(i);
      const Hash leaf = leaf_hash(as_bytes(text));
      bytes_ += text.size();
      some.push_back({std::move(text), leaf});
    }
    return some;
  }
  Result<std::vector<SignedHead>> signed_heads() override { return std::vector<SignedHead>(); }
  Result<void> keep_signed(std::span<const SignedHead>) override { return {}; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t size_;
  std::uint64_t bytes_ = 0;
};

class FreshSigner final : public SignerSource {
 public:
  Result<NoteSigner> signer_of(std::string_view, const std::string& origin) override {
    return NoteSigner::make(origin, KeyType::kEd25519, SigningKey::fresh());
  }
};

int run(std::uint64_t entries) {
  std::string pattern = (fs::temp_directory_path() / "ledger_verifyXXXXXX").string();
  const fs::path folder = mkdtemp(pattern.data());
  InventedStore store(entries);
  FreshSigner signers;
  Logs logs(store, signers, {folder, "bench.example/log"});
  const auto published = logs.publish(SystemClock().now());
  if (!published || !published->troubles.empty()) {
    fmt::print(stderr, "ledger_verify: the log could not be made\n");
    fs::remove_all(folder);
    return 1;
  }
  FolderFetcher from(folder / kLog);
  const double cpu_before = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  const auto report = verify_log(from, {logs.verifier_of(kLog).value(), {}, {}, {}});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const double cpu = cpu_seconds() - cpu_before;
  fs::remove_all(folder);
  if (!report || report->finding || report->checked != entries) {
    fmt::print(stderr, "ledger_verify: the log was not accepted\n");
    return 1;
  }
  fmt::print(
      "{{\"bench\":\"ledger_verify\",\"entries\":{},\"bytes_per_entry\":{},\"seconds\":{:.2f},"
      "\"cpu_seconds\":{:.2f},\"entries_per_second\":{:.0f},\"budget_entries_per_second\":200000}}"
      "\n",
      entries, store.bytes() / entries, took.count(), cpu,
      static_cast<double>(entries) / took.count());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t entries = 2'000'000;
  if (argc == 3 && std::strcmp(argv[1], "--entries") == 0)
    entries = std::strtoull(argv[2], nullptr, 10);
  else if (argc != 1 || entries == 0)
    return fmt::print(stderr, "usage: ledger_verify [--entries N]\n"), 2;
  return run(entries);
}
