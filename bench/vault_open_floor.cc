#include "bench/vault_open_floor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <signal.h>
#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "app/import_records.h"
#include "base/time.h"
#include "bench/vault_import_people.h"
#include "vault.grpc.pb.h"
#include "wire/authority.h"

namespace madoguchi::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kGlassPort = 45091;
constexpr const char* kVendor = "minato";
constexpr const char* kDesk = "common";
constexpr const char* kNumber = "+81300000009";
constexpr const char* kPassword = "bench-bench-1";
constexpr auto kRenewal = std::chrono::milliseconds(3500);

std::string client_name(std::uint64_t client) {
  return fmt::format("client-{:02}", client);
}
std::string owner_name(std::uint64_t client) {
  return fmt::format("owner-{:02}", client);
}
std::string operator_name(int one) {
  return fmt::format("op{:04}", one);
}
std::string call_name(int one) {
  return fmt::format("call-{:04}", one);
}

Result<void> done(const grpc::Status& status, const std::string& error, const char* what) {
  if (status.ok() && error.empty()) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}: {}", what, status.ok() ? error : status.error_message()));
}

Result<HttpsAnswer> sign_in_as(HttpsClient& glass, const std::string& name) {
  const nlohmann::json who = {{"name", name}, {"password", kPassword}};
  return glass.ask("POST", "/api/session", who.dump());
}

}  // namespace

struct VaultFloor::Rpc {
  std::unique_ptr<wire::VaultForAdmin::Stub> admin;
  std::unique_ptr<wire::VaultForCentre::Stub> centre;
  std::unique_ptr<wire::VaultForExchange::Stub> exchange;
  app::ProcessAccess access;
};

VaultFloor::VaultFloor(FloorOptions options)
    : options_(std::move(options)), rpc_(std::make_unique<Rpc>()) {}

VaultFloor::~VaultFloor() {
  over_ = true;
  if (leasing_.joinable()) leasing_.join();
  if (vault_ > 0) {
    kill(vault_, SIGTERM);
    waitpid(vault_, nullptr, 0);
  }
}

Result<void> VaultFloor::start() {
  const fs::path& folder = options_.folder;
  std::error_code ignored;
  fs::create_directories(folder / "run", ignored);
  const fs::path tls = folder / "tls";
  SystemClock clock;
  if (auto made =
          wire::ensure_certificates(tls, {"vault", "exchange", "centre", "admin"}, clock.now());
      !made)
    return made;
  const auto pem = [&](const char* name) { return (tls / name).string(); };
  const std::string socket = "unix:" + (folder / "run" / "vault.sock").string();
  const fs::path settings = folder / "vault.toml";
  // Watched as ever, but one operator opens more people in one call here than any desk's would.
  const fs::path rules = folder / "watching.toml";
  std::ofstream watching(rules);
  for (const char* measure : {"people_in_call", "others_in_call", "mismatches_in_call",
                              "mismatches", "refusals", "rise_own", "rise_desk"})
    watching << fmt::format(
        "[[rule]]\nid = \"{0}\"\nmeasure = \"{0}\"\nat_least = 1000000\nseverity = "
        "\"warning\"\nja = \"-\"\nen = \"-\"\n",
        measure);
  watching.close();
  std::ofstream(settings) << fmt::format(
      "data = \"{}\"\n[rpc]\nlisten = \"{}\"\nauthority = \"{}\"\ncertificate = \"{}\"\n"
      "key = \"{}\"\n[glass]\nport = {}\npages = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n"
      "[staff]\ndemo_passwords = true\n[watching]\nrules = \"{}\"\n",
      (folder / "vault").string(), socket, pem("authority.pem"), pem("vault.pem"), pem("vault.key"),
      kGlassPort, (options_.binary.parent_path() / "glass").string(), pem("vault.pem"),
      pem("vault.key"), rules.string());
  vault_ = fork();
  if (vault_ == 0) {
    const int out = open((folder / "vault.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, 1);
    dup2(out, 2);
    execl(options_.binary.c_str(), "madoguchi", "vault", "--config", settings.c_str(), nullptr);
    _exit(127);
  }
  const auto stub_of = [&](const char* role) {
    const auto credentials =
        wire::channel_credentials({tls / "authority.pem", tls / fmt::format("{}.pem", role),
                                   tls / fmt::format("{}.key", role)});
    return wire::open_channel(socket, "vault", credentials ? *credentials : nullptr);
  };
  rpc_->admin = wire::VaultForAdmin::NewStub(stub_of("admin"));
  rpc_->centre = wire::VaultForCentre::NewStub(stub_of("centre"));
  rpc_->exchange = wire::VaultForExchange::NewStub(stub_of("exchange"));
  rpc_->access = {socket, {tls / "authority.pem", tls / "admin.pem", tls / "admin.key"}};
  return {};
}

// ---- records

Result<void> VaultFloor::fill() {
  for (std::uint64_t client = 0; client <= options_.clients; ++client) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(5));
    wire::PutOrganisationRequest request;
    const bool vendor = client == options_.clients;
    request.set_organisation_id(vendor ? kVendor : client_name(client));
    request.set_name(request.organisation_id());
    if (vendor) request.add_numbers_called(kNumber);  // a desk for all its clients
    wire::PutOrganisationReply reply;
    const auto status = rpc_->centre->PutOrganisation(&context, request, &reply);
    if (auto put = done(status, reply.error(), "putting an organisation"); !put) return put;
  }
  const std::uint64_t each = options_.rows / options_.clients;
  const fs::path filled = options_.folder / fmt::format("filled-{}-{}", options_.clients, each);
  if (fs::exists(filled)) return {};
  const fs::path file = options_.folder / "people.csv";
  for (std::uint64_t client = 0; client < options_.clients; ++client) {
    if (!write_people(file, client, each))
      return fail(ErrorCode::kExhausted, "the file of people does not fit on the disk");
    app::ImportAsked asked;
    asked.organisation = client_name(client);
    asked.file = file;
    asked.source = "bench";
    asked.given_for = "measuring";
    asked.obtained_on = "2026-11-22";
    asked.asked_by = "vault_open";
    const auto imported = app::import_records(rpc_->access, asked);
    if (!imported) return tl::unexpected<Error>(imported.error());
    if (imported->rows != each) return fail(ErrorCode::kConflict, "rows were refused");
    fmt::print(stderr, "vault_open: {} of {} clients imported\n", client + 1, options_.clients);
  }
  fs::remove(file);
  std::ofstream(filled) << "\n";
  return {};
}

RecordNamed VaultFloor::record(std::uint64_t dice) const {
  const std::uint64_t client = dice % options_.clients;
  const std::uint64_t row = dice / options_.clients % (options_.rows / options_.clients);
  return {client_name(client), fmt::format("C{:03}-{:07}", client, row)};
}

// ---- people and what they may

namespace {

// One that never says enough; its owners are still to be named.
nlohmann::json mandate_of_all(const std::string& id) {
  const nlohmann::json often = {
      {"per_minute", 1'000'000}, {"per_hour", 60'000'000}, {"per_day", 1'000'000'000}};
  return {{"id", id},
          {"to", kVendor},
          {"desks", {kDesk}},
          {"owners", nlohmann::json::array()},
          {"purposes",
           {{{"id", "answer"},
             {"name", "answer"},
             {"fields", {"name_kanji", "address", "telephone"}},
             {"checks", 1}}}},
          {"limits", {{"by_operator", often}, {"on_desk", often}, {"in_all", often}}},
          {"begins", "2020-01-01T00:00:00Z"},
          {"ends", "2099-01-01T00:00:00Z"},
          {"retention", "2099-01-01T00:00:00Z"},
          {"at_end", "destroyed"}};
}

}  // namespace

Result<void> VaultFloor::put_staff() {
  // As weak as the library lets a hash be: signing in is not what is measured.
  std::string hash(crypto_pwhash_STRBYTES, '\0');
  const std::string password = kPassword;
  if (crypto_pwhash_str(hash.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_MIN,
                        crypto_pwhash_MEMLIMIT_MIN) != 0)
    return fail(ErrorCode::kExhausted, "no memory for a hash");
  hash.resize(hash.find('\0'));
  const auto put = [&](const std::string& name, const std::string& organisation,
                       const char* role) -> Result<void> {
    grpc::ClientContext told;
    wire::PutStaffRequest request;
    request.set_operator_id(name);
    request.set_display_name(name);
    request.set_password_hash(hash);
    wire::PutStaffReply reply;
    const auto status = rpc_->centre->PutStaff(&told, request, &reply);
    if (auto good = done(status, reply.error(), "telling of staff"); !good) return good;
    grpc::ClientContext placed;
    wire::SetStaffPlaceRequest place;
    place.set_operator_id(name);
    place.set_organisation_id(organisation);
    place.set_role(role);
    if (std::string_view(role) == "operator") place.set_phone_user(name);
    wire::SetStaffPlaceReply answer;
    const auto set = rpc_->admin->SetStaffPlace(&placed, place, &answer);
    return done(set, answer.error(), "placing staff");
  };
  // A folder that is used again has those of earlier runs.
  const std::string mandate_id =
      fmt::format("bench-{}", SystemClock().now().time_since_epoch().count());
  nlohmann::json mandate = mandate_of_all(mandate_id);
  for (std::uint64_t client = 0; client < options_.clients; ++client) {
    mandate["owners"].push_back(client_name(client));
    if (auto good = put(owner_name(client), client_name(client), "owner"); !good) return good;
  }
  for (int one = 0; one < options_.operators; ++one)
    if (auto good = put(operator_name(one), kVendor, "operator"); !good) return good;
  grpc::ClientContext context;
  wire::DraftMandateRequest draft;
  draft.set_json(mandate.dump());
  wire::DraftMandateReply drafted;
  const auto status = rpc_->admin->DraftMandate(&context, draft, &drafted);
  if (auto good = done(status, drafted.error(), "drafting the mandate"); !good) return good;
  const std::string version = nlohmann::json{{"version", drafted.version()}}.dump();
  for (std::uint64_t client = 0; client < options_.clients; ++client) {
    HttpsClient owner(kGlassPort, "vault.localhost");
    const auto in = sign_in_as(owner, owner_name(client));
    if (!in || in->status != 200) return fail(ErrorCode::kDenied, "an owner cannot sign in");
    const auto agreed = owner.ask("POST", "/api/owner/mandates/" + mandate_id + "/sign", version);
    if (!agreed || agreed->status != 200)
      return fail(ErrorCode::kDenied,
                  "an owner cannot sign: " + (agreed ? agreed->body : agreed.error().message));
  }
  return {};
}

// ---- the exchange's side: each operator is in a call

void VaultFloor::lease() {
  grpc::ClientContext context;
  const auto stream = rpc_->exchange->Attach(&context);
  std::thread reading([&stream] {
    for (wire::VaultTells tells; stream->Read(&tells);) {
    }
  });
  wire::ExchangeAsks asks;
  for (int one = 0; one < options_.operators; ++one) {
    wire::CallLease& lease = *asks.add_leases();
    lease.set_call_id(call_name(one));
    lease.set_organisation_id(kVendor);
    lease.set_number_called(kNumber);
    lease.set_desk_id(kDesk);
    lease.add_legs()->set_phone_user(operator_name(one));
  }
  stream->Write(asks);
  asks.clear_leases();
  for (int one = 0; one < options_.operators; ++one) asks.add_renewed_calls(call_name(one));
  while (!over_) {
    std::this_thread::sleep_for(kRenewal);
    stream->Write(asks);
  }
  context.TryCancel();
  reading.join();
  stream->Finish();
}

Result<std::vector<OperatorAtWork>> VaultFloor::sign_in() {
  std::vector<OperatorAtWork> all;
  for (int one = 0; one < options_.operators; ++one) {
    HttpsClient glass(kGlassPort, "vault.localhost");
    const auto in = sign_in_as(glass, operator_name(one));
    if (!in || in->status != 200) return fail(ErrorCode::kDenied, "an operator cannot sign in");
    const auto leg = glass.ask("POST", "/api/leg", "{}");
    if (!leg || leg->status != 200)
      return fail(ErrorCode::kDenied, "a telephone is not registered");
    all.push_back({std::move(glass), {}});
  }
  leasing_ = std::thread([this] { lease(); });
  for (int one = 0; one < options_.operators; ++one) {
    wire::OpeningTicketReply reply;
    // The first asks may come before the leases.
    for (int tries = 0; tries < 500 && reply.ticket_id().empty(); ++tries) {
      if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      grpc::ClientContext context;
      wire::AskOpeningTicketRequest request;
      request.set_operator_id(operator_name(one));
      request.set_desk_id(kDesk);
      request.set_call_id(call_name(one));
      const auto status = rpc_->centre->AskOpeningTicket(&context, request, &reply);
      if (!status.ok()) return fail(ErrorCode::kUnavailable, status.error_message());
    }
    if (reply.ticket_id().empty())
      return fail(ErrorCode::kDenied, "an operator gets no ticket: " + reply.denied());
    all[static_cast<std::size_t>(one)].ticket = reply.ticket_id();
  }
  return all;
}

}  // namespace madoguchi::bench
