// For tests: keys out of a number, entries, and logs in folders of their own. Linked into test
// programs only.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <string>

#include "ledger/entry.h"
#include "ledger/logs.h"
#include "ledger/memory_log_store.h"

namespace madoguchi::ledger {

inline NoteSigner test_signer(const std::string& name, std::uint8_t number,
                              KeyType type = KeyType::kEd25519) {
  return NoteSigner::make(name, type, SigningKey::of_seed(Bytes(32, number)).value()).value();
}

inline std::string test_entry(std::uint64_t number) {
  Entry entry;
  entry.time = time_from_micros(1'795'316'400'000'000 + static_cast<std::int64_t>(number));
  entry.kind = kind::kOpening;
  entry.operator_id = "sato";
  entry.organisation = "vendor-a";
  entry.call = "call-" + std::to_string(number);
  entry.purpose = "inquiry";
  entry.fields = {"address"};
  entry.outcome = "shown";
  return entry.text().value();
}

class TestSigners final : public SignerSource {
 public:
  Result<NoteSigner> signer_of(std::string_view log, const std::string& origin) override {
    return test_signer(origin, static_cast<std::uint8_t>(log.size()));
  }
};

// Logs over a store in memory, in a folder that goes with the test.
class LogsTest : public testing::Test {
 protected:
  LogsTest() {
    std::string pattern = testing::TempDir() + "logsXXXXXX";
    folder_ = mkdtemp(pattern.data());
    restart();
  }
  ~LogsTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  void restart() {
    logs_ = std::make_unique<Logs>(store_, signers_, LogsSettings{folder_, "test.example/log"});
  }
  void append(std::uint64_t count, const std::string& log = "sakura") {
    for (std::uint64_t i = 0; i < count; ++i)
      store_.append(log, test_entry(store_.logs[log].size()));
  }
  PublishedRound publish() {
    auto round = logs_->publish(now_);
    EXPECT_TRUE(round) << round.error().message;
    return round ? std::move(*round) : PublishedRound{};
  }
  [[nodiscard]] std::filesystem::path file(const std::string& path,
                                           const std::string& log = "sakura") const {
    return folder_ / log / path;
  }
  VerifierKey key(const std::string& log = "sakura") { return logs_->verifier_of(log).value(); }
  Checkpoint shown(const std::string& log = "sakura") {
    const auto bytes = read_whole(file("checkpoint", log), kMostNoteBytes);
    EXPECT_TRUE(bytes);
    if (!bytes) return {};
    auto opened = open_checkpoint(as_text(*bytes), key(log), {});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? opened->checkpoint : Checkpoint{};
  }
  // Every file of a log's folder with its bytes.
  std::map<std::string, Bytes> files(const std::string& log = "sakura") {
    std::map<std::string, Bytes> all;
    for (const auto& one : std::filesystem::recursive_directory_iterator(folder_ / log))
      if (one.is_regular_file())
        all[std::filesystem::relative(one.path(), folder_ / log)] =
            read_whole(one.path(), 1 << 26).value();
    return all;
  }

  const Time now_ = *parse_utc("2026-11-22T03:00:00Z");
  std::filesystem::path folder_;
  MemoryLogStore store_;
  TestSigners signers_;
  std::unique_ptr<Logs> logs_;
};

}  // namespace madoguchi::ledger
