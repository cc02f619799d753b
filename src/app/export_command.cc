#include "app/export_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "vault/exports/recipient.h"
#include "vault/exports/sealed_export.h"
#include "vault/records/row_splitter.h"

namespace madoguchi::app {
namespace {

namespace fs = std::filesystem;

struct Words {
  std::string name;
  fs::path file;
  fs::path key;
  fs::path out;
  bool json_lines = false;
  bool json = false;
};

Result<void> keygen(const Words& words) {
  const auto made = vault::make_recipient(words.out, words.name);
  if (!made) return tl::unexpected<Error>(made.error());
  const auto shown = made->public_half();
  if (words.json)
    fmt::print("{}\n", nlohmann::json{{"recipient", shown.text()},
                                      {"fingerprint", shown.fingerprint()},
                                      {"file", words.out.string()}}
                           .dump());
  else
    fmt::print("{}\n", shown.text());
  return {};
}

// What is opened goes to a file of mode 0600 that must not be there yet, and away again when the
// export turns out to be spoilt.
class Opened {
 public:
  explicit Opened(fs::path file) : file_(std::move(file)) {
    fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  }
  ~Opened() {
    if (fd_ >= 0) ::close(fd_);
    if (fd_ >= 0 && !whole_) ::unlink(file_.c_str());
  }
  Opened(const Opened&) = delete;

  Result<void> add(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(fd_, text.data(), text.size());
      if (written <= 0)
        return fail(ErrorCode::kExhausted, fmt::format("{}: cannot be written", file_.string()));
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
  [[nodiscard]] bool is_there() const { return fd_ >= 0; }
  void whole() { whole_ = true; }

 private:
  const fs::path file_;
  int fd_ = -1;
  bool whole_ = false;
};

// CSV as it comes out, row by row, to one object a line.
class JsonLines {
 public:
  Result<void> add(ByteView bytes, Opened& out) {
    splitter_.feed(bytes);
    return write(out);
  }
  Result<void> finish(Opened& out) {
    splitter_.finish();
    return write(out);
  }

 private:
  Result<void> write(Opened& out) {
    const vault::RowBatch batch = splitter_.take();
    for (const auto& row : batch.rows) {
      vault::CsvCells cells;
      vault::split_cells(batch.text_of(row), cells);
      if (names_.empty()) {
        names_ = std::move(cells.cells);
        continue;
      }
      nlohmann::json line = nlohmann::json::object();
      for (std::size_t i = 0; i < cells.cells.size() && i < names_.size(); ++i)
        if (!cells.cells[i].empty()) line[names_[i]] = cells.cells[i];
      if (auto written = out.add(line.dump() + "\n"); !written) return written;
    }
    return {};
  }

  vault::RowSplitter splitter_{vault::FileFormat::kCsv, 0, 0};
  std::vector<std::string> names_;
};

Result<void> open(const Words& words) {
  const auto secret = vault::read_recipient(words.key);
  if (!secret) return tl::unexpected<Error>(secret.error());
  std::ifstream in(words.file, std::ios::binary);
  const Bytes file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  Opened out(words.out);
  if (!out.is_there())
    return fail(ErrorCode::kConflict,
                fmt::format("{}: cannot be made; is there a file already?", words.out.string()));
  JsonLines lines;
  const auto header = vault::open_export(file, *secret, [&](ByteView bytes) -> Result<void> {
    return words.json_lines ? lines.add(bytes, out) : out.add(as_text(bytes));
  });
  if (!header) return tl::unexpected<Error>(header.error());
  if (words.json_lines)
    if (auto finished = lines.finish(out); !finished) return finished;
  out.whole();
  if (words.json)
    fmt::print("{}\n", nlohmann::json{{"export", header->export_id},
                                      {"owner", header->owner},
                                      {"purpose", header->purpose},
                                      {"lines", header->lines},
                                      {"file", words.out.string()}}
                           .dump());
  else
    fmt::print("{}: export {} of {} for {}, {} lines\n", words.out.string(), header->export_id,
               header->owner, header->purpose, header->lines);
  return {};
}

}  // namespace

void add_export(CLI::App& app, Chosen& chosen) {
  const auto words = std::make_shared<Words>();  // lives as long as CLI11's callbacks
  CLI::App* command = app.add_subcommand("export", "Exports of a client's records: the recipient");
  command->require_subcommand(1);

  CLI::App* key = command->add_subcommand(
      "keygen", "Make a key; its public half goes to whoever asks for the export");
  key->add_option("--name", words->name, "Who receives: a-z 0-9 _ . -")->required();
  key->add_option("--out", words->out, "File for the secret half, made with mode 0600")->required();
  key->add_flag("--json", words->json, "One line of JSON");
  key->callback([words, &chosen] { chosen = [words] { return keygen(*words); }; });

  CLI::App* opening = command->add_subcommand("open", "Open an export that was sealed to a key");
  opening->add_option("file", words->file, "As the vault handed it over")
      ->required()
      ->check(CLI::ExistingFile);
  opening->add_option("--key", words->key, "The secret half")->required()->check(CLI::ExistingFile);
  opening->add_option("--out", words->out, "CSV to write; must not be there yet")->required();
  opening->add_flag("--jsonl", words->json_lines, "JSON Lines instead of CSV");
  opening->add_flag("--json", words->json, "One line of JSON about it");
  opening->callback([words, &chosen] { chosen = [words] { return open(*words); }; });
}

}  // namespace madoguchi::app
