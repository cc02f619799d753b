#include "app/import_records.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>

#include "app/admin_stub.h"
#include "base/time.h"
#include "records.grpc.pb.h"
#include "vault/records/import_survey.h"

namespace madoguchi::app {
namespace {

namespace fs = std::filesystem;
namespace pb = madoguchi::wire;

Result<std::string> text_of(const fs::path& file) {
  if (file.empty()) return std::string();
  if (auto plain = vault::check_plain_file(file); !plain)
    return tl::unexpected<Error>(plain.error());
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::kNotFound, fmt::format("{}: cannot be read", file.string()));
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A strict update is looked at as a whole before any of it is kept.
enum class Pass { kChecks, kKeeps };

pb::ImportPart header_of(const ImportAsked& asked, const vault::ImportTerms& terms, Pass pass) {
  pb::ImportPart part;
  pb::ImportHeader& header = *part.mutable_header();
  header.set_organisation_id(asked.organisation);
  header.set_digest_hex(terms.digest);
  header.set_format(std::string(name_of(terms.format)));
  header.set_encoding(std::string(name_of(terms.encoding)));
  for (const vault::Column& column : terms.columns) {
    pb::ImportColumn* one = header.add_columns();
    one->set_header(column.header);
    one->set_target(target_of(column));
  }
  header.set_first_offset(terms.first_offset);
  header.set_first_lines(terms.first_lines);
  header.set_source(asked.source);
  header.set_given_for(asked.given_for);
  header.set_obtained_on(asked.obtained_on);
  header.set_obtained_by(asked.obtained_by);
  header.set_strict(asked.strict);
  header.set_update(asked.update);
  header.set_check_only(pass == Pass::kChecks);
  header.set_asked_by(asked.asked_by);
  return part;
}

// Lines of a report that an earlier try wrote and that lie before `lines` stay.
class Report {
 public:
  // Bad rows would be told nowhere.
  static Result<void> can_be_written(const fs::path& file) {
    std::error_code error;
    const auto status = fs::status(file, error);
    const bool was_there = fs::exists(status);
    if (was_there && !fs::is_regular_file(status))
      return fail(
          ErrorCode::kInvalid,
          fmt::format("{}: is no plain file, and a report is read again when an import goes "
                      "on; name another one with --report",
                      file.string()));
    const bool can = std::ofstream(file, std::ios::app).good();
    std::error_code ignored;
    if (can && !was_there) fs::remove(file, ignored);
    if (can) return {};
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: cannot be written, where bad rows are told with line and reason; "
                            "name another file with --report",
                            file.string()));
  }
  // `head`: what its columns are.
  Report(fs::path file, std::string_view head, std::uint64_t lines) : file_(std::move(file)) {
    std::ifstream in(file_);
    std::string kept;
    for (std::string line; lines > 0 && std::getline(in, line);) {
      const auto number = std::strtoull(line.c_str(), nullptr, 10);
      if (number > 0 && number <= lines) kept += line + "\n";
    }
    in.close();
    out_.open(file_, std::ios::trunc);
    out_ << head << "\n" << kept;
    any_ = !kept.empty();
  }
  // What is killed then is not told of again.
  void add(const pb::ImportTells& tells) {
    for (const pb::ImportBadRow& row : tells.bad())
      add(fmt::format("{}", row.line()), row.reason());
    for (const pb::ImportRowTold& row : tells.told())
      add(fmt::format("{},{}", row.line(), row.outcome()), row.what());
    out_ << std::flush;
  }
  // Gives where it is; a report of nothing goes.
  fs::path finish() {
    out_.close();
    if (any_) return file_;
    std::error_code ignored;
    fs::remove(file_, ignored);
    return {};
  }
  [[nodiscard]] bool is_whole() const { return out_.good(); }

 private:
  void add(std::string_view columns, std::string_view last) {
    out_ << columns << ",\"";
    for (const char c : last) out_ << (c == '"' ? "\"\"" : std::string_view(&c, 1));
    out_ << "\"\n";
    any_ = true;
  }

  const fs::path file_;
  std::ofstream out_;
  bool any_ = false;
};

using Stream = grpc::ClientReaderWriter<pb::ImportPart, pb::ImportTells>;

// An empty piece says that the file is over, and only a whole file is. Gives what was wrong.
std::optional<Error> feed(vault::SurveyedFile& file, Stream& stream) {
  pb::ImportPart part;
  std::optional<Error> trouble;
  for (;;) {
    const auto piece = file.next();
    if (!piece) {
      trouble = piece.error();
      break;
    }
    part.set_file(piece->data(), piece->size());
    if (!stream.Write(part) || piece->empty()) break;
  }
  stream.WritesDone();
  return trouble;
}

class Progress {
 public:
  explicit Progress(std::uint64_t bytes) : bytes_(bytes), shown_(isatty(2) != 0) {}
  ~Progress() {
    if (shown_) fmt::print(stderr, "\n");
  }
  void begin(std::uint64_t at) {
    from_ = at;
    start_ = clock_.mono();
  }
  void show(const pb::ImportTells& tells) {
    if (!shown_) return;
    const double seconds = std::chrono::duration<double>(clock_.mono() - start_).count() + 0.001;
    if (tells.marks_left() > 0) {
      fmt::print(stderr, "\r{} rows; building the index, {} entries left      ", tells.rows(),
                 tells.marks_left());
      return;
    }
    const auto done = static_cast<double>(tells.bytes() - std::min(from_, tells.bytes()));
    const double left = static_cast<double>(bytes_ - std::min(bytes_, tells.bytes()));
    const std::string time = done > 0 ? fmt::format("{:.0f} s left", left / (done / seconds)) : "";
    const auto there = tells.changed() + tells.unchanged();
    fmt::print(stderr, "\r{} rows, {}{} bad, {:.0f} %, {:.1f} MB/s, {}      ", tells.rows() + there,
               there > 0 ? fmt::format("{} of them changed, ", tells.changed()) : "",
               tells.bad_rows(),
               100.0 * static_cast<double>(tells.bytes()) /
                   static_cast<double>(std::max<std::uint64_t>(bytes_, 1)),
               done / seconds / 1e6, time);
  }

 private:
  const std::uint64_t bytes_;
  const bool shown_;
  const SystemClock clock_;
  std::uint64_t from_ = 0;
  MonoTime start_;
};

tl::unexpected<Error> away(const grpc::Status& status) {
  const bool gone = status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE;
  return fail(gone ? ErrorCode::kUnavailable : ErrorCode::kDenied,
              gone ? "the vault does not answer, or went away; start the same import again, it "
                     "goes on where it was"
                   : "the vault refused: " + status.error_message());
}

Result<vault::Schema> read_schema(pb::VaultRecordsForAdmin::Stub& stub,
                                  const std::string& organisation) {
  grpc::ClientContext context;
  pb::ReadSchemaRequest request;
  request.set_organisation_id(organisation);
  pb::ReadSchemaReply reply;
  if (const auto status = stub.ReadSchema(&context, request, &reply); !status.ok())
    return away(status);
  if (!reply.error().empty()) return fail(ErrorCode::kInvalid, reply.error());
  return vault::Schema::from_json(reply.json());
}

using Stub = pb::VaultRecordsForAdmin::Stub;

}  // namespace

Result<std::vector<ImportSeen>> list_imports(const ProcessAccess& vault,
                                             const std::string& organisation) {
  const auto stub = stub_of<pb::VaultRecordsForAdmin>(vault);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::ListImportsRequest request;
  request.set_organisation_id(organisation);
  pb::ListImportsReply reply;
  if (const auto status = (*stub)->ListImports(&context, request, &reply); !status.ok())
    return away(status);
  if (!reply.error().empty()) return fail(ErrorCode::kInvalid, reply.error());
  std::vector<ImportSeen> seen;
  for (const pb::ImportShown& one : reply.imports())
    seen.push_back(
        {one.import_id(), one.state(), one.digest_hex(), one.rows(), one.bad_rows(), one.changed(),
         one.unchanged(), time_from_micros(one.began_us()),
         one.ended_us() == 0 ? std::nullopt : std::optional(time_from_micros(one.ended_us()))});
  return seen;
}

Result<Withdrawn> withdraw_import(const ProcessAccess& vault, const ImportAsked& asked,
                                  const std::string& import_id, bool finished_too) {
  const auto stub = stub_of<pb::VaultRecordsForAdmin>(vault);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::WithdrawImportRequest request;
  request.set_organisation_id(asked.organisation);
  request.set_import_id(import_id);
  request.set_finished_too(finished_too);
  request.set_asked_by(asked.asked_by);
  pb::WithdrawImportReply reply;
  if (const auto status = (*stub)->WithdrawImport(&context, request, &reply); !status.ok())
    return away(status);
  if (!reply.error().empty()) return fail(ErrorCode::kInvalid, reply.error());
  return Withdrawn{reply.taken_away(), reply.changed()};
}

namespace {

// The file to the vault, once: to be looked at alone, or to be kept.
Result<Imported> send(Stub& stub, const ImportAsked& asked, const vault::Survey& survey, Pass pass,
                      const fs::path& report_file) {
  grpc::ClientContext context;
  const auto stream = stub.Import(&context);
  stream->Write(header_of(asked, survey.terms, pass));
  pb::ImportTells tells;
  std::uint64_t lines = 0;
  std::uint64_t taken = 0;  // bytes, by an earlier try
  while (stream->Read(&tells) && !tells.begin() && tells.error().empty()) {
    lines = tells.lines();
    taken = tells.bytes();
  }
  if (!tells.error().empty()) {
    static_cast<void>(stream->Finish());
    return fail(ErrorCode::kInvalid, tells.error());
  }
  if (!tells.begin()) return away(stream->Finish());

  Report report(report_file, asked.update ? "line,outcome,what" : "line,reason",
                lines > survey.terms.first_lines ? lines : 0);
  Progress progress(survey.bytes);
  progress.begin(taken);
  // Reading and writing go on at once: the vault tells of its progress while it is fed.
  vault::SurveyedFile file(asked.file, survey, tells.bytes());
  std::optional<Error> trouble;
  std::thread feeder([&] { trouble = feed(file, *stream); });
  pb::ImportTells last;
  while (stream->Read(&tells)) {
    report.add(tells);
    if (tells.bad_size() == 0 && tells.told_size() == 0) {
      last = tells;
      progress.show(tells);
    }
  }
  const grpc::Status status = stream->Finish();
  feeder.join();
  const bool told = report.is_whole();
  Imported done{last.import_id(), last.rows(),      last.bad_rows(),
                last.changed(),   last.unchanged(), report.finish()};
  if (!last.error().empty()) {
    const std::string where = done.report.empty() ? "" : fmt::format(" ({})", done.report.string());
    return fail(ErrorCode::kInvalid, last.error() + where);
  }
  if (trouble) return tl::unexpected<Error>(*trouble);
  if (!status.ok() || !last.done()) return away(status);
  if (!told)
    return fail(ErrorCode::kUnavailable,
                fmt::format("import {} is done with {} rows, and {} bad ones, but {} could not be "
                            "written to its end: is the disk full?",
                            done.import_id, done.rows, done.bad_rows, done.report.string()));
  return done;
}

}  // namespace

Result<Imported> import_records(const ProcessAccess& vault, const ImportAsked& asked) {
  const auto stub = stub_of<pb::VaultRecordsForAdmin>(vault);
  if (!stub) return tl::unexpected<Error>(stub.error());
  const auto schema = read_schema(**stub, asked.organisation);
  if (!schema) return tl::unexpected<Error>(schema.error());
  const auto mapping = text_of(asked.mapping);
  if (!mapping) return tl::unexpected<Error>(mapping.error());
  const auto survey = vault::survey({asked.file, *mapping, asked.mapping.string(), {}}, *schema);
  if (!survey) return tl::unexpected<Error>(survey.error());
  const char* const ending = asked.update ? ".update-rows.csv" : ".bad-rows.csv";
  const fs::path report =
      asked.report.empty() ? fs::path(asked.file.string() + ending) : asked.report;
  if (auto can = Report::can_be_written(report); !can) return tl::unexpected<Error>(can.error());
  if (!asked.json)
    fmt::print(stderr, "{}: {}, {}, {} columns\n", asked.file.string(),
               name_of(survey->terms.format), name_of(survey->terms.encoding),
               survey->terms.columns.size());
  // What an earlier try of it told stays in its report meanwhile: it goes on where that was.
  if (asked.strict && asked.update)
    if (auto checked = send(**stub, asked, *survey, Pass::kChecks, report.string() + ".refused");
        !checked)
      return checked;
  return send(**stub, asked, *survey, Pass::kKeeps, report);
}

}  // namespace madoguchi::app
