#include "web/server.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/process.h"
#include "web/static_files.h"
#include "web/test_client.h"

namespace madoguchi::web {
namespace {

std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
         "\r\n";
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    std::string pattern = testing::TempDir() + "webXXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(folder_ / "site/assets");
    put("site/index.html", "<html>start</html>");
    put("site/assets/a.1b2.js", "code");
    put("secret.txt", "secret");
    std::filesystem::create_symlink(folder_ / "secret.txt", folder_ / "site/link.txt");
  }
  ~ServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  void put(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name) << text;
  }

  void start(ServerSettings settings = {}) {
    Routes routes;
    routes.add({Method::kGet, "/hello/{name}", [](const Request& request, const Reply& reply) {
                  reply.send(text_response(200, "hello " + request.params.at("name")));
                }});
    routes.add({Method::kPost, "/small",
                [](const Request& request, const Reply& reply) {
                  reply.send(text_response(200, std::to_string(request.body.size())));
                },
                10, "write less"});
    routes.add({Method::kGet, "/forgetful", [](const Request&, const Reply&) {}});
    routes.add({Method::kGet, "/events", [this](const Request&, const Reply& reply) {
                  reply.upgrade([this](std::shared_ptr<Socket> socket) {
                    socket->send(std::make_shared<const std::string>("snapshot"));
                    const std::lock_guard lock(mutex_);
                    socket_ = std::move(socket);
                    opened_.notify_all();
                  });
                }});
    routes.otherwise([files = StaticFiles("/app", folder_ / "site")](const Request& request,
                                                                     const Reply& reply) {
      reply.send(files.covers(request) ? files.serve(request) : text_response(404, "no"));
    });
    auto server = Server::start(settings, std::move(routes));
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }

  std::string ask(const std::string& request) const {
    TestClient client(server_->port());
    return client.ask(request);
  }

  std::shared_ptr<Socket> wait_for_socket() {
    std::unique_lock lock(mutex_);
    opened_.wait_for(lock, std::chrono::seconds(10), [this] { return socket_ != nullptr; });
    return socket_;
  }

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::condition_variable opened_;
  std::shared_ptr<Socket> socket_;  // shared with the server
  std::unique_ptr<Server> server_;
};

const char* const kUpgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

TEST_F(ServerTest, AnswersARouteWithProtectiveHeaders) {
  start();
  const std::string answer = ask(get("/hello/%E7%AA%93"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK")) << answer;
  EXPECT_NE(answer.find("hello 窓"), std::string::npos);
  EXPECT_NE(answer.find("X-Content-Type-Options: nosniff"), std::string::npos);
  EXPECT_NE(answer.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_NE(answer.find("Cache-Control: no-store"), std::string::npos);
}

TEST_F(ServerTest, SaysWhatIsWrongWithARequest) {
  start();
  EXPECT_NE(ask(get("/nowhere")).find("404"), std::string::npos);
  const std::string wrong_method = ask(get("/small"));
  EXPECT_NE(wrong_method.find("405"), std::string::npos);
  EXPECT_NE(wrong_method.find("Allow: POST"), std::string::npos);
  EXPECT_NE(ask("POST /small HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n01234567890")
                .find("413"),
            std::string::npos);
  EXPECT_NE(ask(get("/bad%zz")).find("400"), std::string::npos);
  EXPECT_NE(ask(get("/forgetful")).find("500"), std::string::npos);
  EXPECT_NE(ask(get("/events")).find("426"), std::string::npos);
}

TEST_F(ServerTest, AHeadRequestGetsTheHeadOfGetsAnswerAlone) {
  put("site/large.txt", std::string(200'000, 'x'));
  start();
  const auto head = [](const std::string& path, const std::string& more = "") {
    return "HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
  };
  TestClient client(server_->port());
  for (const auto& [path, length] :
       {std::pair("/app/large.txt", "Content-Length: 200000"),
        std::pair("/hello/a", "Content-Length: 7"), std::pair("/nowhere", "Content-Length: 2")}) {
    ASSERT_TRUE(client.say(head(path)));
    EXPECT_NE(client.hear_until("\r\n\r\n").find(length), std::string::npos) << path;
  }
  // The next answer on the connection comes right behind.
  EXPECT_TRUE(client.ask(get("/hello/a")).starts_with("HTTP/1.1 200 OK"));
  for (const std::string& too_large :
       {head("/" + std::string(10'000, 'x')),
        head("/hello/a", "X-Long: " + std::string(20'000, 'x') + "\r\n")}) {
    TestClient refused(server_->port());
    ASSERT_TRUE(refused.say(too_large));
    const std::string answer = refused.hear_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 4")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  }
}

TEST_F(ServerTest, RefusesForeignHostsAndOversizedHeads) {
  start();
  EXPECT_NE(ask("GET /hello/a HTTP/1.1\r\nHost: evil.example\r\n\r\n").find("421"),
            std::string::npos);
  EXPECT_EQ(server_->counters().refused_host, 1u);
  EXPECT_NE(ask(get("/hello/a", "X-Long: " + std::string(20'000, 'x') + "\r\n")).find("431 "),
            std::string::npos);
  std::string many;
  for (int i = 0; i < 30; ++i)
    many += "X-" + std::to_string(i) + ": " + std::string(4'000, 'x') + "\r\n";
  EXPECT_NE(ask(get("/hello/a", many)).find("431 "), std::string::npos);
  many.clear();
  for (int i = 0; i < 80; ++i) many += "X-" + std::to_string(i) + ": a\r\n";
  EXPECT_NE(ask(get("/hello/a", many)).find("431 "), std::string::npos);
  EXPECT_NE(ask(get("/" + std::string(10'000, 'x'))).find("414 "), std::string::npos);
  EXPECT_EQ(server_->counters().too_large, 4u);
  EXPECT_EQ(ask("\x16\x03\x01 rubbish\r\n\r\n").find("200 OK"), std::string::npos);
  EXPECT_EQ(server_->counters().malformed, 1u);
  EXPECT_NE(ask(get("/hello/a")).find("200 OK"), std::string::npos);
}

std::string post_head(std::string_view more) {
  return "POST /small HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) + "\r\n";
}

// The server closes after it: what follows on the connection is not looked at.
void expect_too_large(const std::string& answer, std::string_view size) {
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 Content Too Large\r\n")) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("nosniff"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n{\"code\":\"too_large\",\"message\":\"the body has " +
                               std::string(size) +
                               " bytes; POST /small takes 10 at most: write less\"}"))
      << answer;
}

TEST_F(ServerTest, ABodyThatItsHeaderSaysIsTooLargeIsRefusedUnread) {
  start();
  for (const char* more :
       {"", "Expect: 100-continue\r\n", "Connection: Upgrade\r\nUpgrade: x\r\n"}) {
    TestClient client(server_->port());
    client.say(post_head("Content-Length: 9000000000\r\n" + std::string(more)));
    const std::string answer = client.hear_all();
    expect_too_large(answer, "9000000000");
  }
  EXPECT_EQ(server_->counters().too_large, 3u);
  EXPECT_NE(ask(get("/hello/a")).find("200 OK"), std::string::npos);
}

TEST_F(ServerTest, ABodyInChunksIsRefusedWhereItGrowsTooLarge) {
  start();
  TestClient client(server_->port());
  client.say(post_head("Transfer-Encoding: chunked\r\n"));
  const std::string chunk = "1000\r\n" + std::string(4096, 'x') + "\r\n";
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(client.say(chunk)) << i;
  ASSERT_TRUE(client.say("0\r\n\r\n"));
  expect_too_large(client.hear_all(), "more");
}

TEST_F(ServerTest, WhoSendsAllBeforeListeningHearsTheRefusalToo) {
  start();
  TestClient client(server_->port());
  ASSERT_TRUE(client.say(post_head("Content-Length: 16777216\r\n")));
  const std::string piece(1024 * 1024, 'x');
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(client.say(piece)) << i;
  expect_too_large(client.hear_all(), "16777216");
}

TEST_F(ServerTest, WhatWasAskedBeforeIsAnsweredBeforeTheRefusal) {
  start();
  TestClient client(server_->port());
  client.say(get("/hello/a") + post_head("Content-Length: 9000000\r\n") + get("/hello/b"));
  const std::string answers = client.hear_all();
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 200 OK")) << answers;
  const auto second = answers.find("hello a") + 7;
  ASSERT_LT(second, answers.size());
  expect_too_large(answers.substr(second), "9000000");
}

TEST_F(ServerTest, WhoIsRefusedAndNeverEndsIsCutOff) {
  ServerSettings settings;
  settings.most_heard_out = 1024 * 1024;
  settings.request_within = std::chrono::seconds(1);
  start(settings);
  TestClient endless(server_->port());
  endless.say(post_head("Content-Length: 9000000000\r\n"));
  const std::string piece(1024 * 1024, 'x');
  int taken = 0;
  while (taken < 1'000 && endless.say(piece)) ++taken;
  EXPECT_LT(taken, 1'000);
  TestClient silent(server_->port());
  silent.say(post_head("Content-Length: 9000000000\r\n"));
  expect_too_large(silent.hear_all(), "9000000000");
  while (silent.say("x")) std::this_thread::yield();  // until the server has closed its side too
}

TEST_F(ServerTest, ServesTheFolderAndNothingOutsideIt) {
  start();
  EXPECT_NE(ask(get("/app/")).find("start"), std::string::npos);
  EXPECT_NE(ask(get("/app")).find("Location: /app/"), std::string::npos);
  EXPECT_NE(ask(get("/app/calls/deep")).find("start"), std::string::npos);
  EXPECT_NE(ask(get("/app/assets/a.1b2.js")).find("immutable"), std::string::npos);
  for (const char* path : {"/app/../secret.txt", "/app/%2e%2e/secret.txt", "/app/..%2fsecret.txt",
                           "/app/link.txt", "/app//etc/passwd", "/app/assets/../../secret.txt"}) {
    const std::string answer = ask(get(path));
    EXPECT_EQ(answer.find("secret"), std::string::npos) << path;
    EXPECT_EQ(answer.find("root:"), std::string::npos) << path;
  }
}

TEST_F(ServerTest, AnUnchangedFileIsNotSentAgain) {
  start();
  const std::string first = ask(get("/app/"));
  const auto at = first.find("ETag: ");
  ASSERT_NE(at, std::string::npos);
  const std::string tag = first.substr(at + 6, first.find("\r\n", at) - at - 6);
  EXPECT_NE(ask(get("/app/", "If-None-Match: " + tag + "\r\n")).find("304"), std::string::npos);
}

TEST_F(ServerTest, PushesTextToAnOpenSocketAndBeats) {
  ServerSettings settings;
  settings.heartbeat_every = std::chrono::milliseconds(50);
  start(settings);
  TestClient client(server_->port());
  client.say(get("/events", kUpgrade));
  EXPECT_NE(client.hear_until("\r\n\r\n").find("101"), std::string::npos);
  EXPECT_EQ(client.hear_frame(), "snapshot");
  EXPECT_EQ(client.hear_frame(), settings.heartbeat);
}

TEST_F(ServerTest, SocketsOfOtherSitesPagesAreRefused) {
  start();
  TestClient client(server_->port());
  const std::string answer =
      client.ask(get("/events", std::string(kUpgrade) + "Origin: https://evil.example\r\n"));
  EXPECT_NE(answer.find("403"), std::string::npos);
  EXPECT_EQ(server_->counters().refused_origin, 1u);
}

TEST_F(ServerTest, ASlowClientIsCutOffWhenItsQueueIsFull) {
  ServerSettings settings;
  settings.most_unsent = 100'000;
  start(settings);
  TestClient client(server_->port());
  client.say(get("/events", kUpgrade));
  client.hear_until("\r\n\r\n");
  const auto socket = wait_for_socket();
  ASSERT_NE(socket, nullptr);
  const auto text = std::make_shared<const std::string>(std::string(50'000, 'x'));
  int sent = 0;
  while (sent < 10'000 && socket->send(text)) ++sent;
  EXPECT_LT(sent, 10'000);
  EXPECT_FALSE(socket->is_open());
  EXPECT_EQ(server_->counters().sockets_too_slow, 1u);
}

TEST_F(ServerTest, AClientThatWentIsNoticedByTheHeartbeat) {
  ServerSettings settings;
  settings.heartbeat_every = std::chrono::milliseconds(10);
  start(settings);
  std::shared_ptr<Socket> socket;
  {
    TestClient client(server_->port());
    client.say(get("/events", kUpgrade));
    client.hear_until("snapshot");
    socket = wait_for_socket();
    ASSERT_NE(socket, nullptr);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (socket->is_open() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_FALSE(socket->is_open());
}

TEST_F(ServerTest, ARequestThatDribblesInIsDropped) {
  ServerSettings settings;
  settings.request_within = std::chrono::seconds(1);
  start(settings);
  TestClient client(server_->port());
  client.say("GET /hello/a HTTP/1.1\r\nHost: loc");
  EXPECT_EQ(client.hear_all().find("200"), std::string::npos);
}

// A centre of six hundred with a quiet connection each, and one that comes after them.
TEST_F(ServerTest, ManyQuietConnectionsKeepNobodyOut) {
  allow_many_files();
  start();
  std::vector<std::unique_ptr<TestClient>> quiet;
  for (int i = 0; i < 600; ++i) {
    quiet.push_back(std::make_unique<TestClient>(server_->port()));
    quiet.back()->say(get("/hello/a"));
  }
  for (const auto& one : quiet) EXPECT_NE(one->hear_until("200").find("200"), std::string::npos);
  TestClient late(server_->port());
  late.say(get("/hello/b"));
  EXPECT_NE(late.hear_until("200").find("200"), std::string::npos);
}

TEST_F(ServerTest, WithoutCertificateOnlyTheMachineItselfMayConnect) {
  ServerSettings settings;
  settings.address = "0.0.0.0";
  const auto refused = Server::start(settings, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("only the machine itself"), std::string::npos);
}

TEST_F(ServerTest, ATakenPortIsNamed) {
  start();
  ServerSettings settings;
  settings.port = server_->port();
  const auto refused = Server::start(settings, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message.find(std::to_string(settings.port)), std::string::npos);
}

TEST_F(ServerTest, SpeaksTlsWithTheGivenCertificate) {
  const std::string certificate = (folder_ / "c.pem").string();
  const std::string key = (folder_ / "c.key").string();
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
      "/CN=localhost -keyout " +
      key + " -out " + certificate + " 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  ServerSettings settings;
  settings.certificate = CertificateFiles{certificate, key};
  start(settings);
  const std::string fetch = "curl -s --max-time 10 --cacert " + certificate +
                            " https://localhost:" + std::to_string(server_->port()) +
                            "/hello/tls > " + (folder_ / "out").string();
  EXPECT_EQ(std::system(fetch.c_str()), 0);
  std::ifstream in(folder_ / "out");
  std::string text;
  std::getline(in, text);
  EXPECT_EQ(text, "hello tls");
  put("large", std::string(3'000'000, 'x'));
  const std::string upload =
      "curl -s --max-time 10 --cacert " + certificate + " --data-binary @" +
      (folder_ / "large").string() +
      " -w '%{http_code}' https://localhost:" + std::to_string(server_->port()) + "/small > " +
      (folder_ / "out").string();
  EXPECT_EQ(std::system(upload.c_str()), 0);
  std::ifstream refused(folder_ / "out");
  std::getline(refused, text);
  EXPECT_TRUE(text.ends_with("POST /small takes 10 at most: write less\"}413")) << text;
  // Plain text to a TLS port gets nothing and harms nobody.
  EXPECT_EQ(ask(get("/hello/a")).find("200"), std::string::npos);
}

TEST_F(ServerTest, ASpoiltCertificateIsNamed) {
  put("c.pem", "rubbish");
  ServerSettings settings;
  settings.certificate = CertificateFiles{folder_ / "c.pem", folder_ / "c.pem"};
  const auto refused = Server::start(settings, {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("c.pem"), std::string::npos);
}

}  // namespace
}  // namespace madoguchi::web
