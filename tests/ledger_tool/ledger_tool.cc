// Makes a client's log as the vault does, with invented entries: rows in SQLite, tiles and
// checkpoints derived from them. For journeys and tests with other people's tools.
//
//   ledger_tool append --data D --log sakura --count 300 [--variant 1] [--witness URL VKEY]
//   ledger_tool prove --data D --log sakura --index 7 --out FILE
//   ledger_tool request --data D --log sakura --old 5        body of add-checkpoint
//
// The published folder is D/site/<log>; the signing key is made out of the log's name alone, so two
// data folders can hold two pasts of one log. Prints one JSON line.
#include <fmt/format.h>
#include <soci/soci.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/sealing.h"
#include "ledger/entry.h"
#include "ledger/files.h"
#include "ledger/logs.h"
#include "ledger/tile_nodes.h"
#include "ledger/witness.h"
#include "ledger/witness_desk.h"
#include "store/ledger/sql_log_store.h"
#include "web/client.h"

namespace {

using namespace madoguchi;
using namespace madoguchi::ledger;
namespace fs = std::filesystem;

struct Options {
  fs::path data;
  std::string log = "sakura";
  std::uint64_t count = 0;
  int variant = 0;
  std::vector<std::string> witness;
  std::uint64_t index = 0;
  std::uint64_t old = 0;
  fs::path out;
};

class NamedSigners final : public SignerSource {
 public:
  Result<NoteSigner> signer_of(std::string_view, const std::string& origin) override {
    const auto seed = sha256(as_bytes("a key for tests: " + origin));
    auto key = SigningKey::of_seed(seed);
    if (!key) return tl::unexpected<Error>(key.error());
    return NoteSigner::make(origin, KeyType::kEd25519, std::move(*key));
  }
};

class WebPoster final : public Poster {
 public:
  Result<Answer> post(const std::string& url, const std::string& body) override {
    auto answer = client_.post(url, body, "text/plain", 64 * 1024);
    if (!answer) return tl::unexpected<Error>(answer.error());
    return Answer{answer->status, answer->body};
  }

 private:
  web::Client client_;
};

int complain(const Error& error) {
  fmt::print(stderr, "ledger_tool: {}\n", error.message);
  return 1;
}

std::string invented_entry(std::uint64_t number, int variant) {
  static constexpr const char* kFields[] = {"address", "name.kanji", "telephone.1", "birth_date"};
  Entry entry;
  entry.time =
      time_from_micros(1'795'316'400'000'000 + static_cast<std::int64_t>(number) * 250'000);
  entry.kind = number % 7 == 0 ? kind::kIdentityCheck : kind::kOpening;
  entry.operator_id = fmt::format("operator-{}", number % 23);
  entry.organisation = "vendor-a";
  entry.call = fmt::format("call-{}-{}", number / 4, variant);
  entry.desk = "common";
  entry.purpose = "inquiry";
  entry.mandate = MandateRef{"m-1", 1};
  entry.fields = {kFields[number % 4]};
  entry.outcome = number % 7 == 0 ? "match" : "shown";
  return entry.text().value();
}

Result<void> append(store::Database& database, const Options& options) {
  auto logs = store::make_log_store(database);
  const auto sizes = logs->sizes();
  if (!sizes) return tl::unexpected<Error>(sizes.error());
  std::uint64_t size = 0;
  for (const LogSize& one : *sizes)
    if (one.log == options.log) size = one.size;
  std::vector<Draft> drafts;
  for (std::uint64_t i = 0; i < options.count; ++i)
    drafts.push_back({options.log, invented_entry(size + i, options.variant)});
  auto done =
      database.transact([&](soci::session& sql) { return store::append_entries(sql, drafts); });
  if (!done) return tl::unexpected<Error>(done.error());
  return {};
}

int append_command(store::Database& database, const Options& options) {
  if (auto done = append(database, options); !done) return complain(done.error());
  auto store = store::make_log_store(database);
  NamedSigners signers;
  Logs logs(*store, signers, {options.data / "site", "vault.test/log"});
  const SystemClock clock;
  std::unique_ptr<WitnessDesk> desk;
  if (options.witness.size() == 2) {
    auto key = VerifierKey::parse(options.witness[1]);
    if (!key) return complain(key.error());
    std::vector<WitnessDesk::Witnessed> witnesses(1);
    witnesses[0] = {{options.witness[0], *key}, {options.log}, std::make_unique<WebPoster>()};
    desk = std::make_unique<WitnessDesk>(std::move(witnesses), clock, std::chrono::seconds(30),
                                         [](const WitnessStanding&) {});
    logs.set_cosigning(*desk);
  }
  const auto round = logs.publish(clock.now());
  if (!round) return complain(round.error());
  for (const LogTrouble& trouble : round->troubles) return complain(trouble.error);
  std::vector<std::string> troubles;
  if (desk)
    for (const WitnessStanding& one : desk->standings())
      if (!one.trouble.empty()) troubles.push_back(one.trouble);
  fmt::print("{}\n", nlohmann::json{{"key", logs.verifier_of(options.log)->text()},
                                    {"folder", (options.data / "site" / options.log).string()},
                                    {"entries", round->entries},
                                    {"witness_troubles", troubles}}
                         .dump());
  return 0;
}

int prove_command(store::Database& database, const Options& options) {
  auto store = store::make_log_store(database);
  NamedSigners signers;
  const Logs logs(*store, signers, {options.data / "site", "vault.test/log"});
  const auto file = logs.prove(options.log, options.index);
  if (!file) return complain(file.error());
  if (auto done = write_durably(options.out, as_bytes(file->text())); !done)
    return complain(done.error());
  return 0;
}

int request_command(const Options& options) {
  FolderFetcher from(options.data / "site" / options.log);
  const auto note = from.fetch("checkpoint", kMostNoteBytes);
  if (!note) return complain(note.error());
  const auto parsed = Note::parse(as_text(*note));
  const auto checkpoint = Checkpoint::parse(parsed->text);
  AddCheckpoint request{options.old, {}, std::string(as_text(*note))};
  if (options.old != 0) {
    TileNodes nodes(from, checkpoint->size);
    auto proof = consistency_proof(options.old, checkpoint->size, nodes);
    if (!proof) return complain(proof.error());
    request.proof = std::move(*proof);
  }
  fmt::print("{}", request.text());
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app{"Makes logs for tests"};
  app.require_subcommand(1);
  Options options;
  for (CLI::App* one :
       {app.add_subcommand("append"), app.add_subcommand("prove"), app.add_subcommand("request")}) {
    one->add_option("--data", options.data)->required();
    one->add_option("--log", options.log);
    one->add_option("--count", options.count);
    one->add_option("--variant", options.variant);
    one->add_option("--witness", options.witness)->expected(2);
    one->add_option("--index", options.index);
    one->add_option("--old", options.old);
    one->add_option("--out", options.out);
  }
  CLI11_PARSE(app, argc, argv);
  const std::string command = app.get_subcommands().front()->get_name();
  if (command == "request") return request_command(options);
  fs::create_directories(options.data);
  store::DatabaseOptions database_options;
  database_options.url = (options.data / "vault.db").string();
  auto database = store::Database::open(database_options);
  if (!database) return complain(database.error());
  if (auto done = (*database)->migrate("ledger", store::ledger_tables()); !done)
    return complain(done.error());
  return command == "append" ? append_command(**database, options)
                             : prove_command(**database, options);
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv);
}
