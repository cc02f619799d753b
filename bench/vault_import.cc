// How fast records come into the vault: invented people of several clients, from CSV files to
// sealed, indexed, durable records, by the code that `madoguchi import` runs in the vault; then a
// file more for one client of the full vault; then that file again as a newer list, in which a
// tenth of the people moved (without the log's entries about them, which are the vault's). Prints
// one line of JSON. Making the files is not timed; reading them is.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "base/sealing.h"
#include "bench/vault_import_people.h"
#include "store/vault/record_stores.h"
#include "vault/records/erasures.h"
#include "vault/records/held_keys.h"
#include "vault/records/import_survey.h"
#include "vault/records/importer.h"

namespace madoguchi::bench {
namespace {

namespace fs = std::filesystem;
using Monotonic = std::chrono::steady_clock;

struct Options {
  std::uint64_t rows = 9'280'000;
  std::uint64_t clients = 69;
  std::uint64_t added = 20'000;
  fs::path dir;
  bool keep = false;
};

[[noreturn]] void stop(const std::string& why) {
  fmt::print(stderr, "vault_import: {}\n", why);
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) stop(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double seconds_since(Monotonic::time_point start) {
  return std::chrono::duration<double>(Monotonic::now() - start).count();
}

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return bytes;
}

class Vault {
 public:
  explicit Vault(const fs::path& folder) {
    fs::create_directories(folder);
    stores_ = must(store::open_record_stores({"sqlite:" + (folder / "records.db").string(),
                                              "sqlite:" + (folder / "keys.db").string(), folder}));
    erasures_ = must(vault::Erasures::open(folder / "erasures.log", Secret::random(32)));
    records_ = must(vault::Records::open({*stores_.records, *stores_.keys, keys_, *erasures_,
                                          clock_, entropy_, vault::NumberingPlan::japanese()}));
  }

  enum class As { kFirstList, kUpdate };
  std::uint64_t import(const std::string& client, const fs::path& file, As as = As::kFirstList) {
    const OrganisationId organisation(client);
    auto survey = must(vault::survey({file, {}, {}, {}}, *must(records_->schema(organisation))));
    vault::ImportTerms terms = std::move(survey.terms);
    terms.organisation = organisation;
    terms.provenance = {"bench", "measuring", "2026-11-22", ""};
    terms.update = as == As::kUpdate;
    auto importer = must(vault::Importer::begin(*records_, std::move(terms), {}));
    std::ifstream in(file, std::ios::binary);
    Bytes piece(256 * 1024);
    while (in) {
      in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
      must(importer->feed(ByteView(piece).first(static_cast<std::size_t>(in.gcount()))));
    }
    const auto standing = must(importer->finish());
    if (standing.bad_rows > 0) stop("rows were refused");
    return as == As::kUpdate ? standing.changed + standing.unchanged : standing.rows;
  }

  void check(const std::string& client, const std::string& customer_number) {
    const auto found = must(records_->find(
        OrganisationId(client), {{"customer_number", Personal<std::string>(customer_number)}}));
    if (found.subjects.size() != 1) stop("a record that was imported is not found");
    const auto opened =
        must(records_->read(OrganisationId(client), found.subjects[0], {"name_kanji"}));
    if (opened.values.size() != 1) stop("a record that was imported does not open");
  }

 private:
  SystemClock clock_;
  SystemEntropy entropy_;
  vault::HeldKeys keys_;
  store::RecordStores stores_;
  std::unique_ptr<vault::Erasures> erasures_;
  std::unique_ptr<vault::Records> records_;
};

std::string client_name(std::uint64_t client) {
  return fmt::format("client-{:02}", client);
}

int run(const Options& options) {
  std::error_code ignored;
  const fs::path vault_folder = options.dir / "vault";
  const fs::path files = options.dir / "files";
  fs::remove_all(options.dir, ignored);
  fs::create_directories(files);
  const std::uint64_t each = options.rows / options.clients;
  for (std::uint64_t client = 0; client < options.clients; ++client)
    if (!write_people(files / client_name(client), client, each))
      stop("the files do not fit on the disk");
  write_people(files / "added", 999, options.added);
  write_people(files / "newer", 999, options.added, 10);

  auto vault = std::make_unique<Vault>(vault_folder);
  const double cpu_before = cpu_seconds();
  const auto start = Monotonic::now();
  std::uint64_t rows = 0;
  for (std::uint64_t client = 0; client < options.clients; ++client) {
    rows += vault->import(client_name(client), files / client_name(client));
    if (isatty(2) != 0)
      fmt::print(stderr, "\r{} rows, {:.0f}/s  ", rows,
                 static_cast<double>(rows) / seconds_since(start));
  }
  const double seconds = seconds_since(start);
  const double cpu = cpu_seconds() - cpu_before;
  vault->check(client_name(0), fmt::format("C000-{:07}", each / 2));
  const std::uint64_t bytes = bytes_in(vault_folder);

  const auto adding = Monotonic::now();
  const std::uint64_t added = vault->import(client_name(options.clients / 2), files / "added");
  const double adding_seconds = seconds_since(adding);
  vault->check(client_name(options.clients / 2), "C999-0000001");
  const auto updating = Monotonic::now();
  const std::uint64_t updated =
      vault->import(client_name(options.clients / 2), files / "newer", Vault::As::kUpdate);
  const double updating_seconds = seconds_since(updating);
  if (updated != added) stop("an update did not find its people");
  double load = 0;
  static_cast<void>(getloadavg(&load, 1));
  fmt::print(
      "{{\"name\":\"vault_import\",\"rows\":{},\"clients\":{},\"seconds\":{:.1f},"
      "\"rows_per_second\":{:.0f},\"bytes_per_record\":{:.0f},\"add_rows_per_second\":{:.0f},"
      "\"update_rows_per_second\":{:.0f},"
      "\"cpu_ms_per_row\":{:.4f},\"load\":{:.1f}}}\n",
      rows, options.clients, seconds, static_cast<double>(rows) / seconds,
      static_cast<double>(bytes) / static_cast<double>(rows),
      static_cast<double>(added) / adding_seconds, static_cast<double>(updated) / updating_seconds,
      cpu * 1e3 / static_cast<double>(rows), load);
  vault.reset();
  if (!options.keep) fs::remove_all(options.dir, ignored);
  return 0;
}

}  // namespace
}  // namespace madoguchi::bench

int main(int argc, char** argv) {
  madoguchi::bench::Options options;
  options.dir = std::filesystem::temp_directory_path() / fmt::format("vault_import-{}", getpid());
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const bool has_value = i + 1 < argc;
    if (option == "--keep") {
      options.keep = true;
    } else if (option == "--rows" && has_value) {
      options.rows = std::strtoull(argv[++i], nullptr, 10);
    } else if (option == "--clients" && has_value) {
      options.clients = std::strtoull(argv[++i], nullptr, 10);
    } else if (option == "--add" && has_value) {
      options.added = std::strtoull(argv[++i], nullptr, 10);
    } else if (option == "--dir" && has_value) {
      options.dir = std::filesystem::path(argv[++i]) / "vault_import";
    } else {
      fmt::print("usage: vault_import [--rows N] [--clients 69] [--add N] [--dir D] [--keep]\n");
      return option == "--help" ? 0 : 2;
    }
  }
  if (options.clients == 0 || options.rows < options.clients) {
    fmt::print(stderr, "vault_import: at least one client, and a row for each\n");
    return 2;
  }
  return madoguchi::bench::run(options);
}
