#include "vault/running_vault.h"

#include <fmt/format.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <mutex>

#include "base/log.h"
#include "base/rounds.h"
#include "vault/admin_service.h"
#include "vault/authority_desk.h"
#include "vault/caller_identity.h"
#include "vault/case_desk.h"
#include "vault/centre_service.h"
#include "vault/client_logs.h"
#include "vault/demo.h"
#include "vault/dial_gate.h"
#include "vault/enquiries.h"
#include "vault/exchange_service.h"
#include "vault/exports.h"
#include "vault/glass_site.h"
#include "vault/import_service.h"
#include "vault/journal_intake.h"
#include "vault/keeper.h"
#include "vault/log_changes.h"
#include "vault/log_service.h"
#include "vault/log_witnesses.h"
#include "vault/mandate_service.h"
#include "vault/master_rotation.h"
#include "vault/openings.h"
#include "vault/passkey_service.h"
#include "vault/people_records.h"
#include "vault/playbacks.h"
#include "vault/recordings.h"
#include "vault/refusals.h"
#include "vault/registry.h"
#include "vault/retention.h"
#include "vault/rotations.h"
#include "vault/rpc.h"
#include "vault/staff_service.h"
#include "vault/status_service.h"
#include "vault/trace_service.h"
#include "vault/upkeep_service.h"
#include "vault/use_replay.h"
#include "vault/watch_desk.h"
#include "web/counters.h"
#include "wire/confinement_service.h"
#include "wire/credentials.h"

namespace madoguchi::vault {
namespace {

constexpr std::chrono::seconds kGrace{2};
constexpr Rounds::Rest kLate{500};

// A database as messages name it: by its setting, and its file. Other URLs may hold a password.
std::string shown(std::string_view setting, std::string_view url) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (!url.starts_with(kSqlite)) return std::string(setting);
  return fmt::format("{} ({})", setting, url.substr(kSqlite.size()));
}

}  // namespace

struct RunningVault::Parts {
  Parts(const Settings& settings, std::unique_ptr<VaultStore> opened, const Clock& clock,
        Entropy& entropy, std::unique_ptr<Registry> known, std::unique_ptr<AuthorityDesk> desk,
        HashingCost cost)
      : store(std::move(opened)),
        registry(std::move(known)),
        authority(std::move(desk)),
        gate({*store, clock, entropy, *registry, *authority, NumberingPlan::japanese(),
              DialRules::japanese(), settings.glass.enabled}),
        recordings(*store, clock, *registry),
        staff({*store, clock, *authority, settings.demo_passwords, cost, settings.session}),
        passkeys({*store, clock, entropy, staff, *authority}),
        keeper(gate, recordings),
        refusals({*store, clock, *registry}),
        for_exchange(*registry, keeper, *authority, refusals),
        for_centre({*registry, gate, staff, *authority, refusals}),
        for_status(
            [this] {
              const std::lock_guard lock(glass_mutex);
              return glass ? web::named_counters(glass->counters())
                           : std::map<std::string, std::uint64_t>();
            },
            [this] { return troubles(); }),
        for_admin({*store, clock, *registry, gate, recordings, staff, *authority, settings.data}),
        for_passkeys({passkeys, staff, *authority}),
        for_staff(staff) {
    on_wrong_role([this](const std::string& role, std::string_view wanted) {
      refusals.note({"role",
                     fmt::format("for_{}", wanted),
                     is_valid_id(role) ? role : "unknown",
                     {},
                     {},
                     {},
                     {}});
    });
  }

  ~Parts() {
    if (changes) changes->close();
    std::unique_ptr<GlassSite> closing;
    {
      const std::lock_guard lock(glass_mutex);
      closing = std::move(glass);
    }
    closing.reset();
    if (server) {
      server->Shutdown(std::chrono::system_clock::time_point() + kGrace);  // long past: cancel all
      server->Wait();
    }
    on_wrong_role({});
  }

  // Of witnesses that do not cosign. The server that asks is started after the logs, and ends
  // first.
  [[nodiscard]] std::vector<StatusService::Trouble> troubles() const {
    std::vector<StatusService::Trouble> all;
    if (!logs || logs->witnesses() == nullptr) return all;
    for (const ledger::WitnessStanding& one : logs->witnesses()->standings())
      if (std::string trouble = trouble_of(one); !trouble.empty())
        all.push_back({std::move(trouble), one.since});
    return all;
  }

  std::unique_ptr<VaultStore> store;
  std::unique_ptr<Registry> registry;
  std::unique_ptr<AuthorityDesk> authority;
  DialGate gate;
  Recordings recordings;
  Staff staff;
  Passkeys passkeys;
  Keeper keeper;
  Refusals refusals;
  ExchangeService for_exchange;
  CentreService for_centre;
  StatusService for_status;
  wire::ConfinementService for_confinement;
  AdminService for_admin;
  PasskeyService for_passkeys;
  StaffService for_staff;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<PeopleRecords> people;
  std::unique_ptr<ClientLogs> logs;  // when there is a glass to serve them
  std::unique_ptr<LogService> for_logs;
  std::unique_ptr<Exports> exports;
  std::unique_ptr<TraceService> traces;
  std::optional<WatchRules> rules;  // of the settings' own file
  std::unique_ptr<WatchDesk> watch;
  std::unique_ptr<Openings> openings;
  std::unique_ptr<CallerIdentity> identity;
  std::unique_ptr<Playbacks> playbacks;
  std::unique_ptr<Retention> retention;
  std::unique_ptr<MandateService> for_mandates;
  std::unique_ptr<CaseDesk> cases;
  std::unique_ptr<Rotations> rotations;
  std::unique_ptr<RotationClock> rotation_clock;
  std::unique_ptr<MasterRotation> master_rotation;
  std::unique_ptr<UpkeepService> for_upkeep;
  std::unique_ptr<Enquiries> enquiries;  // when there is a log
  std::unique_ptr<ImportService> imports;
  std::unique_ptr<LogChanges> changes;
  std::optional<Rounds> changes_late;
  std::mutex glass_mutex;  // the status is asked for while the glass closes
  std::unique_ptr<GlassSite> glass;
  std::unique_ptr<RetentionClock> retention_clock;  // ends before what it works on
  std::string listen;
  bool told_owed = false;
};

// What the clients' logs tell of is counted and watched, and they are published.
Result<void> RunningVault::start_logs(const Settings& settings, const Master& master,
                                      const Clock& clock, Entropy& entropy, Parts& parts) {
  if (!settings.watching_rules.empty()) {
    auto rules = WatchRules::from_file(settings.watching_rules);
    if (!rules) return tl::unexpected<Error>(rules.error());
    parts.rules = std::move(*rules);
  }
  parts.watch = std::make_unique<WatchDesk>(
      WatchDesk::Parts{*parts.authority, *parts.store, clock, entropy,
                       parts.rules ? *parts.rules : WatchRules::built_in()});
  ledger::LogStore* log = parts.people->log();
  if (log == nullptr) return {};
  if (auto taken = take_in_journal(*parts.store, *log, clock.now()); !taken)
    return tl::unexpected<Error>(taken.error());
  if (auto counted = count_again(*log, *parts.authority, clock.now()); !counted) return counted;
  if (auto watched = watch_again(*log, *parts.watch, clock.now()); !watched) return watched;
  if (!settings.glass.enabled) return {};
  parts.logs = std::make_unique<ClientLogs>(
      ClientLogs::Parts{{*parts.store, clock, entropy, *parts.registry},
                        *log,
                        settings.glass.host,
                        settings.data / "log",
                        master,
                        settings.witnesses});
  parts.for_logs = std::make_unique<LogService>(*log, *parts.logs);
  return {};
}

Result<void> RunningVault::start_exports(const Settings& settings, const Clock& clock,
                                         Entropy& entropy, Parts& parts) {
  Records& records = parts.people->records();
  auto exports = Exports::open({*parts.store, clock, entropy, *parts.authority, *parts.registry,
                                records, settings.data / "exports"});
  if (!exports) return tl::unexpected<Error>(exports.error());
  parts.exports = std::move(*exports);
  parts.traces = std::make_unique<TraceService>(
      Tracing::Parts{*parts.store, clock, *parts.registry, records, *parts.exports,
                     NumberingPlan::japanese(), settings.trace_lines_per_day});
  auto retention = Retention::open({*parts.store,
                                    clock,
                                    entropy,
                                    *parts.authority,
                                    *parts.registry,
                                    records,
                                    parts.exports.get(),
                                    parts.people->log(),
                                    parts.logs ? &parts.logs->logs() : nullptr,
                                    {settings.retention_warning}});
  if (!retention) return tl::unexpected<Error>(retention.error());
  parts.retention = std::move(*retention);
  parts.for_mandates = std::make_unique<MandateService>(*parts.authority, *parts.retention);
  return {};
}

Result<void> RunningVault::start_upkeep(const Settings& settings, const Master& master,
                                        const Clock& clock, Entropy& entropy, Parts& parts) {
  Records& records = parts.people->records();
  auto rotations =
      Rotations::open({*parts.store, clock, *parts.registry, records, parts.people->rotation()});
  if (!rotations) return tl::unexpected<Error>(rotations.error());
  parts.rotations = std::move(*rotations);
  parts.rotation_clock = std::make_unique<RotationClock>(*parts.rotations);
  parts.master_rotation = std::make_unique<MasterRotation>(
      MasterRotation::Parts{*parts.store, clock, entropy, *parts.registry, master.shared_wrapping(),
                            settings.token ? std::filesystem::path() : settings.master_key,
                            settings.token ? settings.token->label : "", master.token_key()});
  parts.for_upkeep = std::make_unique<UpkeepService>(UpkeepService::Parts{
      *parts.store, clock, *parts.registry, *parts.authority, parts.refusals, records,
      *parts.rotations, *parts.rotation_clock, *parts.master_rotation});
  return {};
}

RunningVault::RunningVault(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RunningVault::~RunningVault() = default;

Result<std::unique_ptr<RunningVault>> RunningVault::start(
    const Settings& settings, std::unique_ptr<VaultStore> store, const Clock& clock,
    Entropy& entropy, HashingCost cost, OpenedRecordStores records,
    const std::vector<TokenSecret>* token_secrets) {
  const auto credentials = wire::server_credentials(
      {settings.rpc_authority, settings.rpc_certificate, settings.rpc_key});
  if (!credentials) return tl::unexpected<Error>(credentials.error());
  const auto master = Master::open(*store, settings.master_source(token_secrets));
  if (!master) return tl::unexpected<Error>(master.error());
  auto registry = Registry::open(
      {*store, clock, entropy, NumberingPlan::japanese(), settings.token_rates}, *master);
  if (!registry) return tl::unexpected<Error>(registry.error());
  AuthorityRules rules;
  rules.cases = settings.cases;
  rules.usual = settings.usual_limits;
  auto authority = AuthorityDesk::open({*store, clock, entropy, rules});
  if (!authority) return tl::unexpected<Error>(authority.error());
  auto parts = std::make_unique<Parts>(settings, std::move(store), clock, entropy,
                                       std::move(*registry), std::move(*authority), cost);
  if (records.records && records.keys) {
    auto people = PeopleRecords::open(
        {*parts->store, clock, entropy, NumberingPlan::japanese(), *master, settings.erasures,
         settings.data / "erasures", shown("records", settings.records),
         shown("subject_keys", settings.subject_keys)},
        std::move(records));
    if (!people) return tl::unexpected<Error>(people.error());
    parts->people = std::move(*people);
    parts->for_admin.know(parts->people->records());
    if (!settings.demo_owners.empty())
      if (auto filled = fill_demo(*parts->authority, parts->staff, parts->people->records(),
                                  settings.demo_owners, clock.now());
          !filled)
        return tl::unexpected<Error>(filled.error());
    if (auto logs = start_logs(settings, *master, clock, entropy, *parts); !logs)
      return tl::unexpected<Error>(logs.error());
    if (auto exports = start_exports(settings, clock, entropy, *parts); !exports)
      return tl::unexpected<Error>(exports.error());
    if (auto upkeep = start_upkeep(settings, *master, clock, entropy, *parts); !upkeep)
      return tl::unexpected<Error>(upkeep.error());
    parts->imports = std::make_unique<ImportService>(
        ImportService::Parts{*parts->store, clock, entropy, parts->people->records(),
                             *parts->exports, *parts->registry});
    parts->openings = std::make_unique<Openings>(
        Openings::Parts{*parts->store, clock, entropy, *parts->authority, *parts->registry,
                        parts->people->records(), NumberingPlan::japanese(), parts->exports.get(),
                        parts->watch.get()});
    parts->identity = std::make_unique<CallerIdentity>(CallerIdentity::Parts{
        clock, *parts->authority, parts->openings->act_log(), CallerRules::japanese()});
    parts->playbacks = std::make_unique<Playbacks>(
        Playbacks::Parts{*parts->store, clock, entropy, *parts->authority, *parts->registry,
                         parts->openings->act_log()},
        RecordingShelf(settings.recordings));
    parts->cases = std::make_unique<CaseDesk>(
        CaseDesk::Parts{*parts->store, clock, entropy, *parts->authority, parts->people->records(),
                        parts->openings->act_log()});
    if (ledger::LogStore* log = parts->people->log())
      parts->enquiries = std::make_unique<Enquiries>(Enquiries::Parts{
          *parts->store, clock, entropy, *parts->authority, parts->people->records(), *log,
          parts->logs ? &parts->logs->logs() : nullptr});
  }
  if (settings.glass.enabled) {
    GlassSite::Parts site{parts->staff, *parts->authority, *parts->registry,
                          {},           &parts->passkeys,  &parts->refusals};
    parts->changes = std::make_unique<LogChanges>(LogChanges::Parts{*parts->store, clock, entropy});
    parts->changes_late.emplace("log changes", kLate, [changes = parts->changes.get()] {
      changes->answer_late();
      return kLate;
    });
    if (parts->openings)
      site.people.emplace(GlassSite::People{
          parts->people->records(), *parts->openings, entropy, *parts->identity,
          parts->people->log(), parts->logs ? &parts->logs->logs() : nullptr,
          parts->enquiries.get(), parts->exports.get(), parts->watch.get(), parts->playbacks.get(),
          parts->logs ? parts->logs->witnesses() : nullptr, parts->retention.get(),
          parts->changes.get(), parts->cases.get()});
    auto glass = GlassSite::start(settings.glass, site);
    if (!glass) return tl::unexpected<Error>(glass.error());
    parts->glass = std::move(*glass);
  }
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(settings.listen, *credentials, &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  wire::tune_streams(builder);
  // The centre and the administrator ask rarely: one thread waits for them, so that it does not
  // take the exchange's messages from the threads that serve those.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  builder.RegisterService(&parts->for_exchange);
  builder.RegisterService(&parts->for_centre);
  builder.RegisterService(&parts->for_admin);
  builder.RegisterService(&parts->for_passkeys);
  builder.RegisterService(&parts->for_staff);
  if (parts->imports) builder.RegisterService(parts->imports.get());
  if (parts->traces) builder.RegisterService(parts->traces.get());
  if (parts->for_logs) builder.RegisterService(parts->for_logs.get());
  if (parts->for_mandates) builder.RegisterService(parts->for_mandates.get());
  if (parts->for_upkeep) builder.RegisterService(parts->for_upkeep.get());
  builder.RegisterService(&parts->for_status);
  builder.RegisterService(&parts->for_confinement);
  parts->server = builder.BuildAndStart();
  if (!parts->server || port == 0)
    return fail(ErrorCode::kUnavailable,
                fmt::format("rpc.listen: {} cannot be listened on; is it taken?", settings.listen));
  parts->listen = settings.listen;
  if (parts->retention)
    parts->retention_clock = std::make_unique<RetentionClock>(*parts->retention);
  return std::unique_ptr<RunningVault>(new RunningVault(std::move(parts)));
}

void RunningVault::second() {
  const auto kept = parts_->authority->keep_owed();
  if (!kept && !parts_->told_owed)
    log_warn(
        "a revocation or a freeze holds, but is not written down yet; it is tried every second "
        "(a restart before that would lose it): {}",
        kept.error().message);
  parts_->told_owed = !kept;
  // Tried again every second by itself; the openings' own commits say that the store is away.
  if (parts_->people) static_cast<void>(parts_->people->note_erasures());
  if (parts_->master_rotation) parts_->master_rotation->second();
}

void RunningVault::minute() {
  if (const auto counted = parts_->registry->journal_counts(); !counted)
    log_warn("{}", counted.error().message);
  parts_->refusals.minute();
  parts_->authority->minute();
  if (parts_->people)
    if (const auto settled = parts_->people->records().settle(); !settled)
      log_warn("{}", settled.error().message);
  if (parts_->exports) parts_->exports->minute();
  if (parts_->watch) parts_->watch->minute();
  if (parts_->playbacks) parts_->playbacks->minute();
  if (parts_->cases) parts_->cases->minute();
  if (parts_->openings) parts_->openings->act_log().minute();
}

std::string RunningVault::status() const {
  std::string status = "gRPC on " + parts_->listen;
  if (parts_->glass) status += fmt::format(", glass on port {}", parts_->glass->port());
  return status;
}

std::uint16_t RunningVault::glass_port() const {
  return parts_->glass ? parts_->glass->port() : 0;
}

}  // namespace madoguchi::vault
