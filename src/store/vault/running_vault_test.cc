// The vault as a process would run it: real gRPC over a Unix socket, mutual TLS, SQLite. The other
// side here plays exchange, centre and administrator.
#include "vault/running_vault.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>
#include <soci/soci.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/sealing.h"
#include "recording/chunk_builder.h"
#include "recording/sealer.h"
#include "store/scratch_database.h"
#include "store/vault/sql_vault_store.h"
#include "vault.grpc.pb.h"
#include "wire/authority.h"
#include "wire/credentials.h"

namespace madoguchi::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPlanted = "09087654321";

class RunningVaultTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "rvXXXXXX";
    folder_ = mkdtemp(pattern.data());
    fs::create_directories(folder_ / "data");
    ASSERT_TRUE(wire::ensure_certificates(folder_ / "tls", {"vault", "exchange", "centre", "admin"},
                                          clock_.now()));
    settings_.data = folder_ / "data";
    settings_.master_key = settings_.data / "master.key";
    settings_.erasures = folder_ / "erasures";
    settings_.listen = "unix:" + (folder_ / "v.sock").string();
    settings_.rpc_authority = folder_ / "tls" / "authority.pem";
    settings_.rpc_certificate = folder_ / "tls" / "vault.pem";
    settings_.rpc_key = folder_ / "tls" / "vault.key";
    settings_.demo_passwords = true;
    start();
  }
  void TearDown() override {
    vault_.reset();
    fs::remove_all(folder_);
  }

  void start() {
    vault_.reset();
    DatabaseOptions options;
    options.url = (settings_.data / "vault.db").string();
    options.busy_timeout = std::chrono::milliseconds(50);
    auto store = open_vault_store(std::move(options));
    ASSERT_TRUE(store) << store.error().message;
    auto vault = vault::RunningVault::start(settings_, std::move(*store), clock_, entropy_,
                                            vault::HashingCost::kLeast);
    ASSERT_TRUE(vault) << vault.error().message;
    vault_ = std::move(*vault);
  }
  std::shared_ptr<grpc::Channel> channel(const std::string& role) {
    const auto credentials = wire::channel_credentials({folder_ / "tls" / "authority.pem",
                                                        folder_ / "tls" / (role + ".pem"),
                                                        folder_ / "tls" / (role + ".key")});
    return wire::open_channel(settings_.listen, "vault", *credentials);
  }
  std::string put_organisation(const std::string& id, const std::string& number) {
    auto stub = wire::VaultForCentre::NewStub(channel("centre"));
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    wire::PutOrganisationRequest request;
    request.set_organisation_id(id);
    request.set_name("さくら信販");
    request.add_numbers_called(number);
    wire::PutOrganisationReply reply;
    const auto status = stub->PutOrganisation(&context, request, &reply);
    return status.ok() ? reply.error() : status.error_message();
  }
  wire::AskDialTicketReply ask(const std::string& wish, const std::string& token) {
    auto stub = wire::VaultForCentre::NewStub(channel("centre"));
    grpc::ClientContext context;
    wire::AskDialTicketRequest request;
    request.set_wish_id(wish);
    request.set_organisation_id("sakura");
    request.set_line_token(token);
    request.set_operator_id("hana");
    wire::AskDialTicketReply reply;
    EXPECT_TRUE(stub->AskDialTicket(&context, request, &reply).ok());
    return reply;
  }
  // What is said to an ask for a ticket that must not be given.
  std::string denied(const std::string& who, const std::string& desk, const std::string& call) {
    auto centre = wire::VaultForCentre::NewStub(channel("centre"));
    grpc::ClientContext context;
    wire::AskOpeningTicketRequest request;
    request.set_operator_id(who);
    request.set_desk_id(desk);
    request.set_call_id(call);
    wire::OpeningTicketReply reply;
    EXPECT_TRUE(centre->AskOpeningTicket(&context, request, &reply).ok());
    EXPECT_EQ(reply.ticket_id(), "");
    return reply.denied();
  }
  // hana, an operator with a telephone; what is wrong with that.
  std::string place_at(const std::string& organisation) {
    auto admin = wire::VaultForAdmin::NewStub(channel("admin"));
    grpc::ClientContext context;
    wire::SetStaffPlaceRequest request;
    request.set_operator_id("hana");
    request.set_organisation_id(organisation);
    request.set_role("operator");
    request.set_phone_user("hana");
    wire::SetStaffPlaceReply reply;
    EXPECT_TRUE(admin->SetStaffPlace(&context, request, &reply).ok());
    return reply.error();
  }
  std::string journal() {
    auto stub = wire::VaultForAdmin::NewStub(channel("admin"));
    grpc::ClientContext context;
    auto reader = stub->ReadJournal(&context, wire::ReadJournalRequest());
    std::string all;
    for (wire::JournalLine line; reader->Read(&line);) all += line.json() + "\n";
    EXPECT_TRUE(reader->Finish().ok());
    return all;
  }

  fs::path folder_;
  SystemClock clock_;
  SystemEntropy entropy_;
  vault::Settings settings_;
  std::unique_ptr<vault::RunningVault> vault_;
};

// An exchange attached to the vault.
class Exchange {
 public:
  explicit Exchange(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(wire::VaultForExchange::NewStub(channel)) {
    context_.set_wait_for_ready(true);
    stream_ = stub_->Attach(&context_);
    read();
  }
  ~Exchange() {
    context_.TryCancel();
    stream_->Finish();
  }
  void write(const wire::ExchangeAsks& asks) { EXPECT_TRUE(stream_->Write(asks)); }
  wire::VaultTells read() {
    wire::VaultTells tells;
    EXPECT_TRUE(stream_->Read(&tells));
    if (tells.has_directory()) directory_ = tells.directory();
    return tells;
  }
  std::string sealed(const std::string& number) const {
    SealPublicKey key{};
    std::copy_n(directory_.sealing_key().begin(), key.size(), key.begin());
    return std::string(as_text(seal(as_bytes(number), key)));
  }
  const wire::Directory& directory() const { return directory_; }

 private:
  std::unique_ptr<wire::VaultForExchange::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<wire::ExchangeAsks, wire::VaultTells>> stream_;
  wire::Directory directory_;
};

TEST_F(RunningVaultTest, ACallerIsNamedAsksToBeRungBackAndIsRungOnce) {
  Exchange exchange(channel("exchange"));
  EXPECT_EQ(exchange.directory().sealing_key().size(), 32u);
  EXPECT_EQ(exchange.directory().organisations_size(), 0);
  EXPECT_EQ(put_organisation("sakura", "+81312340000"), "");
  exchange.read();  // the directory, pushed when it changed
  ASSERT_EQ(exchange.directory().organisations_size(), 1);
  EXPECT_EQ(exchange.directory().organisations(0).numbers_called(0), "+81312340000");
  EXPECT_NE(put_organisation("ume", "+81312340000"), "");

  wire::ExchangeAsks asks;
  for (const char* number : {kPlanted, "anonymous"}) {
    auto* ask = asks.add_tokenise();
    ask->set_call_id(std::string("call-") + number);
    ask->set_organisation_id("sakura");
    ask->set_sealed_number(exchange.sealed(number));
  }
  auto* wish = asks.add_wishes();
  wish->set_wish_id("wish-1");
  wish->set_call_id("call-1");
  wish->set_organisation_id("sakura");
  wish->set_sealed_number(exchange.sealed(kPlanted));
  wish->set_asked_us(to_micros(clock_.now()));
  exchange.write(asks);
  const auto lines = exchange.read();
  ASSERT_EQ(lines.lines_size(), 2);
  const std::string token = lines.lines(0).line_token();
  EXPECT_TRUE(is_valid_id(token));
  EXPECT_EQ(lines.lines(1).error(), "withheld");
  const auto kept = exchange.read();
  ASSERT_EQ(kept.wishes_size(), 1);
  EXPECT_EQ(kept.wishes(0).line_token(), token);

  EXPECT_EQ(ask("wish-2", token).denied(), "no_wish");
  const auto ticket = ask("wish-1", token);
  ASSERT_EQ(ticket.denied(), "");
  wire::ExchangeAsks redeem;
  for (const char* call : {"out-1", "out-2"}) {
    auto* one = redeem.add_redeem();
    one->set_ticket_id(ticket.ticket_id());
    one->set_call_id(call);
  }
  exchange.write(redeem);
  const auto granted = exchange.read();
  ASSERT_EQ(granted.grants_size(), 1);
  EXPECT_EQ(granted.grants(0).number(), "+819087654321");
  const auto denied = exchange.read();
  ASSERT_EQ(denied.denials_size(), 1);
  EXPECT_EQ(denied.denials(0).why(), "ticket_used");

  vault_->minute();
  const std::string told = journal();
  for (const char* kind : {"vault_started", "organisation_put", "wish_kept", "ticket_denied",
                           "ticket_made", "ticket_redeemed", "ticket_refused", "tokens_given"})
    EXPECT_NE(told.find(kind), std::string::npos) << kind;
  EXPECT_EQ(told.find("9087654321"), std::string::npos);
}

TEST_F(RunningVaultTest, AskingBeforeTheOrganisationIsKnownIsAnsweredOnceItIs) {
  Exchange exchange(channel("exchange"));
  wire::ExchangeAsks asks;
  auto* ask = asks.add_tokenise();
  ask->set_call_id("call-1");
  ask->set_organisation_id("sakura");
  ask->set_sealed_number(exchange.sealed(kPlanted));
  auto* wish = asks.add_wishes();
  wish->set_wish_id("wish-1");
  wish->set_call_id("call-1");
  wish->set_organisation_id("sakura");
  wish->set_sealed_number(exchange.sealed(kPlanted));
  auto* odd = asks.add_wishes();  // answered at once: what came before it is being worked on
  odd->set_wish_id("no id");
  exchange.write(asks);
  EXPECT_EQ(exchange.read().wishes(0).error(), "invalid");
  EXPECT_EQ(put_organisation("sakura", "+81312340000"), "");
  std::string token;
  std::string wished;
  while (token.empty() || wished.empty()) {
    const auto tells = exchange.read();
    if (tells.lines_size() > 0) token = tells.lines(0).line_token();
    if (tells.wishes_size() > 0) wished = tells.wishes(0).line_token();
    ASSERT_TRUE(tells.has_directory() || tells.lines_size() + tells.wishes_size() > 0);
  }
  EXPECT_EQ(token, wished);
}

// Even the centre, the exchange and the administrator's tools together: only an owner's own session
// signs a mandate, and only an operator's own session makes a leg somebody's.
TEST_F(RunningVaultTest, NobodyGetsATicketWithoutASignedInOperatorWhateverTheOthersSay) {
  ASSERT_EQ(put_organisation("sakura", "+81300000001"), "");
  EXPECT_NE(place_at("minato").find("there is no organisation minato"), std::string::npos);
  ASSERT_EQ(put_organisation("minato", "+81300000002"), "");
  EXPECT_EQ(place_at("minato"), "");
  {
    auto admin = wire::VaultForAdmin::NewStub(channel("admin"));
    grpc::ClientContext context;
    wire::DraftMandateRequest request;
    request.set_json(R"({"id":"m1","owners":["sakura"],"to":"minato","desks":["leak"],
      "purposes":[{"id":"answer","name":"answer","fields":["name_kanji"]}],
      "begins":"2020-01-01T00:00:00Z","ends":"2099-01-01T00:00:00Z",
      "retention":"2099-01-01T00:00:00Z","at_end":"destroyed"})");
    wire::DraftMandateReply reply;
    ASSERT_TRUE(admin->DraftMandate(&context, request, &reply).ok());
    EXPECT_EQ(reply.error(), "");
  }
  EXPECT_EQ(denied("hana", "leak", "made-up"), "no_call");
  Exchange exchange(channel("exchange"));
  wire::ExchangeAsks asks;
  wire::CallLease& lease = *asks.add_leases();
  lease.set_call_id("call-1");
  lease.set_organisation_id("sakura");
  lease.set_number_called("+81300000001");
  lease.set_desk_id("leak");
  lease.add_legs()->set_phone_user("hana");
  wire::CallLease& lie = *asks.add_leases();
  lie = lease;
  lie.set_call_id("call-2");
  lie.set_organisation_id("wakaba");  // that number is not theirs
  wire::Tokenise& answered = *asks.add_tokenise();
  answered.set_call_id("call-1");
  answered.set_organisation_id("sakura");
  answered.set_sealed_number(exchange.sealed("09000001001"));
  exchange.write(asks);
  EXPECT_EQ(exchange.read().lines_size(), 1);  // so the leases have been taken, too
  EXPECT_EQ(denied("hana", "leak", "call-1"), "not_on_call");
  EXPECT_EQ(denied("hana", "leak", "call-2"), "no_call");
  EXPECT_EQ(denied("Kaku-Saburo", "tel.09000001003", "call-1"), "no_place");
  start();  // what was refused is written by now
  const std::string told = journal();
  EXPECT_NE(told.find("no_place"), std::string::npos);
  EXPECT_EQ(told.find("Kaku-Saburo"), std::string::npos);
  EXPECT_EQ(told.find("tel.09000001003"), std::string::npos);
}

TEST_F(RunningVaultTest, EachServiceLetsInItsOwnRoleAlone) {
  for (const char* role : {"exchange", "admin"}) {
    auto stub = wire::VaultForCentre::NewStub(channel(role));
    grpc::ClientContext context;
    wire::SignedInReply reply;
    EXPECT_EQ(stub->SignedIn(&context, {}, &reply).error_code(),
              grpc::StatusCode::PERMISSION_DENIED);
  }
  for (const char* role : {"centre", "admin"}) {
    auto stub = wire::VaultForExchange::NewStub(channel(role));
    grpc::ClientContext context;
    auto stream = stub->Attach(&context);
    wire::VaultTells tells;
    EXPECT_FALSE(stream->Read(&tells));
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  }
  for (const char* role : {"centre", "exchange"}) {
    auto stub = wire::VaultForAdmin::NewStub(channel(role));
    grpc::ClientContext context;
    auto reader = stub->ReadJournal(&context, {});
    wire::JournalLine line;
    EXPECT_FALSE(reader->Read(&line));
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  }
}

Bytes sealed_recording(const wire::OrganisationEntry& organisation, Time started) {
  SealPublicKey key{};
  std::copy_n(organisation.recording_key().begin(), key.size(), key.begin());
  SealingSession session(key);
  recording::Sealer sealer(
      {OrganisationId(organisation.organisation_id()),
       recording::KeyId(organisation.recording_key_id()), CallId("call-1"), started},
      session, MonoTime{});
  Bytes file(sealer.header_bytes().begin(), sealer.header_bytes().end());
  recording::ChunkBuilder builder;
  builder.lend(Bytes(), Micros(0));
  const Bytes sound(160, 0x55);
  for (int i = 0; i < 25; ++i) {
    recording::Frame frame;
    frame.at = std::chrono::milliseconds(20 * i);
    frame.timestamp = static_cast<std::uint32_t>(160 * i);
    frame.sequence = static_cast<std::uint16_t>(i);
    frame.payload = sound;
    EXPECT_EQ(builder.add_frame(frame), recording::ChunkBuilder::Added::kAdded);
  }
  const ByteView chunk = sealer.seal_chunk(builder.take());
  file.insert(file.end(), chunk.begin(), chunk.end());
  const ByteView end = sealer.finish(std::chrono::milliseconds(500));
  file.insert(file.end(), end.begin(), end.end());
  return file;
}

struct Export {
  std::string wav;
  std::string error;
};
Export export_file(const std::shared_ptr<grpc::Channel>& channel, const Bytes& file,
                   const std::string& purpose) {
  auto stub = wire::VaultForAdmin::NewStub(channel);
  grpc::ClientContext context;
  auto stream = stub->ExportRecording(&context);
  wire::RecordingPart part;
  part.mutable_header()->set_recording_id("call-1.1.mdgrec");
  part.mutable_header()->set_asked_by("root (uid 0)");
  part.mutable_header()->set_purpose(purpose);
  stream->Write(part);
  part.set_sealed(std::string(as_text(file)));
  stream->Write(part);
  stream->WritesDone();
  Export out;
  for (wire::WavPart wav; stream->Read(&wav);) {
    out.wav += wav.wav();
    out.error += wav.error();
  }
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return out;
}

TEST_F(RunningVaultTest, ARecordingIsExportedOnlyAfterTheJournalKnowsWhy) {
  Exchange exchange(channel("exchange"));
  EXPECT_EQ(put_organisation("sakura", "+81312340000"), "");
  exchange.read();
  const Bytes file = sealed_recording(exchange.directory().organisations(0), clock_.now());
  wire::ExchangeAsks asks;
  for (int i = 0; i < 2; ++i) {  // sent again, as after a reconnection
    auto* digest = asks.add_recordings();
    digest->set_recording_id("call-1.1");
    digest->set_call_id("call-1");
    digest->set_organisation_id("sakura");
    digest->set_digest_hex(to_hex(sha256(file)));
    digest->set_bytes(file.size());
  }
  exchange.write(asks);
  for (int journalled = 0; journalled < 2;) {
    const int more = exchange.read().recordings_journalled_size();
    ASSERT_GT(more, 0);
    journalled += more;
  }

  EXPECT_NE(export_file(channel("admin"), file, "").error, "");
  EXPECT_NE(export_file(channel("admin"), file, "caller 03-1234-5678").error, "");
  Bytes changed = file;
  changed[changed.size() / 2] ^= 1;
  EXPECT_NE(export_file(channel("admin"), changed, "case 7").error, "");
  const Export good = export_file(channel("admin"), file, "complaint, case 7");
  EXPECT_EQ(good.error, "");
  EXPECT_EQ(good.wav.substr(0, 4), "RIFF");
  EXPECT_GE(good.wav.size(), 44u + 4000 * 4);

  const std::string told = journal();
  EXPECT_EQ(told.find("recording_closed"), told.rfind("recording_closed"));
  EXPECT_NE(told.find("\"purpose\":\"complaint, case 7\""), std::string::npos);
  EXPECT_NE(told.find("\"digest_fits\":true"), std::string::npos);
  EXPECT_NE(told.find("\"digest_fits\":false"), std::string::npos);
}

TEST_F(RunningVaultTest, WhileItsStoreIsLockedTokensFlowWishesWaitAndNothingIsGranted) {
  Exchange exchange(channel("exchange"));
  EXPECT_EQ(put_organisation("sakura", "+81312340000"), "");
  exchange.read();
  auto other = Database::open({.url = (settings_.data / "vault.db").string()});
  ASSERT_TRUE(other);
  const auto locked = (*other)->transact([&](soci::session& sql) -> Result<void> {
    sql << "UPDATE vault_meta SET value = value";
    wire::ExchangeAsks asks;
    auto* ask = asks.add_tokenise();
    ask->set_call_id("call-1");
    ask->set_organisation_id("sakura");
    ask->set_sealed_number(exchange.sealed(kPlanted));
    auto* wish = asks.add_wishes();
    wish->set_wish_id("wish-1");
    wish->set_call_id("call-1");
    wish->set_organisation_id("sakura");
    wish->set_sealed_number(exchange.sealed(kPlanted));
    wish->set_asked_us(to_micros(clock_.now()));
    asks.add_redeem()->set_ticket_id("none");
    asks.mutable_redeem(0)->set_call_id("out-1");
    exchange.write(asks);
    EXPECT_NE(exchange.read().lines(0).line_token(), "");
    const auto denied = exchange.read();
    EXPECT_EQ(denied.denials_size(), 1);
    EXPECT_EQ(denied.denials(0).why(), "away");
    auto stub = wire::VaultForCentre::NewStub(channel("centre"));
    grpc::ClientContext context;
    wire::AskDialTicketRequest request;
    request.set_wish_id("wish-1");
    request.set_operator_id("hana");
    wire::AskDialTicketReply reply;
    EXPECT_EQ(stub->AskDialTicket(&context, request, &reply).error_code(),
              grpc::StatusCode::UNAVAILABLE);
    return {};
  });
  EXPECT_TRUE(locked);
  EXPECT_EQ(exchange.read().wishes(0).error(), "");  // by itself, once the lock is gone
}

TEST_F(RunningVaultTest, TokensAndTicketsOutliveItsProcess) {
  std::string token;
  {
    Exchange exchange(channel("exchange"));
    EXPECT_EQ(put_organisation("sakura", "+81312340000"), "");
    exchange.read();
    wire::ExchangeAsks asks;
    auto* wish = asks.add_wishes();
    wish->set_wish_id("wish-1");
    wish->set_call_id("call-1");
    wish->set_organisation_id("sakura");
    wish->set_sealed_number(exchange.sealed(kPlanted));
    wish->set_asked_us(to_micros(clock_.now()));
    exchange.write(asks);
    token = exchange.read().wishes(0).line_token();
  }
  start();
  Exchange exchange(channel("exchange"));
  EXPECT_EQ(exchange.directory().organisations_size(), 1);
  EXPECT_EQ(ask("wish-1", token).denied(), "");
}

TEST_F(RunningVaultTest, NoNumberStandsInClearInItsFiles) {
  {
    Exchange exchange(channel("exchange"));
    EXPECT_EQ(put_organisation("sakura", "+81312340000"), "");
    exchange.read();
    wire::ExchangeAsks asks;
    auto* wish = asks.add_wishes();
    wish->set_wish_id("wish-1");
    wish->set_call_id("call-1");
    wish->set_organisation_id("sakura");
    wish->set_sealed_number(exchange.sealed(kPlanted));
    exchange.write(asks);
    exchange.read();
  }
  int files = 0;
  for (const auto& file : fs::recursive_directory_iterator(settings_.data)) {
    if (!file.is_regular_file()) continue;
    ++files;
    std::ifstream in(file.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str().find("9087654321"), std::string::npos) << file.path();
  }
  EXPECT_GE(files, 3);  // key, database, write-ahead log
}

}  // namespace
}  // namespace madoguchi::store
