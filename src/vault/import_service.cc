#include "vault/import_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sealing.h"
#include "ledger/entry.h"
#include "vault/access/places.h"
#include "vault/records/importer.h"
#include "vault/rpc.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kRole = "admin";
constexpr int kMostColumns = 1000;

using Stream = grpc::ServerReaderWriter<wire::ImportTells, wire::ImportPart>;

Result<ImportTerms> terms_of(const wire::ImportHeader& header, const Schema& schema) {
  ImportTerms terms;
  terms.organisation = OrganisationId(header.organisation_id());
  terms.digest = header.digest_hex();
  if (terms.digest.size() != 64)
    return fail(ErrorCode::kInvalid, "the file's digest is no SHA-256");
  const auto encoding = encoding_named(header.encoding());
  if (!encoding) return tl::unexpected<Error>(encoding.error());
  terms.encoding = *encoding;
  if (header.format() != name_of(FileFormat::kCsv) &&
      header.format() != name_of(FileFormat::kJsonLines))
    return fail(ErrorCode::kInvalid, "a format is CSV or JSON Lines");
  terms.format =
      header.format() == name_of(FileFormat::kCsv) ? FileFormat::kCsv : FileFormat::kJsonLines;
  if (header.columns_size() > kMostColumns)
    return fail(ErrorCode::kInvalid, "more than 1000 columns");
  for (const wire::ImportColumn& one : header.columns()) {
    auto column = column_named(one.header(), one.target(), schema);
    if (!column) return tl::unexpected<Error>(column.error());
    terms.columns.push_back(std::move(*column));
  }
  if (auto joined = join_columns(terms.columns, schema); !joined)
    return tl::unexpected<Error>(joined.error());
  terms.first_offset = header.first_offset();
  terms.first_lines = header.first_lines();
  terms.provenance = {header.source(), header.given_for(), header.obtained_on(),
                      header.obtained_by()};
  terms.strict = header.strict();
  terms.update = header.update();
  terms.check_only = header.check_only();
  return terms;
}

wire::ImportTells tells_of(const ImportStanding& standing) {
  wire::ImportTells tells;
  tells.set_bytes(standing.bytes);
  tells.set_lines(standing.lines);
  tells.set_rows(standing.rows);
  tells.set_bad_rows(standing.bad_rows);
  tells.set_changed(standing.changed);
  tells.set_unchanged(standing.unchanged);
  tells.set_marks_left(standing.marks_left);
  tells.set_import_id(standing.import_id);
  return tells;
}

grpc::Status end_with(Stream& stream, const Error& error) {
  wire::ImportTells tells;
  tells.set_error(error.message);
  stream.Write(tells);
  return grpc::Status::OK;
}

std::string_view state_of(const ImportStanding& standing) {
  if (standing.withdrawn) return "withdrawn";
  if (standing.withdrawing) return "withdrawing";
  return standing.done ? "done" : "begun";
}

JournalEntry entry_of(const ImportTerms& terms, const ImportStanding& standing,
                      const std::string& asked_by) {
  return {fmt::format("import_{}", state_of(standing)),
          {{"organisation", terms.organisation.text()},
           {"import", standing.import_id},
           {"file_sha256", terms.digest},
           {"source", terms.provenance.source},
           {"given_for", terms.provenance.given_for},
           {"asked_by", asked_by},
           {"rows", static_cast<std::int64_t>(standing.rows)},
           {"bad_rows", static_cast<std::int64_t>(standing.bad_rows)},
           {"changed", static_cast<std::int64_t>(standing.changed)},
           {"unchanged", static_cast<std::int64_t>(standing.unchanged)},
           {"taken_away", static_cast<std::int64_t>(standing.taken_away)}}};
}

// The organisation's own log holds ids and words only: the source stands there by its digest, and
// as it was told in the journal and with each record.
Result<Act> act_of(const ImportTerms& terms, const ImportStanding& standing,
                   const std::string& asked_by, Time now) {
  ledger::Entry entry;
  entry.time = now;
  entry.kind = std::string(ledger::kind::kImport);
  entry.organisation = terms.organisation.text();
  entry.outcome = std::string(state_of(standing));
  entry.details = {{"import", standing.import_id},
                   {"file_sha256", terms.digest},
                   {"rows", static_cast<std::int64_t>(standing.rows)},
                   {"bad_rows", static_cast<std::int64_t>(standing.bad_rows)}};
  if (standing.update) {
    entry.details["update"] = true;
    entry.details["changed"] = static_cast<std::int64_t>(standing.changed);
    entry.details["unchanged"] = static_cast<std::int64_t>(standing.unchanged);
  }
  if (standing.taken_away > 0)
    entry.details["taken_away"] = static_cast<std::int64_t>(standing.taken_away);
  const std::string& source = terms.provenance.source;
  if (!source.empty()) entry.details["source_sha256"] = to_hex(sha256(as_bytes(source)));
  auto text = entry.text();
  if (!text) return tl::unexpected<Error>(text.error());
  Act act;
  act.journal.push_back(entry_of(terms, standing, asked_by));
  act.entries.push_back({terms.organisation.text(), *std::move(text)});
  return act;
}

Error under_way() {
  return {ErrorCode::kConflict, "another import into this organisation is under way; wait for it"};
}

// Frees the organisation for the next import, however this one ends.
class Turn {
 public:
  Turn(std::mutex& mutex, std::set<OrganisationId>& busy, OrganisationId organisation)
      : mutex_(mutex), busy_(busy), organisation_(std::move(organisation)) {
    const std::lock_guard lock(mutex_);
    mine_ = busy_.insert(organisation_).second;
  }
  ~Turn() {
    const std::lock_guard lock(mutex_);
    if (mine_) busy_.erase(organisation_);
  }
  Turn(const Turn&) = delete;
  [[nodiscard]] bool mine() const { return mine_; }

 private:
  std::mutex& mutex_;
  std::set<OrganisationId>& busy_;
  const OrganisationId organisation_;
  bool mine_ = false;
};

}  // namespace

grpc::Status ImportService::ReadSchema(grpc::ServerContext* context,
                                       const wire::ReadSchemaRequest* request,
                                       wire::ReadSchemaReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto id = parts_.registry.known(request->organisation_id());
  const auto schema = id ? parts_.records.schema(*id)
                         : Result<std::shared_ptr<const Schema>>(tl::unexpected<Error>(id.error()));
  if (schema)
    reply->set_json((*schema)->to_json());
  else
    reply->set_error(schema.error().message);
  return grpc::Status::OK;
}

std::function<Result<void>(const ImportTerms&, const ImportStanding&)> ImportService::noting(
    std::string asked_by) {
  return [this, asked_by = std::move(asked_by)](const ImportTerms& of,
                                                const ImportStanding& standing) -> Result<void> {
    const Time now = parts_.clock.now();
    const auto act = act_of(of, standing, asked_by, now);
    if (!act) return tl::unexpected<Error>(act.error());
    return parts_.store.commit(now, *act);
  };
}

// A person's entries are found by the person's own key alone: they are kept in an order that says
// nothing of the file's, in which the same person may stand at the same place each month.
Result<void> ImportService::tell_changed(const OrganisationId& owner, const std::string& import_id,
                                         std::span<const ChangedPerson> people) {
  const Time now = parts_.clock.now();
  Act act;
  for (const ChangedPerson& person : people) {
    ledger::Entry entry;
    entry.time = now;
    entry.kind = std::string(ledger::kind::kCorrection);
    entry.operator_id = administrator().text();
    entry.organisation = owner.text();
    entry.outcome = "updated";
    entry.fields = person.fields;
    entry.details = {{"by", std::string("import")}, {"import", import_id}};
    entry.subject = ledger::SubjectCommitment::make(person.salt.reveal(), person.subject.text(),
                                                    parts_.entropy);
    auto text = entry.text();
    if (!text) return tl::unexpected<Error>(text.error());
    act.entries.push_back({owner.text(), *std::move(text)});
  }
  std::sort(act.entries.begin(), act.entries.end(),
            [](const ledger::Draft& a, const ledger::Draft& b) { return a.entry < b.entry; });
  return parts_.store.commit(now, act);
}

ImportCallbacks ImportService::callbacks_for(
    const ImportTerms& terms, const std::string& asked_by,
    const std::function<void(const wire::ImportTells&)>& tell) {
  ImportCallbacks callbacks;
  callbacks.note = noting(asked_by);
  callbacks.standing = [tell](const ImportStanding& standing) { tell(tells_of(standing)); };
  if (terms.update) {
    callbacks.changing = [this, owner = terms.organisation](const std::string& import_id,
                                                            std::span<const ChangedPerson> people) {
      return tell_changed(owner, import_id, people);
    };
    callbacks.rows = [tell](const std::vector<RowTold>& rows) {
      wire::ImportTells tells;
      for (const RowTold& row : rows) {
        wire::ImportRowTold* told = tells.add_told();
        told->set_line(row.line);
        told->set_outcome(std::string(name_of(row.outcome)));
        told->set_what(row.what);
      }
      tell(tells);
    };
    return callbacks;
  }
  callbacks.bad_rows = [tell](const std::vector<BadRow>& rows) {
    wire::ImportTells tells;
    for (const BadRow& row : rows) {
      wire::ImportBadRow* bad = tells.add_bad();
      bad->set_line(row.line);
      bad->set_reason(row.reason);
    }
    tell(tells);
  };
  return callbacks;
}

grpc::Status ImportService::Import(grpc::ServerContext* context, Stream* stream) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  wire::ImportPart part;
  if (!stream->Read(&part) || !part.has_header())
    return {grpc::StatusCode::INVALID_ARGUMENT, "the first part must be the header"};
  const auto id = parts_.registry.known(part.header().organisation_id());
  if (!id) return end_with(*stream, id.error());
  const auto schema = parts_.records.schema(*id);
  if (!schema) return end_with(*stream, schema.error());
  auto terms = terms_of(part.header(), **schema);
  if (!terms) return end_with(*stream, terms.error());
  const std::string asked_by = part.header().asked_by();
  const Turn turn(mutex_, busy_, *id);
  if (!turn.mine()) return end_with(*stream, under_way());

  // Written by the importer's writer while this thread reads; gRPC allows one of each at a time.
  std::mutex writing;
  const auto tell = [&](const wire::ImportTells& tells) {
    const std::lock_guard lock(writing);
    stream->Write(tells);
  };
  auto callbacks = callbacks_for(*terms, asked_by, tell);
  auto importer = Importer::begin(parts_.records, std::move(*terms), std::move(callbacks));
  if (!importer) return end_with(*stream, importer.error());
  wire::ImportTells begin;
  // Its beginning too, where that is in already: it is held against what came then.
  begin.set_begin(true);
  begin.set_bytes(0);
  tell(begin);
  bool whole = false;
  while (stream->Read(&part)) {
    // An empty piece says that the file is over: a client that died says nothing.
    if (part.file().empty()) {
      whole = true;
      break;
    }
    if (auto fed = (*importer)->feed(as_bytes(part.file())); !fed) {
      importer->reset();
      return end_with(*stream, fed.error());
    }
  }
  if (!whole) return grpc::Status::OK;
  const auto done = (*importer)->finish();
  importer->reset();
  if (!done) return end_with(*stream, done.error());
  wire::ImportTells last = tells_of(*done);
  last.set_done(true);
  stream->Write(last);
  return grpc::Status::OK;
}

grpc::Status ImportService::ListImports(grpc::ServerContext* context,
                                        const wire::ListImportsRequest* request,
                                        wire::ListImportsReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto id = OrganisationId::parse(request->organisation_id());
  const auto all = id ? Importer::imports(parts_.records, *id)
                      : Result<std::vector<ImportRow>>(tl::unexpected<Error>(id.error()));
  if (!all) {
    reply->set_error(all.error().message);
    return grpc::Status::OK;
  }
  for (const ImportRow& row : *all) {
    wire::ImportShown* shown = reply->add_imports();
    shown->set_import_id(row.import_id);
    shown->set_state(row.state);
    shown->set_digest_hex(row.digest);
    shown->set_rows(row.state == import_state::kWithdrawn ? 0 : row.rows);
    shown->set_bad_rows(row.bad_rows);
    shown->set_changed(row.changed);
    shown->set_unchanged(row.unchanged);
    shown->set_began_us(to_micros(row.began));
    shown->set_ended_us(row.ended == Time{} ? 0 : to_micros(row.ended));
  }
  return grpc::Status::OK;
}

grpc::Status ImportService::WithdrawImport(grpc::ServerContext* context,
                                           const wire::WithdrawImportRequest* request,
                                           wire::WithdrawImportReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto id = OrganisationId::parse(request->organisation_id());
  if (!id) {
    reply->set_error(id.error().message);
    return grpc::Status::OK;
  }
  const Turn turn(mutex_, busy_, *id);
  if (!turn.mine()) {
    reply->set_error(under_way().message);
    return grpc::Status::OK;
  }
  WithdrawalAsked asked{*id, request->import_id(), request->finished_too(), {}};
  asked.came_otherwise = [&](const SubjectId& subject) {
    return parts_.invented.invented_for(subject).has_value();
  };
  ImportCallbacks callbacks;
  callbacks.note = noting(request->asked_by());
  const auto gone = Importer::withdraw(parts_.records, asked, callbacks);
  if (!gone) {
    reply->set_error(gone.error().message);
    return grpc::Status::OK;
  }
  reply->set_taken_away(gone->taken_away);
  reply->set_changed(gone->changed);
  return grpc::Status::OK;
}

}  // namespace madoguchi::vault
