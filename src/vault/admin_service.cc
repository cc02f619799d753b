#include "vault/admin_service.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "vault/mandate_json.h"
#include "vault/mandate_names.h"
#include "vault/rpc.h"

namespace madoguchi::vault {
namespace {

constexpr std::string_view kRole = "admin";
constexpr std::uint32_t kMostLines = 1000;
constexpr std::uint64_t kMostSealed = std::uint64_t{4} << 30;
constexpr std::size_t kPart = 256 * 1024;

// A file without a name: it goes with its descriptor, also when the process is killed.
class Spool {
 public:
  explicit Spool(const std::filesystem::path& folder)
      : fd_(::open(folder.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600)) {}
  Spool(const Spool&) = delete;
  ~Spool() {
    if (map_ != MAP_FAILED) ::munmap(map_, size_);
    if (fd_ >= 0) ::close(fd_);
  }

  Result<void> add(std::string_view bytes) {
    if (size_ + bytes.size() > kMostSealed)
      return fail(ErrorCode::kInvalid, "the file is larger than any recording (4 GiB)");
    while (!bytes.empty()) {
      const ssize_t written = fd_ < 0 ? -1 : ::write(fd_, bytes.data(), bytes.size());
      if (written <= 0)
        return fail(ErrorCode::kExhausted,
                    "the vault's data folder cannot hold the sealed file; make room");
      bytes.remove_prefix(static_cast<std::size_t>(written));
      size_ += static_cast<std::size_t>(written);
    }
    return {};
  }

  ByteView bytes() {
    if (size_ == 0) return {};
    if (map_ == MAP_FAILED) map_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd_, 0);
    if (map_ == MAP_FAILED) return {};
    return {static_cast<const std::uint8_t*>(map_), size_};
  }

 private:
  int fd_;
  std::size_t size_ = 0;
  void* map_ = MAP_FAILED;
};

// The caller's own mistakes stand in the reply; the others are a failed call.
template <typename Reply>
grpc::Status answer_of(const Result<void>& outcome, Reply& reply) {
  if (outcome) return grpc::Status::OK;
  if (!is_callers(outcome.error())) return status_of(outcome.error());
  reply.set_error(outcome.error().message);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status AdminService::ExportRecording(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<wire::WavPart, wire::RecordingPart>* stream) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto told = [&](const Error& error) {
    if (!is_callers(error) && error.code != ErrorCode::kCorrupt) return status_of(error);
    wire::WavPart part;
    part.set_error(error.message);
    stream->Write(part);
    return grpc::Status::OK;
  };
  wire::RecordingPart part;
  if (!stream->Read(&part) || !part.has_header())
    return {grpc::StatusCode::INVALID_ARGUMENT, "the first part must be the header"};
  const wire::ExportHeader header = part.header();
  const auto id = RecordingId::parse(header.recording_id());
  if (!id) return told(id.error());
  Spool spool(parts_.folder);
  while (stream->Read(&part))
    if (auto added = spool.add(part.sealed()); !added) return told(added.error());

  wire::WavPart out;
  const auto flush = [&](std::size_t least) {
    if (out.wav().size() < least) return true;
    const bool sent = stream->Write(out);
    out.clear_wav();
    return sent;
  };
  const auto rendered = parts_.recordings.render({*id, header.asked_by(), header.purpose()},
                                                 spool.bytes(), [&](ByteView wav) {
                                                   out.mutable_wav()->append(as_text(wav));
                                                   return flush(kPart);
                                                 });
  if (!rendered) return told(rendered.error());
  out.set_cut_off(rendered->cut_off);
  flush(0);
  return grpc::Status::OK;
}

grpc::Status AdminService::ReadJournal(grpc::ServerContext* context,
                                       const wire::ReadJournalRequest* request,
                                       grpc::ServerWriter<wire::JournalLine>* writer) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const std::uint32_t most =
      request->most() == 0 ? kMostLines : std::min(request->most(), kMostLines);
  const auto lines = parts_.store.journal(request->after(), most);
  if (!lines) return status_of(lines.error());
  for (const JournalLine& line : *lines) {
    wire::JournalLine one;
    one.set_sequence(line.sequence);
    one.set_json(line.json);
    if (!writer->Write(one)) break;
  }
  return grpc::Status::OK;
}

grpc::Status AdminService::SetStaffPassword(grpc::ServerContext* context,
                                            const wire::SetStaffPasswordRequest* request,
                                            wire::SetStaffPasswordReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto id = OperatorId::parse(request->operator_id());
  const auto set = id ? parts_.staff.set_password(*id, Password(request->password()))
                      : Result<void>(tl::unexpected<Error>(id.error()));
  reply->set_unknown(!set && set.error().code == ErrorCode::kNotFound);
  return answer_of(set, *reply);
}

grpc::Status AdminService::SetStaffPhone(grpc::ServerContext* context,
                                         const wire::SetStaffPhoneRequest* request,
                                         wire::SetStaffPhoneReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto id = OperatorId::parse(request->operator_id());
  return answer_of(id ? parts_.gate.put_phone(*id, Number(request->number()))
                      : Result<void>(tl::unexpected<Error>(id.error())),
                   *reply);
}

grpc::Status AdminService::DisableStaff(grpc::ServerContext* context,
                                        const wire::DisableStaffRequest* request,
                                        wire::DisableStaffReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto id = OperatorId::parse(request->operator_id());
  return answer_of(id ? parts_.staff.disable(*id) : Result<void>(tl::unexpected<Error>(id.error())),
                   *reply);
}

grpc::Status AdminService::BindNumber(grpc::ServerContext* context,
                                      const wire::BindNumberRequest* request,
                                      wire::BindNumberReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto organisation = parts_.registry.known(request->organisation_id());
  if (const auto may = parts_.registry.may_be_called(request->number_called()); !may)
    return answer_of(may, *reply);
  const auto directory = parts_.registry.directory();  // they stay once they are known
  return answer_of(organisation ? parts_.registry.put_organisation(
                                      *organisation, directory->find(*organisation)->name,
                                      {request->number_called()}, RegisteredBy::kAdministrator)
                                : Result<void>(tl::unexpected<Error>(organisation.error())),
                   *reply);
}

grpc::Status AdminService::ListOrganisations(grpc::ServerContext* context,
                                             const wire::ListOrganisationsRequest*,
                                             wire::ListOrganisationsReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto directory = parts_.registry.directory();
  for (const auto& [id, organisation] : directory->organisations()) {
    wire::OrganisationListed& one = *reply->add_organisations();
    one.set_organisation_id(id.text());
    one.set_name(organisation.name);
    for (const std::string& number : organisation.numbers_called) one.add_numbers_called(number);
  }
  return grpc::Status::OK;
}

grpc::Status AdminService::SetStaffPlace(grpc::ServerContext* context,
                                         const wire::SetStaffPlaceRequest* request,
                                         wire::SetStaffPlaceReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto set = [&]() -> Result<void> {
    const auto who = OperatorId::parse(request->operator_id());
    if (!who) return tl::unexpected<Error>(who.error());
    const auto organisation = parts_.registry.known(request->organisation_id());
    if (!organisation) return tl::unexpected<Error>(organisation.error());
    const auto role = role_named(request->role());
    if (!role) return tl::unexpected<Error>(role.error());
    return parts_.authority.put_place({*who, *organisation, *role, request->phone_user()});
  }();
  if (set) return grpc::Status::OK;
  if (!is_callers(set.error())) return status_of(set.error());
  reply->set_error(set.error().message);
  return grpc::Status::OK;
}

grpc::Status AdminService::DraftMandate(grpc::ServerContext* context,
                                        const wire::DraftMandateRequest* request,
                                        wire::DraftMandateReply* reply) {
  if (auto refused = require_role(*context, kRole); !refused.ok()) return refused;
  const auto mandate = mandate_from_json(request->json());
  auto drafted = mandate
                     ? check_names(*mandate, {parts_.registry, records_, CallerRules::japanese()})
                     : Result<void>(tl::unexpected<Error>(mandate.error()));
  if (drafted) drafted = parts_.authority.draft(*mandate, administrator());
  if (drafted) {
    reply->set_mandate_id(mandate->id.text());
    reply->set_version(mandate->version);
    return grpc::Status::OK;
  }
  if (!is_callers(drafted.error())) return status_of(drafted.error());
  reply->set_error(drafted.error().message);
  return grpc::Status::OK;
}

}  // namespace madoguchi::vault
