#include "app/trace_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/admin_stub.h"
#include "app/command_family.h"
#include "base/time.h"
#include "exports.grpc.pb.h"

namespace madoguchi::app {
namespace {

namespace pb = madoguchi::wire;

constexpr std::size_t kPiece = 256 * 1024;

struct Words {
  std::filesystem::path file;
  std::filesystem::path data = "madoguchi-data";
  bool json = false;
};

Result<pb::TraceReply> asked(const ProcessAccess& access, const std::filesystem::path& file) {
  const auto stub = stub_of<pb::VaultExportsForAdmin>(access);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  const auto stream = (*stub)->Trace(&context);
  pb::TracePart part;
  part.set_asked_by(who_asks());
  std::ifstream in(file, std::ios::binary);
  std::string piece(kPiece, '\0');
  do {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    part.set_file(piece.data(), static_cast<std::size_t>(in.gcount()));
  } while (stream->Write(part) && in);
  stream->WritesDone();
  pb::TraceReply reply;
  for (pb::TraceReply piece; stream->Read(&piece);) reply.MergeFrom(piece);
  if (auto done = answered(stream->Finish()); !done) return tl::unexpected<Error>(done.error());
  if (!reply.error().empty()) return fail(ErrorCode::kInvalid, reply.error());
  return reply;
}

nlohmann::json json_of(const pb::TraceReply& reply) {
  nlohmann::json exports = nlohmann::json::array();
  for (const pb::TracedExport& one : reply.exports())
    exports.push_back({{"export", one.export_id()},
                       {"owner", one.owner()},
                       {"purpose", one.purpose()},
                       {"recipient", one.recipient()},
                       {"asked_by", one.asked_by()},
                       {"approved_by", one.approved_by()},
                       {"made_at", format_utc(time_from_micros(one.made_us()))},
                       {"score", one.score()},
                       {"spelling", one.spelling()},
                       {"order", one.order()},
                       {"people", one.people()},
                       {"marks", one.marks()},
                       {"fitting", one.fitting()}});
  nlohmann::json lines = nlohmann::json::array();
  for (const pb::TracedLine& one : reply.lines()) {
    nlohmann::json owners = nlohmann::json::array();
    for (const pb::TracedOwner& whose : one.owners()) {
      nlohmann::json owner = {{"owner", whose.owner()}, {"subject", whose.subject()}};
      if (!whose.invented_for().empty()) owner["invented_for"] = whose.invented_for();
      owners.push_back(std::move(owner));
    }
    nlohmann::json line = {{"line", one.line()}, {"cells", one.cells()}};
    if (owners.size() == 1) line.update(owners.front());
    line["owners"] = std::move(owners);
    lines.push_back(std::move(line));
  }
  nlohmann::json sums = nlohmann::json::object();
  for (const pb::TracedSum& sum : reply.sums())
    sums[sum.owner()] = {{"lines", sum.lines()}, {"shared", sum.shared()}};
  return {
      {"verdict", reply.verdict()},
      {"named", reply.named().empty() ? nlohmann::json(nullptr) : nlohmann::json(reply.named())},
      {"exports", std::move(exports)},
      {"lines", std::move(lines)},
      {"owners", std::move(sums)},
      {"lines_read", reply.lines_read()},
      {"lines_left_out", reply.lines_left_out()}};
}

void print(const pb::TraceReply& reply) {
  if (reply.verdict() == "named")
    fmt::print("export {}\n", reply.named());
  else if (reply.verdict() == "as_in_the_records")
    fmt::print("spelled as the records themselves: from no export, as far as can be seen\n");
  else
    fmt::print("cannot say from which export it came\n");
  for (const pb::TracedExport& one : reply.exports())
    fmt::print("  10^{:<6.1f} {}  for {}, asked by {}, approved by {}, {} of {} marks fit\n",
               one.score(), one.export_id(), one.recipient(), one.asked_by(), one.approved_by(),
               one.fitting(), one.marks());
  fmt::print("{} lines read, {} too long to be looked at\n", reply.lines_read(),
             reply.lines_left_out());
  for (const pb::TracedSum& sum : reply.sums()) {
    fmt::print("  {} lines are of {}", sum.lines(), sum.owner());
    if (sum.shared() > 0) fmt::print(", {} of them of another client as well", sum.shared());
    fmt::print("\n");
  }
  for (const pb::TracedLine& line : reply.lines()) {
    std::vector<std::string> owners;
    for (const pb::TracedOwner& whose : line.owners())
      owners.push_back(fmt::format(
          "{} {}{}", whose.owner(), whose.subject().empty() ? "(one of several)" : whose.subject(),
          whose.invented_for().empty()
              ? ""
              : fmt::format(", invented for export {}", whose.invented_for())));
    fmt::print("  line {}: {}\n", line.line(), fmt::join(owners, " or "));
  }
}

Result<void> trace(const Words& words) {
  const auto access = ProcessAccess::of_deployment(words.data, "vault");
  if (!access) return tl::unexpected<Error>(access.error());
  const auto reply = asked(*access, words.file);
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (words.json)
    fmt::print("{}\n", json_of(*reply).dump());
  else
    print(*reply);
  return {};
}

}  // namespace

void add_trace(CLI::App& app, Chosen& chosen) {
  const auto words = std::make_shared<Words>();  // lives as long as CLI11's callback
  CLI::App* command = app.add_subcommand(
      "trace", "From which export a found file came, and whose each of its lines is");
  command->add_option("file", words->file, "CSV, JSON Lines or plain text; a part of it will do")
      ->required()
      ->check(CLI::ExistingFile);
  add_data_option(*command, words->data);
  command->add_flag("--json", words->json, "One line of JSON");
  command->callback([words, &chosen] { chosen = [words] { return trace(*words); }; });
}

}  // namespace madoguchi::app
