#include "app/admin_client.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <fstream>

#include "app/admin_stub.h"
#include "passkeys.grpc.pb.h"
#include "status.grpc.pb.h"
#include "vault.grpc.pb.h"

namespace madoguchi::app {
namespace {

namespace fs = std::filesystem;
namespace pb = madoguchi::wire;

constexpr std::size_t kPart = 256 * 1024;

}  // namespace

Result<void> answered(const grpc::Status& status) {
  if (status.ok()) return {};
  const bool away = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                    status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  return fail(away ? ErrorCode::kUnavailable : ErrorCode::kDenied,
              away ? "the vault does not answer; is it running?"
                   : "the vault refused: " + status.error_message());
}

Result<ProcessAccess> ProcessAccess::of_deployment(const fs::path& data, std::string_view process) {
  const fs::path whole = fs::absolute(data);
  // The kernel takes socket paths of 107 bytes at most, and `data` may be deeper: so by way of the
  // folder's descriptor, which stays open as long as the command runs.
  const int folder = open((whole / "run").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return fail(
        ErrorCode::kNotFound,
        fmt::format("{}: is no folder of `madoguchi up`; name it with --data", whole.string()));
  const fs::path tls = whole / "tls";
  return ProcessAccess{fmt::format("unix:/proc/self/fd/{}/{}.sock", folder, process),
                       {tls / "authority.pem", tls / "admin.pem", tls / "admin.key"}};
}

Result<Exported> export_recording(const ProcessAccess& vault, const fs::path& sealed_file,
                                  const fs::path& out, const std::string& asked_by,
                                  const std::string& purpose) {
  std::ifstream in(sealed_file, std::ios::binary);
  if (!in)
    return fail(ErrorCode::kNotFound, fmt::format("{}: cannot be read", sealed_file.string()));
  if (fs::exists(out))
    return fail(ErrorCode::kConflict,
                fmt::format("{}: exists already; choose another name", out.string()));
  auto stub = stub_of<pb::VaultForAdmin>(vault);
  if (!stub) return tl::unexpected<Error>(stub.error());

  grpc::ClientContext context;
  auto stream = (*stub)->ExportRecording(&context);
  pb::RecordingPart part;
  part.mutable_header()->set_recording_id(sealed_file.filename().string());
  part.mutable_header()->set_asked_by(asked_by);
  part.mutable_header()->set_purpose(purpose);
  bool going = stream->Write(part);
  std::string buffer(kPart, '\0');
  while (going && in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    if (in.gcount() == 0) break;
    part.set_sealed(buffer.data(), static_cast<std::size_t>(in.gcount()));
    going = stream->Write(part);
  }
  stream->WritesDone();

  Exported exported;
  std::string refusal;
  std::ofstream file(out, std::ios::binary);
  for (pb::WavPart wav; stream->Read(&wav);) {
    if (!wav.error().empty()) refusal = wav.error();
    exported.cut_off = exported.cut_off || wav.cut_off();
    exported.bytes += wav.wav().size();
    file.write(wav.wav().data(), static_cast<std::streamsize>(wav.wav().size()));
  }
  file.close();
  auto ended = answered(stream->Finish());
  if (ended && !refusal.empty()) ended = fail(ErrorCode::kDenied, "the vault refused: " + refusal);
  if (ended && !file)
    ended = fail(ErrorCode::kUnavailable,
                 fmt::format("{}: cannot be written; check free space", out.string()));
  if (ended && exported.bytes == 0) ended = fail(ErrorCode::kInternal, "the vault sent nothing");
  if (ended) return exported;
  std::error_code ignored;
  fs::remove(out, ignored);
  return tl::unexpected<Error>(ended.error());
}

Result<void> read_journal(const ProcessAccess& vault, std::uint64_t after,
                          const std::function<void(std::string_view)>& line) {
  auto stub = stub_of<pb::VaultForAdmin>(vault);
  if (!stub) return tl::unexpected<Error>(stub.error());
  constexpr std::uint32_t kPage = 1000;
  for (;;) {
    grpc::ClientContext context;
    pb::ReadJournalRequest request;
    request.set_after(after);
    request.set_most(kPage);
    auto reader = (*stub)->ReadJournal(&context, request);
    std::uint32_t got = 0;
    for (pb::JournalLine one; reader->Read(&one); ++got) {
      after = one.sequence();
      line(one.json());
    }
    if (auto ended = answered(reader->Finish()); !ended) return ended;
    if (got < kPage) return {};
  }
}

namespace {

// One question with an `error` in its reply.
template <typename Reply, typename Ask>
Result<void> ask_vault(const ProcessAccess& vault, const Ask& ask, ErrorCode if_told) {
  auto stub = stub_of<pb::VaultForAdmin>(vault);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  Reply reply;
  if (auto done = answered(ask(**stub, context, reply)); !done) return done;
  if (reply.error().empty()) return {};
  return fail(if_told, reply.error());
}

}  // namespace

Result<void> set_glass_password(const ProcessAccess& vault, const OperatorId& who,
                                const Personal<std::string>& password) {
  pb::SetStaffPasswordRequest request;
  request.set_operator_id(who.text());
  request.set_password(password.reveal());
  bool unknown = false;
  auto done = ask_vault<pb::SetStaffPasswordReply>(
      vault,
      [&](auto& stub, auto& context, auto& reply) {
        auto status = stub.SetStaffPassword(&context, request, &reply);
        unknown = reply.unknown();
        return status;
      },
      ErrorCode::kInvalid);
  if (!done && unknown) return fail(ErrorCode::kNotFound, done.error().message);
  return done;
}

Result<std::string> make_enrolment_code(const ProcessAccess& vault, const OperatorId& who) {
  const auto stub = stub_of<pb::VaultPasskeysForAdmin>(vault);
  if (!stub) return tl::unexpected<Error>(stub.error());
  pb::MakeEnrolmentCodeRequest request;
  request.set_operator_id(who.text());
  pb::MakeEnrolmentCodeReply reply;
  grpc::ClientContext context;
  if (auto done = answered((*stub)->MakeEnrolmentCode(&context, request, &reply)); !done)
    return tl::unexpected<Error>(done.error());
  if (!reply.error().empty())
    return fail(reply.unknown() ? ErrorCode::kNotFound : ErrorCode::kInvalid, reply.error());
  return reply.code();
}

Result<void> set_own_phone(const ProcessAccess& vault, const OperatorId& who,
                           const Personal<std::string>& number) {
  pb::SetStaffPhoneRequest request;
  request.set_operator_id(who.text());
  request.set_number(number.reveal());
  return ask_vault<pb::SetStaffPhoneReply>(
      vault,
      [&](auto& stub, auto& context, auto& reply) {
        return stub.SetStaffPhone(&context, request, &reply);
      },
      ErrorCode::kInvalid);
}

Result<void> disable_at_vault(const ProcessAccess& vault, const OperatorId& who) {
  pb::DisableStaffRequest request;
  request.set_operator_id(who.text());
  return ask_vault<pb::DisableStaffReply>(
      vault,
      [&](auto& stub, auto& context, auto& reply) {
        return stub.DisableStaff(&context, request, &reply);
      },
      ErrorCode::kNotFound);
}

Result<void> bind_number(const ProcessAccess& vault, const std::string& organisation,
                         const std::string& number) {
  pb::BindNumberRequest request;
  request.set_organisation_id(organisation);
  request.set_number_called(number);
  return ask_vault<pb::BindNumberReply>(
      vault,
      [&](auto& stub, auto& context, auto& reply) {
        return stub.BindNumber(&context, request, &reply);
      },
      ErrorCode::kConflict);
}

Result<VaultStatus> read_status(const ProcessAccess& vault) {
  const auto stub = stub_of<pb::ProcessStatus>(vault);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::ProcessStatusTold told;
  if (auto done = answered((*stub)->Read(&context, {}, &told)); !done)
    return tl::unexpected<Error>(done.error());
  VaultStatus vault_status{{told.counters().begin(), told.counters().end()}, {}};
  for (const pb::ProcessTrouble& one : told.troubles())
    vault_status.troubles.push_back({one.text(), time_from_micros(one.since_us())});
  return vault_status;
}

Result<std::vector<BoundNumbers>> list_numbers(const ProcessAccess& vault) {
  auto stub = stub_of<pb::VaultForAdmin>(vault);
  if (!stub) return tl::unexpected<Error>(stub.error());
  grpc::ClientContext context;
  pb::ListOrganisationsReply reply;
  if (auto done = answered((*stub)->ListOrganisations(&context, {}, &reply)); !done)
    return tl::unexpected<Error>(done.error());
  std::vector<BoundNumbers> all;
  for (const auto& one : reply.organisations())
    all.push_back({one.organisation_id(),
                   one.name(),
                   {one.numbers_called().begin(), one.numbers_called().end()}});
  return all;
}

}  // namespace madoguchi::app
