// For tests: a whole centre around a store in memory, with an exchange and a vault that the test
// plays, over gRPC on Unix sockets with real certificates, and browsers that speak HTTP to it.
// Every wait ends after ten seconds.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/sealing.h"
#include "centre/core.h"
#include "centre/test_store.h"
#include "proto/exchange.grpc.pb.h"
#include "proto/staff.grpc.pb.h"
#include "proto/vault.grpc.pb.h"
#include "web/test_client.h"
#include "wire/authority.h"

namespace madoguchi::centre {

using nlohmann::json;

class FakeExchange final : public wire::Exchange::Service {
 public:
  grpc::Status Attach(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<wire::EventBatch, wire::CommandBatch>* stream) override {
    {
      const std::lock_guard lock(mutex_);
      stream_ = stream;
      if (!kept_.empty()) stream->Write(batch_of(kept_.size() - 1));
      wire::EventBatch first = batch_of(0);
      first.mutable_snapshot()->set_sequence(sequence_);
      for (const wire::LiveCall& call : live_) *first.mutable_snapshot()->add_calls() = call;
      stream->Write(first);
      changed_.notify_all();
    }
    wire::CommandBatch batch;
    while (stream->Read(&batch)) {
      const std::lock_guard lock(mutex_);
      acknowledged_ = std::max(acknowledged_, batch.acknowledged());
      for (const wire::Command& command : batch.commands()) {
        if (command.has_open_seat()) answer_seat(command.open_seat());
        commands_.push_back(command);
      }
      changed_.notify_all();
    }
    const std::lock_guard lock(mutex_);
    stream_ = nullptr;
    return grpc::Status::OK;
  }

  grpc::Status PutPrompt(grpc::ServerContext*, grpc::ServerReader<wire::PromptPart>* parts,
                         wire::PromptStored* stored) override {
    wire::PromptPart part;
    bool is_empty = true;
    while (parts->Read(&part)) {
      if (part.has_prompt_id()) stored->set_prompt_id(part.prompt_id());
      is_empty = is_empty && part.wav().empty();
    }
    const std::lock_guard lock(mutex_);
    if (is_empty) forgotten_.insert(stored->prompt_id());
    changed_.notify_all();
    return grpc::Status::OK;
  }

  void tell(const std::function<void(wire::Event&)>& fill) {
    const std::lock_guard lock(mutex_);
    wire::EventBatch batch;
    batch.set_epoch("epoch1");
    wire::Event& event = *batch.add_events();
    event.set_sequence(++sequence_);
    event.set_time_us(to_micros(clock_.now()));
    fill(event);
    if (stream_ != nullptr) stream_->Write(batch);
  }

  // The first command for which `fits` holds, taken out.
  std::optional<wire::Command> take(const std::function<bool(const wire::Command&)>& fits) {
    std::unique_lock lock(mutex_);
    std::optional<wire::Command> found;
    changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      const auto at = std::find_if(commands_.begin(), commands_.end(), fits);
      if (at == commands_.end()) return false;
      found = *at;
      commands_.erase(at);
      return true;
    });
    return found;
  }
  // What the next snapshot tells.
  void set_live(const wire::LiveCall& call) {
    const std::lock_guard lock(mutex_);
    live_ = {call};
  }
  // The next attachment gets these after its snapshot, and the last of them before it as well.
  void keep(std::vector<wire::Event> events) {
    const std::lock_guard lock(mutex_);
    for (wire::Event& event : events) event.set_sequence(++sequence_);
    kept_ = std::move(events);
  }
  bool wait_acknowledged() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return acknowledged_ == sequence_; });
  }
  bool wait_forgotten(const std::string& prompt) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return forgotten_.contains(prompt); });
  }
  std::uint64_t acknowledged() {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }

 private:
  wire::EventBatch batch_of(std::size_t from) const {
    wire::EventBatch batch;
    batch.set_epoch("epoch1");
    for (; from < kept_.size(); ++from) *batch.add_events() = kept_[from];
    return batch;
  }
  void answer_seat(const wire::OpenSeat& seat) {
    wire::EventBatch batch;
    batch.set_epoch("epoch1");
    wire::Event& event = *batch.add_events();
    event.set_sequence(++sequence_);
    auto& opened = *event.mutable_seat_opened();
    opened.set_operator_id(seat.operator_id());
    opened.set_leg_id(seat.leg_id());
    if (seat.sdp_offer().starts_with("v=0"))
      opened.set_sdp_answer("v=0 answer");
    else
      opened.set_error("no SDP");
    wire::Event& change = *batch.add_events();
    change.set_sequence(++sequence_);
    change.mutable_seat_changed()->set_operator_id(seat.operator_id());
    change.mutable_seat_changed()->set_connected(true);
    stream_->Write(batch);
  }

  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  grpc::ServerReaderWriter<wire::EventBatch, wire::CommandBatch>* stream_ = nullptr;
  std::deque<wire::Command> commands_;
  std::vector<wire::LiveCall> live_;
  std::vector<wire::Event> kept_;
  std::set<std::string> forgotten_;  // prompts
  std::uint64_t sequence_ = 0;
  std::uint64_t acknowledged_ = 0;
};

class FakeVault final : public wire::VaultForCentre::Service {
 public:
  std::atomic<bool> settles = true;
  std::atomic<int> settled = 0;
  // Done once, while the centre waits for what the vault says of an organisation.
  void next_time_meanwhile(std::function<void()> act) {
    const std::lock_guard lock(mutex_);
    meanwhile_ = std::move(act);
  }
  grpc::Status SettleWishes(grpc::ServerContext*, const wire::SettleWishesRequest*,
                            wire::SettleWishesReply*) override {
    if (!settles) return {grpc::StatusCode::UNAVAILABLE, "not now"};
    ++settled;
    return grpc::Status::OK;
  }
  grpc::Status PutOrganisation(grpc::ServerContext*, const wire::PutOrganisationRequest*,
                               wire::PutOrganisationReply*) override {
    std::function<void()> act;
    {
      const std::lock_guard lock(mutex_);
      act = std::exchange(meanwhile_, nullptr);
    }
    if (act) act();
    return grpc::Status::OK;
  }
  grpc::Status PutStaff(grpc::ServerContext*, const wire::PutStaffRequest*,
                        wire::PutStaffReply*) override {
    return grpc::Status::OK;
  }
  grpc::Status AskDialTicket(grpc::ServerContext*, const wire::AskDialTicketRequest* request,
                             wire::AskDialTicketReply* reply) override {
    if (request->wish_id() == "W-refused") {
      reply->set_denied("redial_limit");
      reply->set_why("rung twice within three minutes");
    } else {
      reply->set_ticket_id("K1");
    }
    return grpc::Status::OK;
  }

 private:
  std::mutex mutex_;
  std::function<void()> meanwhile_;
};

class FakeStaffVault final : public wire::VaultStaffForCentre::Service {
 public:
  std::atomic<int> ended = 0;
  grpc::Status EndStaffSessions(grpc::ServerContext*, const wire::EndStaffSessionsRequest* request,
                                wire::EndStaffSessionsReply*) override {
    if (request->operator_id() == "hana") ++ended;
    return grpc::Status::OK;
  }
};

// The real clock, whose wall may be set as people set it; and time may pass at once.
class SetClock final : public Clock {
 public:
  Time now() const override { return real_.now() + Micros(by_ + passed_); }
  MonoTime mono() const override { return real_.mono() + Micros(passed_); }
  void set(Micros by) { by_ += by.count(); }
  void pass(Micros time) { passed_ += time.count(); }

 private:
  SystemClock real_;
  std::atomic<std::int64_t> passed_ = 0;
  std::atomic<std::int64_t> by_ = 0;
};

class Browser {
 public:
  explicit Browser(std::uint16_t port) : port_(port) {}

  struct Answer {
    int status = 0;
    std::string head;
    std::string body;
    json parsed() const { return json::parse(body, nullptr, false); }
  };

  Answer ask(const std::string& method, const std::string& path, const std::string& body = "",
             const std::string& type = "application/json") const {
    web::TestClient client(port_);
    std::string request = method + " /api/v1" + path + " HTTP/1.1\r\nHost: localhost\r\n";
    if (!cookie_.empty()) request += "Cookie: madoguchi_session=" + cookie_ + "\r\n";
    if (!csrf_.empty()) request += "X-Csrf-Token: " + csrf_ + "\r\n";
    if (!body.empty()) request += "Content-Type: " + type + "\r\n";
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    const std::string answer = client.ask(request);
    const auto end = answer.find("\r\n\r\n");
    if (answer.size() < 12 || end == std::string::npos) return {};
    return {std::stoi(answer.substr(9, 3)), answer.substr(0, end), answer.substr(end + 4)};
  }

  Answer sign_in(const std::string& name, const std::string& password) {
    const Answer answer =
        ask("POST", "/session", json{{"name", name}, {"password", password}}.dump());
    const std::string mark = "Set-Cookie: madoguchi_session=";
    const auto at = answer.head.find(mark);
    if (answer.status == 200 && at != std::string::npos) {
      cookie_ = answer.head.substr(at + mark.size(), 64);
      csrf_ = answer.parsed().at("csrf_token").get<std::string>();
    }
    return answer;
  }
  void forget_csrf() { csrf_.clear(); }
  void move_to(std::uint16_t port) { port_ = port; }

  std::unique_ptr<web::TestClient> events() const {
    auto client = std::make_unique<web::TestClient>(port_);
    client->say(
        "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nCookie: madoguchi_session=" + cookie_ +
        "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    client->hear_until("\r\n\r\n");
    return client;
  }

 private:
  std::uint16_t port_;
  std::string cookie_;
  std::string csrf_;
};

class CoreTest : public testing::Test {
 protected:
  static constexpr const char* kPassword = "a long password";

  CoreTest() {
    std::string pattern = "/tmp/centreXXXXXX";  // short: a socket's path is limited
    folder_ = mkdtemp(pattern.data());
    EXPECT_TRUE(wire::ensure_certificates(folder_, {"exchange", "vault", "centre"}, clock_.now()));
    exchange_server_ = serve("exchange", {&exchange_});
    vault_server_ = serve("vault", {&vault_, &staff_vault_});
    start();
  }
  ~CoreTest() override {
    stop();
    exchange_server_->Shutdown(gpr_time_0(GPR_CLOCK_REALTIME));
    vault_server_->Shutdown(gpr_time_0(GPR_CLOCK_REALTIME));
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<grpc::Server> serve(const std::string& role,
                                      std::initializer_list<grpc::Service*> services) {
    const auto credentials = wire::server_credentials(
        {folder_ / "authority.pem", folder_ / (role + ".pem"), folder_ / (role + ".key")});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + (folder_ / (role + ".sock")).string(), *credentials);
    for (grpc::Service* service : services) builder.RegisterService(service);
    return builder.BuildAndStart();
  }

  std::string settings_text() const {
    const std::string at = folder_.string();
    return "database = \"test\"\ndata = \"" + at + "/spoken\"\nguarantee = \"one machine\"\n" +
           "[web]\nport = 0\n[rpc]\nexchange = \"unix:" + at +
           "/exchange.sock\"\nvault = \"unix:" + at + "/vault.sock\"\nauthority = \"" + at +
           "/authority.pem\"\ncertificate = \"" + at + "/centre.pem\"\nkey = \"" + at +
           "/centre.key\"\n" + R"(
[accounts]
first_administrator = "admin"
first_password = "a long password"
[demo]
ring_me = true
[[organisation]]
id = "bank"
name = "さくら信販"
[[organisation]]
id = "shop"
name = "別の会社"
[[group]]
id = "g"
name = "一次"
[[desk]]
id = "sakura"
name = "漏えい窓口"
organisation = "bank"
group = "g"
numbers = ["+81312345678"]
  [desk.texts]
  greeting = "はい、窓口です"
[[operator]]
id = "hana"
display_name = "花子"
password = "a long password"
groups = ["g"]
phone_user = "hana"
phone_password = "secret"
[[operator]]
id = "suzu"
role = "supervisor"
password = "a long password"
groups = ["g"]
[[operator]]
id = "shopkeeper"
role = "client"
organisation = "shop"
password = "a long password"
)";
  }

  void start() {
    auto config = Config::from_text(settings_text(), "centre.toml");
    ASSERT_TRUE(config) << config.error().message;
    auto settings = Settings::from_config(std::move(*config));
    ASSERT_TRUE(settings) << settings.error().message;
    auto core = Core::make(std::move(*settings), store_, clock_, entropy_);
    ASSERT_TRUE(core) << core.error().message;
    core_ = std::move(*core);
    thread_ = std::thread([this] { core_->run(); });
  }
  void stop() {
    if (!core_) return;
    core_->stop();
    thread_.join();
    core_.reset();
  }

  Browser browser() const { return Browser(core_->web_port()); }
  Browser signed_in(const std::string& name) const {
    Browser browser(core_->web_port());
    EXPECT_EQ(browser.sign_in(name, kPassword).status, 200);
    return browser;
  }

  // Asks until `fits` or ten seconds have passed.
  static json until(const Browser& browser, const std::string& path,
                    const std::function<bool(const json&)>& fits) {
    const SystemClock clock;
    const MonoTime end = clock.mono() + std::chrono::seconds(10);
    json seen;
    do {
      seen = browser.ask("GET", path).parsed();
    } while (!fits(seen) && clock.mono() < end);
    return seen;
  }

  static json wait_attached(const Browser& browser) {
    return until(browser, "/status",
                 [](const json& status) { return status.at("exchange").at("connected") == true; });
  }

  static void fill_arrival(wire::Event& event, const std::string& id) {
    auto& call = *event.mutable_call_arrived();
    call.set_call_id(id);
    call.set_number_called("+81312345678");
    call.set_desk_id("sakura");
    call.set_organisation_id("bank");
    call.set_open(true);
  }

  void call_arrives(const std::string& id) {
    exchange_.tell([&](wire::Event& event) { fill_arrival(event, id); });
    exchange_.tell([&](wire::Event& event) {
      event.mutable_call_identified()->set_call_id(id);
      event.mutable_call_identified()->set_line_token("T-" + id);
    });
    exchange_.tell([&](wire::Event& event) { event.mutable_call_answered()->set_call_id(id); });
    exchange_.tell([&](wire::Event& event) {
      event.mutable_call_waiting()->set_call_id(id);
      event.mutable_call_waiting()->set_desk_id("sakura");
    });
  }

  // Takes the ring that the centre asks for and plays operator and exchange until both talk.
  void talk(const Browser& who, const std::string& call) {
    const auto ring =
        exchange_.take([](const wire::Command& command) { return command.has_ring_operator(); });
    ASSERT_TRUE(ring);
    ASSERT_EQ(ring->ring_operator().call_id(), call);
    const std::string attempt = ring->ring_operator().attempt_id();
    exchange_.tell([&](wire::Event& event) {
      event.mutable_operator_ringing()->set_call_id(call);
      event.mutable_operator_ringing()->set_attempt_id(attempt);
      event.mutable_operator_ringing()->set_operator_id("hana");
    });
    until(who, "/operators/me", [](const json& me) { return me.at("state") == "ringing"; });
    ASSERT_EQ(who.ask("POST", "/calls/" + call + "/answer").status, 202);
    ASSERT_TRUE(
        exchange_.take([](const wire::Command& command) { return command.has_answer_seat(); }));
    exchange_.tell([&](wire::Event& event) {
      event.mutable_operator_answered()->set_call_id(call);
      event.mutable_operator_answered()->set_attempt_id(attempt);
      event.mutable_operator_answered()->set_operator_id("hana");
    });
    exchange_.tell([&](wire::Event& event) {
      event.mutable_connected()->set_call_id(call);
      event.mutable_connected()->set_operator_id("hana");
    });
    until(who, "/operators/me", [](const json& me) { return me.at("state") == "talking"; });
  }

  void ready(const Browser& who) {
    ASSERT_EQ(who.ask("POST", "/seat", R"({"sdp_offer":"v=0 offer"})").status, 200);
    ASSERT_EQ(who.ask("PUT", "/operators/me/state", R"({"state":"ready"})").status, 200);
  }

  void call_ends(const std::string& id) {
    exchange_.tell([&](wire::Event& event) { event.mutable_call_ended()->set_call_id(id); });
  }

  SetClock clock_;
  SystemEntropy entropy_;
  std::filesystem::path folder_;
  FakeExchange exchange_;
  FakeVault vault_;
  FakeStaffVault staff_vault_;
  std::unique_ptr<grpc::Server> exchange_server_;
  std::unique_ptr<grpc::Server> vault_server_;
  TestStore store_;
  std::unique_ptr<Core> core_;
  std::thread thread_;
};

}  // namespace madoguchi::centre
