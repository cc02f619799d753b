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

}  // namespace

grpc::Status TraceService::Trace(grpc::ServerContext* context,
                                 grpc::ServerReader<wire::TracePart>* reader,
                                 wire::TraceReply* reply) {
  if (auto refused = require_role(*context, "admin"); !refused.ok()) return refused;
  Bytes file;
  std::string asked_by;
  wire::TracePart part;
  while (reader->Read(&part)) {
    if (asked_by.empty()) asked_by = part.asked_by();
    if (file.size() + part.file().size() > kMostFoundBytes) {
      reply->set_error("the file is larger than 64 MiB; give a part of it");
      return grpc::Status::OK;
    }
    file.insert(file.end(), part.file().begin(), part.file().end());
  }
  const auto traced = tracing_.trace(file, asked_by);
  wipe(std::span(file));
  if (!traced) {
    if (!is_callers(traced.error())) return status_of(traced.error());
    reply->set_error(traced.error().message);
    return grpc::Status::OK;
  }
  reply->set_verdict(std::string(name_of(traced->verdict)));
  if (traced->named) reply->set_named(traced->named->text());
  for (const TracedExport& one : traced->exports) tell(one, *reply->add_exports());
  for (const TracedLine& one : traced->lines) {
    wire::TracedLine& line = *reply->add_lines();
    line.set_line(one.line);
    line.set_owner(one.owner.text());
    line.set_subject(one.subject.text());
    line.set_cells(static_cast<std::uint32_t>(one.cells));
    if (one.invented_for) line.set_invented_for(one.invented_for->text());
  }
  reply->set_lines_read(traced->lines_read);
  reply->set_lines_left_out(traced->lines_left_out);
  return grpc::Status::OK;
}

}  // namespace madoguchi::vault
