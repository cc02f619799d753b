#include "vault/trace_service.h"

#include "vault/rpc.h"

namespace madoguchi::vault {
namespace {

void tell(const TracedExport& one, wire::TracedExport& into) {
  into.set_export_id(one.about.id.text());
  into.set_owner(one.about.owner.text());
  into.set_purpose(one.about.purpose);
  into.set_recipient(one.about.recipient);
  into.set_asked_by(one.about.asked_by.text());
  into.set_approved_by(one.about.decided_by.text());
  into.set_made_us(to_micros(one.about.made));
  into.set_score(one.score.sum());
  into.set_spelling(one.score.spelling);
  into.set_order(one.score.order);
  into.set_people(one.score.people);
  into.set_marks(one.score.marks);
  into.set_fitting(one.score.fitting);
}

void tell(const TracedLine& one, wire::TracedLine& line) {
  line.set_line(one.line);
  line.set_cells(static_cast<std::uint32_t>(one.cells));
  for (const TracedOwner& whose : one.owners) {
    wire::TracedOwner& owner = *line.add_owners();
    owner.set_owner(whose.owner.text());
    owner.set_subject(whose.subject.text());
    if (whose.invented_for) owner.set_invented_for(whose.invented_for->text());
  }
}

void tell(const Traced& traced, wire::TraceReply& reply) {
  reply.set_verdict(std::string(name_of(traced.verdict)));
  if (traced.named) reply.set_named(traced.named->text());
  for (const TracedExport& one : traced.exports) tell(one, *reply.add_exports());
  reply.set_lines_read(traced.lines_read);
  reply.set_lines_left_out(traced.lines_left_out);
  for (const auto& [owner, sum] : traced.sums) {
    wire::TracedSum& told = *reply.add_sums();
    told.set_owner(owner.text());
    told.set_lines(sum.lines);
    told.set_shared(sum.shared);
  }
}

// A message stays far below gRPC's limit of one.
constexpr std::size_t kLinesAtOnce = 2'000;

using Stream = grpc::ServerReaderWriter<wire::TraceReply, wire::TracePart>;

grpc::Status refused_as(const std::string& why, Stream& stream) {
  wire::TraceReply reply;
  reply.set_error(why);
  stream.Write(reply);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status TraceService::Trace(grpc::ServerContext* context, Stream* stream) {
  if (auto refused = require_role(*context, "admin"); !refused.ok()) return refused;
  Bytes file;
  std::string asked_by;
  wire::TracePart part;
  while (stream->Read(&part)) {
    if (asked_by.empty()) asked_by = part.asked_by();
    if (file.size() + part.file().size() > kMostFoundBytes)
      return refused_as("the file is larger than 64 MiB; give a part of it", *stream);
    file.insert(file.end(), part.file().begin(), part.file().end());
  }
  const auto traced = tracing_.trace(file, asked_by, [context] { return context->IsCancelled(); });
  wipe(std::span(file));
  if (!traced) {
    if (!is_callers(traced.error())) return status_of(traced.error());
    return refused_as(traced.error().message, *stream);
  }
  wire::TraceReply reply;
  tell(*traced, reply);
  for (const TracedLine& one : traced->lines) {
    if (static_cast<std::size_t>(reply.lines_size()) == kLinesAtOnce) {
      if (!stream->Write(reply)) return grpc::Status::CANCELLED;
      reply.Clear();
    }
    tell(one, *reply.add_lines());
  }
  return stream->Write(reply) ? grpc::Status::OK : grpc::Status::CANCELLED;
}

}  // namespace madoguchi::vault
