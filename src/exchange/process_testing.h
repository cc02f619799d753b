// An exchange that runs in this process on a loop thread of its own, with a vault and a centre that
// speak real gRPC with mutual TLS over Unix sockets and do what a test tells them. Tests only.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "exchange.grpc.pb.h"
#include "exchange/control_testing.h"
#include "exchange/exchange_process.h"
#include "vault.grpc.pb.h"
#include "wire/authority.h"
#include "wire/credentials.h"

namespace madoguchi::exchange {

// Answers every Tokenise with "line-" and the number's last four digits, and keeps every wish.
class FakeVaultServer final : public wire::VaultForExchange::Service {
 public:
  FakeVaultServer(const std::filesystem::path& tls, std::string address)
      : address_(std::move(address)), keys(fresh_seal_key_pair()) {
    credentials_ =
        *wire::server_credentials({tls / "authority.pem", tls / "vault.pem", tls / "vault.key"});
    auto* org = directory.add_organisations();
    directory.set_sealing_key(keys.public_key.data(), keys.public_key.size());
    org->set_organisation_id("org");
    org->add_numbers_called("+81312345678");
    org->set_recording_key_id("k1");
    org->set_recording_key(keys.public_key.data(), keys.public_key.size());
  }
  ~FakeVaultServer() override { stop(); }

  void start() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address_, credentials_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  void stop() {
    if (server_) server_->Shutdown(gpr_inf_past(GPR_CLOCK_REALTIME));
    server_.reset();
  }

  grpc::Status Attach(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<wire::VaultTells, wire::ExchangeAsks>* stream) override {
    wire::VaultTells first;
    *first.mutable_directory() = directory;
    stream->Write(first);
    wire::ExchangeAsks asks;
    while (stream->Read(&asks)) stream->Write(answers(asks));
    return grpc::Status::OK;
  }

  wire::VaultTells answers(const wire::ExchangeAsks& asks) {
    const std::lock_guard lock(mutex);
    wire::VaultTells tells;
    for (const auto& ask : asks.tokenise()) {
      ++tokens;
      auto* line = tells.add_lines();
      line->set_call_id(ask.call_id());
      line->set_line_token("line-" + last_digits(ask.sealed_number()));
    }
    for (const auto& ask : asks.wishes()) {
      auto* kept = tells.add_wishes();
      kept->set_wish_id(ask.wish_id());
      kept->set_line_token("line-" + last_digits(ask.sealed_number()));
    }
    for (const auto& ask : asks.recordings()) {
      recordings.push_back(ask);
      tells.add_recordings_journalled(ask.recording_id());
    }
    for (const auto& ask : asks.redeem()) {
      auto* grant = tells.add_grants();
      grant->set_call_id(ask.call_id());
      grant->set_ticket_id(ask.ticket_id());
      grant->set_organisation_id("org");
      grant->set_number("09011112222");
    }
    return tells;
  }

  wire::Directory directory;
  std::mutex mutex;
  int tokens = 0;
  std::vector<wire::RecordingDigest> recordings;

 private:
  std::string last_digits(const std::string& sealed) {
    const auto number = unseal(as_bytes(sealed), keys);
    if (!number) return "unreadable";
    const std::string text(as_text(*number));
    return text.substr(text.size() > 4 ? text.size() - 4 : 0);
  }
  std::string address_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;  // as gRPC gives them out
  std::unique_ptr<grpc::Server> server_;

 public:
  SealKeyPair keys;
};

// Attaches, acknowledges what it gets when told to, and waits for events in words.
class FakeCentre {
 public:
  FakeCentre(const std::filesystem::path& tls, const std::string& address) {
    const auto own =
        *wire::channel_credentials({tls / "authority.pem", tls / "centre.pem", tls / "centre.key"});
    channel_ = wire::open_channel(address, "exchange", own);
    stub_ = wire::Exchange::NewStub(channel_);
  }
  ~FakeCentre() { detach(); }

  void attach() {
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_wait_for_ready(true);
    stream_ = stub_->Attach(context_.get());
    reader_ = std::thread([this] {
      wire::EventBatch batch;
      while (stream_->Read(&batch)) take(batch);
    });
  }
  void detach() {
    if (!stream_) return;
    context_->TryCancel();
    reader_.join();
    (void)stream_->Finish();
    stream_.reset();
  }
  void send(const wire::Command& command) {
    wire::CommandBatch batch;
    *batch.add_commands() = command;
    stream_->Write(batch);
  }
  void acknowledge(std::uint64_t sequence) {
    wire::CommandBatch batch;
    batch.set_acknowledged(sequence);
    stream_->Write(batch);
  }
  // An empty sound: the exchange is to forget what it has under this id. None: it broke off.
  wire::PromptStored put_prompt(const std::string& id, const std::optional<std::string>& wav) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    wire::PromptStored stored;
    const auto writer = stub_->PutPrompt(&context, &stored);
    wire::PromptPart part;
    part.set_prompt_id(id);
    writer->Write(part);
    if (wav) {
      part.set_wav(*wav);
      writer->Write(part);
    }
    writer->WritesDone();
    EXPECT_TRUE(writer->Finish().ok());
    return stored;
  }
  // The next event that reads so in words, at most ten seconds from now; those before are passed.
  wire::Event wait_for(const std::string& words) {
    std::unique_lock lock(mutex_);
    wire::Event found;
    const bool came = changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      while (!events_.empty()) {
        found = events_.front();
        events_.pop_front();
        passed_ += in_words(found) + "; ";
        if (in_words(found) == words) return true;
      }
      return false;
    });
    EXPECT_TRUE(came) << "waited for \"" << words << "\", saw: " << passed_;
    return found;
  }
  wire::Snapshot snapshot() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return snapshots_ > 0; });
    return snapshot_;
  }

 private:
  void take(const wire::EventBatch& batch) {
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(snapshots_ > 0 || batch.has_snapshot()) << "events came before the snapshot";
    if (batch.has_snapshot()) {
      snapshot_ = batch.snapshot();
      ++snapshots_;
    }
    for (const auto& event : batch.events()) events_.push_back(event);
    changed_.notify_all();
  }
  std::shared_ptr<grpc::Channel> channel_;  // as gRPC gives them out
  std::unique_ptr<wire::Exchange::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<wire::CommandBatch, wire::EventBatch>> stream_;
  std::thread reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<wire::Event> events_;
  std::string passed_;
  wire::Snapshot snapshot_;
  int snapshots_ = 0;
};

class RunningExchange : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/madoguchi-exchange-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder = name;
    ASSERT_TRUE(
        wire::ensure_certificates(folder / "tls", {"exchange", "vault", "centre"}, clock.now()));
    settings.data = folder / "data";
    settings.public_address = "127.0.0.1";
    settings.sound_bind = "127.0.0.1";
    settings.sound_first_port = 22100;
    settings.sound_last_port = 22999;
    settings.browser_bind = "127.0.0.1";
    settings.sip.push_back({sip::Transport::kUdp, *sip::Endpoint::parse("127.0.0.1:22060")});
    settings.rpc_listen = "unix:" + (folder / "exchange.sock").string();
    settings.vault_address = "unix:" + (folder / "vault.sock").string();
    settings.rpc_authority = folder / "tls/authority.pem";
    settings.rpc_certificate = folder / "tls/exchange.pem";
    settings.rpc_key = folder / "tls/exchange.key";
    settings.allow_demo_calls = true;
    settings.out.permitted = {"+81"};
    TrunkSettings trunk;
    trunk.name = "test";
    trunk.addresses.push_back(*AddressRange::parse("127.0.0.1"));
    trunk.trusted = true;
    settings.trunks.push_back(trunk);
    vault = std::make_unique<FakeVaultServer>(folder / "tls", settings.vault_address);
    vault->start();
  }
  void TearDown() override {
    stop_exchange();
    centre.reset();
    vault.reset();
    std::filesystem::remove_all(folder);
  }
  void start_exchange() {
    auto opened = ExchangeProcess::open(settings, clock);
    ASSERT_TRUE(opened) << opened.error().message;
    exchange = *std::move(opened);
    runner = std::thread([this] { exchange->run(); });
  }
  void stop_exchange() {
    if (!runner.joinable()) return;
    exchange->stop();
    runner.join();
    exchange.reset();
  }
  void attach_centre() {
    centre.reset();
    centre = std::make_unique<FakeCentre>(folder / "tls", settings.rpc_listen);
    centre->attach();
  }

  SystemClock clock;
  std::filesystem::path folder;
  Settings settings;
  std::unique_ptr<FakeVaultServer> vault;
  std::unique_ptr<FakeCentre> centre;
  std::unique_ptr<ExchangeProcess> exchange;
  std::thread runner;
};

}  // namespace madoguchi::exchange
